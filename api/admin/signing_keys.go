package admin

import (
	"context"
	"slices"
	"strings"
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

// RotateKey is which keys are to be replaced.
type RotateKey struct {
	Alg       string `json:"alg,omitempty"`
	All       bool   `json:"all,omitempty"`       // of every algorithm, in place of Alg
	Emergency bool   `json:"emergency,omitempty"` // the private key has leaked: trust nothing that it signed
}

// RotatedKeys is whose keys were replaced, and what ended with them.
type RotatedKeys struct {
	Algs                 []string `json:"algs"`
	Sessions             int      `json:"sessions"`
	Grants               int      `json:"grants"`
	PersonalAccessTokens int      `json:"personal_access_tokens"`
	SameEncryptionKey    bool     `json:"same_encryption_key"` // as the old keys were encrypted with
}

// RotateKey replaces keys ahead of the schedule, in one transaction. The new ones are published first; in an emergency they
// sign at once. An emergency of all is what follows a leak of the encryption key: sessions, grants, personal access tokens,
// codes of devices and tokens of upstreams end as well, since they cannot be told from what a thief made or read.
func (a *Admin) RotateKey(ctx context.Context, in RotateKey) (RotatedKeys, error) {
	algs := []string{in.Alg}
	switch {
	case in.All && in.Alg != "":
		return RotatedKeys{}, invalid("%s and %s exclude each other", member("alg"), member("all"))
	case in.All:
		algs = slices.Clone(oidc.SigningAlgs)
	case !slices.Contains(oidc.SigningAlgs, in.Alg):
		return RotatedKeys{}, invalid("%s %q is not supported: name one of %s, or %s", member("alg"), in.Alg,
			strings.Join(oidc.SigningAlgs, ", "), member("all"))
	}
	ended, sameSeal, err := a.ReplaceKeys(ctx, a.store, algs, in.Emergency)
	return RotatedKeys{algs, ended.Sessions, ended.Grants, ended.PersonalAccessTokens, sameSeal}, err
}
