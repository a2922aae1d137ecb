package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"gatehouse/api/oidc"
)

// foreign is a client as another provider writes it, on its way to the names of RFC 7591.
type foreign struct {
	members  map[string]json.RawMessage
	leftOut  string // the id of a client that is not to be registered
	warnings []string
}

func (f *foreign) warn(format string, args ...any) {
	f.warnings = append(f.warnings, fmt.Sprintf(format, args...))
}

// has reports whether the member is there.
func (f *foreign) has(name string) bool { return f.members[name] != nil }

// text returns a member that is a string, else "".
func (f *foreign) text(name string) (s string) {
	_ = json.Unmarshal(f.members[name], &s)
	return s
}

// set sets a member to what JSON can always encode.
func (f *foreign) set(name string, value any) { f.members[name], _ = json.Marshal(value) }

// translate makes of the members what RFC 7591 calls them, and leaves out what says nothing.
func (f *foreign) translate() error {
	if f.has("clientId") {
		if err := f.fromKeycloak(); err != nil || f.leftOut != "" {
			return err
		}
	}
	f.rename()
	f.dropEmpty()
	f.translateAccess()
	f.translateSecret()
	f.translateScope()
	f.translateAlgorithms()
	return nil
}

// namesElsewhere are the names that members have elsewhere, after words in camel case are written with underscores: of Dex,
// Hydra, Authelia (also before 4.38) and Auth0.
var namesElsewhere = []struct{ theirs, ours string }{
	{"id", "client_id"}, {"secret", "client_secret"}, {"name", "client_name"}, {"description", "client_name"},
	{"callbacks", "redirect_uris"}, {"allowed_logout_urls", "post_logout_redirect_uris"}, {"logo_url", "logo_uri"},
	{"scopes", "scope"}, {"audience", "audiences"}, {"allowed_cors_origins", "cors_origins"},
	{"skip_consent", "first_party"}, {"is_first_party", "first_party"},
	{"userinfo_signing_algorithm", "userinfo_signed_response_alg"}, {"userinfo_signing_alg", "userinfo_signed_response_alg"},
	{"id_token_signing_alg", "id_token_signed_response_alg"}, {"access_token_signed_response_alg", "access_token_signing_alg"},
}

// rename gives the members our names. One that is there under its name of RFC 7591 counts before any other.
func (f *foreign) rename() {
	for name, value := range f.members {
		if snake := withUnderscores(name); snake != name && !f.has(snake) {
			f.members[snake] = value
		}
	}
	beforeAuthelia438 := f.has("id") // what is a name there is a text elsewhere
	for _, n := range namesElsewhere {
		if f.has(n.theirs) && !f.has(n.ours) && (n.theirs != "description" || beforeAuthelia438) {
			f.members[n.ours] = f.members[n.theirs]
		}
	}
}

// withUnderscores writes redirectURIs and redirectUris as redirect_uris.
func withUnderscores(name string) string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		if unicode.IsUpper(r) && lower {
			b.WriteByte('_')
		}
		lower = !unicode.IsUpper(r) && r != '_'
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// empty are values that say nothing of a member: it has its default. An empty scope is one without words.
var empty = []string{`null`, `{}`, `""`, `{"keys":[]}`, `{"keys":null}`}

func (f *foreign) dropEmpty() {
	for name, value := range f.members {
		var compact bytes.Buffer
		if json.Compact(&compact, value) == nil && slices.Contains(empty, compact.String()) && compact.String()+name != `""scope` {
			delete(f.members, name)
		}
	}
}

// translateAccess reads who may use the client, and how.
func (f *foreign) translateAccess() {
	if f.text("consent_mode") == "implicit" && !f.has("first_party") { // Authelia
		f.set("first_party", true)
	}
	if policy := f.text("authorization_policy"); policy != "" && policy != "one_factor" { // Authelia
		f.warn("left out authorization_policy %q: allowed_groups says who may use a client", policy)
	}
	if f.has("redirectURIs") && !f.has("grant_types") { // Dex, which has them for all clients
		f.set("grant_types", []string{oidc.GrantAuthorizationCode, oidc.GrantRefreshToken})
	}
	if f.has("trusted_peers") { // Dex: clients that may ask for tokens for this one
		f.warn("left out trustedPeers: audiences says for whom the tokens of a client are")
	}
	if string(f.members["public"]) != "true" {
		return
	}
	if !f.has("token_endpoint_auth_method") {
		f.set("token_endpoint_auth_method", "none")
	}
	if f.has("client_secret") {
		delete(f.members, "client_secret")
		f.warn("left out the secret of a public client")
	}
	if string(f.members["require_pkce"]) == "false" {
		delete(f.members, "require_pkce")
		f.warn("requires PKCE, as every public client")
	}
}

// secretHash matches how Authelia and others keep secrets.
var secretHash = regexp.MustCompile(`^\$(2[abxy]|5|6|base64|scrypt|argon2(id|i|d)|pbkdf2(-sha[0-9]+)?)\$`)

// translateSecret leaves out what is no secret but a hash of one, or a mask.
func (f *foreign) translateSecret() {
	secret := f.text("client_secret")
	if expires := string(f.members["client_secret_expires_at"]); secret != "" && expires != "" && expires != "0" {
		f.warn("its secret would have expired, and does not here: gatehouse client rotate-secret %s ends it",
			shellWord(f.text("client_id")))
	}
	plain, isPlain := strings.CutPrefix(secret, "$plaintext$") // Authelia
	switch {
	case isPlain:
		f.set("client_secret", plain)
	case secretHash.MatchString(secret), secret != "" && strings.Trim(secret, "*") == "":
		delete(f.members, "client_secret")
		f.warn("its secret is not in the file, but a hash or a mask: a client that is new here gets a new one")
	}
}

// scopesElsewhere are other providers' names of our scopes.
var scopesElsewhere = map[string]string{
	"offline": oidc.OfflineAccess, // Hydra
	"https://www.googleapis.com/auth/userinfo.email":   "email",
	"https://www.googleapis.com/auth/userinfo.profile": "profile",
}

func (f *foreign) translateScope() {
	words := strings.Fields(f.text("scope"))
	isList := json.Unmarshal(f.members["scope"], &words) == nil
	if !isList && len(words) == 0 {
		return
	}
	var scope []string
	for _, word := range words {
		if ours := scopesElsewhere[word]; ours != "" {
			f.warn("scope %q is %s here, and the application has to ask for that", word, ours)
			word = ours
		}
		if !slices.Contains(scope, word) {
			scope = append(scope, word)
		}
	}
	f.set("scope", strings.Join(scope, " "))
}

// translateAlgorithms reads none as what it means for each: userinfo in JSON, access tokens that are no JWTs elsewhere.
func (f *foreign) translateAlgorithms() {
	for _, none := range []struct{ member, warning string }{
		{"userinfo_signed_response_alg", ""}, {"access_token_signing_alg", ""}, {"token_endpoint_auth_signing_alg", ""},
		{"request_object_signing_alg", "only signed request objects are taken"},
		{"id_token_signed_response_alg", "ID tokens are always signed"},
	} {
		if !strings.EqualFold(f.text(none.member), "none") {
			continue
		}
		delete(f.members, none.member)
		if none.warning != "" {
			f.warn("left out %s %q: %s", none.member, "none", none.warning)
		}
	}
	for _, name := range oidc.UnsupportedMetadata {
		if value := string(f.members[name]); value != "" && value != "false" {
			f.warn("left out %s, which is not supported", name)
		}
	}
}
