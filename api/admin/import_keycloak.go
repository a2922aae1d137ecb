package admin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/api/oidc"
)

// keycloakClient is a ClientRepresentation of Keycloak, as `kcadm.sh get clients` and the export of a realm have it. What it
// leaves out has Keycloak's default.
type keycloakClient struct {
	ClientID                  string         `json:"clientId"`
	Name                      string         `json:"name"`
	Protocol                  string         `json:"protocol"`
	Enabled                   bool           `json:"enabled"`
	RootURL                   string         `json:"rootUrl"`
	BaseURL                   string         `json:"baseUrl"`
	RedirectURIs              []string       `json:"redirectUris"`
	WebOrigins                []string       `json:"webOrigins"`
	ClientAuthenticatorType   string         `json:"clientAuthenticatorType"`
	Secret                    string         `json:"secret"`
	PublicClient              bool           `json:"publicClient"`
	BearerOnly                bool           `json:"bearerOnly"`
	StandardFlowEnabled       bool           `json:"standardFlowEnabled"`
	ImplicitFlowEnabled       bool           `json:"implicitFlowEnabled"`
	DirectAccessGrantsEnabled bool           `json:"directAccessGrantsEnabled"`
	ServiceAccountsEnabled    bool           `json:"serviceAccountsEnabled"`
	ConsentRequired           bool           `json:"consentRequired"`
	Attributes                map[string]any `json:"attributes"`
	DefaultClientScopes       []string       `json:"defaultClientScopes"`
	OptionalClientScopes      []string       `json:"optionalClientScopes"`
}

// keycloakAuthMethods are the names of RFC 7591 and OpenID Connect for those of Keycloak.
var keycloakAuthMethods = map[string]string{
	"client-secret": "client_secret_basic", "client-jwt": oidc.PrivateKeyJWT, "client-secret-jwt": "client_secret_jwt",
	"client-x509": "tls_client_auth",
}

// keycloakAttributes are members that Keycloak keeps as attributes, all of them texts.
var keycloakAttributes = map[string]string{
	"logoUri": "logo_uri", "policyUri": "policy_uri", "tosUri": "tos_uri",
	"access.token.signed.response.alg": "access_token_signing_alg", "id.token.signed.response.alg": "id_token_signed_response_alg",
	"user.info.response.signature.alg": "userinfo_signed_response_alg", "request.object.signature.alg": "request_object_signing_alg",
	"token.endpoint.auth.signing.alg": "token_endpoint_auth_signing_alg", "jwks.url": "jwks_uri",
	"backchannel.logout.url": "backchannel_logout_uri", "frontchannel.logout.url": "frontchannel_logout_uri",
}

// keycloakSwitches are those that are true or false.
var keycloakSwitches = map[string]string{
	"backchannel.logout.session.required": "backchannel_logout_session_required", "dpop.bound.access.tokens": "dpop_bound_access_tokens",
	"frontchannel.logout.session.required":  "frontchannel_logout_session_required",
	"require.pushed.authorization.requests": "require_pushed_authorization_requests",
}

// keycloakScopes are its built-in ones that mean nothing here.
var keycloakScopes = []string{"acr", "basic", "microprofile-jwt", "organization", "role_list", "roles", "saml_organization",
	"service_account", "web-origins"}

// fromKeycloak replaces the members by those of RFC 7591.
func (f *foreign) fromKeycloak() error {
	whole, err := json.Marshal(f.members)
	if err != nil {
		return err
	}
	k := keycloakClient{Protocol: "openid-connect", Enabled: true, StandardFlowEnabled: true, ClientAuthenticatorType: "client-secret"}
	if err := json.Unmarshal(whole, &k); err != nil {
		return err
	}
	switch {
	case k.Protocol != "openid-connect":
		f.leftOut = k.ClientID
		f.warn("left out the client: its protocol is %s", k.Protocol)
		return nil
	case strings.HasPrefix(k.Name, "${client_"):
		f.leftOut = k.ClientID
		f.warn("left out the client: it is Keycloak's own")
		return nil
	}
	f.members = map[string]json.RawMessage{}
	f.set("client_id", k.ClientID)
	f.set("client_name", k.Name)
	f.set("client_uri", k.absolute(k.BaseURL))
	f.set("client_secret", k.Secret)
	f.set("public", k.PublicClient)
	f.set("first_party", !k.ConsentRequired)
	if !k.Enabled {
		f.set("disabled_at", time.Now())
	}
	if !k.PublicClient {
		f.set("token_endpoint_auth_method", cmp.Or(keycloakAuthMethods[k.ClientAuthenticatorType], k.ClientAuthenticatorType))
	}
	f.addresses(&k)
	f.flows(&k)
	f.attributes(&k)
	f.clientScopes(&k)
	return nil
}

