package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/store"
)

// User is a user as an administrator sees one.
type User = store.UserRow

// Username names a user.
type Username struct {
	Username string `json:"username" arg:""`
}

// AddUser is a user to add.
type AddUser struct {
	Username      string          `json:"username" help:"What they type to sign in."`
	Sub           string          `json:"sub,omitempty" help:"What applications know them by; random if there is none."`
	Password      string          `json:"password,omitempty" help:"Without one they cannot sign in with a password."`
	PasswordHash  string          `json:"password_hash,omitempty" help:"In place of a password: a hash of another system."`
	MustChange    bool            `json:"must_change_password,omitempty" help:"They choose another one at the first sign-in."`
	Name          string          `json:"name,omitempty" help:"Full name."`
	GivenName     string          `json:"given_name,omitempty" help:"First name."`
	FamilyName    string          `json:"family_name,omitempty" help:"Surname."`
	Email         string          `json:"email,omitempty" help:"E-mail address."`
	EmailVerified bool            `json:"email_verified,omitempty" help:"The address is known to be theirs."`
	Picture       string          `json:"picture,omitempty" help:"Address of a picture."`
	Zoneinfo      string          `json:"zoneinfo,omitempty" help:"Time zone, such as Europe/Paris."`
	Locale        string          `json:"locale,omitempty" help:"Language, such as de-AT."`
	Claims        json.RawMessage `json:"claims,omitempty" help:"More claims, a JSON object."`
	Groups        []string        `json:"groups,omitempty" help:"Groups that they are in."`
	ExpiresAt     *time.Time      `json:"expires_at,omitempty" help:"When the account ends, if it does by itself."`
	Until         *time.Time      `json:"until,omitempty" help:"When the memberships of these groups end, if they do by themselves."`
	UID           *int64          `json:"uid,omitempty" help:"Their number on machines; the next one if there is a range."`
	GID           *int64          `json:"gid,omitempty" help:"That of a group; without it they have a group of their own, of the number uid."`
	Home          string          `json:"home,omitempty" help:"Their folder there."`
	Shell         string          `json:"shell,omitempty" help:"What a terminal runs there."`
}

// AddedUser is a user who was added.
type AddedUser struct {
	Username string `json:"username"`
	Sub      string `json:"sub"`
}

// AddUser adds a user. Without a password they cannot sign in with one.
func (a *Admin) AddUser(ctx context.Context, in AddUser) (AddedUser, error) {
	hash := in.PasswordHash
	switch {
	case in.Password != "" && hash != "":
		return AddedUser{}, invalid("%s and %s exclude each other", member("password"), member("password_hash"))
	case in.Password != "":
		var err error
		if hash, err = a.hash(ctx, in.Username, in.Email, in.Password); err != nil {
			return AddedUser{}, err
		}
	}
	until := store.GroupsUntil{}
	for _, group := range in.Groups {
		if in.Until != nil {
			until[group] = *in.Until
		}
	}
	sub, err := a.store.AddUser(ctx, User{Username: in.Username, Sub: in.Sub, Name: in.Name, GivenName: in.GivenName,
		FamilyName: in.FamilyName, Email: in.Email, EmailVerified: in.EmailVerified, Picture: in.Picture, Zoneinfo: in.Zoneinfo,
		Locale: in.Locale, Claims: in.Claims, Groups: in.Groups, MustChangePassword: in.MustChange,
		ExpiresAt: in.ExpiresAt, GroupsUntil: until,
		UID: in.UID, GID: in.GID, Home: in.Home, Shell: in.Shell}, hash)
	return AddedUser{in.Username, sub}, err
}

// SetPassword is a new password of a user.
type SetPassword struct {
	Username string `json:"username"`
	Password string `json:"password"`

	MustChange   bool `json:"must_change_password,omitempty"` // the user chooses another one at the next sign-in with it
	KeepSessions bool `json:"keep_sessions,omitempty"`        // neither sessions end, nor what applications hold
	// revoke the user's personal access tokens, too, and unlink the accounts that were linked since the former password was set
	SignOut bool `json:"sign_out,omitempty"`
}

// SetPasswordDone is what became of what somebody may have made with the former password.
type SetPasswordDone struct {
	Unlinked []string `json:"unlinked,omitempty"` // accounts of upstreams
}

