package oidc

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// checkRedirectURIs checks redirect_uris (OpenID Connect Dynamic Registration §2, RFC 8252 §7).
func checkRedirectURIs(c *ClientMetadata, _ Terms) *Error {
	switch {
	case len(c.ResponseTypes) > 0 && len(c.RedirectURIs) == 0:
		return refuse(InvalidRedirectURI, "redirect_uris is missing")
	case len(c.RedirectURIs) > maxURIs:
		return refuse(InvalidRedirectURI, "redirect_uris must have at most 100 URIs")
	}
	c.RedirectURIs = NotNil(c.RedirectURIs)
	for _, uri := range c.RedirectURIs {
		if problem := uriProblem(uri); problem != "" {
			return refuse(InvalidRedirectURI, "each of redirect_uris "+problem)
		}
	}
	c.ApplicationType = c.kindOfApplication()
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

// kindOfApplication returns application_type, or what the client is where that is left out (RFC 7591 has none) or cannot be true: a public
// client on the person's own machine is a native one, and so is whoever has a scheme of its own, which browsers do not lead to any web
// application. Some say "web" all the same, since their libraries do.
func (c *ClientMetadata) kindOfApplication() string {
	isOnPersonsMachine := func(uri string) bool { return isPrivateUse(uri) || isLoopbackHTTP(uri) }
	switch {
	case (c.ApplicationType == "" || c.ApplicationType == "web") && slices.ContainsFunc(c.RedirectURIs, isPrivateUse):
		return "native"
	case c.ApplicationType != "":
		return c.ApplicationType
	case c.TokenEndpointAuthMethod == "none" && slices.ContainsFunc(c.RedirectURIs, isOnPersonsMachine):
		return "native"
	}
	return "web"
}

// placeProblem returns why answers must not be sent to a registrable uri of this client, or "".
func (c *ClientMetadata) placeProblem(uri string, frontChannel bool) string {
	web := c.ApplicationType == "web"
	switch {
	case web && isPrivateUse(uri): // of a logout; one for answers makes the client a native one
		return "of a web application must be https"
	case web && frontChannel && (!strings.HasPrefix(uri, "https://") || hostOf(uri) == "localhost"):
		return "of a web application that gets tokens in the front channel must be https and not localhost"
	case strings.HasPrefix(uri, "http://") && !isLoopbackHTTP(uri):
		return "must be https; http is for localhost, 127.0.0.1 and [::1]"
	}
	return ""
}

// checkLinks requires https of initiate_login_uri (OpenID Connect Core §4). Of what users see of the client, only links to a host
// of its redirect URIs or its document are kept, or anybody could show somebody else's logo, terms or home (OpenID Connect Dynamic
// Registration §9.1). Pages show fewer: those at the one host that an answer goes to.
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
	for _, link := range []*string{&c.LogoURI, &c.PolicyURI, &c.TOSURI, &c.InitiateLoginURI, &c.ClientURI} {
		if !answersFrom(hostOf(*link)) {
			*link = ""
		}
	}
	return nil
}

// checkLogoutURIs requires the origin of a redirect URI (OpenID Connect Front-Channel Logout §2).
func checkLogoutURIs(c *ClientMetadata, _ Terms) *Error {
	if len(c.PostLogoutRedirectURIs) > maxURIs {
		return refuseMetadata("post_logout_redirect_uris must have at most 100 URIs")
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
		return refuseMetadata("request_uris must have at most 100 URIs")
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
