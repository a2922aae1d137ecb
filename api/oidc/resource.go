package oidc

import "slices"

// Resources reads the resource parameter, which may be repeated (RFC 8707 §2): each value is one that allowed has. nil where there is none.
func Resources(values, allowed []string) (list []string, refusal *Error) {
	for _, value := range values {
		switch {
		case value == "":
			continue // as if it were not there (RFC 6749 §3.1)
		case !slices.Contains(allowed, value):
			return nil, refuse(InvalidTarget, "resource is not one that this client may have access tokens for")
		case !slices.Contains(list, value):
			list = append(list, value)
		}
	}
	return list, nil
}

// ResourcesOf are what access tokens of the client can be for: userinfo, which is the issuer's own, and the services in its row.
func (c *Client) ResourcesOf(issuer string) []string {
	return append([]string{issuer}, c.Audiences...)
}

// AudienceOf says whom an access token is for (RFC 9068 §3): what the request for it wanted; else what the authorization request asked
// for, and userinfo as long as there is an openid scope; else all that the client has.
func AudienceOf(c *Client, issuer, scope string, granted, wanted []string) Audience {
	switch {
	case wanted != nil:
		return wanted
	case granted == nil:
		return c.ResourcesOf(issuer)
	case HasScope(scope, "openid") && !slices.Contains(granted, issuer):
		return append(Audience{issuer}, granted...)
	}
	return granted
}

// ClientAudience says whom a token is for that a client got for itself: the services that it wants or all in its row, and where there
// are none the issuer (RFC 9068 §3).
func ClientAudience(c *Client, issuer string, wanted []string) Audience {
	switch {
	case wanted != nil:
		return wanted
	case len(c.Audiences) > 0:
		return c.Audiences
	}
	return Audience{issuer}
}
