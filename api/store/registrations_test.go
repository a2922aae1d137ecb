package store

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

func init() {
	const aToken = "INSERT INTO initial_access_tokens (name, token_sha256) VALUES (%, sha256('x'))"
	maps.Copy(refused, map[string]refusedStatement{
		"clients_registration_must_be_open_token_or_document":           {"UPDATE clients SET registration = 'closed'", nil},
		"clients_registration_access_token_must_be_a_digest_use_sha256": {"UPDATE clients SET registration_access_token_sha256 = 'plain'", nil},
		"clients_with_a_document_must_have_metadata_fetched_at": {"UPDATE clients SET %", []string{
			"registration = 'document'", "registration = 'open', metadata_fetched_at = now()", "metadata_fetched_at = now()"}},
		"initial_access_tokens_name_must_be_unique":                  {aToken + ", ('twice', sha256('y'))", []string{"'twice'"}},
		"initial_access_tokens_token_must_be_unique":                 {aToken + ", ('b', sha256('x'))", []string{"'a'"}},
		"initial_access_tokens_name_must_have_1_to_100_characters":   {aToken, []string{"''", "repeat('x', 101)"}},
		"initial_access_tokens_name_must_have_no_control_characters": {aToken, []string{"E'a\nb'"}},
		"initial_access_tokens_token_must_be_a_digest_use_sha256": {`INSERT INTO initial_access_tokens (name, token_sha256)
			VALUES ('a', 'x')`, nil},
		"initial_access_tokens_uses_left_must_not_be_negative": {
			"INSERT INTO initial_access_tokens (name, token_sha256, uses_left) VALUES ('a', sha256('x'), -1)", nil},
	})
}

// selfRegistered is a client that registers itself, by its number.
func selfRegistered(i int, how string) oidc.Client {
	row := oidc.NewClient()
	row.ClientID, row.TokenEndpointAuthMethod, row.Registration = "self-"+strconv.Itoa(i), "none", how
	row.RedirectURIs = []string{"https://rp.example.org/" + strconv.Itoa(i)}
	return row
}

func network(name string) (d Digest) { copy(d[:], name); return d }

func accessToken(i int) *Digest { d := Digest(sha("token " + strconv.Itoa(i))); return &d }

// inParallel registers fifty clients at once and counts what became of them.
func inParallel(t *testing.T, s *Store, from int, how string, n NewRegistration, now time.Time) (registered int, refusals []error) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			n := n
			n.AccessToken = accessToken(from + i)
			err := s.RegisterClient(t.Context(), selfRegistered(from+i, how), n, now)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				registered++
			} else if !slices.Contains(refusals, err) {
				refusals = append(refusals, err)
			}
		})
	}
	wg.Wait()
	return registered, refusals
}

func TestFiftyParallelRegistrationsStopAtTheBoundOfTheirNetwork(t *testing.T) {
	t.Parallel()
	s := managed(t)
	now := time.Now().Truncate(time.Second)
	expect := func(what string, want int, why error, from int, network Digest, at time.Time) {
		t.Helper()
		got, refusals := inParallel(t, s, from, "open", NewRegistration{Network: network}, at)
		if got != want || why != nil && !slices.Equal(refusals, []error{why}) {
			t.Errorf("%s: %d registered, %v; want %d, %v", what, got, refusals, want, why)
		}
	}
	expect("one network", maxRegistrationsPerNetwork, ErrManyRegistrationsHere, 0, network("a"), now)
	expect("another one", maxRegistrationsPerNetwork, ErrManyRegistrationsHere, 100, network("b"), now)
	_, err := s.pool.Exec(t.Context(), `DELETE FROM clients`)
	try(t, err)
	expect("clients that are gone count, too", 0, ErrManyRegistrationsHere, 200, network("a"), now)
	expect("an hour later", maxRegistrationsPerNetwork, ErrManyRegistrationsHere, 300, network("a"), now.Add(time.Hour+time.Second))
}

