package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

func TestClientCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	out := s.good("", "client", "add", "wiki", "--name", "The wiki", "--redirect-uri", "https://wiki.example.org/cb,x",
		"--first-party", "--group", "staff", "--backchannel-logout-uri", "https://wiki.example.org/logout",
		"--frontchannel-logout-uri", "https://wiki.example.org/front")
	secret := regexp.MustCompile(`client_secret ([A-Za-z0-9_-]{43})\n`).FindStringSubmatch(out)
	if secret == nil || !strings.HasPrefix(out, "client_id wiki\n") {
		t.Fatalf("client add: %s", out)
	}
	shown := s.good("", "client", "show", "wiki")
	if !strings.Contains(shown, `"https://wiki.example.org/cb,x"`) ||
		!strings.Contains(shown, `backchannel_logout_uri": "https://wiki.example.org/logout"`) ||
		!strings.Contains(shown, `frontchannel_logout_uri": "https://wiki.example.org/front"`) || strings.Contains(shown, "secret_sha") {
		t.Errorf("client show: %s", shown)
	}
	if out := s.good("", "client", "add", "spa", "--public", "--redirect-uri", "https://spa.example.org/cb"); strings.Contains(out, "secret") {
		t.Errorf("a public client has a secret: %s", out)
	}
	rotated := s.good("", "client", "rotate-secret", "wiki")
	if strings.Contains(rotated, secret[1]) || !strings.HasPrefix(rotated, "client_secret ") {
		t.Errorf("client rotate-secret: %s", rotated)
	}
	s.good("", "client", "disable", "spa")
	list := s.good("", "client", "list")
	if !strings.Contains(list, "public third-party        -             disabled 20") ||
		!strings.Contains(list, "confidential first-party  -             enabled") {
		t.Errorf("client list:\n%s", list)
	}
	s.good("", "client", "enable", "spa")
	s.good("", "client", "remove", "spa")

	s.good("", "client", "add", "old", "--no-pkce", "--access-token-alg", "RS256", "--access-token-typ", "JWT", "--resource-server",
		"--short-lived-request-objects",
		"--refresh-token-format", "jwt",
		"--release-claim", "preferred_username", "--release-claim", "email", "--audience", "https://things.example.org",
		"--allow-upstream", "google",
		"--grant-type", "urn:ietf:params:oauth:grant-type:token-exchange")
	shown = s.good("", "client", "show", "old")
	var old oidc.Client
	if err := json.Unmarshal([]byte(shown), &old); err != nil || old.RequirePKCE || old.AccessTokenSigningAlg != "RS256" ||
		old.RefreshTokenFormat != "jwt" || old.AccessTokenTyp != "JWT" || !old.ResourceServer || !old.ShortLivedRequestObjects ||
		len(old.ReleasedClaims) != 2 || len(old.Audiences) != 1 || len(old.AllowedUpstreams) != 1 || len(old.GrantTypes) != 3 {
		t.Errorf("client show: %v %s", err, shown)
	}
	s.good("", "client", "add", "agent", "--public", "--localhost-any-port", "--cors-origin", "tauri://localhost",
		"--redirect-uri", "http://localhost/cb",
		"--redirect-uri", "myapp:/cb", "--redirect-uri", "https://pos_integration.example.org/cb")
	if shown = s.good("", "client", "show", "agent"); !strings.Contains(shown, `"localhost_any_port": true`) ||
		!strings.Contains(shown, `"tauri://localhost"`) {
		t.Errorf("client show: %s", shown)
	}
	const nobody = "warning: without --redirect-uri nobody can sign in to it"
	if out := s.good("", "client", "add", "page", "--public", "--response-type", "token id_token", "--redirect-uri",
		"https://page.example.org/"); strings.Contains(out, nobody) {
		t.Error(out)
	}
	for args, warned := range map[string]bool{"b1": true, "b2 --public": true, "b3 --resource-server": false, "b4 --service": false,
		"b5 --public --grant-type urn:ietf:params:oauth:grant-type:device_code": false} {
		if out := s.good("", append([]string{"client", "add"}, strings.Fields(args)...)...); strings.Contains(out, nobody) != warned {
			t.Errorf("client add %s: %s", args, out)
		}
	}
	if shown = s.good("", "client", "show", "page"); !strings.Contains(shown, `"id_token token"`) || !strings.Contains(shown, `"implicit"`) {
		t.Errorf("client show: %s", shown)
	}
	s.bad(`--response-type "none" is not supported; there are: code, id_token`, "", "client", "add", "x", "--response-type", "none")
	s.bad(`--grant-type "password" is not supported; there are: authorization_code refresh_token`, "", "client", "add", "x",
		"--grant-type", "password")
	s.bad("--frontchannel-logout-uri must have the scheme, host and port of a --redirect-uri", "", "client", "add", "x",
		"--redirect-uri", "https://x.example.org/cb", "--frontchannel-logout-uri", "https://y.example.org/")
	s.bad("a client without a secret must have require_pkce", "", "client", "add", "x", "--public", "--no-pkce")

	s.bad(`there is a client with this client_id already: "wiki"`, "", "client", "add", "wiki")
	many := []string{"client", "add", "x", "--redirect-uri", "https://x.example.org/cb"}
	for range 100 {
		many = append(many, many[3:5]...)
	}
	s.bad("redirect_uris must be at most 100: there are 101", "", many...)
	s.bad("redirect_uris must have no wildcard", "", "client", "add", "x", "--redirect-uri", "https://*.example.org")
	s.bad("redirect_uris of a client without a secret must be https", "", "client", "add", "x",
		"--public", "--redirect-uri", "http://x.example.org")
	s.bad(`there is no client "spa"`, "", "client", "show", "spa")
	s.bad("--url belongs to --template", "", "client", "add", "x", "--url", "https://x.example.org")
}

