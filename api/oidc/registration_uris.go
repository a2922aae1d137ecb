package oidc

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxURIs is the limit of uris_are_registrable.
const maxURIs = 20

// checkRedirectURIs checks redirect_uris (OpenID Connect Dynamic Registration §2, RFC 8252 §7). RFC 7591 has no application_type:
// a public client without one whose redirect URI is on the user's own machine is a native one.
func checkRedirectURIs(c *ClientMetadata, _ Terms) *Error {
	if len(c.ResponseTypes) > 0 && len(c.RedirectURIs) == 0 || len(c.RedirectURIs) > maxURIs {
		return refuse(InvalidRedirectURI, "redirect_uris must have 1 to 20 URIs")
	}
	c.RedirectURIs = NotNil(c.RedirectURIs)
	for _, uri := range c.RedirectURIs {
		if problem := uriProblem(uri); problem != "" {
			return refuse(InvalidRedirectURI, "each of redirect_uris "+problem)
		}
	}
	isOnPersonsMachine := func(uri string) bool { return isPrivateUse(uri) || isLoopbackHTTP(uri) }
	if c.ApplicationType == "" {
		c.ApplicationType = "web"
		if c.TokenEndpointAuthMethod == "none" && slices.ContainsFunc(c.RedirectURIs, isOnPersonsMachine) {
			c.ApplicationType = "native"
		}
	}
	if c.ApplicationType != "web" && c.ApplicationType != "native" {
		return refuseMetadata("application_type must be web or native")
	}
	frontChannel := slices.Contains(c.GrantTypes, GrantImplicit)
	for _, uri := range c.RedirectURIs {
		if problem := c.placeProblem(uri, frontChannel); problem != "" {
			return refuse(InvalidRedirectURI, "each of redirect_uris "+problem)
		}
	}
	return nil
}

// placeProblem returns why answers must not be sent to a registrable uri of this client, or "".
func (c *ClientMetadata) placeProblem(uri string, frontChannel bool) string {
	web := c.ApplicationType == "web"
	switch {
	case web && isPrivateUse(uri):
		return "of a web application must be https; a scheme of its own needs application_type native"
	case web && frontChannel && (!strings.HasPrefix(uri, "https://") || hostOf(uri) == "localhost"):
		return "of a web application that gets tokens in the front channel must be https and not localhost"
	case strings.HasPrefix(uri, "http://") && !isLoopbackHTTP(uri):
		return "must be https; http is for localhost, 127.0.0.1 and [::1]"
	}
	return ""
}

// checkLinks requires https of initiate_login_uri (OpenID Connect Core §4). Of what users see of the client, only links to a host
// of its redirect URIs or its document are kept, or anybody could show somebody else's logo (OpenID Connect Dynamic Registration
// §9.1).
func checkLinks(c *ClientMetadata, t Terms) *Error {
	for _, link := range [][2]string{{"logo_uri", c.LogoURI}, {"policy_uri", c.PolicyURI}, {"tos_uri", c.TOSURI},
		{"initiate_login_uri", c.InitiateLoginURI}, {"client_uri", c.ClientURI}} {
		if link[1] == "" || link[0] == "client_uri" && uriProblem(link[1]) == "" && isLoopbackHTTP(link[1]) {
			continue
		}
		if problem := httpsProblem(link[1]); problem != "" {
			return refuseMetadata(link[0] + " " + problem)
		}
	}
	answersFrom := func(host string) bool {
		return host == hostOf(t.DocumentAt) || slices.ContainsFunc(c.RedirectURIs, func(uri string) bool { return hostOf(uri) == host })
	}
	for _, link := range []*string{&c.LogoURI, &c.PolicyURI, &c.ClientURI} {
		if !answersFrom(hostOf(*link)) {
			*link = ""
		}
	}
	return nil
}