// absolute returns a URI that may be relative to the client's root; "" for one that Keycloak fills in itself.
func (k *keycloakClient) absolute(uri string) string {
	if strings.HasPrefix(uri, "/") {
		uri = strings.TrimSuffix(k.RootURL, "/") + uri
	}
	if strings.Contains(uri, "${") || strings.HasPrefix(uri, "/") {
		return ""
	}
	return uri
}

// attribute returns an attribute as text, "" if it is not there.
func (k *keycloakClient) attribute(name string) string {
	if value := k.Attributes[name]; value != nil {
		return fmt.Sprint(value)
	}
	return ""
}

func (f *foreign) addresses(k *keycloakClient) {
	redirects := f.exact(k, "redirect_uri", k.RedirectURIs)
	f.set("redirect_uris", redirects)
	logouts := strings.Split(k.attribute("post.logout.redirect.uris"), "##")
	if slices.Contains(logouts, "+") {
		logouts = append(logouts, redirects...)
	}
	f.set("post_logout_redirect_uris", f.exact(k, "post_logout_redirect_uri", logouts))
	f.set("cors_origins", slices.DeleteFunc(slices.Clone(k.WebOrigins), func(o string) bool { return o == "+" || o == "*" || o == "/*" }))
}

// exact returns the URIs that can be compared, each once.
func (f *foreign) exact(k *keycloakClient, member string, uris []string) []string {
	list := []string{}
	for _, written := range uris {
		uri := k.absolute(written)
		switch {
		case written == "" || written == "+" || written == "-" || slices.Contains(list, uri):
		case uri == "" || strings.Contains(uri, "*"):
			f.warn("left out %s %q: register the exact address", member, cmp.Or(uri, written))
		default:
			list = append(list, uri)
		}
	}
	return list
}

func (f *foreign) flows(k *keycloakClient) {
	grants, responses := []string{}, []string{}
	on := func(grant string, is bool) {
		if is && !k.BearerOnly {
			grants = append(grants, grant)
		}
	}
	device := k.attribute("oauth2.device.authorization.grant.enabled") == "true"
	on(oidc.GrantAuthorizationCode, k.StandardFlowEnabled)
	on(oidc.GrantRefreshToken, (k.StandardFlowEnabled || device) && k.attribute("use.refresh.tokens") != "false")
	on(oidc.GrantImplicit, k.ImplicitFlowEnabled)
	on("password", k.DirectAccessGrantsEnabled)
	on(oidc.GrantClientCredentials, k.ServiceAccountsEnabled)
	on(oidc.GrantDeviceCode, device)
	on(oidc.GrantTokenExchange, k.attribute("standard.token.exchange.enabled") == "true")
	on("urn:openid:params:grant-type:ciba", k.attribute("oidc.ciba.grant.enabled") == "true")
	if slices.Contains(grants, oidc.GrantAuthorizationCode) {
		responses = append(responses, "code")
	}
	if slices.Contains(grants, oidc.GrantImplicit) {
		responses = append(responses, "id_token", "id_token token")
	}
	f.set("grant_types", grants)
	f.set("response_types", responses)
}

func (f *foreign) attributes(k *keycloakClient) {
	for theirs, ours := range keycloakAttributes {
		if value := k.absolute(k.attribute(theirs)); value != "" && value != "any" {
			f.set(ours, value)
		}
	}
	for theirs, ours := range keycloakSwitches {
		if k.attribute(theirs) == "true" {
			f.set(ours, true)
		}
	}
	if keys := k.attribute("jwks.string"); k.attribute("use.jwks.string") == "true" && json.Valid([]byte(keys)) {
		delete(f.members, "jwks_uri")
		f.members["jwks"] = json.RawMessage(keys)
	}
}

func (f *foreign) clientScopes(k *keycloakClient) {
	if k.DefaultClientScopes == nil && k.OptionalClientScopes == nil {
		return
	}
	scope, own := []string{"openid"}, []string(nil)
	for _, word := range slices.Concat(k.DefaultClientScopes, k.OptionalClientScopes) {
		switch {
		case slices.Contains(keycloakScopes, word):
			own = append(own, word)
		case !slices.Contains(scope, word):
			scope = append(scope, word)
		}
	}
	if own != nil {
		f.warn("left out the scopes %s, which are Keycloak's own", strings.Join(own, " "))
	}
	f.set("scope", strings.Join(scope, " "))
}
