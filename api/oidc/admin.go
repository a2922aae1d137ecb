package oidc

import (
	"slices"
	"strings"
)

// AdminRole is what somebody may do by the admin API at most. What their token has no scope for they may not do either.
type AdminRole string

// The roles. Members of one of the groups in Settings have one, and so does whoever owns a group; a client that comes for itself is an
// administrator as far as its scope goes, as only an administrator can have written that.
const (
	Administrator AdminRole = "administrator"
	Reader        AdminRole = "reader"    // looks, and changes nothing
	HelpDesk      AdminRole = "help desk" // links, sessions and factors of people who have no role, and sign-up
	Owner         AdminRole = "owner"     // of groups, to whose members they see
)

// OwnersGroup is the group of whoever owns a group. Triggers keep its members.
const OwnersGroup = "gatehouse-owners"

// AdminPath is that of the admin API below the issuer.
const AdminPath = "/admin/v1"

// AdminRead and AdminWrite are the scopes for all of it. One noun alone has admin.NOUN.read and admin.NOUN.write.
const (
	AdminRead  = "admin.read"
	AdminWrite = "admin.write" // and read
)

// IsAdminScope reports whether a scope is for the admin API.
func IsAdminScope(scope string) bool { return strings.HasPrefix(scope, "admin.") }

// HasAdminScope reports whether a scope allows to read, or to write, a noun of the admin API.
func HasAdminScope(scope, noun string, write bool) bool {
	for _, one := range []string{AdminRead, "admin." + noun + ".read"} {
		if !write && HasScope(scope, one) {
			return true
		}
	}
	return HasScope(scope, AdminWrite) || HasScope(scope, "admin."+noun+".write")
}

// AdminResource returns what access tokens for the admin API are for (RFC 8707).
func (s *Settings) AdminResource() string { return s.Issuer + AdminPath }

// AdminGroups returns those that give somebody a role.
func (s *Settings) AdminGroups() (groups []string) {
	for _, name := range []string{s.AdminGroup, s.ReaderGroup, s.HelpDeskGroup} {
		if name != "" {
			groups = append(groups, name)
		}
	}
	return groups
}

// AdminRoleOf returns the role of a member of groups, the one that may the most; "" for none.
func (s *Settings) AdminRoleOf(groups []string) AdminRole {
	member := func(group string) bool { return group != "" && slices.Contains(groups, group) }
	switch {
	case member(s.AdminGroup):
		return Administrator
	case member(s.ReaderGroup):
		return Reader
	case member(s.HelpDeskGroup):
		return HelpDesk
	case s.AdminGroup != "" && member(OwnersGroup):
		return Owner
	}
	return ""
}

// Reaches reports whether a sign-in of class acr has all that class wanted takes.
func (p Policy) Reaches(acr, wanted string) bool {
	have, want := p.named([]string{acr}), p.named([]string{wanted})
	return len(have) > 0 && len(want) > 0 && have[0].Factors >= want[0].Factors &&
		(have[0].PhishingResistant || !want[0].PhishingResistant) && (have[0].HardwareProtected || !want[0].HardwareProtected)
}

// Problem is why a request to the admin API was refused (RFC 9457).
type Problem struct {
	Type       string `json:"type"` // about:blank: the title says all that there is to it
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Detail     string `json:"detail,omitempty"`     // what to do about it
	Code       string `json:"code"`                 // for programs
	Constraint string `json:"constraint,omitempty"` // of the database that refuses
	RequestID  string `json:"request_id,omitempty"` // of the log
	Current    any    `json:"current,omitempty"`    // what is there by now, where If-Match named something else
	ACRValues  string `json:"acr_values,omitempty"` // what the sign-in has to reach (RFC 9470)
}