func TestThereIsABoundForAllUnusedClientsAndForAllRegistrationsOfAnHour(t *testing.T) {
	t.Parallel()
	s := managed(t)
	now := time.Now().Truncate(time.Second)
	exec := func(sql string, args ...any) {
		t.Helper()
		_, err := s.pool.Exec(t.Context(), sql, args...)
		try(t, err)
	}
	exec(`INSERT INTO users (username) VALUES ('alice')`)
	exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, registration, metadata_fetched_at)
		SELECT 'c' || i, 'none', CASE WHEN i % 2 = 0 THEN 'open' ELSE 'document' END, CASE WHEN i % 2 = 1 THEN now() END
		FROM generate_series(1, $1) AS i`, maxUnusedClients-5)
	exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, registration) SELECT 't' || i, 'none', 'token'
		FROM generate_series(1, 100) AS i`)
	if n, refusals := inParallel(t, s, 0, "open", NewRegistration{Network: network("a")}, now); n != 5 ||
		!slices.Equal(refusals, []error{ErrManyRegistrations}) {
		t.Errorf("%d registered, want 5: %v", n, refusals)
	}
	exec(`INSERT INTO consents (user_id, client_id, scopes, granted_at) SELECT id, 'c1', '{openid}', now() FROM users`)
	exec(`INSERT INTO grants (id, user_id, client_id, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT gen_random_uuid(), id, 'c2', true, '', now(), '{pwd}', now(), now() FROM users`)
	if n, _ := inParallel(t, s, 100, "open", NewRegistration{Network: network("b")}, now); n != 2 {
		t.Errorf("%d registered after two were used, want 2", n)
	}
	exec(`DELETE FROM clients WHERE client_id LIKE 'c%'`)
	exec(`INSERT INTO recent_registrations (network_hmac, registered_at) SELECT i::text::bytea, $2 FROM generate_series(1, $1) AS i`,
		maxRegistrations-7-3, now)
	if n, refusals := inParallel(t, s, 200, "open", NewRegistration{Network: network("c")}, now); n != 3 ||
		!slices.Equal(refusals, []error{ErrManyRegistrations}) {
		t.Errorf("%d registered in an hour with many, want 3: %v", n, refusals)
	}
}

