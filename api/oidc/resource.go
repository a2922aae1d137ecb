package oidc

import "slices"

// Resources reads the resource parameter, which may be repeated (RFC 8707 §2): each value has to be in allowed. nil means that
// there is none.
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

// ResourcesOf returns the possible audiences of the client's access tokens: the issuer, for userinfo, and the services in its
// row.
func (c *Client) ResourcesOf(issuer string) []string {
	return append([]string{issuer}, c.Audiences...)
}

// grantableResources returns those that an authorization request names; the scope openid adds userinfo. nil means that it names
// none.
func grantableResources(values []string, c *Client, issuer, scope string) (list []string, refusal *Error) {
	list, refusal = Resources(values, c.ResourcesOf(issuer))
	if list != nil && HasScope(scope, "openid") && !slices.Contains(list, issuer) {
		list = append([]string{issuer}, list...)
	}
	return list, refusal
}

// AudienceOf returns the audience of an access token (RFC 9068 §3): the resources that the token request names; else those that
// were granted and that the client still has, or the issuer if none is left; else, where the authorization request named none,
// all of the client's.
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

// ClientAudience returns the audience of a token that a client got for itself: the services that it names or all in its row, or
// the issuer if there are none (RFC 9068 §3).
func ClientAudience(c *Client, issuer string, wanted []string) Audience {
	switch {
	case wanted != nil:
		return wanted
	case len(c.Audiences) > 0:
		return c.Audiences
	}
	return Audience{issuer}
}