// checkLogoutURIs requires the origin of a redirect URI (OpenID Connect Front-Channel Logout §2).
func checkLogoutURIs(c *ClientMetadata, _ Terms) *Error {
	if len(c.PostLogoutRedirectURIs) > maxURIs {
		return refuseMetadata("post_logout_redirect_uris must have at most 20 URIs")
	}
	for _, uri := range c.PostLogoutRedirectURIs {
		if problem := cmp.Or(uriProblem(uri), c.placeProblem(uri, false)); problem != "" {
			return refuseMetadata("each of post_logout_redirect_uris " + problem)
		}
	}
	for _, link := range [][2]string{{"backchannel_logout_uri", c.BackchannelLogoutURI},
		{"frontchannel_logout_uri", c.FrontchannelLogoutURI}} {
		if link[1] != "" && httpsProblem(link[1]) != "" {
			return refuseMetadata(link[0] + " " + httpsProblem(link[1]))
		}
	}
	hasOrigin := func(uri string) bool { return Origin(uri) == Origin(c.FrontchannelLogoutURI) }
	if c.FrontchannelLogoutURI != "" && !slices.ContainsFunc(c.RedirectURIs, hasOrigin) {
		return refuseMetadata("frontchannel_logout_uri must have the origin of one of redirect_uris")
	}
	return nil
}

// checkRequestURIs checks request_uris; a fragment is the digest of the document (OpenID Connect Core §6.2).
func checkRequestURIs(c *ClientMetadata, _ Terms) *Error {
	if len(c.RequestURIs) > maxURIs {
		return refuseMetadata("request_uris must have at most 20 URIs")
	}
	for _, uri := range c.RequestURIs {
		bare, digest, _ := strings.Cut(uri, "#")
		strange := func(r rune) bool {
			return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) || r > '~'
		}
		if problem := httpsProblem(bare); problem != "" || len(uri) > 1000 || len(digest) > 86 || strings.ContainsFunc(digest, strange) {
			return refuseMetadata("each of request_uris " + cmp.Or(problem, "may have a digest in base64url for a fragment, and nothing else"))
		}
	}
	return nil
}

// registrableURI matches what the constraints on clients accept (uris_are_registrable): http(s) with a host, or a private-use
// scheme with a dot (RFC 8252 §7.1), so that no script, data or file scheme is one.
var registrableURI = regexp.MustCompile(
	`^(https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?([/?].*)?|[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:.*)$`)

// uriProblem returns what is wrong with a URI that a client registers for itself, or "".
func uriProblem(uri string) string {
	strange := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\\<>\"^`{|}", r) }
	_, err := url.Parse(uri)
	switch {
	case len(uri) > 1000:
		return "must have at most 1000 characters"
	case strings.Contains(uri, "#"):
		return "must have no fragment"
	case strings.Contains(uri, "*"):
		return "must have no wildcard"
	case strings.ContainsFunc(uri, strange):
		return "must be printable ASCII: Punycode for the host, percent-encoding for the rest"
	case err != nil || !registrableURI.MatchString(uri):
		return "must be an absolute URL without user name, its scheme in lower case"
	}
	return ""
}

// httpsProblem is uriProblem for a URI that has to be https.
func httpsProblem(uri string) string {
	if problem := uriProblem(uri); problem != "" || strings.HasPrefix(uri, "https://") {
		return problem
	}
	return "must be an https URL"
}

// isPrivateUse reports whether a registrable uri has a private-use scheme (RFC 8252 §7.1).
func isPrivateUse(uri string) bool {
	return !strings.HasPrefix(uri, "http://") && !strings.HasPrefix(uri, "https://")
}

// isLoopbackHTTP reports whether a registrable uri is on the user's own machine (RFC 8252 §7.3; localhost: OpenID Connect Dynamic
// Registration §2).
func isLoopbackHTTP(uri string) bool {
	return strings.HasPrefix(uri, "http://") && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, hostOf(uri))
}

// hostOf returns the host of a uri without its port; "" if it has none.
func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}
