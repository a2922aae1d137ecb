package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestPeopleAreDeclaredAndDeletedOnlyWhereTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	people := write(t, "people.yaml", "groups: [{name: staff}]\nusers: [{username: ada}, {username: bob}]\n"+
		"group_members: [{group_name: staff, username: ada}]\n")
	s.bad("people.yaml:2:1: users are declared with --people only", "", "apply", write(t, "people.yaml", "\nusers: [{username: ada}]"))
	s.good("", "user", "add", "eve", "--no-password")
	s.good("", "apply", people, "--people")
	ada := s.good("", "user", "show", "ada")
	if out := s.good("", "apply", people, "--people"); out != "no changes\n" {
		t.Errorf("again, with a sub that was made up: %s", out)
	}
	if out := s.good("", "user", "show", "ada"); out != ada {
		t.Errorf("ada changed: %s", out)
	}
	none := write(t, "people.yaml", "groups: [{name: staff}]")
	if out := s.good("", "apply", none, "--prune"); out != "no changes\n" {
		t.Errorf("--prune without --people: %s", out)
	}
	if _, out, _ := s.run("", "apply", none, "--people"); out != "no changes\n" {
		t.Errorf("--people without --prune: %s", out)
	}
	if out, _ := s.plan(none, "--people", "--prune"); !strings.HasSuffix(out, "-- 3 to delete\n-- group 'staff' has no members then\n") {
		t.Errorf("plan of a group that is emptied: %s", out)
	}
	if out := s.good("", "apply", none, "--people", "--prune"); !strings.Contains(out, "-- deleted 3\n") ||
		strings.Index(out, "DELETE FROM group_members") > strings.Index(out, "DELETE FROM users") {
		t.Errorf("with both: %s", out)
	}
	if out := s.good("", "user", "list"); strings.Contains(out, "ada") || !strings.Contains(out, "eve") {
		t.Errorf("left: %s", out)
	}
}

func TestAPersonWhoIsDeclaredSignsInAndLeavesAsAnybody(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "apply", write(t, "people.yaml", "groups: [{name: staff}]\nusers: [{username: ada}]\n"+
		"group_members: [{group_name: staff, username: ada}]"), "--people")
	s.good("correct horse battery staple\n", "user", "passwd", "ada") // a file says nothing of passwords
	s.bad("the user is declared in people.yaml, line 2", "", "user", "set", "ada", "--name", "Ada")
	s.bad("the user is declared in people.yaml, line 2", "", "user", "remove", "ada")
	s.bad("the membership is declared in people.yaml, line 3", "", "group", "remove-member", "staff", "ada")
	s.bad("is declared in people.yaml, line ", "", "group", "remove", "staff")
	s.good("", "user", "disable", "ada", "--declared-anyway")
	s.good("", "user", "remove", "ada", "--declared-anyway")
}

func TestRowsSwapWhatIsUnique(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	swapped := write(t, "acr.yaml", `acr_values:
  - {value: mfa, position: 50, factors: 2}
  - {value: phr, position: 40, phishing_resistant: true}
`)
	planned, _ := s.plan(swapped)
	s.good("", "apply", swapped)
	if out := s.good("", "apply", swapped); out != "no changes\n" {
		t.Errorf("again: %s", out)
	}
	pasted := newShell(t)
	pasted.sql(planned)
	if out, changes := pasted.plan(swapped); changes {
		t.Errorf("after the statements of the plan: %s", out)
	}
	s.bad("another acr value has this position already", "", "apply", write(t, "acr.yaml", "acr_values: [{value: a, position: 40}]"))
}

func TestASealedSecretIsComparedWithTheKeyAndStaysWithoutItsVariable(t *testing.T) {
	t.Parallel()
	key := "GATEHOUSE_ENCRYPTION_KEY=" + strings.Repeat("A", 42) + "E="
	s := newShell(t, key, "GATEHOUSE_ISSUER=https://api.example.org", "GATEHOUSE_UI_ORIGIN=https://login.example.org", "S=one-secret")
	const upstream = "upstreams: [{name: uni, issuer: https://uni.example.org, client_id: us, client_secret: {env: S}}]"
	file := write(t, "uni.yaml", upstream)
	s.good("", "apply", file)
	s.run("", "doctor") // which reads the row, and seals the secret
	if err := s.trySQL(`DO $$ BEGIN ASSERT (SELECT client_secret LIKE 'sealed:%' FROM upstreams); END $$`); err != nil {
		t.Fatal(err)
	}
	if out, changes := s.plan(file); changes {
		t.Errorf("the same secret: %s", out)
	}
	with := func(change ...string) *shell {
		return &shell{t, s.url, append([]string{"DATABASE_URL=" + s.url}, change...)}
	}
	if out, changes := with(key, "S=another").plan(file); !changes || !strings.Contains(out, "--   secret changes\n"+
		"--   in psql: \\set S to what env \"S\" is\nUPDATE upstreams SET client_secret = :'S'\n") {
		t.Errorf("another secret: %s", out)
	}
	if out, changes := with(key).plan(file); changes {
		t.Errorf("a variable that is not set: %s", out)
	}
	with("S=one-secret").bad("uni.yaml:1:88: GATEHOUSE_ENCRYPTION_KEY is ", "", "plan", file)
	moved := write(t, "uni.yaml", strings.Replace(upstream, "client_id: us", "client_id: we", 1))
	with(key).bad("S is not set, and the secret that there is, is sealed for the former issuer and client_id", "", "apply", moved)
	s.good("", "apply", moved)
}

