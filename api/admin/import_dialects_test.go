package admin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gatehouse/api/oidc"
)

// imported are the clients of a file by their ids, their new secrets, and the warnings, a line each.
func imported(t *testing.T, a *Admin, text string) (clients map[string]oidc.Client, secrets map[string]string, warnings string) {
	t.Helper()
	in, said, err := ParseRegistrations([]byte(text))
	try(t, err)
	out, err := a.ImportClients(t.Context(), in)
	try(t, err)
	clients, secrets = map[string]oidc.Client{}, map[string]string{}
	for _, c := range out.Clients {
		shown, err := a.ShowClient(t.Context(), ClientID{c.ClientID})
		clients[c.ClientID] = shown.Client
		try(t, err)
		secrets[c.ClientID] = c.ClientSecret
	}
	var lines []string
	for _, w := range slices.Concat(said, out.Warnings) {
		lines = append(lines, w.ClientID+": "+w.Text)
	}
	return clients, secrets, strings.Join(lines, "\n")
}

func TestWhatSaysNothingInAnImportHasItsDefault(t *testing.T) {
	t.Parallel()
	a, _ := newAdmin(t)
	for _, nothing := range []string{`null`, `{}`, `""`} {
		for _, member := range []string{"client_name", "logo_uri", "contacts", "application_type", "redirect_uris", "post_logout_redirect_uris",
			"grant_types", "response_types", "scope", "token_endpoint_auth_method", "token_endpoint_auth_signing_alg", "jwks", "jwks_uri",
			"request_uris", "request_object_signing_alg", "require_signed_request_object", "require_pkce", "default_max_age",
			"id_token_signed_response_alg", "userinfo_signed_response_alg", "subject_type", "sector_identifier_uri", "first_party",
			"frontchannel_logout_uri", "backchannel_logout_session_required", "audiences", "allowed_groups", "client_secret"} {
			in, _, err := ParseRegistrations([]byte(`{"client_id": "a", "` + member + `": ` + nothing + `}`))
			want := NewRegistration()
			want.ClientID = "a"
			if nothing == `""` && member == "scope" {
				want.Scope = ""
			}
			if err != nil || fmt.Sprint(in.Clients) != fmt.Sprint([]Registration{want}) {
				t.Errorf("%s %s: %+v, %v", member, nothing, in.Clients, err)
			}
		}
	}
	clients, _, warnings := imported(t, a, `{"client_id": "b", "jwks": {"keys": []}, "userinfo_signed_response_alg": "none",
		"request_object_signing_alg": "none", "id_token_signed_response_alg": "none", "id_token_encrypted_response_alg": "RSA-OAEP"}`)
	if c := clients["b"]; c.UserinfoSignedResponseAlg != "" || c.IDTokenSignedResponseAlg != "RS256" || c.JWKS != nil ||
		warnings != "b: left out request_object_signing_alg \"none\": only signed request objects are taken\n"+
			"b: left out id_token_signed_response_alg \"none\": ID tokens are always signed\n"+
			"b: left out id_token_encrypted_response_alg, which is not supported" {
		t.Errorf("%+v\n%s", c, warnings)
	}
}