const registrations = `[
	{"client_id": "hub", "client_secret": "hub-secret-0123456789abcdef", "redirect_uris": ["http://localhost:4710/hub/oauth_callback"],
	 "post_logout_redirect_uris": ["http://localhost:4710/hub/logout"], "grant_types": ["authorization_code", "refresh_token"],
	 "response_types": ["code"], "token_endpoint_auth_method": "client_secret_post", "jwks_uri": "https://hub.example.org/jwks"},
	{"client_id": "notebook", "application_type": "native", "redirect_uris": ["http://localhost:4740/redirect.html"],
	 "grant_types": ["implicit", "authorization_code", "password"], "response_types": ["token id_token", "code", "none"],
		"token_endpoint_auth_method": "none"},
	{"client_id": "old", "redirect_uris": ["http://old.example.org/cb"], "grant_types": ["urn:example:grant"], "response_types": ["none"]}
]`

func TestClientImport(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	path := filepath.Join(t.TempDir(), "clients.json")
	if err := os.WriteFile(path, []byte(registrations), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stdout, stderr := s.run("", "client", "import", path)
	generated := regexp.MustCompile(`^hub: registered\nnotebook: registered\nold: registered, client_secret [A-Za-z0-9_-]{43}\n$`)
	if !generated.MatchString(stdout) {
		t.Errorf("client import: %s", stdout)
	}
	warnings := []string{
		`client notebook: left out grant_type "password", which is not supported`,
		`client notebook: left out response_type "none", which is not supported`,
		`client notebook: response_type "id_token token" is refused unless GATEHOUSE_RESPONSE_TYPES has it`,
		`client old: left out grant_type "urn:example:grant", which is not supported`,
		`client old: has no grant_type that is supported: nobody can sign in with it`,
		`client old: left out response_type "none", which is not supported`,
		`client old: has no response_type that is supported: nobody can sign in with it`,
		`client old: http://old.example.org/cb is http: whoever is on the way can read what is sent there`,
	}
	if want := "warning: " + strings.Join(warnings, "\nwarning: ") + "\n"; stderr != want {
		t.Errorf("warnings:\n%s\nwant:\n%s", stderr, want)
	}
	if again := s.good(registrations, "client", "import", "-"); !strings.Contains(again, "hub: updated\nnotebook: updated\nold: updated\n") {
		t.Errorf("again: %s", again)
	}

	db, err := store.Open(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	hub, err := db.Client(t.Context(), "hub")
	if err != nil || hub.FindSecret("hub-secret-0123456789abcdef", time.Now()) == nil || hub.TokenEndpointAuthMethod != "client_secret_post" {
		t.Errorf("%+v, %v", hub, err)
	}
	s.good(`{"client_id": "hub", "token_endpoint_auth_method": "client_secret_post", "client_name": "The Hub"}`, "client", "import", "-")
	hub, err = db.Client(t.Context(), "hub")
	if err != nil || hub.FindSecret("hub-secret-0123456789abcdef", time.Now()) == nil || len(hub.RedirectURIs) != 0 ||
		hub.ClientName != "The Hub" {
		t.Errorf("what is left out has its default, but the secret: %+v, %v", hub, err)
	}
	old, err := db.ShowClient(t.Context(), "old")
	if err != nil || old.TokenEndpointAuthMethod != "client_secret_basic" || len(old.GrantTypes) != 0 {
		t.Errorf("%+v, %v", old, err)
	}
}

func TestClientSet(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "client", "add", "wiki", "--redirect-uri", "https://wiki.example.org/a", "--redirect-uri", "https://wiki.example.org/b")
	if out := s.good(`{"keys": [{"kty": "EC", "x": "a", "y": "b"}]}`, "client", "set", "wiki", "--name", "Wiki", "--add-redirect-uri",
		"https://wiki.example.org/c", "--remove-redirect-uri", "https://wiki.example.org/a", "--first-party", "--jwks", "-",
		"--no-id-token-claims", "--default-max-age", "60", "--min-acr", "mfa", "--min-acr-from", "2027-03-01"); out != "changed client wiki\n" {
		t.Errorf("client set: %s", out)
	}
	var row oidc.Client
	show := func() {
		t.Helper()
		row = oidc.Client{}
		if err := json.Unmarshal([]byte(s.good("", "client", "show", "wiki")), &row); err != nil {
			t.Fatal(err)
		}
	}
	show()
	if strings.Join(row.RedirectURIs, " ") != "https://wiki.example.org/b https://wiki.example.org/c" || row.ClientName != "Wiki" ||
		!row.FirstParty || row.IDTokenScopeClaims || *row.DefaultMaxAge != 60 || row.MinACR != "mfa" || len(row.JWKS) == 0 ||
		row.MinACRFrom.Format("2006-01-02") != "2027-03-01" {
		t.Errorf("%+v", row)
	}
	s.good("", "client", "set", "wiki", "--name", "", "--no-first-party", "--id-token-claims", "--jwks", "", "--default-max-age", "",
		"--min-acr-from", "", "--redirect-uri", "https://wiki.example.org/x", "--redirect-uri", "https://wiki.example.org/y", "--group", "")
	if show(); strings.Join(row.RedirectURIs, " ") != "https://wiki.example.org/x https://wiki.example.org/y" || row.ClientName != "" ||
		row.FirstParty || !row.IDTokenScopeClaims || row.DefaultMaxAge != nil || len(row.JWKS) > 0 || row.MinACRFrom != nil {
		t.Errorf("%+v", row)
	}
	s.good("", "client", "set", "wiki", "--auth-method", "none")
	if out := s.good("", "client", "set", "wiki", "--auth-method", "client_secret_basic"); !strings.Contains(out, "\nclient_secret ") {
		t.Errorf("a secret that is made: %s", out)
	}
	s.bad(`there is no client "gone"`, "", "client", "set", "gone", "--name", "x")
	s.bad("redirect_uris must have no wildcard", "", "client", "set", "wiki", "--redirect-uri", "https://*.example.org/")
	s.bad(`--grant-type "x" is not supported`, "", "client", "set", "wiki", "--grant-type", "x")
	s.bad("is neither a date, such as 2027-03-01", "", "client", "set", "wiki", "--min-acr-from", "soon")
	s.bad("is no number", "", "client", "set", "wiki", "--default-max-age", "soon")
}

func TestWhatIsListedCanBeImported(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good(registrations, "client", "import", "-")
	s.good("", "client", "add", "wiki", "--first-party", "--group", "staff", "--redirect-uri", "https://wiki.example.org/cb", "--no-pkce",
		"--refresh-token-format", "jwt", "--release-claim", "preferred_username", "--audience", "https://things.example.org")
	before := s.good("", "client", "list", "--json")
	s.good(before, "client", "import", "-")
	if after := s.good("", "client", "list", "--json"); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestClientImportSaysWhichClientIsWrong(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, test := range []struct{ text, want string }{
		{`[{"client_id": "a"}`, "this is not JSON"},
		{`client_id: a`, "client 1 is not JSON"},
		{`"a"`, "client 1: a client must not be a string"},
		{`[{"client_id": "a"}, {"client_name": "b"}]`, "client 2 has no client_id"},
		{`[{"client_id": "a"}, {"client_id": "a"}]`, `client_id "a" is there twice`},
		{`{"client_id": "a", "redirect_uris": "https://a.example.org"}`, "redirect_uris must not be a string"},
		{`{"client_id": "a", "redirect_uris": ["https://a.example.org/#x"]}`, "client a: redirect_uris must have no fragment"},
		{`{"client_id": "a", "token_endpoint_auth_method": "client_secret_jwt"}`,
			`client a: token_endpoint_auth_method must be client_secret_basic, client_secret_post, private_key_jwt or none`},
		{`{"client_id": "a", "token_endpoint_auth_method": "private_key_jwt"}`,
			`client a: token_endpoint_auth_method private_key_jwt needs the client's keys: jwks or jwks_uri`},
		{`{"client_id": "a", "token_endpoint_auth_method": "none", "client_secret": "0123456789abcdef0123456789abcdef"}`,
			"client a: a client with token_endpoint_auth_method none must have no secret"},
	} {
		s.bad(test.want, test.text, "client", "import", "-")
	}
	s.bad("no such file", "", "client", "import", "/nowhere/clients.json")
	if list := s.good("", "client", "list", "--json"); strings.TrimSpace(list) != "[]" {
		t.Errorf("a refused file left clients behind: %s", list)
	}
}

func TestClientAddTakesKeysAndProfiles(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	const jwks = `{"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}]}`
	if out := s.good(jwks, "client", "add", "bank", "--fapi2", "--jwks", "-", "--redirect-uri",
		"https://bank.example.org/cb"); out != "client_id bank\n" {
		t.Errorf("a client with keys: %s", out)
	}
	var row oidc.Client
	if err := json.Unmarshal([]byte(s.good("", "client", "show", "bank")), &row); err != nil {
		t.Fatal(err)
	}
	if row.SecurityProfile != "fapi2" || row.TokenEndpointAuthMethod != "private_key_jwt" || !row.RequirePushedAuthorizationRequests ||
		!row.DPoPBoundAccessTokens ||
		row.IDTokenSignedResponseAlg != "PS256" || len(row.JWKS) == 0 {
		t.Errorf("%+v", row)
	}
	service := s.good("", "client", "add", "nightly", "--service", "--scope", "archive:read  archive:write", "--audience",
		"https://archive.example.org")
	if err := json.Unmarshal([]byte(s.good("", "client", "show", "nightly")), &row); err != nil ||
		!strings.Contains(service, "client_secret ") ||
		row.Scope != "archive:read archive:write" || !slices.Equal(row.GrantTypes, []string{"client_credentials"}) ||
		len(row.ResponseTypes) != 0 {
		t.Errorf("%s %+v, %v", service, row, err)
	}
	s.bad("--fapi2 needs the client's public keys", "", "client", "add", "x", "--fapi2")
	s.bad("is not JSON", "keys", "client", "add", "x", "--jwks", "-")
	s.bad("jwks must be an object with 1 to 20 keys", `{"keys": []}`, "client", "add", "x", "--jwks", "-")
	s.bad("neither keys", jwks, "client", "add", "x", "--jwks", "-", "--public")
	s.bad("no such file", "", "client", "add", "x", "--jwks", "/nowhere")
	s.bad("id_token_signed_response_alg must be RS256, PS256, ES256 or EdDSA", "", "client", "add", "x", "--id-token-alg", "HS256")
	s.bad("leave out --public", jwks, "client", "add", "x", "--template", "jupyterhub", "--url", "https://hub.example.org", "--jwks", "-")
}

func TestTheJupyterHubTemplateIsCompletePython(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_ISSUER=https://api.example.org", `GATEHOUSE_NAME=Campus "Süd" \o/`)
	code, config, notes := s.run("", "client", "add", "jupyterhub", "--template", "jupyterhub", "--url", "https://hub.example.org/base/hub/")
	if code != 0 {
		t.Fatal(notes)
	}
	for _, want := range []string{
		`c.GenericOAuthenticator.client_id = "jupyterhub"`,
		`c.GenericOAuthenticator.oauth_callback_url = "https://hub.example.org/base/hub/oauth_callback"`,
		`c.GenericOAuthenticator.authorize_url = "https://api.example.org/authorize"`,
		`c.GenericOAuthenticator.token_url = "https://api.example.org/token"`,
		`c.GenericOAuthenticator.userdata_url = "https://api.example.org/userinfo"`,
		`c.GenericOAuthenticator.logout_redirect_url = "https://api.example.org/logout?client_id=jupyterhub&` +
			`post_logout_redirect_uri=https%3A%2F%2Fhub.example.org%2Fbase%2Fhub%2Flogin"`,
		`c.GenericOAuthenticator.login_service = "Campus \"Süd\" \\o/"`,
		`c.JupyterHub.extra_handlers.append((r"/backchannel_logout", backchannel_logout("https://api.example.org", stop_servers(c))))`,
	} {
		if !strings.Contains(config, "\n"+want+"\n") {
			t.Errorf("no line %s in\n%s", want, config)
		}
	}
	s.good("", "client", "add", "pairwise-hub", "--template", "jupyterhub", "--url", "https://hub.example.org", "--pairwise",
		"--id-token-alg", "RS256")
	var shown, other oidc.Client
	if err := json.Unmarshal([]byte(s.good("", "client", "show", "jupyterhub")), &shown); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(s.good("", "client", "show", "pairwise-hub")), &other); err != nil ||
		shown.IDTokenSignedResponseAlg != "ES256" || other.IDTokenSignedResponseAlg != "RS256" || other.SubjectType != "pairwise" {
		t.Errorf("%+v, %+v, %v", shown, other, err)
	}
	if !shown.FirstParty || shown.PostLogoutRedirectURIs[0] != "https://hub.example.org/base/hub/login" ||
		shown.BackchannelLogoutURI != "https://hub.example.org/base/hub/backchannel_logout" ||
		shown.RedirectURIs[0] != "https://hub.example.org/base/hub/oauth_callback" || len(shown.GrantTypes) != 2 {
		t.Errorf("registered as %+v", shown)
	}
	for line := range strings.Lines(config) {
		if len(line) > 141 && !strings.Contains(line, "logout_redirect_url") {
			t.Errorf("long line: %s", line)
		}
	}
	if python, err := exec.LookPath("python3"); err == nil {
		check := exec.Command(python, "-c", "import sys; compile(sys.stdin.read(), 'jupyterhub_config.py', 'exec')")
		check.Stdin = strings.NewReader(config)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	s.bad("there is a client with this client_id already", "", "client", "add", "jupyterhub", "--template", "jupyterhub",
		"--url", "https://hub.example.org")
	s.bad("--url must be the address of the Hub", "", "client", "add", "h", "--template", "jupyterhub", "--url", "hub.example.org")
	s.bad("leave out --public", "", "client", "add", "h", "--template", "jupyterhub", "--url", "https://hub.example.org", "--public")
	newShell(t).bad("GATEHOUSE_ISSUER is not set", "", "client", "add", "h", "--template", "jupyterhub", "--url", "https://hub.example.org")
}

func TestClientLogoutsShowsWhatBecameOfThem(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "client", "add", "wiki", "--backchannel-logout-uri", "https://wiki.example.org/logout")
	s.good("", "user", "add", "alice", "--no-password", "--sub", "sub-alice")
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), `INSERT INTO backchannel_logouts (client_id, sub, attempts, next_attempt_at, delivered_at,
		last_error, created_at) VALUES
		('wiki', 'sub-alice', 2, NULL, now(), NULL, '2026-01-02 03:04:05Z'),
		('wiki', 'sub-bob', 8, NULL, NULL, 'answers 500', '2026-01-01 00:00:00Z')`)
	if err != nil {
		t.Fatal(err)
	}
	want := "SINCE                CLIENT_ID  USER     STATE      LAST_ERROR\n" +
		"2026-01-02 03:04:05  wiki       alice    delivered  -\n" +
		"2026-01-01 00:00:00  wiki       sub-bob  given up   answers 500\n"
	if out := s.good("", "client", "logouts", "wiki"); out != want || s.good("", "client", "logouts") != want {
		t.Errorf("client logouts:\n%s\nwant:\n%s", out, want)
	}
	s.bad(`there is no client "wikki"`, "", "client", "logouts", "wikki")
}

