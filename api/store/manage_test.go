package store

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
	"gatehouse/api/oidc"
)

func managed(t *testing.T) *Store { return open(t, devdb.Test(t)) }

// try fails the test on an error of what has to work.
func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAddUserKeepsWhatWasGiven(t *testing.T) {
	t.Parallel()
	s := managed(t)
	try(t, s.AddGroup(t.Context(), GroupRow{Name: "staff", Description: "The staff"}))
	sub, err := s.AddUser(t.Context(), UserRow{Username: "alice", Name: "Alice", Email: "alice@example.org", EmailVerified: true,
		Groups: []string{"staff", "staff"}}, argon)
	if err != nil || len(sub) != 36 {
		t.Fatalf("sub %q, %v", sub, err)
	}
	if given, err := s.AddUser(t.Context(), UserRow{Username: "bob", Sub: "bob-of-old"}, ""); given != "bob-of-old" {
		t.Errorf("sub %q, %v", given, err)
	}
	users, err := s.ListUsers(t.Context(), UserQuery{Page: all})
	if err != nil || len(users) != 2 {
		t.Fatal(users, err)
	}
	alice, bob := users[0], users[1]
	if alice.Sub != sub || alice.Email != "alice@example.org" || !alice.EmailVerified ||
		!slices.Equal(alice.Groups, []string{"staff"}) || !alice.HasPassword {
		t.Errorf("%+v", alice)
	}
	if bob.HasPassword || bob.Groups == nil || bob.DisabledAt != nil {
		t.Errorf("%+v", bob)
	}
}

func TestRefusalsAreOneLineInWords(t *testing.T) {
	t.Parallel()
	s := managed(t)
	if _, err := s.AddUser(t.Context(), UserRow{Username: "alice", Sub: "1"}, ""); err != nil {
		t.Fatal(err)
	}
	add := func(u UserRow, hash string) error { _, err := s.AddUser(t.Context(), u, hash); return err }
	setPassword := func(n NewPassword) error { _, err := s.SetPassword(t.Context(), n); return err }
	client := func(change func(*oidc.Client)) error {
		c := oidc.NewClient()
		c.ClientID = "hub"
		change(&c)
		return s.AddClient(t.Context(), c, make([]byte, 32))
	}
	rotate := func(id string) error {
		_, err := s.RotateClientSecret(t.Context(), NewClientSecret{ClientID: id, SHA256: make([]byte, 32)}, 0)
		return err
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{add(UserRow{Username: "alice"}, ""), `there is a user with this username already: "alice"`},
		{add(UserRow{Username: "Bob"}, ""),
			`username must be at most 32 lower-case letters, digits, . _ -, not beginning with a digit, . or -, such as alice.b: "Bob"`},
		{add(UserRow{Username: "bob", Sub: "1"}, ""), `there is a user with this sub already: "1"`},
		{add(UserRow{Username: "bob", Email: "x"}, ""), `email must have one @, with something on both sides: "x"`},
		{add(UserRow{Username: "bob", EmailVerified: true}, ""), `email_verified needs an email`},
		{add(UserRow{Username: "bob"}, "hunter2"), `password must be a hash, which password_hash('…') makes, not the password itself`},
		{add(UserRow{Username: "bob", Groups: []string{"gone"}}, ""), `there is no such group: "gone"`},
		{s.AddGroupMembers(t.Context(), "gone", []string{"alice"}, nil), `there is no such group: "gone"`},
		{s.AddGroup(t.Context(), GroupRow{Name: ""}), `name must have 1 to 255 characters`},
		{client(func(c *oidc.Client) { c.RedirectURIs = []string{"https://*.example.org/"} }),
			`redirect_uris must have no wildcard: "https://*.example.org/"`},
		{client(func(c *oidc.Client) { c.PostLogoutRedirectURIs = []string{"/bye"} }), `post_logout_redirect_uris must be absolute: "/bye"`},
		{client(func(c *oidc.Client) { c.RedirectURIs = make([]string, 101) }), `redirect_uris must be at most 100: there are 101`},
		{client(func(c *oidc.Client) { c.TokenEndpointAuthMethod = "tls" }),
			`token_endpoint_auth_method must be client_secret_basic, client_secret_post, private_key_jwt or none: "tls"`},
		{client(func(c *oidc.Client) { c.TokenEndpointAuthMethod = "none" }),
			`a client with token_endpoint_auth_method none must have no secret`},
		{s.DisableUser(t.Context(), "nobody"), `there is no user "nobody"`},
		{s.EnableUser(t.Context(), "nobody", false), `there is no user "nobody"`},
		{setPassword(NewPassword{Username: "nobody", Hash: argon, SignOut: true}), `there is no user "nobody"`},
		{setPassword(NewPassword{Username: "alice", Hash: "hunter2"}),
			`users: password must be a hash, which password_hash('…') makes, not the password itself`},
		{s.RemoveGroup(t.Context(), "gone"), `there is no group "gone"`},
		{s.RemoveGroupMember(t.Context(), "staff", "alice"), `there is no member of staff called "alice"`},
		{s.DisableClient(t.Context(), "gone"), `there is no client "gone"`},
		{rotate("gone"), `there is no client "gone"`},
	} {
		if test.err == nil || test.err.Error() != test.want {
			t.Errorf("got %v, want %s", test.err, test.want)
		}
	}
	if err := s.RemoveClient(t.Context(), "gone"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v is not ErrNotFound", err)
	}
}