// A realm of Keycloak 26 has more members for each client than are here.
const keycloakRealm = `{"realm": "campus", "enabled": true, "clients": [
	{"id": "0a1c", "clientId": "account-console", "name": "${client_account-console}", "rootUrl": "${authBaseUrl}",
	 "redirectUris": ["/realms/campus/account/*"], "publicClient": true, "protocol": "openid-connect"},
	{"id": "0a1d", "clientId": "urn:example:saml", "protocol": "saml", "redirectUris": ["https://saml.example.org/*"]},
	{"id": "0a1e", "clientId": "wiki", "name": "The wiki", "description": "", "rootUrl": "https://wiki.example.org/", "adminUrl": "",
	 "baseUrl": "/home", "surrogateAuthRequired": false, "enabled": true, "alwaysDisplayInConsole": false,
	 "clientAuthenticatorType": "client-secret", "secret": "wiki-secret-0123456789abcdef",
	 "redirectUris": ["/oidc/callback", "https://wiki.example.org/*", "/oidc/callback"], "webOrigins": ["+", "https://wiki.example.org"],
	 "notBefore": 0, "bearerOnly": false, "consentRequired": false, "standardFlowEnabled": true, "implicitFlowEnabled": false,
	 "directAccessGrantsEnabled": true, "serviceAccountsEnabled": true, "publicClient": false, "frontchannelLogout": false,
	 "protocol": "openid-connect", "attributes": {"backchannel.logout.session.required": "true", "post.logout.redirect.uris":
	 "https://wiki.example.org/bye##+", "backchannel.logout.url": "https://wiki.example.org/logout", "id.token.signed.response.alg": "ES256",
	 "user.info.response.signature.alg": "none", "request.object.signature.alg": "any", "oauth2.device.authorization.grant.enabled": "false",
	 "client.secret.creation.time": "1700000000"},
	 "authenticationFlowBindingOverrides": {}, "fullScopeAllowed": true, "nodeReRegistrationTimeout": -1,
	 "defaultClientScopes": ["web-origins", "acr", "roles", "profile", "basic", "email"],
	 "optionalClientScopes": ["address", "phone", "offline_access", "organization", "microprofile-jwt"],
	 "access": {"view": true, "configure": true, "manage": true}},
	{"clientId": "spa", "name": "", "enabled": false, "publicClient": true, "secret": "**********", "consentRequired": true,
	 "redirectUris": ["https://spa.example.org/cb"], "implicitFlowEnabled": true, "attributes": {"pkce.code.challenge.method": "S256"}},
	{"clientId": "bank", "clientAuthenticatorType": "client-jwt", "redirectUris": ["https://bank.example.org/cb"], "webOrigins": null,
	 "attributes": {"use.jwks.url": "true", "jwks.url": "https://bank.example.org/jwks", "token.endpoint.auth.signing.alg": "PS256",
	 "require.pushed.authorization.requests": "true", "dpop.bound.access.tokens": "true"}}]}`

func TestClientsOfKeycloakAreImported(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	clients, secrets, warnings := imported(t, a, keycloakRealm)
	wiki := clients["wiki"]
	if wiki.ClientName != "The wiki" || wiki.ClientURI != "https://wiki.example.org/home" || !wiki.FirstParty ||
		!slices.Equal(wiki.RedirectURIs, []string{"https://wiki.example.org/oidc/callback"}) ||
		!slices.Equal(wiki.PostLogoutRedirectURIs, []string{"https://wiki.example.org/bye", "https://wiki.example.org/oidc/callback"}) ||
		!slices.Equal(wiki.GrantTypes, []string{"authorization_code", "refresh_token", "client_credentials"}) ||
		!slices.Equal(wiki.ResponseTypes, []string{"code"}) || wiki.Scope != "openid profile email address phone offline_access" ||
		wiki.BackchannelLogoutURI != "https://wiki.example.org/logout" || !wiki.BackchannelLogoutSessionRequired ||
		wiki.IDTokenSignedResponseAlg != "ES256" || wiki.UserinfoSignedResponseAlg != "" || wiki.RequestObjectSigningAlg != "" ||
		secrets["wiki"] != "" || wiki.DisabledAt != nil {
		t.Errorf("wiki: %+v", wiki)
	}
	var same bool
	try(t, conn.QueryRow(t.Context(), `SELECT secret_sha256 = sha256('wiki-secret-0123456789abcdef') FROM client_secrets
		WHERE client_id = 'wiki'`).Scan(&same))
	if spa := clients["spa"]; !same || !spa.Public() || spa.FirstParty || spa.DisabledAt == nil ||
		!slices.Equal(spa.ResponseTypes, []string{"code", "id_token", "id_token token"}) {
		t.Errorf("wiki's secret %v, spa: %+v", same, spa)
	}
	if bank := clients["bank"]; bank.TokenEndpointAuthMethod != "private_key_jwt" || bank.JWKSURI != "https://bank.example.org/jwks" ||
		bank.TokenEndpointAuthSigningAlg != "PS256" || !bank.RequirePushedAuthorizationRequests || !bank.DPoPBoundAccessTokens {
		t.Errorf("bank: %+v", bank)
	}
	for _, want := range []string{
		"account-console: left out the client: it is Keycloak's own",
		"urn:example:saml: left out the client: its protocol is saml",
		`wiki: left out redirect_uri "https://wiki.example.org/*": register the exact address`,
		"wiki: left out the scopes web-origins acr roles basic organization microprofile-jwt, which are Keycloak's own",
		`wiki: left out grant_type "password", which is not supported`,
		"spa: left out the secret of a public client",
	} {
		if !strings.Contains(warnings, want) {
			t.Errorf("no warning %s in\n%s", want, warnings)
		}
	}
	if len(clients) != 3 {
		t.Errorf("%d clients", len(clients))
	}
	// What kcadm.sh get clients prints is the array alone.
	var realm map[string]json.RawMessage
	try(t, json.Unmarshal([]byte(keycloakRealm), &realm))
	again, _, _ := imported(t, a, string(realm["clients"]))
	if len(again) != 3 || again["spa"].DisabledAt == nil {
		t.Errorf("again: %+v", again)
	}
}