func TestTheTemplatesOfTheDistributionsSayTheSameAsThatOfJupyterHub(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_ISSUER=https://api.example.org")
	secret := regexp.MustCompile(`(client_secret(?: =|:)|CryptKeeper.keys =) .*`)
	printed := map[string]string{}
	for _, template := range []string{"jupyterhub", "tljh", "z2jh"} {
		_, out, _ := s.run("", "client", "add", template, "--template", template, "--url", "https://hub.example.org", "--group", "staff")
		printed[template] = strings.ReplaceAll(secret.ReplaceAllString(out, "$1"), `"`+template+`"`, `"ID"`)
		printed[template] = strings.ReplaceAll(printed[template], "client_id="+template, "client_id=ID")
	}
	_, plain, _ := strings.Cut(printed["jupyterhub"], "c = get_config()")
	head, tljh, _ := strings.Cut(printed["tljh"], "c = get_config()")
	if plain != tljh || !strings.Contains(head, "/opt/tljh/config/jupyterhub_config.d/gatehouse.py") {
		t.Errorf("tljh:\n%s%s", head, tljh)
	}
	// Each setting of the plain file is a line of the values, and so is each line of the receiver.
	setting := regexp.MustCompile(`(?m)^c\.(?:GenericOAuthenticator|JupyterHub)\.([a-z_]+) = (.*)$`)
	for _, m := range setting.FindAllStringSubmatch(plain, -1) {
		if !regexp.MustCompile(`(?m)^      ` + m[1] + `:`).MatchString(printed["z2jh"]) {
			t.Errorf("z2jh has no %s", m[1])
		}
	}
	_, receiver, _ := strings.Cut(plain, "def backchannel_logout(issuer):\n")
	for line := range strings.Lines(receiver) {
		if line != "\n" && !strings.Contains(printed["z2jh"], "\n      "+line) {
			t.Errorf("z2jh has no line %s", line)
		}
	}
	s.bad("must be one of", "", "client", "add", "x", "--template", "wiki", "--url", "https://hub.example.org")
}

