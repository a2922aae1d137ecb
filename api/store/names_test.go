package store

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatehouse/api/oidc"
)

// Student numbers, addresses and what else people are called; the same from SQL, the command line and the sign-in.
func TestUsernamesAreWhatTheirRuleSays(t *testing.T) {
	t.Parallel()
	names := []string{"alice", "alice.b-c_d", "_svc", "12345678", "ada@example.org", "o'brien@example.org", "zoë@example.org",
		"name-of-thirty-seven-characters-------", "ada lovelace", "zoë", "a/b"}
	never := []string{"", "Alice", "ALICE@example.org", " alice", "alice ", "a\nb", "a\tb"}
	for rule, fit := range map[string][]string{
		"unix":  names[:3],
		"email": slices.Concat(names[:3], names[4:7]),
		"open":  names,
	} {
		s := managed(t)
		_, err := s.pool.Exec(t.Context(), `SELECT set_username_rule($1)`, rule)
		try(t, err)
		for _, name := range slices.Concat(names, never) {
			_, err := s.AddUser(t.Context(), UserRow{Username: name}, "")
			if (err == nil) != slices.Contains(fit, name) {
				t.Errorf("%s: %q: %v", rule, name, err)
			}
			c, err := s.LoadCandidate(t.Context(), name, &oidc.Client{}, nil, time.Now())
			if err != nil || (c.User != nil) != slices.Contains(fit, name) {
				t.Errorf("%s: %q is looked up: %+v, %v", rule, name, c.User, err)
			}
		}
	}
}

func TestARuleThatUsersWouldBreakSaysWho(t *testing.T) {
	t.Parallel()
	s := managed(t)
	set := func(rule string) (e *pgconn.PgError) {
		_, err := s.pool.Exec(t.Context(), `SELECT set_username_rule($1)`, rule)
		errors.As(err, &e)
		return e
	}
	if e := set("open"); e != nil {
		t.Fatal(e)
	}
	for _, name := range []string{"12345678", "ada"} {
		_, err := s.AddUser(t.Context(), UserRow{Username: name}, "")
		try(t, err)
	}
	if e := set("unix"); e == nil || e.Message != "there are usernames that would break the rule: 12345678" {
		t.Errorf("%+v", e)
	}
	if e := set("posix"); e == nil || e.Message != "the rule must be unix, email or open, not posix" {
		t.Errorf("%+v", e)
	}
	_, err := s.AddUser(t.Context(), UserRow{Username: "2026-b"}, "")
	try(t, err) // the former rule is still there
	_, err = s.pool.Exec(t.Context(), `DELETE FROM users WHERE username ~ '^[0-9]'`)
	try(t, err)
	if e := set("unix"); e != nil {
		t.Error(e)
	}
}

// Groups have the names that directories give them.
func TestGroupsHaveTheNamesOfDirectories(t *testing.T) {
	t.Parallel()
	s := managed(t)
	for _, name := range []string{"Domain Users", "/org/physics", "Fakultät für Physik", "C#", "cn=staff", "a+b@c:d.e", "物理"} {
		try(t, s.AddGroup(t.Context(), GroupRow{Name: name}))
		_, err := s.AddUser(t.Context(), UserRow{Username: "alice", Sub: "the-same-person", Groups: []string{name}}, "")
		try(t, err)
		c, err := s.LoadCandidate(t.Context(), "alice", &oidc.Client{AllowedGroups: []string{name}}, nil, time.Now())
		if err != nil || !c.Allowed || !slices.Equal(c.User.Groups, []string{name}) {
			t.Errorf("%q: %+v, %v", name, c, err)
		}
		_, err = s.pool.Exec(t.Context(), `DELETE FROM users`)
		try(t, err)
	}
}

// A verified address that one person has is as good as the username, which comes first.
func TestAnAddressStandsForTheOneUserWhoHasIt(t *testing.T) {
	t.Parallel()
	s := managed(t)
	_, err := s.pool.Exec(t.Context(), `
		SELECT set_username_rule('email');
		INSERT INTO users (username, email, email_verified, disabled_at) VALUES ('alice', 'Alice@Example.org', true, NULL),
			('bob', 'bob@example.org', false, NULL), ('carol', 'both@example.org', true, NULL), ('dave', 'both@example.org', true, NULL),
			('erin', 'erin@example.org', true, now()), ('frank', 'grace@example.org', true, NULL), ('grace@example.org', NULL, false, NULL),
			('heidi', 'old@example.org', true, now()), ('ivan', 'old@example.org', true, NULL)`, pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	for typed, want := range map[string]string{"alice": "alice", "alice@example.org": "alice", "bob@example.org": "",
		"both@example.org": "", "erin@example.org": "erin, disabled",
		"grace@example.org": "grace@example.org", "old@example.org": "ivan", "": ""} {
		c, err := s.LoadCandidate(t.Context(), typed, &oidc.Client{}, nil, time.Now())
		got := ""
		if c.User != nil {
			got = c.User.Username
		}
		if c.WhyNot != "" {
			got += ", disabled"
		}
		if err != nil || got != want {
			t.Errorf("%q is %q, want %q; %v", typed, got, want, err)
		}
	}
}

func TestCustomClaimsKeepEveryDigit(t *testing.T) {
	t.Parallel()
	s := managed(t)
	_, err := s.pool.Exec(t.Context(), `INSERT INTO users (username, claims) VALUES ('alice',
		'{"number": 12345678901234567890, "share": 0.10000000000000000555, "price": 1.10, "deep": {"list": [9007199254740993]}}')`)
	try(t, err)
	c, err := s.LoadCandidate(t.Context(), "alice", &oidc.Client{}, nil, time.Now())
	try(t, err)
	for name, want := range map[string]string{"number": `12345678901234567890`, "share": `0.10000000000000000555`, "price": `1.10`,
		"deep": `{"list":[9007199254740993]}`} {
		if got, err := json.Marshal(oidc.ReleaseClaims(c.User, "profile", nil)[name]); string(got) != want {
			t.Errorf("%s is %s, want %s; %v", name, got, want, err)
		}
	}
}