func TestClientsOfHydraAreImported(t *testing.T) {
	t.Parallel()
	a, _ := newAdmin(t)
	clients, secrets, warnings := imported(t, a, `{"items": [{"client_id": "8a4e", "client_name": "Notes", "redirect_uris":
		["https://notes.example.org/cb"], "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
		"scope": "openid offline offline_access email", "audience": ["https://notes.example.org"], "owner": "", "policy_uri": "",
		"allowed_cors_origins": [], "tos_uri": "", "client_uri": "", "logo_uri": "", "contacts": null, "client_secret_expires_at": 0,
		"subject_type": "public", "jwks": {}, "token_endpoint_auth_method": "client_secret_post", "userinfo_signed_response_alg": "none",
		"created_at": "2024-01-02T03:04:05Z", "updated_at": "2024-01-02T03:04:05Z", "metadata": {}, "skip_consent": true,
		"registration_access_token": "ory_at_x", "registration_client_uri": "http://hydra/oauth2/register/8a4e",
		"authorization_code_grant_access_token_lifespan": null, "request_object_signing_alg": "", "request_uris": null}],
		"next_page_token": "", "is_last_page": true}`)
	c := clients["8a4e"]
	if c.Scope != "openid offline_access email" || !c.FirstParty || !slices.Equal(c.Audiences, []string{"https://notes.example.org"}) ||
		c.TokenEndpointAuthMethod != "client_secret_post" || c.UserinfoSignedResponseAlg != "" || secrets["8a4e"] == "" {
		t.Errorf("%+v", c)
	}
	if warnings != `8a4e: scope "offline" is offline_access here, and the application has to ask for that` {
		t.Error(warnings)
	}
}

func TestClientsOfDexAreImported(t *testing.T) {
	t.Parallel()
	a, _ := newAdmin(t)
	clients, secrets, warnings := imported(t, a, `{"issuer": "http://127.0.0.1:5556/dex", "staticClients": [
		{"id": "example-app", "redirectURIs": ["http://127.0.0.1:5555/callback"], "name": "Example App",
		 "secret": "ZXhhbXBsZS1hcHAtc2VjcmV0", "logoURL": "https://example.org/logo.png", "trustedPeers": ["cli"]},
		{"id": "cli", "public": true, "name": "CLI", "redirectURIs": ["http://localhost:8000"], "secret": "not needed"}]}`)
	app, cli := clients["example-app"], clients["cli"]
	if app.ClientName != "Example App" || app.LogoURI != "https://example.org/logo.png" || secrets["example-app"] != "" ||
		!slices.Equal(app.RedirectURIs, []string{"http://127.0.0.1:5555/callback"}) ||
		!slices.Equal(app.GrantTypes, []string{"authorization_code", "refresh_token"}) || !cli.Public() {
		t.Errorf("%+v\n%+v", app, cli)
	}
	if warnings != "example-app: left out trustedPeers: audiences says for whom the tokens of a client are\n"+
		"cli: left out the secret of a public client" {
		t.Error(warnings)
	}
}

