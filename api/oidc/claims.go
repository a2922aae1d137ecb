package oidc

import (
	"slices"
	"strings"
)

// A claim is one line: its name, the scope that releases it, and how it is read from a user; nil leaves it out.
type claim struct {
	name, scope string
	read        func(*User) any
}

// claims is the table from which userinfo, ID tokens and discovery are made (OpenID Connect Core §5.1, §5.4). Those without a
// column of their own are read from users.claims.
var claims = []claim{
	{"name", "profile", func(u *User) any { return orNil(u.fullName()) }},
	{"given_name", "profile", func(u *User) any { return orNil(u.GivenName) }},
	{"family_name", "profile", func(u *User) any { return orNil(u.FamilyName) }},
	{"middle_name", "profile", custom[string]("middle_name")},
	{"nickname", "profile", custom[string]("nickname")},
	{"preferred_username", "profile", func(u *User) any { return u.Username }},
	{"profile", "profile", custom[string]("profile")},
	{"picture", "profile", func(u *User) any { return orNil(u.Picture) }},
	{"website", "profile", custom[string]("website")},
	{"gender", "profile", custom[string]("gender")},
	{"birthdate", "profile", custom[string]("birthdate")},
	{"zoneinfo", "profile", func(u *User) any { return orNil(u.Zoneinfo) }},
	{"locale", "profile", func(u *User) any { return orNil(u.Locale) }},
	{"updated_at", "profile", func(u *User) any { return u.UpdatedAt.Unix() }},
	{"email", "email", func(u *User) any { return orNil(u.Email) }},
	{"email_verified", "email", func(u *User) any { return u.emailVerified() }},
	{"address", "address", custom[map[string]any]("address")},
	{"phone_number", "phone", custom[string]("phone_number")},
	{"phone_number_verified", "phone", custom[bool]("phone_number_verified")},
	{"groups", "groups", func(u *User) any { return NotNil(u.Groups) }},
	{"uid", "posix", func(u *User) any { return orNone(u.UID) }},
	{"gid", "posix", func(u *User) any { return orNone(u.GID) }},
	{"gids", "posix", posixGroups},
	{"home", "posix", func(u *User) any { return orNil(u.Home) }},
	{"shell", "posix", func(u *User) any { return orNil(u.Shell) }},
	{"voperson_policy_agreement", "voperson_policy_agreement", func(u *User) any { return u.Accepted.addresses() }},
}

// custom reads a claim of users.claims if it has the type that the specification asks for (OpenID Connect Core §5.1).
func custom[T any](name string) func(*User) any {
	return func(u *User) any {
		if value, ok := u.Custom[name].(T); ok && !isEmpty(value) {
			return value
		}
		return nil
	}
}

// isEmpty reports whether a claim is left out; none is ever null or "" (OpenID Connect Core §5.3.2).
func isEmpty(value any) bool { return value == nil || value == "" }

// reserved are the claims that only the protocol sets; users.claims cannot override them.
var reserved = map[string]bool{"iss": true, "sub": true, "aud": true, "exp": true, "nbf": true, "iat": true, "jti": true, "azp": true,
	"nonce": true, "auth_time": true, "acr": true, "amr": true, "at_hash": true, "c_hash": true, "s_hash": true, "sid": true,
	"scope": true, "client_id": true, "cnf": true, "act": true, "may_act": true, "events": true, "grant_id": true, "subject_token": true}

// ReleaseClaims returns the claims of u that scope releases, and those named in released, which a client gets whatever the scope
// (clients.released_claims, the claims parameter). Custom claims of users.claims come with the profile scope, but never replace
// one of the table or of the protocol.
func ReleaseClaims(u *User, scope string, released []string) map[string]any {
	scopes := strings.Split(scope, " ")
	may := func(name, itsScope string) bool {
		return slices.Contains(scopes, itsScope) || slices.Contains(released, name)
	}
	out := map[string]any{}
	for name, value := range u.Custom {
		if !isOurs(name) && !isEmpty(value) && may(name, "profile") {
			out[name] = value
		}
	}
	for _, c := range claims {
		if !may(c.name, c.scope) {
			continue
		}
		if value := c.read(u); value != nil {
			out[c.name] = value
		}
	}
	return out
}

// UserinfoClaims returns what userinfo tells a client of u by an access token with scope (OpenID Connect Core §5.3.2): what the scope
// releases, what was asked for by name, and what the rows of the client make. sub is u's at the client.
func (c *Client) UserinfoClaims(u *User, sub, scope string, asked []string) map[string]any {
	out := ReleaseClaims(u, scope, slices.Concat(c.ReleasedClaims, asked))
	c.addRowClaims(out, u, scope)
	out["sub"] = sub
	return out
}

// isOurs reports whether a name is one of the protocol's or of the table's, in any case: readers written in Go take Groups for
// groups, too, and keep the later of the two.
func isOurs(name string) bool {
	for known := range reserved {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	return slices.ContainsFunc(claims, func(c claim) bool { return strings.EqualFold(name, c.name) })
}

// ClaimNames returns claims_supported of discovery.
func ClaimNames() []string {
	list := []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"}
	for _, c := range claims {
		list = append(list, c.name)
	}
	return list
}

// posixGroups returns the numbers of a person's groups, their first one left out.
func posixGroups(u *User) any {
	if u.UID == nil {
		return nil
	}
	list := []int64{}
	for _, gid := range u.GIDs {
		if u.GID == nil || gid != *u.GID {
			list = append(list, gid)
		}
	}
	return list
}

func orNone(number *int64) any {
	if number == nil {
		return nil
	}
	return *number
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// NotNil returns list, empty rather than nil: in JSON an array rather than null, and in SQL '{}' rather than NULL.
func NotNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
