package oidc

import (
	"slices"
	"time"
)

// What rows of resources ask of whoever gets an access token. Whoever names a service that they may have no token for is refused. Of
// services that nobody named, which are those in the client's row, the token leaves those out whose groups the person is in none of;
// what they ask of the sign-in holds for all that the token is for.

// MaxAccessTokenLifetime is the longest that a row may say.
const MaxAccessTokenLifetime = 24 * time.Hour

// resource returns the row of a service, nil for one that there is none of: it asks for nothing.
func (c *Client) resource(identifier string) *Resource {
	i := slices.IndexFunc(c.Resources, func(r Resource) bool { return isSameResource(r.Identifier, identifier) })
	if i < 0 {
		return nil
	}
	return &c.Resources[i]
}

// disabled reports whether an administrator shut the service.
func (r *Resource) disabled() bool { return r != nil && r.DisabledAt != nil }

// admits reports whether the service is for this person.
func (r *Resource) admits(u *User) bool {
	return r == nil || len(r.AllowedGroups) == 0 ||
		slices.ContainsFunc(r.AllowedGroups, func(group string) bool { return slices.Contains(u.Groups, group) })
}

// isForPeople reports whether the row asks for what a client by itself cannot be or do.
func (r *Resource) isForPeople() bool {
	return r != nil && (len(r.AllowedGroups) > 0 || r.MinACR != "")
}

// demand returns what the service asks of the sign-in of this person; ok is false where it is nothing.
func (c *Client) demand(identifier string, u *User) (d Demand, ok bool) {
	row := c.resource(identifier)
	if row == nil || row.MinACR == "" || !row.admits(u) {
		return d, false
	}
	return Demand{AnyOf: c.Policy.named([]string{row.MinACR}), By: ByResource, Name: row.Identifier}, true
}

// NotAdmittedTo is the refusal of a user who is in none of the groups that a service is for.
func NotAdmittedTo(username, identifier string) *Error {
	return &Error{Code: AccessDenied, Description: "the person is not in a group that may use the service that resource names",
		Log: "user " + username + " is in none of the allowed_groups of resource " + identifier}
}

// RefuseService returns why a token for the service is not for this person after a sign-in with the methods amr, nil if it is.
func (c *Client) RefuseService(identifier string, u *User, amr []string) *Error {
	row := c.resource(identifier)
	if row.disabled() {
		return &Error{Code: InvalidTarget, Description: "the service is closed", Log: "disabled_at of resource " + identifier + " is set"}
	}
	if !row.admits(u) {
		e := NotAdmittedTo(u.Username, identifier)
		e.Code = InvalidTarget
		return e
	}
	if d, asks := c.demand(identifier, u); asks && !d.metBy(amr) {
		return &Error{Code: InvalidGrant, Description: "the person signed in with less than the service asks for; have them sign in again",
			Log: "user " + u.Username + " signed in with less than min_acr of resource " + identifier}
	}
	return nil
}

// RefuseAtItself is RefuseService of what the client is itself: the service with its client_id and, if it serves resources, those in its
// row. A personal access token names no service, so whoever asks about one is it.
func (c *Client) RefuseAtItself(u *User, amr []string) *Error {
	services := []string{c.ClientID}
	if c.ResourceServer {
		services = append(services, c.Audiences...)
	}
	for _, identifier := range services {
		if refusal := c.RefuseService(identifier, u, amr); refusal != nil {
			return refusal
		}
	}
	return nil
}

// AudienceFor returns the audience of an access token of a grant of u, as AudienceOf has it and within what rows of resources ask.
func (c *Client) AudienceFor(u *User, g *Grant, issuer string, wanted []string) (audience Audience, refusal *Error) {
	isNamed := wanted != nil || g.Resources != nil
	for _, identifier := range AudienceOf(c, issuer, g.Resources, wanted) {
		if identifier != issuer {
			if !isNamed && !c.resource(identifier).admits(u) {
				continue
			}
			if refusal = c.RefuseService(identifier, u, g.AMR); refusal != nil {
				return nil, refusal
			}
		}
		audience = append(audience, identifier)
	}
	return audience, nil
}

// ClientAudience returns the audience of a token that a client got for itself: the services that it names or all in its row, or
// the issuer if there are none (RFC 9068 §3). A client is in no group and has not signed in, so none is one that asks for either.
func ClientAudience(c *Client, issuer string, wanted []string) (audience Audience, refusal *Error) {
	if wanted != nil {
		for _, identifier := range wanted {
			if c.resource(identifier).isForPeople() {
				return nil, &Error{Code: InvalidTarget, Description: "tokens for this service are for people",
					Log: "allowed_groups or min_acr of resource " + identifier + " is set"}
			}
		}
		return wanted, nil
	}
	audience = slices.DeleteFunc(c.enabledAudiences(), func(identifier string) bool { return c.resource(identifier).isForPeople() })
	if len(audience) == 0 {
		return Audience{issuer}, nil
	}
	return audience, nil
}

// IsServed reports whether the services that a token is for still take whoever it is of, as far as that counts before it expires: none
// is closed, and the person is in a group of each. u is nil for a client by itself.
func (c *Client) IsServed(audience Audience, u *User) bool {
	return !slices.ContainsFunc(audience, func(identifier string) bool {
		row := c.resource(identifier)
		return row.disabled() || u == nil && row.isForPeople() || u != nil && !row.admits(u)
	})
}

// AsksGroups reports whether IsServed depends on the groups of the person.
func (c *Client) AsksGroups(audience Audience) bool {
	return slices.ContainsFunc(audience, func(identifier string) bool {
		row := c.resource(identifier)
		return row != nil && len(row.AllowedGroups) > 0
	})
}

// GroupsOfServices returns the allowed_groups of each service that has some, however the client's row spells it.
func (c *Client) GroupsOfServices() map[string][]string {
	groups := map[string][]string{}
	for i := range c.Resources {
		row := &c.Resources[i]
		for _, identifier := range append([]string{row.Identifier}, c.Audiences...) {
			if len(row.AllowedGroups) > 0 && c.resource(identifier) == row {
				groups[identifier] = row.AllowedGroups
			}
		}
	}
	return groups
}

// AccessTokenLifetime returns how long an access token for these services lasts: the shortest of what their rows say, and usual for
// those that say nothing.
func (c *Client) AccessTokenLifetime(audience Audience, usual time.Duration) time.Duration {
	shortest := usual
	for i, identifier := range audience {
		lifetime := usual
		if row := c.resource(identifier); row != nil && row.AccessTokenLifetime > 0 {
			lifetime = time.Duration(row.AccessTokenLifetime) * time.Second
		}
		if i == 0 || lifetime < shortest {
			shortest = lifetime
		}
	}
	return shortest
}

// NotAdmitted returns why who is signed in may not go on, and at which service if it is one; nil if they may.
func (r AuthorizeRequest) NotAdmitted(c *Client, s Standing) (refusal *Error, service string) {
	if !s.Allowed {
		return NotAdmitted(s.User.Username, c.ClientID), ""
	}
	for _, identifier := range r.Resources {
		if !c.resource(identifier).admits(s.User) {
			return NotAdmittedTo(s.User.Username, identifier), identifier
		}
	}
	return nil, ""
}
