package admin

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"gatehouse/api/oidc"
)

func TestAClientGetsASecretIfItAuthenticatesWithOne(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	stored := func(id, secret string) (same bool) {
		t.Helper()
		try(t, conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM client_secrets
			WHERE client_id = $1 AND secret_sha256 = sha256($2::text::bytea))`, id, secret).Scan(&same))
		return same
	}
	for _, test := range []struct {
		name, in string
		secret   string // "": a random one
		none     bool
	}{
		{"one that has a secret by default", `{"client_id": "wiki"}`, "", false},
		{"its secret is given", `{"client_id": "old", "client_secret": "hub-secret-0123456789abcdef"}`,
			"hub-secret-0123456789abcdef", false},
		{"a public one", `{"client_id": "spa", "token_endpoint_auth_method": "none"}`, "", true},
		{"one with a key", `{"client_id": "bank", "token_endpoint_auth_method": "private_key_jwt",
			"jwks_uri": "https://bank.example.org/jwks"}`, "", true},
	} {
		var in Registration
		try(t, json.Unmarshal([]byte(test.in), &in))
		added, err := a.AddClient(t.Context(), in)
		try(t, err)
		if made := added.ClientSecret != ""; made != (test.secret == "" && !test.none) {
			t.Errorf("%s: %+v", test.name, added)
		}
		if secret := added.ClientSecret + test.secret; stored(in.ClientID, secret) == test.none {
			t.Errorf("%s: another secret is stored", test.name)
		}
	}
	before, err := a.RotateClientSecret(t.Context(), RotateClientSecret{ClientID: "wiki"})
	try(t, err)
	after, err := a.RotateClientSecret(t.Context(), RotateClientSecret{ClientID: "wiki"})
	try(t, err)
	if stored("wiki", before.ClientSecret) || !stored("wiki", after.ClientSecret) {
		t.Error("the secret was not replaced")
	}
	_, err = a.RotateClientSecret(t.Context(), RotateClientSecret{ClientID: "gone"})
	refused[Missing](t, err, `there is no client "gone"`)
}

func TestAClientThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	a, _ := newAdmin(t)
	for _, test := range []struct {
		change func(*Registration)
		want   string
	}{
		{func(r *Registration) { r.GrantTypes = []string{"password"} },
			`grant_types "password" is not supported; there are: authorization_code refresh_token client_credentials`},
		{func(r *Registration) { r.GrantTypes = append(r.GrantTypes, oidc.GrantImplicit) }, `grant_types "implicit" is not supported`},
		{func(r *Registration) { r.ResponseTypes = []string{"code", "none"} },
			`response_types "none" is not supported; there are: code, id_token`},
		{func(r *Registration) { r.FrontchannelLogoutURI = "https://y.example.org/" },
			"frontchannel_logout_uri must have the scheme, host and port of a redirect_uris"},
	} {
		in := NewRegistration()
		in.ClientID, in.RedirectURIs = "x", []string{"https://x.example.org/cb"}
		test.change(&in)
		_, err := a.AddClient(t.Context(), in)
		refused[Invalid](t, err, test.want)
	}
	in := NewRegistration()
	in.ClientID, in.ResponseTypes = "page", []string{"token id_token"}
	in.GrantTypes = []string{oidc.GrantImplicit}
	_, err := a.AddClient(t.Context(), in)
	try(t, err)
	if c, err := a.ShowClient(t.Context(), ClientID{"page"}); err != nil || !slices.Equal(c.ResponseTypes, []string{"id_token token"}) {
		t.Errorf("%v, %v", c.ResponseTypes, err)
	}
}

func TestImportLeavesOutWhatIsNotSupportedAndSaysSo(t *testing.T) {
	t.Parallel()
	a, _ := newAdmin(t)
	list, _, err := ParseRegistrations([]byte(`[
		{"client_id": "a", "grant_types": ["authorization_code", "password"], "client_secret": "0123456789abcdef012345"},
		{"client_id": "b", "redirect_uris": ["http://b.example.org/cb", "http://localhost:8000/cb"], "unknown": true}]`))
	try(t, err)
	imported, err := a.ImportClients(t.Context(), list)
	try(t, err)
	want := []Warning{
		{"a", `left out grant_type "password", which is not supported`},
		{"b", "http://b.example.org/cb is http: whoever is on the way can read what is sent there"},
	}
	if !slices.Equal(imported.Warnings, want) || len(imported.Clients) != 2 || imported.Clients[0].ClientSecret != "" ||
		imported.Clients[1].ClientSecret == "" || !imported.Clients[1].New {
		t.Errorf("%+v", imported)
	}
	again, err := a.ImportClients(t.Context(), list)
	if err != nil || again.Clients[1].ClientSecret != "" || again.Clients[1].New {
		t.Errorf("again: %+v, %v", again, err)
	}
	list.Clients[1].RedirectURIs = []string{"javascript:alert(1)"}
	failed, err := a.ImportClients(t.Context(), list)
	refused[Refusal](t, err, "client b: redirect_uris must have a scheme of the application")
	if len(failed.Clients) != 0 || len(failed.Warnings) == 0 {
		t.Errorf("what was refused: %+v", failed)
	}
}

func TestRegistrationsThatAreNoneAreNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[`:                        "this is not JSON",
		`{"client_id": 1}`:         "client 1: client_id must not be a number",
		`[{"client_id": "a"}, {}]`: "client 2 has no client_id",
		`[{"client_id": "a"}, {"client_id": "a"}]`: `client_id "a" is there twice`,
		`["a"]`: "client 1: a client must not be a string",
		`a`:     "client 1 is not JSON",
	} {
		if _, _, err := ParseRegistrations([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestAHubIsRegisteredAsItsAuthenticatorExpects(t *testing.T) {
	t.Parallel()
	for address, base := range map[string]string{
		"https://hub.example.org":           "https://hub.example.org",
		"https://hub.example.org/base/hub/": "https://hub.example.org/base",
		"http://localhost:8000/hub":         "http://localhost:8000",
	} {
		got, err := ForHub(NewRegistration(), address)
		if err != nil || got.RedirectURIs[0] != base+"/hub/oauth_callback" || got.PostLogoutRedirectURIs[0] != base+"/hub/login" ||
			got.BackchannelLogoutURI != base+"/hub/backchannel_logout" || got.ClientName != "JupyterHub" || !got.FirstParty ||
			got.IDTokenSignedResponseAlg != "ES256" {
			t.Errorf("%s: %+v, %v", address, got, err)
		}
	}
	for _, address := range []string{"", "hub.example.org", "ftp://hub.example.org", "https://hub.example.org/?a",
		"https://hub.example.org/#a"} {
		_, err := ForHub(NewRegistration(), address)
		refused[Invalid](t, err, "url must be the address of the Hub")
	}
}

func TestCheckClientsWarnsOfThoseThatAreEnabled(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	_, err := conn.Exec(t.Context(), `
		INSERT INTO clients (client_id, redirect_uris, response_types, frontchannel_logout_uri, disabled_at)
		SELECT 'c' || i, '{http://c.example.org/cb}', '{code,token}', 'https://d.example.org/',
			CASE i WHEN 2 THEN now() END FROM generate_series(1, 2) AS i`)
	try(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO client_secrets (client_id, secret_sha256) VALUES ('c1', sha256('7f0c2f9be51d4e6a'))`)
	try(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris)
		SELECT 'n' || i, 'none', CASE i WHEN 7 THEN '{}' ELSE '{https://n.example.org/cb}' END::text[] FROM generate_series(1, 1200) AS i`)
	try(t, err)
	checked, err := a.CheckClients(t.Context())
	want := []string{
		`c1 is registered for response_type "token", which is refused: add it to GATEHOUSE_RESPONSE_TYPES, or take it away`,
		"c1: frontchannel_logout_uri https://d.example.org/ is never loaded: it has not the scheme, host and port of a redirect URI",
		"c1 has http://c.example.org/cb: whoever is on the way can read it; use https",
		"n7 has no redirect URI, so nobody can sign in to it: gatehouse client set n7 --add-redirect-uri URL",
	}
	if err != nil || checked.Registered != 1202 || !slices.Equal(checked.Warnings, want) {
		t.Errorf("%+v, %v", checked, err)
	}
}

func TestAnInitialAccessTokenIsGoodForOneClientAndAMonthUnlessItSays(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	number := func(n int) *int { return &n }
	for _, test := range []struct {
		in   AddInitialAccessToken
		uses *int
		days int
	}{
		{AddInitialAccessToken{Name: "a"}, number(1), 30},
		{AddInitialAccessToken{Name: "b", Uses: number(0), Days: number(365)}, nil, 365},
	} {
		added, err := a.AddInitialAccessToken(t.Context(), test.in)
		try(t, err)
		var good bool
		try(t, conn.QueryRow(t.Context(), `SELECT token_sha256 = sha256($2::text::bytea) AND uses_left IS NOT DISTINCT FROM $3
			AND round(extract(epoch FROM expires_at - now()) / 86400) = $4 FROM initial_access_tokens WHERE name = $1`,
			test.in.Name, added.Token, test.uses, test.days).Scan(&good))
		if !good {
			t.Errorf("%+v is not what is stored", test.in)
		}
	}
	for _, in := range []AddInitialAccessToken{{Uses: number(-1)}, {Days: number(0)}, {Days: number(3651)}} {
		_, err := a.AddInitialAccessToken(t.Context(), in)
		refused[Invalid](t, err, "uses must not be negative, and days must be from 1 to 3650")
	}
}

func TestTheStateOfASigningKey(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	_, err := conn.Exec(t.Context(), `INSERT INTO signing_keys (kid, alg, private_key, created_at, activates_at, retires_at) VALUES
		('old', 'ES256', '', now(), now() - interval '2 days', now() + interval '1 day'),
		('signs', 'ES256', '', now(), now() - interval '1 day', NULL),
		('next', 'ES256', '', now(), now() + interval '1 day', NULL), ('other', 'RS256', '', now(), now(), NULL)`)
	try(t, err)
	list, err := a.ListSigningKeys(t.Context(), Nothing{})
	try(t, err)
	states := map[string]string{}
	for _, k := range list {
		states[k.KID] = k.State
		if (k.RetiresAt != nil) != (k.KID == "old") {
			t.Errorf("%s retires at %v", k.KID, k.RetiresAt)
		}
	}
	if states["old"] != KeyVerifies || states["signs"] != KeySigns || states["next"] != KeyPublished || states["other"] != KeySigns {
		t.Error(states)
	}
	_, err = a.RotateKey(t.Context(), RotateKey{Alg: "none"})
	refused[Invalid](t, err, `alg "none" is not supported`)
}

// RFC 6749 §10.10.
func TestAWeakSecretIsRefusedWhicheverWayItComes(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	list, _, err := ParseRegistrations([]byte(`[{"client_id": "short", "client_secret": "secret"},
		{"client_id": "same", "client_secret": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
		{"client_id": "both", "client_secret": "0123456789", "redirect_uris": ["javascript:x"]},
		{"client_id": "good", "client_secret": "7f0c2f9be51d4e6aa1d3c6b8e9f00a11"}, {"client_id": "none"}]`))
	try(t, err)
	_, err = a.ImportClients(t.Context(), list)
	for _, want := range []string{"client short: client_secret must have at least 22 characters",
		"client same: client_secret must have at least 8 different characters", "client both: client_secret must have at least 22 characters",
		"client both: redirect_uris must have a scheme of the application", "leave it out", "gatehouse client rotate-secret"} {
		refused[Refusal](t, err, want)
	}
	for _, not := range []string{"client good", "client none", "0123456789"} {
		if strings.Contains(err.Error(), not) {
			t.Errorf("%q is in %v", not, err)
		}
	}
	for _, weak := range []string{"x", "changeme", "0123456789abcdef01234", "abababababababababababababababab"} {
		in := NewRegistration()
		in.ClientID, in.ClientSecret = "c", weak
		_, err := a.AddClient(t.Context(), in)
		refused[Invalid](t, err, "client_secret must have at least")
	}
	var n int
	try(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM clients`).Scan(&n))
	if n != 0 {
		t.Errorf("%d clients are registered", n)
	}
}

// The table has digests only, so that whoever writes SQL may take any: then it is said.
func TestASecretThatAnybodyWouldTryIsFoundByItsDigest(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	_, err := conn.Exec(t.Context(), `WITH given (id, name, secret) AS (VALUES
			('hub', 'Hub', 'hub-secret'), ('wiki', 'The wiki', 'wiki'), ('grafana', 'G', 'password1'),
			('https://a.example/?a=1&b=''2', 'A', 'secret'), ('good', 'Good', '7f0c2f9be51d4e6aa1d3c6b8e9f00a11')
		), added AS (
			INSERT INTO clients (client_id, client_name, redirect_uris) SELECT id, name, '{https://a.example/cb}' FROM given
		)
		INSERT INTO client_secrets (client_id, secret_sha256) SELECT id, sha256(secret::bytea) FROM given`)
	try(t, err)
	checked, err := a.CheckClients(t.Context())
	try(t, err)
	want := []string{`grafana has "password1" as its secret, which anybody would try: gatehouse client rotate-secret grafana`,
		`https://a.example/?a=1&b='2 has "secret" as its secret, which anybody would try: gatehouse client rotate-secret ` +
			`'https://a.example/?a=1&b='\''2'`,
		`hub has "hub-secret" as its secret, which anybody would try: gatehouse client rotate-secret hub`,
		`wiki has "wiki" as its secret, which anybody would try: gatehouse client rotate-secret wiki`}
	if got := slices.Sorted(slices.Values(checked.Warnings)); !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}
