package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// signedIn adds ada, who is signed in and has given the wiki something.
func (s *shell) signedIn() {
	s.t.Helper()
	s.good("", "user", "add", "ada", "--no-password")
	s.good("", "client", "add", "wiki", "--public", "--redirect-uri", "https://wiki.example.org/cb")
	conn, err := pgx.Connect(s.t.Context(), s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(s.t.Context())
	if _, err := conn.Exec(s.t.Context(), `
		INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at, addr)
		SELECT ('00000000-0000-7000-8000-00000000000' || i)::uuid, sha256(i::text::bytea), id, now(), '{pwd}', now(), now() + interval '1 h',
			now() + interval '1 h', '192.0.2.' || i
		FROM users, generate_series(1, 3) AS i;
		INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT sid, user_id, 'wiki', sid, sid::text LIKE '%1', 'openid email', now(), '{pwd}', now(), now() + interval '1 h' FROM sessions;
		INSERT INTO consents (user_id, client_id, scopes, granted_at) SELECT id, 'wiki', '{openid,email}', now() FROM users`,
		pgx.QueryExecModeSimpleProtocol); err != nil {
		s.t.Fatal(err)
	}
}

func TestSessionCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	if out := s.good("", "session", "list", "--json"); out != "[]\n" {
		t.Errorf("no session: %s", out)
	}
	s.signedIn()
	s.good("", "user", "add", "bob", "--no-password")
	out := s.good("", "session", "list")
	if !strings.HasPrefix(out, "SID ") || strings.Count(out, "\n") != 4 ||
		!strings.Contains(out, "00000000-0000-7000-8000-000000000003  ada") || !strings.Contains(out, "192.0.2.3") {
		t.Errorf("session list:\n%s", out)
	}
	var list []struct{ SID, Username string }
	if err := json.Unmarshal([]byte(s.good("", "session", "list", "--username", "ada", "--json")), &list); err != nil || len(list) != 3 {
		t.Errorf("%+v, %v", list, err)
	}
	if out := s.good("", "--json", "session", "list", "--username", "bob"); out != "[]\n" {
		t.Errorf("of bob: %s", out)
	}
	s.bad(`there is no user "carol"`, "", "session", "list", "--username", "carol")

	grants := s.good("", "user", "grants", "ada")
	if strings.Count(grants, "wiki") != 3 || strings.Count(grants, "openid email") != 3 || strings.Count(grants, "  yes  ") != 1 {
		t.Errorf("grants:\n%s", grants)
	}
	sid := "00000000-0000-7000-8000-000000000003"
	if out := s.good("", "session", "end", sid); out != "ended session "+sid+"\n" {
		t.Errorf("session end: %s", out)
	}
	s.bad(`there is no session "`+sid+`"`, "", "session", "end", sid)
	s.bad(`there is no session "x"`, "", "session", "end", "x")
	if grants = s.good("", "user", "grants", "ada"); strings.Count(grants, "wiki") != 2 {
		t.Errorf("grants of a session that ended:\n%s", grants)
	}
	s.bad(`there is no grant of bob "00000000-0000-7000-8000-000000000001"`, "", "user", "revoke-grant", "bob",
		"00000000-0000-7000-8000-000000000001")
	s.good("", "user", "revoke-grant", "ada", "00000000-0000-7000-8000-000000000001")
	if grants = s.good("", "user", "grants", "ada"); strings.Count(grants, "wiki") != 1 {
		t.Errorf("grants:\n%s", grants)
	}
	if out := s.good("", "client", "consents", "wiki"); !strings.Contains(out, "ada       openid email  -") {
		t.Errorf("client consents:\n%s", out)
	}
	s.good("", "consent", "withdraw", "ada", "wiki")
	if out := s.good("", "client", "consents", "wiki", "--json"); out != "[]\n" {
		t.Errorf("client consents: %s", out)
	}
	s.bad(`there is no client "gone"`, "", "client", "consents", "gone")
	for _, args := range [][]string{{}, {sid, "--all-of", "ada"}} {
		s.bad("name either the sid of a session, as gatehouse session list shows it, or a user with --all-of", "",
			append([]string{"session", "end"}, args...)...)
	}
	s.bad(`there is no user "carol"`, "", "session", "end", "--all-of", "carol")
	if out := s.good("", "session", "end", "--all-of", "bob"); out != "ended sessions of bob: 0\n" {
		t.Errorf("session end --all-of: %s", out)
	}
	if out := s.good("", "session", "end", "--all-of", "ada", "--json"); out != "{\n  \"ended\": 2\n}\n" {
		t.Errorf("session end --all-of: %s", out)
	}
}