func TestAnInitialAccessTokenIsSpentByAsManyClientsAsItIsFor(t *testing.T) {
	t.Parallel()
	s := managed(t)
	now := time.Now()
	for name, uses := range map[string]*int{"once": new(int), "thrice": new(int), "any": nil} {
		if uses != nil {
			*uses = map[string]int{"once": 1, "thrice": 3}[name]
		}
		try(t, s.AddInitialAccessToken(t.Context(), name, sha(name), uses, time.Hour))
	}
	from := 0
	for _, c := range []struct {
		name string
		at   time.Time
		want int
	}{{"once", now, 1}, {"thrice", now, 3}, {"any", now.Add(2 * time.Hour), 0}, {"any", now, 50}, {"unknown", now, 0}} {
		token := Digest(sha(c.name))
		n, refusals := inParallel(t, s, from, "token", NewRegistration{InitialToken: &token, Network: network("a")}, c.at)
		if n != c.want || n < 50 && !slices.Equal(refusals, []error{ErrNotFound}) {
			t.Errorf("%s: %d registered, want %d: %v", c.name, n, c.want, refusals)
		}
		if err := s.CheckInitialAccessToken(t.Context(), token, c.at); (err == nil) != (c.want == 50) {
			t.Errorf("%s: %v", c.name, err)
		}
		from += 50
	}
	bad := selfRegistered(from, "token")
	bad.RedirectURIs = []string{"javascript:alert(1)"}
	try(t, s.AddInitialAccessToken(t.Context(), "again", sha("again"), new(1), time.Hour))
	token := Digest(sha("again"))
	if err := s.RegisterClient(t.Context(), bad, NewRegistration{InitialToken: &token}, now); !errors.As(err, new(Refusal)) {
		t.Errorf("a client that the database refuses: %v", err)
	}
	if err := s.CheckInitialAccessToken(t.Context(), token, now); err != nil {
		t.Errorf("a refusal has spent the token: %v", err)
	}
	list, err := s.ListInitialAccessTokens(t.Context(), all)
	if err != nil || len(list) != 4 || list[1].UsedAt == nil || list[0].UsesLeft == nil || *list[2].UsesLeft != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A refused registration costs the other replicas nothing: they keep what they have cached.
func TestOnlyWhatChangesAClientDropsTheCaches(t *testing.T) {
	t.Parallel()
	s := managed(t)
	version := func() (n int) {
		try(t, s.pool.QueryRow(t.Context(), `SELECT version FROM cache_version`).Scan(&n))
		return n
	}
	before := version()
	inParallel(t, s, 0, "open", NewRegistration{Network: network("a")}, time.Now())
	if n := version() - before; n != maxRegistrationsPerNetwork {
		t.Errorf("%d registrations changed the version %d times", maxRegistrationsPerNetwork, n)
	}
	before = version()
	_, err := s.CleanUp(t.Context(), Kept{90 * 24 * time.Hour, 400 * 24 * time.Hour}, time.Now())
	try(t, err)
	if version() != before {
		t.Error("a clean-up that deletes nothing changes the version")
	}
	for _, change := range []struct {
		sql   string
		times int
	}{
		{`INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('c', 'none')`, 1},
		{`UPDATE clients SET client_name = 'x'`, 1},
		{`INSERT INTO client_claims (client_id, claim, value) VALUES ('c', 'x', '1'), ('c', 'x', '2')`, 1},
		{`UPDATE client_claims SET value = '3'`, 1}, {`DELETE FROM client_claims`, 1}, {`TRUNCATE client_claims`, 1}, {`DELETE FROM clients`, 1},
		{`INSERT INTO clients (client_id) VALUES ('c')`, 1},
		{`INSERT INTO client_secrets (client_id, name, secret_sha256) VALUES ('c', 'a', sha256('x'))`, 2}, // of the client, too
		{`UPDATE client_secrets SET used_at = now()`, 0},
		{`UPDATE client_secrets SET expires_at = now() + interval '1 day'`, 2},
		{`UPDATE client_secrets SET secret_sha256 = sha256('y')`, 1}, {`DELETE FROM client_secrets`, 1},
		{`INSERT INTO signing_keys VALUES ('k', 'ES256', 'x', now(), now())`, 1}, {`UPDATE signing_keys SET retires_at = now()`, 1},
		{`DELETE FROM signing_keys`, 1}, {`TRUNCATE signing_keys`, 1}, {`TRUNCATE client_secrets`, 1},
		{`INSERT INTO resources (identifier, min_acr) VALUES ('r', 'mfa')`, 1}, {`UPDATE resources SET disabled_at = now()`, 1},
		{`TRUNCATE clients CASCADE`, 4}, // claims, secrets and exchange policies go with it
	} {
		before = version()
		_, err := s.pool.Exec(t.Context(), change.sql)
		try(t, err)
		if version() != before+change.times {
			t.Errorf("%s: the version is %d, was %d", change.sql, version(), before)
		}
	}
}

func TestAChangeKeepsWhatTheAdministratorDecidesAndAsksPeopleAgain(t *testing.T) {
	t.Parallel()
	s := managed(t)
	now := time.Now()
	try(t, s.RegisterClient(t.Context(), selfRegistered(1, "open"), NewRegistration{AccessToken: accessToken(1), Network: network("a")}, now))
	for _, sql := range []string{`UPDATE clients SET allowed_groups = '{staff}', audiences = '{x}'`,
		`INSERT INTO users (username) VALUES ('alice')`,
		`INSERT INTO consents (user_id, client_id, scopes, granted_at) SELECT id, 'self-1', '{openid}', now() FROM users`} {
		_, err := s.pool.Exec(t.Context(), sql)
		try(t, err)
	}
	consented := func() (scopes []string) {
		try(t, s.pool.QueryRow(t.Context(), `SELECT scopes FROM consents`).Scan(&scopes))
		return scopes
	}
	c := selfRegistered(1, "open").ClientMetadata
	c.ClientName, c.TokenEndpointAuthMethod = "Renamed", "client_secret_basic"
	isNew, err := s.ReplaceRegistration(t.Context(), c, *accessToken(1), sha("first"), network("a"), now)
	if err != nil || !isNew || len(consented()) != 1 {
		t.Fatal(isNew, err, consented())
	}
	c.RedirectURIs = []string{"https://elsewhere.example.org/"}
	isNew, err = s.ReplaceRegistration(t.Context(), c, *accessToken(1), sha("second"), network("a"), now)
	if err != nil || isNew || len(consented()) != 0 {
		t.Fatal(isNew, err, consented())
	}
	got, err := s.Registration(t.Context(), "self-1", *accessToken(1))
	if err != nil || got.ClientName != "Renamed" || len(got.Secrets) != 1 || !slices.Equal(got.Secrets[0].SHA256, sha("first")) ||
		!slices.Equal(got.AllowedGroups, []string{"staff"}) ||
		!slices.Equal(got.Audiences, []string{"x"}) || got.Registration != "open" {
		t.Errorf("%+v, %v", got, err)
	}
	c.TokenEndpointAuthMethod = "none"
	if isNew, err = s.ReplaceRegistration(t.Context(), c, *accessToken(1), nil, network("a"), now); err != nil || isNew {
		t.Errorf("a client that became public: %v, %v", isNew, err)
	}

	for i := 4; err == nil; i++ {
		if _, err = s.ReplaceRegistration(t.Context(), c, *accessToken(1), nil, network("a"), now); err == nil &&
			i == maxRegistrationsPerNetwork {
			t.Fatal("changes are not bounded")
		}
	}
	if !errors.Is(err, ErrManyRegistrationsHere) {
		t.Error(err)
	}
	for _, who := range []struct {
		id    string
		token *Digest
	}{{"self-1", accessToken(2)}, {"self-2", accessToken(1)}} {
		_, err := s.Registration(t.Context(), who.id, *who.token)
		c.ClientID = who.id
		_, changed := s.ReplaceRegistration(t.Context(), c, *who.token, nil, network("b"), now)
		ended := s.EndRegistration(t.Context(), who.id, *who.token)
		if !errors.Is(err, ErrNotFound) || !errors.Is(changed, ErrNotFound) || !errors.Is(ended, ErrNotFound) {
			t.Errorf("%s: %v, %v, %v", who.id, err, changed, ended)
		}
	}
	try(t, s.DisableClient(t.Context(), "self-1"))
	if err := s.EndRegistration(t.Context(), "self-1", *accessToken(1)); !errors.Is(err, ErrNotFound) {
		t.Errorf("a disabled client: %v", err)
	}
	try(t, s.EnableClient(t.Context(), "self-1"))
	try(t, s.EndRegistration(t.Context(), "self-1", *accessToken(1)))
}

func TestCleanUpRemovesClientsThatNobodySignedInTo(t *testing.T) {
	t.Parallel()
	s := managed(t)
	now := time.Now().Truncate(time.Second)
	exec := func(sql string, args ...any) {
		t.Helper()
		_, err := s.pool.Exec(t.Context(), sql, args...)
		try(t, err)
	}
	exec(`INSERT INTO users (username) VALUES ('alice')`)
	exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, registration, metadata_fetched_at, created_at)
		SELECT how || '-' || age, 'none', nullif(how, 'admin'), CASE WHEN how = 'document' THEN now() END, $1::timestamptz - age
		FROM unnest(ARRAY['open', 'token', 'document', 'admin']) AS how, unnest(ARRAY[interval '23:59', '24:01', '24:02', '24:03']) AS age`, now)
	exec(`INSERT INTO consents (user_id, client_id, scopes, granted_at) SELECT u.id, client_id, '{}', now() FROM users u, clients
		WHERE client_id LIKE '%:02:00'`)
	exec(`INSERT INTO grants (id, user_id, client_id, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT gen_random_uuid(), u.id, client_id, true, '', $1, '{pwd}', $1, 'infinity' FROM users u, clients
		WHERE client_id LIKE '%:03:00'`, now)
	exec(`INSERT INTO initial_access_tokens (name, token_sha256, expires_at)
		VALUES ('old', sha256('a'), $1::timestamptz - interval '1 s'), ('new', sha256('b'), $1)`, now)
	exec(`INSERT INTO recent_registrations VALUES ('x', $1::timestamptz - interval '61 min'), ('x', $1::timestamptz - interval '59 min')`, now)

	deleted, err := s.CleanUp(t.Context(), Kept{90 * 24 * time.Hour, 400 * 24 * time.Hour}, now)
	if err != nil || deleted != 4 { // two clients, a token, a registration
		t.Errorf("%d rows deleted, want 4: %v", deleted, err)
	}
	var left int
	try(t, s.pool.QueryRow(t.Context(),
		`SELECT count(*) FROM clients WHERE client_id NOT IN ('open-24:01:00', 'document-24:01:00')`).Scan(&left))
	if left != 14 {
		t.Errorf("%d clients left, want 14", left)
	}
}
