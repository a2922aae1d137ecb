package admin

import (
	"context"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Factors are what a user has set up beside a password.
type Factors = store.Factors

// ListFactors returns them.
func (a *Admin) ListFactors(ctx context.Context, in Username) (Factors, error) {
	return a.store.FactorsOf(ctx, in.Username)
}

// ResetFactors is who has lost their factors.
type ResetFactors struct {
	Username string `json:"username" arg:""`
	Hours    int    `json:"hours,omitempty" default:"24" help:"How long the address is good, at most 720."`
}

// FactorsReset is what was removed and ended, and the address with which the user sets a password.
type FactorsReset struct {
	TOTP          bool      `json:"totp"`
	Passkeys      int       `json:"passkeys"`
	RecoveryCodes int       `json:"recovery_codes"`
	Sessions      int       `json:"sessions"`
	Link          string    `json:"link"`
	ExpiresAt     time.Time `json:"expires_at"`
}

// ResetFactors removes a user's one-time codes, recovery codes and passkeys, and ends their sessions: whoever has the password alone gets
// in from then on, until they have set up a factor. So it makes an account link, too, which replaces those from before.
func (a *Admin) ResetFactors(ctx context.Context, in ResetFactors) (FactorsReset, error) {
	lives, err := a.linkLife(in.Hours)
	if err != nil {
		return FactorsReset{}, err
	}
	token, digest := newSecret()
	r, err := a.store.ResetFactors(ctx, in.Username, digest, lives)
	if err != nil {
		return FactorsReset{}, err
	}
	if a.Tell != nil {
		a.Tell(ctx, oidc.FactorsReset{Username: in.Username, Passkeys: r.Passkeys, TOTP: r.TOTP})
	}
	return FactorsReset{r.TOTP, r.Passkeys, r.RecoveryCodes, r.Sessions, a.UIOrigin + "/link#" + token, r.ExpiresAt}, nil
}
