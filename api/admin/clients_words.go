package admin

// clientWord is how an administrator sets a column of clients: by which flag, with which value ("": yes or no), and what it is for.
type clientWord struct {
	flag  string
	value string
	help  string
	one   string // of oneOf
	group string // of flags, a key of FlagGroups
}

// FlagGroups are the titles of groups of flags in the help of commands, by the tag group of an input's fields.
var FlagGroups = map[string]string{
	"people": "What people see", "ask": "What it may ask for", "proof": "How it proves who it is", "tokens": "What its tokens are like",
	"logout": "How it hears of a logout", "decide": "What you decide",
}

// clientWords are the columns of clients that an administrator sets. Flags that "client add" has, too, have the same names there.
var clientWords = func() map[string]clientWord {
	words := map[string]clientWord{}
	for group, columns := range map[string]map[string][3]string{
		"people": {
			"client_name":        {"name", "NAME", "What people are shown."},
			"client_uri":         {"client-uri", "URL", "Where people find the application."},
			"logo_uri":           {"logo-uri", "URL", "Address of its logo."},
			"policy_uri":         {"policy-uri", "URL", "What it says of privacy."},
			"tos_uri":            {"tos-uri", "URL", "Its terms of service."},
			"contacts":           {"contact", "ADDRESS", "Who is responsible for it; all, may be repeated."},
			"initiate_login_uri": {"initiate-login-uri", "URL", "Where a sign-in begins at the application."},
		},
		"ask": {
			"application_type":   {"application-type", "TYPE", "web, or native for one on people's own machines."},
			"redirect_uris":      {"redirect-uri", "URL", "All redirect URIs; may be repeated."},
			"localhost_any_port": {"localhost-any-port", "", "http://localhost may have any port."},
			"cors_origins":       {"cors-origin", "URL", "All origins of its pages that no redirect URI has; may be repeated."},
			"grant_types":        {"grant-type", "GRANT", "All grant types; may be repeated."},
			"response_types":     {"response-type", "TYPE", "All response types; may be repeated."},
			"scope":              {"scope", "SCOPES", "What it may ask for, separated by spaces."},
			"default_max_age":    {"default-max-age", "SECONDS", "How long ago a sign-in may have been."},
		},
		"proof": {
			"token_endpoint_auth_method":            {"auth-method", "METHOD", "client_secret_basic or _post, private_key_jwt or none."},
			"token_endpoint_auth_signing_alg":       {"auth-alg", "ALG", "What its assertions are signed with; empty for any."},
			"jwks":                                  {"jwks", "FILE", "Its public keys: a file, - or JSON."},
			"jwks_uri":                              {"jwks-uri", "URL", "Where its public keys are."},
			"request_uris":                          {"request-uri", "URL", "All addresses of its request objects; may be repeated."},
			"request_object_signing_alg":            {"request-object-alg", "ALG", "What its request objects are signed with; empty for any."},
			"require_signed_request_object":         {"signed-request-objects", "", "It has to sign its requests."},
			"short_lived_request_objects":           {"short-lived-request-objects", "", "Those that it signs last an hour at most."},
			"require_pushed_authorization_requests": {"push-requests", "", "It has to push its authorization requests (PAR)."},
			"require_pkce":                          {"pkce", "", "It has to do PKCE."},
			"dpop_bound_access_tokens":              {"dpop", "", "Its access tokens are bound to its keys (DPoP)."},
			"security_profile":                      {"security-profile", "PROFILE", "openid, or fapi2 for FAPI 2.0."},
		},
		"tokens": {
			"id_token_signed_response_alg": {"id-token-alg", "ALG", "What signs its ID tokens: RS256, ES256, PS256 or EdDSA."},
			"access_token_signing_alg":     {"access-token-alg", "ALG", "What signs its access tokens; the same."},
			"access_token_typ":             {"access-token-typ", "TYP", "at+jwt, or JWT for services that refuse that."},
			"userinfo_signed_response_alg": {"userinfo-alg", "ALG", "What signs its answers of userinfo; empty for plain JSON."},
			"refresh_token_format":         {"refresh-token-format", "FORMAT", "opaque, or jwt for one that parses its refresh tokens."},
			"subject_type":                 {"subject-type", "TYPE", "public, or pairwise for a sub of its own for each person."},
			"sector_identifier_uri":        {"sector-identifier-uri", "URL", "What pairwise subjects are made for."},
			"id_token_scope_claims":        {"id-token-claims", "", "What scopes release is in ID tokens, too."},
			"released_claims":              {"release-claim", "CLAIM", "All claims that it gets whatever its scope; may be repeated."},
			"audiences":                    {"audience", "AUDIENCE", "All services that its access tokens are for; may be repeated."},
		},
		"logout": {
			"post_logout_redirect_uris":            {"post-logout-redirect-uri", "URL", "All; may be repeated."},
			"frontchannel_logout_uri":              {"frontchannel-logout-uri", "URL", "What browsers load at a logout."},
			"frontchannel_logout_session_required": {"frontchannel-logout-session", "", "It is told there which session ended."},
			"backchannel_logout_uri":               {"backchannel-logout-uri", "URL", "Where it hears of logouts."},
			"backchannel_logout_session_required":  {"backchannel-logout-session", "", "It is told there which session ended."},
		},
		"decide": {
			"first_party":       {"first-party", "", "People are not asked for consent."},
			"allowed_groups":    {"group", "GROUP", "All groups whose members may use it; none: everybody."},
			"allowed_upstreams": {"allow-upstream", "NAME", "All upstreams whose tokens it may get of its users; may be repeated."},
			"resource_server":   {"resource-server", "", "It is sent tokens of other clients, and asks whose they are."},
			"min_acr":           {"min-acr", "ACR", "What its sign-ins reach at least, such as mfa or phr; empty for anything."},
			"min_acr_from":      {"min-acr-from", "DATE", "From when, such as 2027-03-01; empty for at once."},
		},
	} {
		for column, w := range columns {
			words[column] = clientWord{w[0], w[1], w[2], oneOf[column], group}
		}
	}
	return words
}()

// oneOf is what one of a list is, if they are added and removed one by one, too.
var oneOf = map[string]string{
	"redirect_uris":             "redirect URI.",
	"audiences":                 "service.",
	"post_logout_redirect_uris": "address after a logout.",
	"allowed_groups":            "group.",
}
