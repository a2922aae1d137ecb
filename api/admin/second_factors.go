package admin

import (
	"context"
	"time"
)

// SetGroupMFA is whether members of a group have to prove two factors.
type SetGroupMFA struct {
	Name string `json:"name" arg:""`
	From string `json:"from,omitempty" placeholder:"2027-03-01" help:"From this date on; at once unless given."`
	Off  bool   `json:"off,omitempty" help:"They need not any more."`
}

// SetGroupMFA has the members of a group prove two factors, at every application and on the account page: who has none sets one up.
func (a *Admin) SetGroupMFA(ctx context.Context, in SetGroupMFA) (Nothing, error) {
	from, err := parseDate(in.From)
	switch {
	case err != nil:
		return Nothing{}, err
	case in.Off && from != nil:
		return Nothing{}, invalid("%s and %s exclude each other", member("off"), member("from"))
	}
	return Nothing{}, a.store.SetGroupMFA(ctx, in.Name, !in.Off, from)
}

// SetMinACR is what sign-ins to a client have to reach.
type SetMinACR struct {
	ClientID string `json:"client_id" arg:""`
	MinACR   string `json:"min_acr,omitempty" arg:"" optional:"" help:"A value of acr_values, such as mfa or phr; nothing for any sign-in."`
	From     string `json:"min_acr_from,omitempty" name:"from" placeholder:"2027-03-01" help:"From this date on; at once unless given."`
}

// SetMinACR has sign-ins to a client reach an authentication context class at least.
func (a *Admin) SetMinACR(ctx context.Context, in SetMinACR) (Nothing, error) {
	from, err := parseDate(in.From)
	switch {
	case err != nil:
		return Nothing{}, err
	case in.MinACR == "" && from != nil:
		return Nothing{}, invalid("%s needs %s", member("min_acr_from"), member("min_acr"))
	}
	return Nothing{}, a.store.SetMinACR(ctx, in.ClientID, in.MinACR, from)
}

// parseDate reads a day, which begins at midnight UTC, or a time; nil for "".
func parseDate(text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return &t, nil
		}
	}
	return nil, invalid("%q is neither a date, such as 2027-03-01, nor a time, such as 2027-03-01T18:00:00+01:00", text)
}