func TestClientsOfAutheliaAreImported(t *testing.T) {
	t.Parallel()
	a, _ := newAdmin(t)
	clients, secrets, warnings := imported(t, a, `{"identity_providers": {"oidc": {"hmac_secret": "x", "clients": [
		{"client_id": "grafana", "client_name": "Grafana", "client_secret": "$pbkdf2-sha512$310000$c8p78n7pUMln0jzvd4aK4Q$JNRBzwAo0ek5q",
		 "public": false, "authorization_policy": "two_factor", "require_pkce": true, "pkce_challenge_method": "S256",
		 "redirect_uris": ["https://grafana.example.org/login/generic_oauth"], "scopes": ["openid", "profile", "groups", "email"],
		 "response_types": ["code"], "grant_types": ["authorization_code"], "access_token_signed_response_alg": "none",
		 "userinfo_signed_response_alg": "none", "token_endpoint_auth_method": "client_secret_basic", "consent_mode": "implicit"},
		{"id": "tail", "description": "Tailscale", "secret": "$plaintext$tailscale-secret-0123456789", "authorization_policy": "one_factor",
		 "redirect_uris": ["https://login.example.com/a/oauth_response"], "scopes": ["openid", "email"],
		 "userinfo_signing_algorithm": "none"},
		{"client_id": "app", "public": true, "require_pkce": false, "redirect_uris": ["https://app.example.org/cb"]}]}}}`)
	grafana, tail := clients["grafana"], clients["tail"]
	if grafana.Scope != "openid profile groups email" || !grafana.FirstParty || secrets["grafana"] == "" ||
		grafana.AccessTokenSigningAlg != "ES256" || tail.ClientName != "Tailscale" || secrets["tail"] != "" || tail.FirstParty {
		t.Errorf("%+v\n%+v", grafana, tail)
	}
	if app := clients["app"]; !app.Public() || !app.RequirePKCE {
		t.Errorf("%+v", app)
	}
	if warnings != `grafana: left out authorization_policy "two_factor": allowed_groups says who may use a client
grafana: its secret is not in the file, but a hash or a mask: a client that is new here gets a new one
app: requires PKCE, as every public client` {
		t.Error(warnings)
	}
}

// RFC 7591 §3.2.1: what a client that registered itself elsewhere was answered.
func TestAnAnswerToADynamicRegistrationIsImported(t *testing.T) {
	t.Parallel()
	a, _ := newAdmin(t)
	clients, secrets, warnings := imported(t, a, `{"client_id": "s6BhdRkqt3", "client_secret": "cf136dc3c1fc93f31185e5885805d0a2",
		"client_id_issued_at": 2893256800, "client_secret_expires_at": 2893276800, "registration_access_token": "reg-23410913",
		"registration_client_uri": "https://server.example.com/register/s6BhdRkqt3", "application_type": "web", "client_name": "My Example",
		"client_name#ja-Jpan-JP": "クライアント名", "redirect_uris": ["https://client.example.org/callback"],
		"grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "contacts": ["ve7jtb@example.org"],
		"token_endpoint_auth_method": "client_secret_basic", "subject_type": "public", "logo_uri": null, "scope": "openid email",
		"id_token_signed_response_alg": "RS256", "userinfo_signed_response_alg": null, "software_id": "4NRB1", "jwks": {}}`)
	if c := clients["s6BhdRkqt3"]; c.ClientName != "My Example" || c.Scope != "openid email" || secrets["s6BhdRkqt3"] != "" {
		t.Errorf("%+v", c)
	}
	if warnings != "s6BhdRkqt3: its secret would have expired, and does not here: gatehouse client rotate-secret s6BhdRkqt3 ends it" {
		t.Error(warnings)
	}
}

