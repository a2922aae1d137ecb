package oidc

import (
	"strings"
	"time"
)

// User is a row of users, with the groups.
type User struct {
	ID            string // of the row; no relying party gets it
	Sub           string
	Username      string
	Name          string
	GivenName     string
	FamilyName    string
	Email         string
	EmailVerified bool
	Picture       string
	Zoneinfo      string
	Locale        string
	Custom        map[string]any // users.claims
	Groups        []string
	UpdatedAt     time.Time
}

// DisplayName returns how pages address the user.
func (u *User) DisplayName() string {
	if n := u.fullName(); n != "" {
		return n
	}
	return u.Username
}

func (u *User) fullName() string {
	if u.Name != "" {
		return u.Name
	}
	return strings.TrimSpace(u.GivenName + " " + u.FamilyName)
}

func (u *User) emailVerified() any {
	if u.Email == "" {
		return nil
	}
	return u.EmailVerified
}
