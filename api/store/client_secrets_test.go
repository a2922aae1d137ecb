package store

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// secretsOf returns the names and what is live of the secrets of the client hub.
func secretsOf(t *testing.T, s *Store) string {
	t.Helper()
	list, err := s.ListClientSecrets(t.Context(), ClientSecretsQuery{all, "hub"})
	try(t, err)
	var names []string
	for _, secret := range list {
		if secret.ExpiresAt != nil {
			secret.Name += " until " + secret.ExpiresAt.UTC().Format(time.DateOnly)
		}
		names = append(names, secret.Name)
	}
	return strings.Join(names, ", ")
}

func withHub(t *testing.T) *Store {
	t.Helper()
	s := managed(t)
	_, err := s.pool.Exec(t.Context(), `INSERT INTO clients (client_id) VALUES ('hub')`)
	try(t, err)
	return s
}

// However many transactions add a secret at once, at whichever level of isolation, two of them do.
func TestNoRaceGivesAClientAThirdSecret(t *testing.T) {
	t.Parallel()
	for _, level := range []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.RepeatableRead, pgx.Serializable} {
		s := withHub(t)
		var adding sync.WaitGroup
		begun := make(chan bool)
		const racers = 4 // as many as there are connections
		var ready sync.WaitGroup
		ready.Add(racers)
		for i := range racers {
			adding.Go(func() {
				tx, err := s.conns.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
				if err != nil {
					t.Error(err)
					ready.Done()
					return
				}
				defer tx.Rollback(t.Context())                              //nolint:errcheck // it may be committed
				_, err = tx.Exec(t.Context(), `SELECT FROM client_secrets`) // which takes the snapshot
				ready.Done()
				<-begun
				if err == nil {
					_, err = tx.Exec(t.Context(), `INSERT INTO client_secrets (client_id, name, secret_sha256) VALUES ('hub', $1, sha256('x'))`,
						fmt.Sprint(i))
				}
				if err == nil {
					_ = tx.Commit(t.Context())
				}
			})
		}
		ready.Wait()
		close(begun)
		adding.Wait()
		var n int
		try(t, s.pool.QueryRow(t.Context(), `SELECT count(*) FROM client_secrets`).Scan(&n))
		if n < 1 || n > 2 || level == pgx.ReadCommitted && n != 2 {
			t.Errorf("%s: %d secrets", level, n)
		}
	}
}

