package admin

import (
	"context"
	"encoding/json"
	"time"

	"gatehouse/api/store"
)

// ShowUser returns all that is known of a user but the password.
func (a *Admin) ShowUser(ctx context.Context, in Username) (store.UserDetails, error) {
	return a.store.ShowUser(ctx, in.Username)
}

// SetUser is what to change of a user: what is nil stays as it is, and what is empty is cleared.
type SetUser struct {
	Username string `json:"username" arg:"" help:"Whose row it is."`

	NewUsername *string `json:"new_username,omitempty" placeholder:"NAME" help:"A new username: applications may take them for another."`

	Name       *string `json:"name,omitempty" help:"Full name."`
	GivenName  *string `json:"given_name,omitempty" placeholder:"NAME" help:"First name."`
	FamilyName *string `json:"family_name,omitempty" placeholder:"NAME" help:"Surname."`
	Email      *string `json:"email,omitempty" placeholder:"ADDRESS" help:"Another one is not verified, unless said so."`

	EmailVerified *bool `json:"email_verified,omitempty" negatable:"" help:"The address is known to be the user's."`

	Picture  *string `json:"picture,omitempty" placeholder:"URL" help:"Address of a picture."`
	Zoneinfo *string `json:"zoneinfo,omitempty" placeholder:"ZONE" help:"Time zone, such as Europe/Paris."`
	Locale   *string `json:"locale,omitempty" placeholder:"TAG" help:"Language, such as de-AT."`

	Claims *json.RawMessage `json:"claims,omitempty" placeholder:"JSON" help:"All other claims, as a JSON object or a file with one."`

	ExpiresAt *time.Time `json:"expires_at,omitempty" placeholder:"DATE" help:"When the account ends; empty: not by itself."`
	UID       *int64     `json:"uid,omitempty" name:"uid" placeholder:"NUMBER" help:"Their number on machines; files keep the old one."`
	GID       *int64     `json:"gid,omitempty" name:"gid" placeholder:"NUMBER" help:"That of a group, or their uid for a group of their own."`
	Home      *string    `json:"home,omitempty" placeholder:"PATH" help:"Their folder there."`
	Shell     *string    `json:"shell,omitempty" placeholder:"PATH" help:"What a terminal runs there."`

	MustChange *bool `json:"must_change_password,omitempty" name:"must-change" negatable:"" help:"They choose another password next time."`
}

// SetUser changes what is named of a user.
func (a *Admin) SetUser(ctx context.Context, in SetUser) (Nothing, error) {
	return Nothing{}, a.store.SetUser(ctx, in.Username, changesOf(in))
}

// RemoveUser removes a user with all that is theirs.
func (a *Admin) RemoveUser(ctx context.Context, in Username) (store.RemovedUser, error) {
	return a.store.RemoveUser(ctx, in.Username)
}
