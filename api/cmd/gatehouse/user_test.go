package main

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/authn"
	"gatehouse/api/store"
)

const passphrase = "correct horse battery staple"

func TestUserCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "group", "add", "staff", "--description", "The staff")
	out := s.good(passphrase+"\n", "user", "add", "alice", "--email", "alice@example.org", "--email-verified", "--name", "Alice",
		"--group", "staff")
	if !regexp.MustCompile(`^added user alice with sub [0-9a-f-]{36}\n$`).MatchString(out) {
		t.Errorf("user add: %s", out)
	}
	s.good("", "user", "add", "bob", "--sub", "bob-of-old", "--no-password")
	for _, want := range []string{
		"USERNAME", "alice@example.org  staff   enabled", "bob       -      -                  -       enabled  bob-of-old"} {
		if list := s.good("", "user", "list"); !strings.Contains(list, want) {
			t.Errorf("user list has no %q:\n%s", want, list)
		}
	}
	s.good("", "user", "disable", "alice")
	if list := s.good("", "user", "list"); !strings.Contains(list, "disabled 20") {
		t.Errorf("alice is not shown as disabled:\n%s", list)
	}
	s.good("", "user", "enable", "alice")
	s.good("another "+passphrase, "user", "passwd", "alice", "--password-stdin", "--sign-out")
	var users []store.UserRow
	if err := json.Unmarshal([]byte(s.good("", "user", "list", "--json")), &users); err != nil || len(users) != 2 {
		t.Fatal(users, err)
	}
	if users[0].DisabledAt != nil || !users[0].HasPassword || users[1].HasPassword {
		t.Errorf("%+v", users)
	}

	const django = "pbkdf2_sha256$1000$kQ2vWm8rTz1x$M8vzB6z5+Ivx7lReF1oDmEUGc6AYvCMw8Jtvy2i/AKE="
	s.good(django+"\n", "user", "add", "dora", "--hash-stdin")
	s.bad("there is no hash on standard input", "\n", "user", "add", "erik", "--hash-stdin")
	s.bad("password must be a hash, which password_hash", passphrase, "user", "add", "erik", "--hash-stdin")
	s.bad("password is a hash of a kind that cannot be verified here: docs/sql.md lists", "$1$salt$md5", "user", "add", "erik", "--hash-stdin")
	s.bad("password is a hash that costs too much to verify: docs/sql.md", strings.Replace(django, "$1000$", "$9000000$", 1),
		"user", "add", "erik", "--hash-stdin")

	s.bad(`there is a user with this username already: "alice"`, passphrase, "user", "add", "alice")
	s.bad(`username must be at most 32 lower-case letters, digits, . _ -, not beginning with a digit, . or -, such as alice.b: "Bob"`,
		passphrase, "user", "add", "Bob")
	s.bad("at least 8 characters", "short\n", "user", "add", "carol")
	s.bad("at most 1,024 bytes", strings.Repeat("x", 1025), "user", "add", "carol")
	s.bad("one line of UTF-8", "two\nlines of it\n", "user", "add", "carol")
	s.bad("no password on standard input", "", "user", "add", "carol")
	s.bad(`there is no user "carol"`, passphrase, "user", "passwd", "carol")
	s.bad(`there is no user "carol"`, "", "user", "disable", "carol")
	s.bad("unexpected argument", "", "user", "passwd", "alice", passphrase)
}

func TestUserShowSetRemove(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "user", "add", "ada", "--no-password", "--given-name", "Ada", "--family-name", "Lovelace", "--locale", "en-GB",
		"--email", "ada@example.org", "--email-verified", "--claims", `{"department": "physics"}`)
	if list := s.good("", "user", "list", "--search", "lovel"); !strings.Contains(list, "ada       Ada Lovelace  ada@example.org") {
		t.Errorf("user list:\n%s", list)
	}
	var u store.UserDetails
	show := func(name string) store.UserDetails {
		t.Helper()
		u = store.UserDetails{}
		if err := json.Unmarshal([]byte(s.good("", "user", "show", name)), &u); err != nil {
			t.Fatal(err)
		}
		return u
	}
	if show("ada"); u.Locale != "en-GB" || string(u.Claims) != `{
    "department": "physics"
  }` || !u.EmailVerified || u.HasPassword || u.LastSignInAt != nil {
		t.Errorf("%+v", u)
	}
	if out := s.good("", "user", "set", "ada", "--new-username", "countess", "--locale", "", "--must-change", "--no-email-verified"); out !=
		"changed user ada\n" {
		t.Errorf("user set: %s", out)
	}
	if show("countess"); u.Locale != "" || !u.MustChangePassword || u.EmailVerified || u.GivenName != "Ada" {
		t.Errorf("%+v", u)
	}
	s.good(`{"of": "a file"}`, "user", "set", "countess", "--claims", "-", "--no-must-change")
	if show("countess"); !strings.Contains(string(u.Claims), "a file") || u.MustChangePassword {
		t.Errorf("%+v", u)
	}
	s.bad(`email must have one @, with something on both sides: "x"`, "", "user", "set", "countess", "--email", "x")
	s.bad(`there is no user "ada"`, "", "user", "set", "ada", "--name", "x")
	s.bad(`there is no user "ada"`, "", "user", "show", "ada")
	s.bad("/nowhere", "", "user", "set", "countess", "--claims", "/nowhere")
	if out := s.good("", "user", "remove", "countess"); out !=
		"removed user countess, with 0 sessions, 0 grants, 0 personal access tokens and 0 linked accounts\n" {
		t.Errorf("user remove: %s", out)
	}
}

