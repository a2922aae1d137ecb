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

// grantableResources are those that an authorization request asks for; the scope openid asks for userinfo, too. nil where there is none.
func grantableResources(values []string, c *Client, issuer, scope string) (list []string, refusal *Error) {
	list, refusal = Resources(values, c.ResourcesOf(issuer))
	if list != nil && HasScope(scope, "openid") && !slices.Contains(list, issuer) {
		list = append([]string{issuer}, list...)
	}
	return list, refusal
}

// AudienceOf says whom an access token is for (RFC 9068 §3): what the request for it wanted; else what was granted, without what the
// client has no longer, and the issuer where that is all; else, where the authorization request named nothing, all that the client has.
func AudienceOf(c *Client, issuer string, granted, wanted []string) Audience {
	all := c.ResourcesOf(issuer)
	switch {
	case wanted != nil:
		return wanted
	case granted == nil:
		return all
	}
	left := slices.DeleteFunc(slices.Clone(granted), func(resource string) bool { return !slices.Contains(all, resource) })
	if len(left) == 0 {
		return Audience{issuer}
	}
	return left
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