// SetPassword replaces a password, and ends sessions and what applications hold.
func (a *Admin) SetPassword(ctx context.Context, in SetPassword) (SetPasswordDone, error) {
	if in.KeepSessions && in.SignOut {
		return SetPasswordDone{}, invalid("%s and %s exclude each other", member("keep_sessions"), member("sign_out"))
	}
	email, err := a.store.AddressOf(ctx, in.Username)
	if err != nil {
		return SetPasswordDone{}, err
	}
	hash, err := a.hash(ctx, in.Username, email, in.Password)
	if err != nil {
		return SetPasswordDone{}, err
	}
	unlinked, err := a.store.SetPassword(ctx,
		store.NewPassword{Username: in.Username, Hash: hash, MustChange: in.MustChange,
			KeepSessions: in.KeepSessions, SignOut: in.SignOut})
	return SetPasswordDone{unlinked}, err
}

// LinkUser is whom a link is for.
type LinkUser struct {
	Username string `json:"username" arg:""`
	Hours    int    `json:"hours,omitempty" default:"24" help:"How long it is good, at most 720."`
	ClientID string `json:"client_id,omitempty" placeholder:"ID" help:"Application where it ends; the account page without it."`
}

// UserLink is an address that lets a person set a password, once.
type UserLink struct {
	Link      string    `json:"link"`
	ExpiresAt time.Time `json:"expires_at"`
}

// LinkUser makes an address with which a user sets a first or a forgotten password. It replaces those that were made before; what the
// user has signed in to ends when it is used.
func (a *Admin) LinkUser(ctx context.Context, in LinkUser) (UserLink, error) {
	lives, err := a.linkLife(in.Hours)
	if err != nil {
		return UserLink{}, err
	}
	token, digest := newSecret()
	expires, err := a.store.AddAccountLink(ctx, in.Username, in.ClientID, digest, lives)
	return UserLink{a.UIOrigin + "/link#" + token, expires}, err
}

var errNoPages = invalid("GATEHOUSE_UI_ORIGIN is not set: the link is an address of the pages, such as https://login.example.org")

// linkLife returns how long a link is good that is to be made; 0 hours are a day.
func (a *Admin) linkLife(hours int) (time.Duration, error) {
	hours = cmp.Or(hours, 24)
	switch {
	case hours < 1 || hours > 720:
		return 0, invalid("%s must be from 1 to 720", member("hours"))
	case a.UIOrigin == "":
		return 0, errNoPages
	}
	return time.Duration(hours) * time.Hour, nil
}

// hash returns what is stored of a new password.
func (a *Admin) hash(ctx context.Context, username, email, password string) (string, error) {
	if err := (authn.NewPassword{Password: password, Username: username, Email: email, Min: a.PasswordMin}).Check(); err != nil {
		return "", invalid("%v", err)
	}
	return a.Passwords.Hash(ctx, password)
}

// DisableUser refuses a user and all that is theirs, from the next request on.
func (a *Admin) DisableUser(ctx context.Context, in Username) (Nothing, error) {
	return Nothing{}, a.store.DisableUser(ctx, in.Username)
}

// EnableUser is a user to let in again.
type EnableUser struct {
	Username     string `json:"username" arg:""`
	KeepSessions bool   `json:"keep_sessions,omitempty" help:"With the sessions, and what applications held, of before."`
}

// EnableUser accepts a user again, who then signs in anew.
func (a *Admin) EnableUser(ctx context.Context, in EnableUser) (Nothing, error) {
	return Nothing{}, a.store.EnableUser(ctx, in.Username, in.KeepSessions)
}

// ListUsers is which users are wanted.
type ListUsers struct {
	Paging
	Search string `json:"q,omitempty" help:"In the username, the names or the address; of one or two characters: where a word begins."`
	Group  string `json:"group,omitempty" help:"Members of this group only."`
	Ending string `json:"ending,omitempty" help:"Only those whose account ends within this time, such as 30d."`
}

// ListUsers returns users by username.
func (a *Admin) ListUsers(ctx context.Context, in ListUsers) (Page[User], error) {
	var ending time.Time
	if in.Ending != "" {
		var within Duration
		if err := within.UnmarshalText([]byte(in.Ending)); err != nil {
			return Page[User]{}, invalid("%s: %v", member("ending"), err)
		}
		if in.Search != "" || in.Group != "" {
			return Page[User]{}, invalid("%s excludes %s and %s", member("ending"), member("q"), member("group"))
		}
		ending = time.Now().Add(time.Duration(within))
	}
	return page(in.Paging, func(u User) string { return u.Username }, func(p store.Page) ([]User, error) {
		return a.store.ListUsers(ctx, store.UserQuery{Page: p, Search: in.Search, Group: in.Group, EndingBy: ending})
	})
}