func TestResponseTypesThatTheDeploymentAllowsAreNoneToWarnOf(t *testing.T) {
	t.Parallel()
	a, _ := newAdmin(t)
	const page = `{"client_id": "page", "token_endpoint_auth_method": "none", "grant_types": ["implicit"],
		"response_types": ["token id_token"], "redirect_uris": ["https://page.example.org/cb"]}`
	const want = `page: response_type "id_token token" is refused unless GATEHOUSE_RESPONSE_TYPES has it`
	if _, _, warnings := imported(t, a, page); warnings != want {
		t.Error(warnings)
	}
	a.ResponseTypes = append(a.ResponseTypes, oidc.ParseResponseType("id_token token"))
	if _, _, warnings := imported(t, a, page); warnings != "" {
		t.Error(warnings)
	}
}

func TestScopesOfOtherDialectsAreToldOf(t *testing.T) {
	t.Parallel()
	a, _ := newAdmin(t)
	clients, _, warnings := imported(t, a, `[{"client_id": "a", "scope": "openid offline offline_access roles User.Read"},
		{"client_id": "b", "scope": ["openid", "https://www.googleapis.com/auth/userinfo.email", "email"]},
		{"client_id": "c", "scope": "archive:read", "audiences": ["https://archive.example.org"]}]`)
	if clients["a"].Scope != "openid offline_access roles User.Read" || clients["b"].Scope != "openid email" ||
		clients["c"].Scope != "archive:read" {
		t.Errorf("%+v", clients)
	}
	if warnings != `a: scope "offline" is offline_access here, and the application has to ask for that
b: scope "https://www.googleapis.com/auth/userinfo.email" is email here, and the application has to ask for that
a: has scopes that mean nothing here, and audiences names no service that they are for: roles User.Read` {
		t.Error(warnings)
	}
}

func TestAnImportThatIsRefusedSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	a, _ := newAdmin(t)
	_, _, err := ParseRegistrations([]byte(`[{"client_id": "a", "redirect_uris": "https://a.example.org"}, {"client_name": "b"},
		{"client_id": "c"}, {"client_id": "c"}, 5, {"client_id": "d", "require_pkce": "yes"}]`))
	const want = "client 1: redirect_uris must not be a string\nclient 2 has no client_id\nclient_id \"c\" is there twice\n" +
		"client 5: a client must not be a number\nclient 6: require_pkce must not be a string"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	in, _, err := ParseRegistrations([]byte(`[{"client_id": "good"}, {"client_id": "a", "redirect_uris": ["javascript:alert(1)"]},
		{"client_id": "b", "token_endpoint_auth_method": "tls_client_auth"}, {"client_id": "fine"},
		{"client_id": "c", "id_token_signed_response_alg": "HS256"}]`))
	try(t, err)
	out, err := a.ImportClients(t.Context(), in)
	refused[Refusal](t, err, "client a: redirect_uris must have a scheme")
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 3 ||
		!strings.HasPrefix(lines[1], "client b: token_endpoint_auth_method must be") ||
		!strings.HasPrefix(lines[2], "client c: id_token_signed_response_alg must be") {
		t.Errorf("%v", err)
	}
	if list, err := a.ListClients(t.Context(), ListClients{}); err != nil || len(list.Items)+len(out.Clients) != 0 {
		t.Errorf("%v, %v, %v", list, out.Clients, err)
	}
}

func TestAClientThatWasDisabledIsImportedSo(t *testing.T) {
	t.Parallel()
	a, _ := newAdmin(t)
	clients, _, _ := imported(t, a, `{"client_id": "a", "disabled_at": "2026-01-02T03:04:05Z"}`)
	if c := clients["a"]; c.DisabledAt == nil {
		t.Errorf("%+v", c)
	}
}
