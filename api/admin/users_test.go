package admin

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"gatehouse/api/authn"
)

func TestThePasswordOfAUserIsCheckedAndHashed(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	isPassword := func(password string) (ok bool) {
		t.Helper()
		var hash string
		try(t, conn.QueryRow(t.Context(), "SELECT password FROM users WHERE username = 'alice'").Scan(&hash))
		ok, _, err := authn.NewPasswords(1, 0).Verify(t.Context(), authn.Caller{Known: true}, hash, password)
		try(t, err)
		return ok
	}
	add := func(in AddUser) error { _, err := a.AddUser(t.Context(), in); return err }
	set := func(in SetPassword) error { _, err := a.SetPassword(t.Context(), in); return err }

	try(t, add(AddUser{Username: "alice", Password: passphrase}))
	if !isPassword(passphrase) {
		t.Error("what was stored of a new user is not their password")
	}
	try(t, set(SetPassword{Username: "alice", Password: "another " + passphrase}))
	if isPassword(passphrase) || !isPassword("another "+passphrase) {
		t.Error("the password was not replaced")
	}
	// NIST SP 800-63B §5.1.1.2
	refused[Invalid](t, add(AddUser{Username: "bob", Password: "password1"}), "among those that attackers try first")
	refused[Invalid](t, set(SetPassword{Username: "alice", Password: "password1"}), "among those that attackers try first")
	refused[Invalid](t, set(SetPassword{Username: "alice"}), "at least 8 characters")
	refused[Refusal](t, add(AddUser{Username: "alice"}), `there is a user with this username already: "alice"`)
	refused[Missing](t, set(SetPassword{Username: "bob", Password: passphrase}), `there is no user "bob"`)
	users, err := a.ListUsers(t.Context(), ListUsers{})
	if err != nil || len(users.Items) != 1 {
		t.Errorf("a user was added with a password that is refused: %+v, %v", users, err)
	}
}

func TestAPageNamesTheNextOne(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	_, err := conn.Exec(t.Context(), "INSERT INTO users (username) SELECT 'u' || 10000 + i FROM generate_series(1, 1500) AS i")
	try(t, err)
	for _, test := range []struct{ limit, want int }{{0, 100}, {-1, 100}, {7, 7}, {500, 500}, {1_000_000, 1000}} {
		in, seen := ListUsers{Paging: Paging{Limit: test.limit}}, []string{}
		for {
			p, err := a.ListUsers(t.Context(), in)
			try(t, err)
			if p.Next != "" && len(p.Items) != test.want || len(p.Items) == 0 {
				t.Fatalf("limit %d: %d rows after %q", test.limit, len(p.Items), in.After)
			}
			for _, u := range p.Items {
				seen = append(seen, u.Username)
			}
			if in.After = p.Next; in.After == "" {
				break
			}
		}
		if len(slices.Compact(slices.Clone(seen))) != 1500 || len(seen) != 1500 || !slices.IsSorted(seen) {
			t.Errorf("limit %d: %d users", test.limit, len(seen))
		}
	}
}

func TestPersonalAccessTokensAreRevokedOneOrAll(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	_, err := a.AddUser(t.Context(), AddUser{Username: "alice"})
	try(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO personal_access_tokens (token_sha256, username, name, expires_at)
		SELECT gen_random_bytes(32), 'alice', i, now() + interval '1 day' FROM generate_series(1, 3) AS i`)
	try(t, err)
	live := func() (ids []string) {
		p, err := a.ListPersonalAccessTokens(t.Context(), ListPersonalAccessTokens{Username: "alice"})
		try(t, err)
		for _, token := range p.Items {
			if token.RevokedAt == nil {
				ids = append(ids, token.ID)
			}
		}
		return ids
	}
	revoke := func(in RevokePersonalAccessTokens) (string, error) {
		out, err := a.RevokePersonalAccessTokens(t.Context(), in)
		return fmt.Sprint(out.Revoked, " of ", len(live())+out.Revoked), err
	}
	if got, err := revoke(RevokePersonalAccessTokens{ID: live()[0]}); got != "1 of 3" || err != nil {
		t.Error(got, err)
	}
	if got, err := revoke(RevokePersonalAccessTokens{AllOf: "alice"}); got != "2 of 2" || err != nil {
		t.Error(got, err)
	}
	_, err = revoke(RevokePersonalAccessTokens{})
	refused[Invalid](t, err, "a user with all_of")
	_, err = revoke(RevokePersonalAccessTokens{ID: "x", AllOf: "alice"})
	refused[Invalid](t, err, "either the id of a token")
	_, err = revoke(RevokePersonalAccessTokens{AllOf: "bob"})
	refused[Missing](t, err, `there is no user "bob"`)
	_, err = a.ListPersonalAccessTokens(t.Context(), ListPersonalAccessTokens{Username: "bob"})
	refused[Missing](t, err, `there is no user "bob"`)
}

func TestWhoseAccountsEndSoonAreListed(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	_, err := conn.Exec(t.Context(), `INSERT INTO users (username, expires_at) VALUES ('never', NULL), ('ended', now() - interval '1 s'),
		('soon', now() + interval '29 days'), ('later', now() + interval '31 days')`)
	try(t, err)
	list, err := a.ListUsers(t.Context(), ListUsers{Ending: "30d"})
	if err != nil || len(list.Items) != 1 || list.Items[0].Username != "soon" {
		t.Errorf("%+v, %v", list, err)
	}
	for _, in := range []ListUsers{{Ending: "soon"}, {Ending: "30d", Search: "a"}, {Ending: "30d", Group: "a"}} {
		if _, err := a.ListUsers(t.Context(), in); !errors.As(err, new(Invalid)) {
			t.Errorf("%+v: %v", in, err)
		}
	}
}