func TestDisablingAUserEndsWhatTheyHold(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	s := open(t, conn.Config().ConnString())
	_, err := s.AddUser(t.Context(), UserRow{Username: "alice"}, argon)
	try(t, err)
	c := oidc.NewClient()
	c.ClientID, c.TokenEndpointAuthMethod = "spa", "none"
	try(t, s.AddClient(t.Context(), c, nil))
	_, err = conn.Exec(t.Context(), `INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
		SELECT gen_random_uuid(), 'x', id, now(), '{pwd}', now(), now() + interval '1 h', now() + interval '1 d' FROM users`)
	try(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT gen_random_uuid(), user_id, 'spa', sid, true, 'openid', now(), '{pwd}', now(), now() + interval '1 d' FROM sessions`)
	try(t, err)
	var grant string
	try(t, conn.QueryRow(t.Context(), "SELECT id::text FROM grants").Scan(&grant))
	refusal := func() (reason string) { // of a token that was got by an exchange: the grant's client need not be in memory
		_, reason, err := s.LoadGrantUser(t.Context(), TokenUse{GrantID: grant}, time.Now())
		if (reason == "") != (err == nil) {
			t.Errorf("%q, %v", reason, err)
		}
		return reason
	}
	if got := refusal(); got != "" {
		t.Errorf("at first: %q", got)
	}
	try(t, s.DisableUser(t.Context(), "alice"))
	if got := refusal(); got != "user_disabled" {
		t.Errorf("after disabling the user: %q", got)
	}
	try(t, s.EnableUser(t.Context(), "alice", true))
	try(t, s.DisableClient(t.Context(), "spa"))
	if got := refusal(); got != "client_disabled" {
		t.Errorf("after disabling the client: %q", got)
	}
	try(t, s.EnableClient(t.Context(), "spa"))
	_, err = s.SetPassword(t.Context(), NewPassword{Username: "alice", Hash: otherArgon, KeepSessions: true})
	try(t, err)
	if got := refusal(); got != "" {
		t.Errorf("after enabling both: %q", got)
	}
	_, err = s.SetPassword(t.Context(), NewPassword{Username: "alice", Hash: argon, SignOut: true})
	try(t, err)
	if got := refusal(); got != "grant_revoked" {
		t.Errorf("after signing out: %q", got)
	}
	var open int
	try(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM sessions WHERE ended_at IS NULL").Scan(&open))
	if open != 0 {
		t.Error("signing out left a session open")
	}
}

func TestGroupsAndMembers(t *testing.T) {
	t.Parallel()
	s := managed(t)
	for _, name := range []string{"alice", "bob"} {
		_, err := s.AddUser(t.Context(), UserRow{Username: name}, "")
		try(t, err)
	}
	try(t, s.AddGroup(t.Context(), GroupRow{Name: "staff", Description: "The staff"}))
	try(t, s.AddGroupMembers(t.Context(), "staff", []string{"alice"}, nil))
	try(t, s.AddGroupMembers(t.Context(), "staff", []string{"bob", "alice"}, nil))
	groups, err := s.ListGroups(t.Context(), GroupQuery{Page: all}, Administration{})
	if err != nil || len(groups) != 1 || groups[0].Description != "The staff" {
		t.Errorf("%+v, %v", groups, err)
	}
	members, err := s.ListGroupMembers(t.Context(), GroupMembersQuery{all, "staff"})
	if err != nil || !slices.Equal(members, []GroupMember{{Username: "alice"}, {Username: "bob"}}) {
		t.Errorf("%+v, %v", members, err)
	}
	try(t, s.RemoveGroupMember(t.Context(), "staff", "alice"))
	try(t, s.RemoveGroup(t.Context(), "staff"))
	if users, err := s.ListUsers(t.Context(), UserQuery{Page: all}); err != nil || len(users) != 2 || len(users[1].Groups) != 0 {
		t.Errorf("%+v, %v", users, err)
	}
}

func sha(s string) []byte { sum := sha256.Sum256([]byte(s)); return sum[:] }

func TestImportIsIdempotentAndKeepsASecret(t *testing.T) {
	t.Parallel()
	s := managed(t)
	c := oidc.NewClient()
	c.ClientID, c.ClientName, c.RedirectURIs = "hub", "Hub", []string{"https://hub.example.org/hub/oauth_callback"}
	stored := func() []byte {
		client, err := s.Client(t.Context(), "hub")
		try(t, err)
		if len(client.Secrets) == 0 {
			return nil
		}
		return client.Secrets[0].SHA256
	}
	for _, step := range []struct {
		name             string
		secret           string
		ifMissing        bool
		isNew, secretNew bool
		want             string
	}{
		{"a new client gets the generated secret", "first", true, true, true, "first"},
		{"again: it keeps that", "second", true, false, false, "first"},
		{"a secret that is given replaces it", "third", false, false, true, "third"},
	} {
		list := []ImportedClient{{Client: c, SecretSHA256: sha(step.secret), SecretIfMissing: step.ifMissing}}
		try(t, s.ImportClients(t.Context(), list))
		if list[0].New != step.isNew || list[0].SecretIsNew != step.secretNew || !slices.Equal(stored(), sha(step.want)) {
			t.Errorf("%s: new %v, secret new %v, %x", step.name, list[0].New, list[0].SecretIsNew, stored())
		}
	}
	c.TokenEndpointAuthMethod, c.ClientName = "none", ""
	try(t, s.ImportClients(t.Context(), []ImportedClient{{Client: c}}))
	row, err := s.ShowClient(t.Context(), "hub")
	if err != nil || row.TokenEndpointAuthMethod != "none" || row.ClientName != "" || stored() != nil {
		t.Errorf("a client that became public: %+v, %v", row, err)
	}
}

func TestImportTakesAllOrNone(t *testing.T) {
	t.Parallel()
	s := managed(t)
	good, bad := oidc.NewClient(), oidc.NewClient()
	good.ClientID, bad.ClientID, bad.RedirectURIs = "good", "bad", []string{"javascript:alert(1)"}
	secret := sha("a secret")
	err := s.ImportClients(t.Context(), []ImportedClient{{Client: good, SecretSHA256: secret}, {Client: bad, SecretSHA256: secret}})
	if want := `client bad: redirect_uris must have a scheme of the application: "javascript:alert(1)"`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if list, err := s.ListClients(t.Context(), ClientQuery{Page: all}); err != nil || len(list) != 0 {
		t.Errorf("%d clients, %v", len(list), err)
	}
}

func TestDefaultsOfARowAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	s := open(t, conn.Config().ConnString())
	_, err := conn.Exec(t.Context(), "INSERT INTO clients (client_id) VALUES ('by-sql')")
	try(t, err)
	c := oidc.NewClient()
	c.ClientID = "by-row"
	try(t, s.AddClient(t.Context(), c, sha("x")))
	var distinct int
	try(t, conn.QueryRow(t.Context(), `
		SELECT count(DISTINCT to_jsonb(c) - '{client_id,created_at,updated_at}'::text[]) FROM clients c`).Scan(&distinct))
	if distinct != 1 {
		t.Error("NewClient has other defaults than the table")
	}
}

func TestEveryColumnOfClientsIsAField(t *testing.T) {
	t.Parallel()
	rows, err := connect(t).Query(t.Context(), `SELECT column_name FROM information_schema.columns
		WHERE table_schema = current_schema AND table_name = 'clients'
		AND column_name NOT IN ('registration_access_token_sha256', 'updated_at')`) // which nobody reads
	try(t, err)
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	try(t, err)
	var fields []string
	for _, c := range clientColumns.without("resources", "claims", "policy", "secrets") { // which are rows of other tables
		fields = append(fields, c.name)
	}
	slices.Sort(columns)
	if slices.Sort(fields); !slices.Equal(fields, columns) {
		t.Errorf("the fields are %v, the columns %v", fields, columns)
	}
}

// A refusal shows the value that it is about, and no keys.
func TestWhatIsShownOfAClientFollowsFromItsColumns(t *testing.T) {
	t.Parallel()
	rows, err := connect(t).Query(t.Context(), `SELECT conname FROM pg_constraint WHERE conrelid = 'clients'::regclass`)
	try(t, err)
	constraints, err := pgx.CollectRows(rows, pgx.RowTo[string])
	try(t, err)
	c := oidc.NewClient()
	c.JWKS = []byte(`{"keys":[]}`)
	shown := registeredColumns.shown(c)
	for name, columns := range namesInConstraints {
		if !slices.ContainsFunc(constraints, func(c string) bool { return strings.HasPrefix(c, "clients_"+name+"_") }) {
			t.Errorf("no constraint is about %s", name)
		}
		for _, column := range columns {
			if _, ok := shown[column]; !ok {
				t.Errorf("%s: there is no %s", name, column)
			}
		}
	}
	if shown["access_token_alg"] != "ES256" || shown["jwks"] != "" {
		t.Error(shown)
	}
}

func TestDescribeServer(t *testing.T) {
	t.Parallel()
	server, err := managed(t).DescribeServer(t.Context())
	if err != nil || server.Version < 140000 || len(server.Lacks) > 0 || server.Ahead.Abs() > time.Minute {
		t.Errorf("%+v, %v", server, err)
	}
}

func TestNoRefusalRepeatsAPassword(t *testing.T) {
	t.Parallel()
	_, err := managed(t).AddUser(t.Context(), UserRow{Username: "alice"}, "hunter2")
	for ; err != nil; err = errors.Unwrap(err) {
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%T: %v", err, err)
		}
	}
}
