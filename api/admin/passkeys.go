package admin

import (
	"context"

	"gatehouse/api/store"
)

// Passkey is a passkey as an administrator sees one: there is nothing secret of it here.
type Passkey = store.PasskeyRow

// Passkeys are all of a user.
type Passkeys struct {
	Passkeys []Passkey `json:"passkeys" help:"The oldest first."`
}

// ListPasskeys returns the passkeys of a user.
func (a *Admin) ListPasskeys(ctx context.Context, in Username) (Passkeys, error) {
	list, err := a.store.ListPasskeysOf(ctx, in.Username)
	return Passkeys{list}, err
}

// SetPasskey is what to change of a passkey: what is nil stays as it is.
type SetPasskey struct {
	Username string `json:"username" arg:"" help:"Whose it is."`
	ID       string `json:"id" arg:"" help:"As gatehouse user passkey list shows it."`

	Name *string `json:"name,omitempty" help:"What its owner calls it."`

	HardwareProtected *bool `json:"hardware_protected,omitempty" negatable:"" help:"You have seen that its key cannot leave the hardware."`
}

// SetPasskey changes what is named of a passkey.
func (a *Admin) SetPasskey(ctx context.Context, in SetPasskey) (Nothing, error) {
	return Nothing{}, a.store.SetPasskey(ctx, in.Username, in.ID, in.Name, in.HardwareProtected)
}

// PasskeyID names a passkey.
type PasskeyID struct {
	Username string `json:"username" arg:"" help:"Whose it is."`
	ID       string `json:"id" arg:"" help:"As gatehouse user passkey list shows it."`
}

// RemovePasskey removes a passkey, as one that is lost.
func (a *Admin) RemovePasskey(ctx context.Context, in PasskeyID) (Nothing, error) {
	return Nothing{}, a.store.RemovePasskeyOf(ctx, in.Username, in.ID)
}
