package admin

import (
	"context"
	"slices"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// SigningKey is a key without its private half.
type SigningKey struct {
	Alg         string     `json:"alg"`
	KID         string     `json:"kid"`
	State       string     `json:"state"` // one of the constants below
	ActivatesAt time.Time  `json:"activates_at"`
	RetiresAt   *time.Time `json:"retires_at,omitempty"` // when it leaves the JWKS, once that is known
}

// States of a signing key.
const (
	KeyPublished = "published, will sign"
	KeySigns     = "signs"
	KeyVerifies  = "only verifies"
)

// ListSigningKeys returns the keys in the JWKS, in the order in which they began or begin to sign: there are few.
func (a *Admin) ListSigningKeys(ctx context.Context, _ Nothing) ([]SigningKey, error) {
	now := time.Now()
	rows, err := a.store.SigningKeys(ctx, now)
	list := make([]SigningKey, len(rows))
	for i, row := range rows {
		list[i] = SigningKey{Alg: row.Alg, KID: row.KID, State: keyState(row, rows, now), ActivatesAt: row.ActivatesAt}
		if !row.RetiresAt.IsZero() {
			list[i].RetiresAt = &row.RetiresAt
		}
	}
	return list, err
}

func keyState(key store.SigningKey, all []store.SigningKey, now time.Time) string {
	replaced := func(other store.SigningKey) bool {
		return other.Alg == key.Alg && other.ActivatesAt.After(key.ActivatesAt) && !other.ActivatesAt.After(now)
	}
	switch {
	case slices.ContainsFunc(all, replaced):
		return KeyVerifies
	case key.ActivatesAt.After(now):
		return KeyPublished
	}
	return KeySigns
}

// RotateKey is the algorithm whose key is to be replaced.
type RotateKey struct {
	Alg       string `json:"alg"`
	Emergency bool   `json:"emergency,omitempty"` // the private key has leaked: trust nothing that it signed
}

// RotateKey replaces a key ahead of the schedule. The new one is published first; in an emergency it signs at once.
func (a *Admin) RotateKey(ctx context.Context, in RotateKey) (Nothing, error) {
	if !slices.Contains(oidc.SigningAlgs, in.Alg) {
		return Nothing{}, invalid("%s %q is not supported", member("alg"), in.Alg)
	}
	return Nothing{}, a.ReplaceKey(ctx, in.Alg, in.Emergency)
}
