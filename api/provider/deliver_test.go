package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/apitest"
)

// silent is the address of a server that takes requests and answers none before the test ends.
func (r *rig) silent() string {
	r.Helper()
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	r.Cleanup(func() { close(hang); server.Close() })
	return server.URL
}

// clientsAt adds n clients that hear of logouts at an address, each with so many that are due.
func (r *rig) clientsAt(address, name string, registration *string, n, logouts int, due string) {
	r.Helper()
	r.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, backchannel_logout_uri, registration)
		SELECT $1 || i, 'none', $2, $3 FROM generate_series(1, $4::int) AS i`, name, address, registration, n)
	r.Exec(`INSERT INTO backchannel_logouts (client_id, sub, next_attempt_at, created_at)
		SELECT $1 || i, 'x', $4, now() FROM generate_series(1, $2::int) AS i, generate_series(1, $3::int)`, name, n, logouts, due)
}

// arrive fails unless n logout tokens come in time.
func (r *rig) arrive(at receiver, n int, within time.Duration) {
	r.Helper()
	for i, end := 0, time.Now().Add(within); i < n; i++ {
		if at.next(time.Until(end)) == nil {
			r.Fatalf("%d of %d logouts have arrived within %s", i, n, within)
		}
	}
}

// Far more of them than there are places, with a backlog that is older than any logout of the others.
func TestClientsThatDoNotAnswerTakeNoPlacesOfThoseThatDo(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	web := r.receiver("web")
	r.clientsAt(r.silent(), "silent", nil, 100, 100, "epoch")
	time.Sleep(never)
	for range 3 {
		b := r.browser()
		b.signOut(b.SignedIn(apitest.AuthParams()))
		r.arrive(web, 1, soon)
	}
	if n := r.Count(`SELECT count(DISTINCT client_id) FROM backchannel_logouts WHERE client_id LIKE 'silent%' AND attempts > 0`); n < 100 {
		t.Errorf("%d of the 100 were tried", n)
	}
}

// Nobody knows yet which clients will not answer: people have signed out of 40 each, of which 30 are silent.
func TestFirstAttemptsAtClientsThatDoNotAnswerDelayNobody(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	web := r.receiver("web")
	r.clientsAt(r.silent(), "silent", nil, 30, 5, "epoch")
	r.clientsAt(web.URL+"/logout?fixed=1", "live", nil, 10, 5, "2000-01-01")
	r.Provider.DeliverLogoutsNow()
	r.arrive(web, 50, 4500*time.Millisecond)
}

// Anybody may register clients, and sign in to all of them at once.
func TestClientsThatRegisteredThemselvesDelayNobodyElse(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	web := r.receiver("web")
	open := "open"
	r.clientsAt(r.silent(), "stranger", &open, 400, 1, "epoch")
	r.Provider.DeliverLogoutsNow()
	time.Sleep(never)
	b := r.browser()
	b.signOut(b.SignedIn(apitest.AuthParams()))
	r.arrive(web, 1, 4500*time.Millisecond)
}

// postgresAway has Postgres end all connections to the database of the test, and take no others until back is called.
func (r *rig) postgresAway() (back func()) {
	r.Helper()
	config, err := pgx.ParseConfig(r.URL)
	if err != nil {
		r.Fatal(err)
	}
	name := config.Database
	config.Database = "postgres"
	conn, err := pgx.ConnectConfig(r.Context(), config)
	if err != nil {
		r.Fatal(err)
	}
	exec := func(sql string) {
		if _, err := conn.Exec(r.Context(), sql); err != nil {
			r.Error(err)
		}
	}
	exec("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false")
	exec(fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'", name))
	return func() {
		exec("ALTER DATABASE " + name + " ALLOW_CONNECTIONS true")
		_ = conn.Close(r.Context())
	}
}

// leasesEnd has it be later for what is under way, whoever it is with.
func (r *rig) leasesEnd() {
	r.Exec(`UPDATE backchannel_logouts SET next_attempt_at = next_attempt_at - interval '1 hour'`)
	r.Exec(`UPDATE mail_outbox SET next_attempt_at = next_attempt_at - interval '1 hour'`)
}

func TestALogoutThatArrivedWhilePostgresWasAwayIsNotSentAgain(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	arrived, answer := make(chan struct{}, 100), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived <- struct{}{}; <-answer }))
	defer server.Close()
	r.Exec("UPDATE clients SET backchannel_logout_uri = $1 WHERE client_id = 'web'", server.URL)
	b := r.browser()
	b.signOut(b.SignedIn(apitest.AuthParams()))
	<-arrived
	back := r.postgresAway()
	close(answer)
	time.Sleep(4 * time.Second) // of a failover
	back()
	r.eventually(`SELECT count(*) FROM backchannel_logouts WHERE delivered_at IS NOT NULL AND attempts = 1`)
	r.leasesEnd()
	select {
	case <-arrived:
		t.Error("it was sent again")
	case <-time.After(never):
	}
}

func TestAMailThatWasSentWhilePostgresWasAwayIsKnownToBeSent(t *testing.T) {
	t.Parallel()
	server := apitest.StartSMTP(t)
	r := start(t, server.Settings)
	entered, goOn := make(chan struct{}), make(chan struct{})
	server.Answers(func(command string) string {
		if command == "." {
			close(entered)
			<-goOn
		}
		return ""
	})
	queueMail(r.Rig, "test", "ada@example.org", "4 days")
	<-entered
	back := r.postgresAway()
	close(goOn)
	time.Sleep(4 * time.Second)
	back()
	r.eventually(`SELECT count(*) FROM mail_outbox WHERE sent_at IS NOT NULL`)
}

// Postgres has a clock of its own, and so has each machine.
func TestALogoutBySQLIsDueAtOnceWhateverTheClockOfPostgresSays(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	web := r.receiver("web")
	r.Later(-5 * time.Minute) // so that of Postgres is ahead
	for _, sql := range []string{"UPDATE users SET disabled_at = now()", "UPDATE sessions SET ended_at = now()", "DELETE FROM users"} {
		b := r.browser()
		b.SignedIn(apitest.AuthParams())
		r.Exec(sql)
		if web.next(soon) == nil {
			t.Errorf("%s: nobody is told", sql)
		}
		r.Exec("UPDATE users SET disabled_at = NULL")
	}
}

// A backend of Postgres that says nothing any more, as the network does that was cut: whoever waits for it without an end delivers nothing
// until the process starts again.
func TestDeliveriesGoOnAlthoughAConnectionSaysNothingAnyMore(t *testing.T) {
	t.Parallel()
	server := apitest.StartSMTP(t)
	r := start(t, private, server.Settings)
	web := r.receiver("web")
	b := r.browser()
	hint := b.SignedIn(apitest.AuthParams())
	tx, err := r.DB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE backchannel_logouts, mail_outbox"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	// Of a statement its first 1024 bytes are there. The clean-up of each minute waits for one of the tables, too.
	const waiting = ` FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
		AND query ~ 'FROM (backchannel_logouts|mail_outbox) WHERE next_attempt_at'`
	wait(t, func() bool { return r.Count("SELECT count(DISTINCT query)"+waiting) == 2 })
	var pids []int
	if err := r.DB.QueryRow(t.Context(), "SELECT array_agg(pid)"+waiting).Scan(&pids); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Skip("the server of the tests is on another machine, or somebody else's: ", err)
		}
		t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.signOut(hint)
	queueMail(r.Rig, "test", "ada@example.org", "4 days")
	r.arrive(web, 1, 3*soon)
	r.WaitForMail(server, "ada@example.org", 1)
}
