package provider_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	. "gatehouse/api/apitest"
)

// The triggers that queue logouts run with the rights of their owner (SECURITY DEFINER): whoever may disable a user must be able to
// do nothing with them but that, whatever tables and operators of their own they put in the way.
func TestTheTriggersOfLogoutsLendNobodyTheirRights(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec("UPDATE clients SET backchannel_logout_uri = 'https://rp.example.org/logout'")
	b.Exec("INSERT INTO users (username) VALUES ('mallory')")
	b.SignedIn(AuthParams())
	config, err := pgx.ParseConfig(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"DROP ROLE IF EXISTS " + config.Database, // roles belong to the whole cluster
		"CREATE ROLE " + config.Database,
		"GRANT SELECT, UPDATE (disabled_at) ON users TO " + config.Database,
	} {
		b.Exec(sql)
	}
	t.Cleanup(func() {
		b.Exec("DROP OWNED BY " + config.Database)
		b.Exec("DROP ROLE " + config.Database)
	})
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	as := func(sql string) error { _, err := conn.Exec(context.Background(), sql); return err }
	for _, sql := range []string{
		"SET ROLE " + config.Database,
		"CREATE TEMP TABLE grants AS SELECT gen_random_uuid() AS sid, id AS user_id, 'web' AS client_id FROM users",
		`CREATE TEMP TABLE clients AS SELECT 'web' AS client_id, 'http://127.0.0.1/' AS backchannel_logout_uri,
			false AS backchannel_logout_session_required`,
		"CREATE TEMP TABLE backchannel_logouts (client_id text, sub text, sid uuid, next_attempt_at timestamptz, created_at timestamptz)",
		"SET search_path = pg_temp, public",
		"UPDATE public.users SET disabled_at = now()",
	} {
		if err := as(sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if n := b.Count("SELECT count(*) FROM backchannel_logouts WHERE sub = 'sub-alice' AND client_id = 'web'"); n != 1 {
		t.Errorf("%d logouts of alice are queued, want 1", n)
	}
	if n := b.Count("SELECT count(*) FROM backchannel_logouts"); n != 1 {
		t.Errorf("%d logouts are queued, want 1", n)
	}
	for _, sql := range []string{"SELECT queue_logouts_of_user()", "SELECT public.queue_logouts_of_session()",
		"SELECT FROM public.backchannel_logouts",
		"INSERT INTO public.backchannel_logouts (client_id, sub, created_at) VALUES ('web', 'x', now())",
		"CREATE TRIGGER t AFTER UPDATE ON pg_temp.grants FOR EACH ROW EXECUTE FUNCTION public.queue_logouts_of_user()"} {
		if as(sql) == nil {
			t.Errorf("was allowed: %s", sql)
		}
	}
}

// Whoever has a disabled_at or ended_at is out, whatever the time in it: the logout must not wait for that time, nor be taken for old and
// deleted before it was delivered.
func TestALogoutOfAnyTimeIsToldNow(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Exec("UPDATE clients SET backchannel_logout_uri = 'https://rp.example.org/logout'")
	for _, sql := range []string{"UPDATE users SET disabled_at = $1 WHERE username = 'alice'",
		"UPDATE sessions SET ended_at = $1 WHERE ended_at IS NULL"} {
		for _, at := range []string{"2001-01-01", "2099-01-01"} {
			b.HTTP.Jar = b.rig.browser().HTTP.Jar
			b.SignedIn(AuthParams())
			b.Exec(sql, at)
			if b.Count(`SELECT count(*) FROM backchannel_logouts WHERE created_at > now() - interval '1 minute' AND
				(attempts > 0 OR next_attempt_at <= now())`) == 0 {
				t.Errorf("%s, %s: no logout is due", sql, at)
			}
			b.Exec("DELETE FROM backchannel_logouts")
			b.Exec("UPDATE users SET disabled_at = NULL")
			b.Exec("DELETE FROM sessions")
		}
	}
}
