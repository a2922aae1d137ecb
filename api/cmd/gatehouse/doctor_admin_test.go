package main

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// examined returns the lines of an examination.
func (s *shell) examined(about string) (lines []string) {
	s.t.Helper()
	_, stdout, _ := s.run("", "doctor")
	for line := range strings.Lines(stdout) {
		if words := strings.Fields(line); len(words) > 1 && words[1] == about {
			lines = append(lines, words[0]+" "+strings.Join(words[2:], " "))
		}
	}
	return lines
}

func TestDoctorLooksAtTheAudit(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_ISSUER=https://127.0.0.1:1", "GATEHOUSE_UI_ORIGIN=https://127.0.0.1:1",
		"GATEHOUSE_ENCRYPTION_KEY="+strings.Repeat("0f", 32), "GATEHOUSE_AUDIT_KEPT=19200h")
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	// Each state is broken, found, and mended as the line says.
	is := func(want string, broken ...string) {
		t.Helper()
		for _, sql := range broken {
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		if lines := s.examined("audit"); len(lines) != 1 || !strings.HasPrefix(lines[0], want) {
			t.Errorf("%v\nis %q, want %q", broken, lines, want)
		}
	}
	mends := `start gatehouse serve, which makes them, or SELECT partition_by_month('audit', now(), interval '19200 hours')`
	is("ok records each change; the last is row ")
	month := time.Now().UTC()
	month = time.Date(month.Year(), month.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	next := month.Format("audit_2006_01")
	is("warn no partition "+next+", so that changes go to audit_other: "+mends, "DROP TABLE "+next)
	is("fail no partition "+next+", and none for the rest, so that nothing can be changed then: "+
		"CREATE TABLE audit_other PARTITION OF audit DEFAULT; then "+mends, "DROP TABLE audit_other")
	is("ok ", "CREATE TABLE audit_other PARTITION OF audit DEFAULT", mends[strings.Index(mends, "SELECT"):])
	triggers := func(table string) string {
		return "fail triggers of " + table + " are disabled or gone, so that not all changes of it are recorded: ALTER TABLE " + table +
			" ENABLE TRIGGER USER; those that are gone are at the end of migrations/00001_init.sql"
	}
	is(triggers("groups"), "ALTER TABLE groups DISABLE TRIGGER USER")
	is("ok ", "ALTER TABLE groups ENABLE TRIGGER USER", "ALTER TABLE sessions ENABLE ALWAYS TRIGGER sessions_audit_update")
	is(triggers("groups"), "ALTER TABLE groups ENABLE REPLICA TRIGGER groups_audit_delete")
	is("ok ", "ALTER TABLE groups ENABLE TRIGGER USER")
	is("fail row 1: it was changed; gatehouse audit verify looks at all of them", "INSERT INTO groups (name) VALUES ('staff')",
		"ALTER TABLE audit DISABLE TRIGGER USER", "UPDATE audit SET actor = 'nobody' WHERE id = (SELECT max(id) FROM audit)")
	is("fail row 1: ", "INSERT INTO groups (name) VALUES ('guests')")
	is("ok ", "INSERT INTO groups (name) VALUES ('third'), ('fourth')") // verify looks at all, doctor at the last
	is(triggers("upstreams"), "DROP TRIGGER upstreams_audit_insert ON upstreams")
	if _, out, _ := s.run("", "audit", "verify", "--json"); !strings.Contains(out, `"off": [
    "upstreams"
  ]`) {
		t.Errorf("audit verify: %s", out)
	}
}

func TestDoctorLooksAtWhatLetsAdministratorsIn(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_ISSUER=https://127.0.0.1:1", "GATEHOUSE_UI_ORIGIN=https://127.0.0.1:1",
		"GATEHOUSE_ENCRYPTION_KEY="+strings.Repeat("0f", 32))
	is := func(want ...string) {
		t.Helper()
		if lines := s.examined("admin"); strings.Join(lines, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q, want %q", lines, want)
		}
	}
	is("ok the admin API is off: GATEHOUSE_ADMIN_GROUP names no group")
	s.env = append(s.env, "GATEHOUSE_ADMIN_GROUP=hub admins", "GATEHOUSE_READER_GROUP=readers", "GATEHOUSE_HELP_DESK_GROUP=help",
		"GATEHOUSE_ADMIN_ACR=gold")
	is("fail GATEHOUSE_ADMIN_GROUP names hub admins, and there is no such group: gatehouse group add 'hub admins'",
		"fail GATEHOUSE_READER_GROUP names readers, and there is no such group: gatehouse group add readers",
		"fail GATEHOUSE_HELP_DESK_GROUP names help, and there is no such group: gatehouse group add help",
		"fail GATEHOUSE_ADMIN_ACR is gold, of which acr_values has no row, so that nobody gets in: name one of "+
			"https://refeds.org/profile/sfa, 1, https://refeds.org/profile/mfa, mfa, phr, phrh, or gatehouse acr-value add gold")
	for _, group := range []string{"hub admins", "readers", "help"} {
		s.good("", "group", "add", group)
	}
	s.good("", "acr-value", "add", "gold", "--factors", "2")
	is("ok members of hub admins administer, with a sign-in that reaches gold")
}