func TestAnOperatorCanAskForLongerPasswords(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_PASSWORD_MIN=20")
	s.bad("at least 20 characters", "nineteen characters\n", "user", "add", "alice")
	s.good("twenty characters, or more\n", "user", "add", "alice")
}

// NIST SP 800-63B §5.1.1.2: a short list of rules, the same at each door.
func TestACommonPasswordIsRefusedAtEachDoor(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good(passphrase, "user", "add", "alice.example")
	for _, door := range [][]string{{"user", "add", "bob"}, {"user", "passwd", "alice.example"},
		{"user", "passwd", "alice.example", "--sign-out"}} {
		s.bad("the password is among those that attackers try first", "password1\n", door...)
		s.bad("the password has a control character", "tab\tulator\n", door...)
	}
	s.bad("the password must be neither the username nor the e-mail address", "Alice.Example\n", "user", "passwd", "alice.example")
	s.bad("the password must be neither the username nor the e-mail address", "carol.example\n", "user", "add", "carol.example")
	s.good(passphrase, "user", "add", "dora", "--email", "dora.example@uni.example")
	s.bad("nor the e-mail address", "dora.example\n", "user", "passwd", "dora")
	if list := s.good("", "user", "list"); strings.Contains(list, "bob") || strings.Contains(list, "carol") {
		t.Errorf("a user was added with a password that is refused:\n%s", list)
	}
}

// What user add stores must be what the login form checks.
func TestTheStoredHashIsOfThePasswordWithoutTheLineBreak(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{passphrase, passphrase + "\n", passphrase + "\r\n"} {
		s := newShell(t)
		s.good(typed, "user", "add", "alice", "--password-stdin")
		conn, err := pgx.Connect(t.Context(), s.url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) })
		var hash string
		if err := conn.QueryRow(t.Context(), "SELECT password FROM users").Scan(&hash); err != nil {
			t.Fatal(err)
		}
		ok, upgraded, err := authn.NewPasswords(1, 1).Verify(t.Context(), authn.Caller{Known: true}, hash, passphrase)
		if !ok || upgraded != "" || err != nil {
			t.Errorf("%q: %v, %q, %v", typed, ok, upgraded, err)
		}
	}
}

func TestGroupCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "user", "add", "alice", "--no-password")
	s.good("", "group", "add", "hub-admins")
	s.good("", "group", "add-member", "hub-admins", "alice")
	if list := s.good("", "group", "list"); !strings.Contains(list, "hub-admins  -            alice") {
		t.Errorf("group list:\n%s", list)
	}
	s.good("", "group", "set", "hub-admins", "--new-name", "admins", "--description", "Of the Hub", "--mfa", "--mfa-from", "2027-03-01")
	show := s.good("", "group", "show", "admins")
	for _, want := range []string{`"mfa": true`, `"mfa_from": "2027-03-01T00:00:00Z"`, `"description": "Of the Hub"`, `"members": 1`} {
		if !strings.Contains(show, want) {
			t.Errorf("group show has no %s:\n%s", want, show)
		}
	}
	s.good("", "group", "set", "admins", "--new-name", "hub-admins", "--description", "", "--no-mfa", "--mfa-from", "")
	if show := s.good("", "group", "show", "hub-admins"); strings.Contains(show, "mfa") || strings.Contains(show, "description") {
		t.Errorf("group show:\n%s", show)
	}
	s.bad("name must have 1 to 255 characters", "", "group", "set", "hub-admins", "--new-name", "")
	s.good("", "group", "remove-member", "hub-admins", "alice")
	s.good("", "group", "remove", "hub-admins")
	if list := s.good("", "group", "list", "--json"); strings.TrimSpace(list) != "[]" {
		t.Errorf("group list --json: %s", list)
	}
	s.bad(`there is no such group: "hub-admins"`, "", "group", "add-member", "hub-admins", "alice")
	s.bad(`there is no group "hub-admins"`, "", "group", "remove", "hub-admins")
}

func TestUsernameRule(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.bad("the rule must be unix, email or open, not windows", "", "user", "set-username-rule", "windows")
	s.bad("at most 32 lower-case letters", "", "user", "add", "ada@example.org", "--no-password")
	if out := s.good("", "user", "set-username-rule", "email"); out != "usernames may be what the rule email says\n" {
		t.Errorf("%q", out)
	}
	s.good("", "user", "add", "ada@example.org", "--no-password")
	s.bad("there are usernames that would break the rule: ada@example.org; Change or delete these users first.", "",
		"user", "set-username-rule", "unix")
}

func TestDoctorNamesAddressesOfSeveralUsers(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_ISSUER=http://127.0.0.1:1", "GATEHOUSE_UI_ORIGIN=http://127.0.0.1:1",
		"GATEHOUSE_ENCRYPTION_KEY="+strings.Repeat("0f", 32))
	if _, out, _ := s.run("", "doctor"); !strings.Contains(out, "ok   users    each verified address is one person's\n") {
		t.Error(out)
	}
	for _, name := range []string{"ada", "bob"} {
		s.good("", "user", "add", name, "--no-password", "--email", "Both@example.org", "--email-verified")
	}
	if _, out, _ := s.run("", "doctor"); !strings.Contains(out, "warn users    ada, bob all have the verified address both@example.org: ") {
		t.Error(out)
	}
}
