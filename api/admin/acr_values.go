package admin

import (
	"cmp"
	"context"

	"gatehouse/api/store"
)

// ACRValue is an authentication context class that a sign-in can reach, and what it takes.
type ACRValue = store.ACRValueRow

// ListACRValues returns all by their place: there are few.
func (a *Admin) ListACRValues(ctx context.Context, _ Nothing) ([]ACRValue, error) {
	return a.store.ListACRValues(ctx)
}

// AddACRValue is a class to add.
type AddACRValue struct {
	Value    string `json:"value" arg:"" help:"As applications ask for it and tokens say it."`
	Position int    `json:"position,omitempty" placeholder:"N" help:"Its place: of several that were reached, tokens say the last."`
	Factors  int    `json:"factors,omitempty" placeholder:"N" help:"How many different ones it takes, 1 unless given; a passkey is two."`

	PhishingResistant bool `json:"phishing_resistant,omitempty" help:"It takes a passkey."`
	HardwareProtected bool `json:"hardware_protected,omitempty" help:"It takes a passkey of which that is known."`
}

// AddACRValue adds a class, as the last unless it has a place.
func (a *Admin) AddACRValue(ctx context.Context, in AddACRValue) (Nothing, error) {
	return Nothing{}, a.store.AddACRValue(ctx, ACRValue{Value: in.Value, Position: in.Position, Factors: cmp.Or(in.Factors, 1),
		PhishingResistant: in.PhishingResistant, HardwareProtected: in.HardwareProtected})
}

// SetACRValue is what to change of a class: what is nil stays as it is.
type SetACRValue struct {
	Value string `json:"value" arg:"" help:"Whose row it is."`

	NewValue *string `json:"new_value,omitempty" placeholder:"VALUE" help:"Another value; clients that have it for min_acr follow."`
	Position *int    `json:"position,omitempty" placeholder:"N" help:"Its place: of several that were reached, tokens say the last."`
	Factors  *int    `json:"factors,omitempty" placeholder:"N" help:"How many different ones it takes, 1 or 2; a passkey is two."`

	PhishingResistant *bool `json:"phishing_resistant,omitempty" negatable:"" help:"It takes a passkey."`
	HardwareProtected *bool `json:"hardware_protected,omitempty" negatable:"" help:"It takes a passkey of which that is known."`
}

// SetACRValue changes what is named of a class.
func (a *Admin) SetACRValue(ctx context.Context, in SetACRValue) (Nothing, error) {
	return Nothing{}, a.store.Set(ctx, "acr_values", in.Value, changesOf(in))
}

// ACRValueName names a class.
type ACRValueName struct {
	Value string `json:"value" arg:""`
}

// RemoveACRValue removes a class that nothing has to reach.
func (a *Admin) RemoveACRValue(ctx context.Context, in ACRValueName) (Nothing, error) {
	return Nothing{}, a.store.RemoveACRValue(ctx, in.Value)
}