func TestAccountLinksAreRevoked(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_UI_ORIGIN=https://login.example.org")
	s.good("", "user", "add", "ada", "--no-password")
	link := s.good("", "user", "link", "ada")
	if out := s.good("", "user", "links", "ada"); strings.Contains(out, strings.TrimSpace(link)) || strings.Contains(out, "spent_at") {
		t.Errorf("links: %s", out)
	}
	if out := s.good("", "user", "revoke-links", "ada"); out != "revoked account links of ada: 1\n" {
		t.Errorf("revoke-links: %s", out)
	}
	if out := s.good("", "user", "links", "ada"); !strings.Contains(out, "spent_at") {
		t.Errorf("links: %s", out)
	}
	s.bad(`there is no user "bob"`, "", "user", "links", "bob")
	s.bad(`there is no user "bob"`, "", "user", "revoke-links", "bob")
}

func TestPoliciesAndClasses(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "client", "add", "wiki", "--public", "--redirect-uri", "https://wiki.example.org/cb")
	s.good("", "client", "exchange-policy", "add", "wiki", "https://mail.example.org", "--scope", "mail:read", "--impersonation")
	s.good("", "client", "exchange-policy", "set", "wiki", "https://mail.example.org", "--no-impersonation", "--subject-audience",
		"https://a.example.org", "--new-audience", "https://post.example.org")
	out := s.good("", "client", "exchange-policy", "list", "wiki")
	if !strings.Contains(out, "https://post.example.org  mail:read  https://a.example.org  no ") {
		t.Errorf("policies:\n%s", out)
	}
	s.bad(`scope must be words with one space between them: "a  b"`, "", "client", "exchange-policy", "set", "wiki",
		"https://post.example.org", "--scope", "a  b")
	s.bad(`there is no exchange policy of wiki for "https://mail.example.org"`, "", "client", "exchange-policy", "set", "wiki",
		"https://mail.example.org", "--scope", "a")
	s.bad(`"gone"`, "", "client", "exchange-policy", "add", "gone", "x")
	s.bad(`there is no client "gone"`, "", "client", "exchange-policy", "list", "gone")
	s.good("", "client", "exchange-policy", "remove", "wiki", "https://post.example.org")

	s.good("", "client", "claim", "add", "wiki", "policy", "--value", "readonly")
	s.good("", "client", "claim", "set", "wiki", "1", "--new-position", "3", "--claim", "roles", "--value", `["a", "b"]`, "--shape", "list")
	if out := s.good("", "client", "claim", "list", "wiki"); !strings.Contains(out, `3         roles  -     ["a", "b"]  list   false`) {
		t.Errorf("claims:\n%s", out)
	}
	s.bad(`there is no row of claims "wiki 1"`, "", "client", "claim", "set", "wiki", "1", "--claim", "x")
	s.bad("shape must be single or list", "", "client", "claim", "set", "wiki", "3", "--shape", "round")

	s.good("", "acr-value", "add", "gold", "--factors", "2")
	s.good("", "client", "set", "wiki", "--min-acr", "gold")
	s.good("", "acr-value", "set", "gold", "--new-value", "golden", "--phishing-resistant", "--position", "35")
	if out := s.good("", "acr-value", "list"); !strings.Contains(out, "golden                          35        2        yes") {
		t.Errorf("acr values:\n%s", out)
	}
	s.bad("sign-ins to a client or a service have to reach it: set another min_acr there first", "", "acr-value", "remove", "golden")
	s.good("", "client", "set", "wiki", "--min-acr", "")
	s.good("", "acr-value", "remove", "golden")
	s.bad("another acr value has this position already", "", "acr-value", "set", "mfa", "--position", "10")
	s.bad("factors must be 1 or 2", "", "acr-value", "add", "x", "--factors", "3")
}

// --json is of every command that prints something.
func TestEveryCommandPrintsJSON(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_UI_ORIGIN=https://login.example.org", "GATEHOUSE_ISSUER=https://api.example.org",
		"GATEHOUSE_ENCRYPTION_KEY="+strings.Repeat("0f", 32))
	for _, command := range []string{"version", "config", "key list", "user add ada --no-password", "user show ada", "user list",
		"user set ada --name Ada", "user disable ada", "user enable ada", "group add staff", "group add-member staff ada", "group list",
		"group members staff", "client add wiki --redirect-uri https://wiki.example.org/cb", "client list", "client show wiki",
		"client set wiki --name Wiki", "client rotate-secret wiki", "client logouts", "client token add t", "client token list",
		"resource add https://a.example.org", "resource list", "upstream list", "session list", "sign-ins", "user factors ada",
		"user tokens ada", "user grants ada", "user link ada", "user links ada", "explain ada wiki", "acr-value list", "doctor",
		"user remove ada"} {
		_, out, _ := s.run("", append(strings.Fields(command), "--json")...)
		if !json.Valid([]byte(out)) {
			t.Errorf("gatehouse %s --json: %s", command, out)
		}
	}
	if code, out, _ := s.run(passphrase, "--json", "user", "passwd", "gone"); code != 1 || out != "" {
		t.Errorf("what fails prints on standard error alone: %d %s", code, out)
	}
}
