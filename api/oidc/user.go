package oidc

import (
	"bytes"
	"encoding/json"
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
	Custom        CustomClaims
	Groups        []string
	UpdatedAt     time.Time

	UID, GID    *int64 // of machines; nil: they have none
	Home, Shell string
	GIDs        []int64 // of their groups, those that have one

	Accepted Acceptances // of terms

	MustChangePassword bool       // before a sign-in with it goes on
	PasskeyLaterAt     *time.Time // when they did not want one yet
	ExpiresAt          *time.Time // when the account ends; nil: it does not by itself
	Workshop           string     // whose code the account was made with; "": none
}

// CustomClaims are those of users.claims. Numbers are json.Number, with all the digits that they came with.
type CustomClaims map[string]any

// UnmarshalJSON reads an object.
func (c *CustomClaims) UnmarshalJSON(text []byte) error {
	if string(text) == "{}" { // most users
		*c = CustomClaims{}
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode((*map[string]any)(c))
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