func TestASecretInAFile(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	file := write(t, "hub.yaml", "clients: [{client_id: hub, client_secret: {file: secrets/hub}}]")
	secret := filepath.Join(filepath.Dir(file), "secrets", "hub")
	if err := os.Mkdir(filepath.Dir(secret), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(secret, []byte("a-secret-of-some-length-and-more\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.good("", "apply", file)
	if err := os.Chmod(secret, 0o644); err != nil { //nolint:gosec // that is what is told
		t.Fatal(err)
	}
	_, out, told := s.run("", "apply", file)
	if out != "no changes\n" || !strings.Contains(told, "everybody on this machine can read "+secret) {
		t.Errorf("%s%s", out, told)
	}
	for _, path := range []string{"../hub", "secrets/../../x", "secrets", "/proc/self/environ/x", "secrets/gone"} {
		file := filepath.Join(filepath.Dir(file), "bad.yaml")
		if err := os.WriteFile(file, []byte("clients: [{client_id: hub, client_secret: {file: "+path+"}}]"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.bad("bad.yaml:1:43: ", "", "plan", file)
	}
}

// What ends with a change is counted before it is made.
func TestAPlanSaysHowManySessionsAndGrantsEnd(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	file := func(disabled string) string {
		return write(t, "hub.yaml", "clients: [{client_id: app, token_endpoint_auth_method: none"+disabled+"}]")
	}
	s.good("", "apply", file(""))
	s.sql(`INSERT INTO users (username) VALUES ('ada');
		INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
		SELECT id, sha256('x'), id, now(), '{pwd}', now(), now() + interval '1 hour', now() + interval '1 hour' FROM users;
		INSERT INTO grants (id, client_id, user_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT gen_random_uuid(), 'app', sid, sid, i > 1, 'openid', now(), '{pwd}', now(), now() + interval '1 hour'
		FROM sessions, generate_series(1, 3) AS i`)
	const ends = "0; grants, with their tokens: 3\n"
	if out, _ := s.plan(file(", disabled_at: 2027-01-01")); !strings.HasSuffix(out, "-- sessions that would end: "+ends) {
		t.Errorf("plan: %s", out)
	}
	if out := s.good("", "apply", file(", disabled_at: 2027-01-01")); !strings.HasSuffix(out, "-- sessions that ended: "+ends) {
		t.Errorf("apply: %s", out)
	}
}

// A rename leaves alone what is declared, or is refused: it is in the file that it has to be made.
func TestARenameDoesNotReachIntoWhatIsDeclared(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "user", "add", "ada", "--no-password")
	s.good("", "group", "add", "staff")
	s.good("", "group", "add-member", "staff", "ada")
	file := write(t, "hub.yaml", "clients: [{client_id: app, token_endpoint_auth_method: none, allowed_groups: [staff]}]\n"+
		"client_claims: [{client_id: app, position: 1, claim: roles, from_group: staff}]")
	s.good("", "apply", file)
	s.bad("is declared in hub.yaml, line ", "", "group", "set", "staff", "--new-name", "people")
	err := s.trySQL(`SET gatehouse.door = 'api'; UPDATE groups SET name = 'people' WHERE name = 'staff'`)
	if err == nil || !strings.Contains(err.Error(), "the claim is declared in hub.yaml, line 2: change it there") {
		t.Errorf("a rename that cascades: %v", err)
	}
	s.sql(`UPDATE groups SET name = 'people' WHERE name = 'staff'`)
	s.bad(`hub.yaml:2:17: there is no such group: "staff"`, "", "plan", file)
}

func TestTwoAppliesAtOnceAreOneAfterTheOther(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	file := write(t, "hub.yaml", many(200))
	var wait sync.WaitGroup
	said := make([]string, 4)
	for i := range said {
		wait.Go(func() { _, said[i], _ = s.run("", "apply", file) })
	}
	wait.Wait()
	made := 0
	for _, out := range said {
		if strings.HasSuffix(out, "-- inserted 200\n") {
			made++
		} else if out != "no changes\n" {
			t.Errorf("said %q", out)
		}
	}
	if made != 1 {
		t.Errorf("%d made the rows", made)
	}
}

// many declares n clients.
func many(n int) string {
	var b strings.Builder
	b.WriteString("clients:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {client_id: c%05d, token_endpoint_auth_method: none, redirect_uris: ['https://c%d.example.org/cb']}\n", i, i)
	}
	return b.String()
}

// An apply that ends before its end has done nothing.
func TestAnApplyThatIsInterruptedDoesNothing(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	file := write(t, "hub.yaml", many(2000))
	watch, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close(t.Context())
	ctx, interrupt := context.WithCancel(t.Context())
	code := make(chan int)
	go func() {
		var out, told bytes.Buffer
		code <- run(ctx, []string{"apply", file}, &app{environ: s.env, stdout: &out, stderr: &told})
	}()
	for inserting := false; !inserting; time.Sleep(time.Millisecond) {
		if err := watch.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
			AND query LIKE 'INSERT INTO clients%')`).Scan(&inserting); err != nil {
			t.Fatal(err)
		}
	}
	interrupt()
	if c := <-code; c != 130 && c != 1 {
		t.Errorf("exit code %d", c)
	}
	if out := s.good("", "client", "list", "--json"); out != "[]\n" {
		t.Errorf("left: %.200s", out)
	}
}