func TestThePagesForAdministratorsAreRegisteredByATemplate(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_ISSUER=https://api.example.org", "GATEHOUSE_UI_ORIGIN=https://login.example.org",
		"GATEHOUSE_ADMIN_GROUP=admins", "GATEHOUSE_READER_GROUP=readers")
	pages := []string{"client", "add", "gatehouse-admin", "--template", "admin"}
	s.bad(`there is no group "admins"`, "", pages...)
	s.good("", "group", "add", "admins")
	s.good("", "group", "add", "readers")
	s.bad("look for gatehouse-admin", "", "client", "add", "x", "--template", "admin")
	s.bad("leave out the other flags", "", append(slices.Clone(pages), "--url", "https://x.example.org")...)
	_, out, notes := s.run("", pages...)
	if out != "client_id gatehouse-admin\n" || !strings.Contains(notes, "open https://login.example.org/admin/; an administrator: "+
		"gatehouse group add-member admins USERNAME\nthey sign in with mfa at least") {
		t.Errorf("%s%s", out, notes)
	}
	var c oidc.Client
	if err := json.Unmarshal([]byte(s.good("", "client", "show", "gatehouse-admin")), &c); err != nil {
		t.Fatal(err)
	}
	if c.TokenEndpointAuthMethod != "none" || !c.DPoPBoundAccessTokens || !c.RequirePushedAuthorizationRequests || !c.RequirePKCE ||
		!c.FirstParty || c.MinACR != "mfa" || !slices.Equal(c.AllowedGroups, []string{"admins", "readers", "gatehouse-owners"}) ||
		!slices.Equal(c.RedirectURIs, []string{"https://login.example.org/admin/"}) ||
		!slices.Equal(c.Audiences, []string{"https://api.example.org/admin/v1"}) ||
		c.Scope != "openid profile admin.read admin.write" {
		t.Errorf("%+v", c)
	}
	s.env = s.env[:3]
	s.bad("GATEHOUSE_ADMIN_GROUP is not set", "", pages...)
	s.env = s.env[:2]
	s.bad("GATEHOUSE_UI_ORIGIN is not set", "", pages...)
}