// A secret and a method that takes none cannot come about at once.
func TestNoRaceGivesAPublicClientASecret(t *testing.T) {
	t.Parallel()
	for range 20 {
		s := withHub(t)
		var both sync.WaitGroup
		for _, sql := range []string{`INSERT INTO client_secrets (client_id, secret_sha256) VALUES ('hub', sha256('x'))`,
			`UPDATE clients SET token_endpoint_auth_method = 'none'`} {
			both.Go(func() { _, _ = s.pool.Exec(t.Context(), sql) })
		}
		both.Wait()
		var wrong bool
		try(t, s.pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM clients JOIN client_secrets USING (client_id)
			WHERE token_endpoint_auth_method = 'none')`).Scan(&wrong))
		if wrong {
			t.Fatal("a public client has a secret")
		}
	}
}

func TestASecretWithoutANameIsNamedByItsDay(t *testing.T) {
	t.Parallel()
	s := withHub(t)
	_, err := s.pool.Exec(t.Context(), `INSERT INTO client_secrets (client_id, secret_sha256, created_at, expires_at)
		SELECT 'hub', sha256('x'), '2026-03-01T23:30:00-02:00', now() - interval '1 h' FROM generate_series(1, 3)`)
	try(t, err)
	if got := strings.ReplaceAll(secretsOf(t, s), time.Now().UTC().Add(-time.Hour).Format(time.DateOnly), "then"); got !=
		"2026-03-02 until then, 2026-03-02.2 until then, 2026-03-02.3 until then" {
		t.Error(got)
	}
}

func TestARotationEndsTheFormerSecrets(t *testing.T) {
	t.Parallel()
	s := withHub(t)
	rotate := func(name string, keep time.Duration) error {
		_, err := s.RotateClientSecret(t.Context(), NewClientSecret{ClientID: "hub", Name: name, SHA256: sha(name)}, keep)
		return err
	}
	const week = 7 * 24 * time.Hour
	in := func(d time.Duration) string { return time.Now().UTC().Add(d).Format(time.DateOnly) }
	try(t, rotate("a", week))
	try(t, rotate("b", week))
	if got := secretsOf(t, s); got != "a until "+in(week)+", b" {
		t.Error(got)
	}
	const third = "a client has at most two live secrets: remove one first"
	if err := rotate("c", week); err == nil || err.Error() != third {
		t.Error(err)
	}
	if _, err := s.AddClientSecret(t.Context(), NewClientSecret{ClientID: "hub", SHA256: sha("c")}); err == nil || err.Error() != third {
		t.Error(err)
	}
	try(t, s.RemoveClientSecret(t.Context(), "hub", "a"))
	try(t, rotate("c", 24*time.Hour))
	if got := secretsOf(t, s); got != "b until "+in(24*time.Hour)+", c" {
		t.Error(got)
	}
	if err := rotate("c", 0); err != nil { // the name is free, as the former one goes
		t.Error(err)
	}
	if got := secretsOf(t, s); got != "c" {
		t.Error(got)
	}
	// What ends sooner still ends then, and what has ended goes.
	_, err := s.pool.Exec(t.Context(), `INSERT INTO client_secrets (client_id, name, secret_sha256, created_at, expires_at) VALUES
		('hub', 'ended', sha256('x'), now() - interval '2 h', now() - interval '1 h');
		UPDATE client_secrets SET expires_at = now() + interval '1 day' WHERE name = 'c'`, pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	try(t, rotate("d", week))
	if got := secretsOf(t, s); got != "c until "+in(24*time.Hour)+", d" {
		t.Error(got)
	}
	life := week
	_, err = s.AddClientSecret(t.Context(), NewClientSecret{ClientID: "gone", SHA256: sha("x"), Life: &life})
	if err == nil || err.Error() != `there is no client "gone"` {
		t.Error(err)
	}
	if err := s.RemoveClientSecret(t.Context(), "hub", "gone"); err == nil || err.Error() != `there is no secret of hub called "gone"` {
		t.Error(err)
	}
}

// Of two that rotate at once, the second ends what the first made.
func TestRotationsAtOnceLeaveOneSecret(t *testing.T) {
	t.Parallel()
	s := withHub(t)
	var rotating sync.WaitGroup
	for i := range 10 {
		rotating.Go(func() {
			if _, err := s.RotateClientSecret(t.Context(), NewClientSecret{ClientID: "hub", SHA256: sha(fmt.Sprint(i))}, 0); err != nil {
				t.Error(err)
			}
		})
	}
	rotating.Wait()
	if got := secretsOf(t, s); got != time.Now().UTC().Format(time.DateOnly) {
		t.Error(got)
	}
}

// An import makes the one secret that is given the only one, and leaves alone what is there where none is given.
func TestAnImportKeepsOrReplacesSecrets(t *testing.T) {
	t.Parallel()
	s := withHub(t)
	c := oidc.NewClient()
	c.ClientID = "hub"
	take := func(secret string, ifMissing bool) (isNew bool) {
		t.Helper()
		list := []ImportedClient{{Client: c, SecretSHA256: sha(secret), SecretIfMissing: ifMissing}}
		try(t, s.ImportClients(t.Context(), list))
		return list[0].SecretIsNew
	}
	exec := func(sql string) {
		t.Helper()
		_, err := s.pool.Exec(t.Context(), sql)
		try(t, err)
	}
	have := func(want ...string) {
		t.Helper()
		client, err := s.ShowClient(t.Context(), "hub")
		try(t, err)
		var got []string
		for _, secret := range want {
			if client.FindSecret(secret, time.Now()) != nil {
				got = append(got, secret)
			}
		}
		if len(client.Secrets) != len(want) || !slices.Equal(got, want) {
			t.Errorf("of %d secrets %q are there, want %q", len(client.Secrets), got, want)
		}
	}
	if !take("made", true) {
		t.Error("a client without a secret gets none")
	}
	exec(`INSERT INTO client_secrets (client_id, name, secret_sha256) VALUES ('hub', 'other', sha256('other'))`)
	if take("made again", true) {
		t.Error("a client with secrets gets another")
	}
	have("made", "other")
	exec(`UPDATE client_secrets SET used_at = now()`)
	if take("other", false) {
		t.Error("the secret that is given was there")
	}
	have("other")
	exec(`UPDATE client_secrets SET expires_at = now() + interval '1 h'`)
	take("other", false)
	exec(`INSERT INTO client_secrets (client_id, name, secret_sha256) VALUES ('hub', 'x', sha256('x'))`) // for which there is room
	have("other", "x")
	exec(`UPDATE client_secrets SET created_at = now() - interval '2 h', expires_at = now() - interval '1 h'`)
	if !take("after the end", true) {
		t.Error("a client whose secrets have ended gets none")
	}
	have("after the end")
}
