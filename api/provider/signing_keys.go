package provider

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// errNoKeys: Postgres has been away since the start, so there is nothing to sign with yet.
var errNoKeys = errors.New("the signing keys are not loaded yet")

func (p *Provider) keyRing() (*keys.Ring, error) {
	if ring := p.ring.Load(); ring != nil {
		return ring, nil
	}
	return nil, errNoKeys
}

// signJSON returns a JWT with these claims, signed with alg; typ is its kind.
func signJSON(ring *keys.Ring, alg, typ string, claims any, now time.Time) (string, error) {
	plain, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return ring.Sign(alg, typ, plain, now)
}

// LoadKeys reads the signing keys from Postgres, and once the salt of pairwise subjects.
func (p *Provider) LoadKeys(ctx context.Context) error {
	rows, err := p.store.SigningKeys(ctx, p.now())
	if err != nil || len(rows) == 0 {
		return err
	}
	if p.salt.Load() == nil {
		salt, err := p.store.PairwiseSalt(ctx)
		if err != nil {
			return err
		}
		p.salt.Store(&salt)
	}
	ring, err := keys.NewRing(keyRows(rows), p.sealer)
	if err == nil {
		p.ring.Store(ring)
	}
	return err
}

// RotateKeys creates the keys that are due: one for each algorithm at first start, later successors ahead of time.
func (p *Provider) RotateKeys(ctx context.Context) error {
	return p.changeKeys(ctx, func(rows []keys.Row, now time.Time) ([]keys.NewKey, []keys.Retirement) {
		return keys.Plan(rows, oidc.SigningAlgs, now, p.keyPolicy())
	})
}

// ReplaceKey creates a successor for the key of alg now, ahead of schedule. In an emergency it signs at once and the key
// that it replaces is no longer trusted; otherwise it is published for KeyPublishAhead first.
func (p *Provider) ReplaceKey(ctx context.Context, alg string, emergency bool) error {
	return p.changeKeys(ctx, func(rows []keys.Row, now time.Time) ([]keys.NewKey, []keys.Retirement) {
		return keys.Rotate(rows, alg, now, p.keyPolicy(), emergency)
	})
}

func (p *Provider) keyPolicy() keys.Policy {
	// The longest life of anything that is verified with a key: tokens, and ID tokens as hints while their session lasts.
	longest := max(p.AccessTokenTTL, p.IDTokenTTL, p.SessionMax) + time.Hour
	return keys.Policy{Every: p.KeyRotation, PublishAhead: p.KeyPublishAhead, KeepAfter: longest}
}

func (p *Provider) changeKeys(ctx context.Context, plan func([]keys.Row, time.Time) ([]keys.NewKey, []keys.Retirement)) error {
	now := p.now()
	var added []store.SigningKey
	err := p.store.PlanSigningKeys(ctx, now, func(rows []store.SigningKey) (add []store.SigningKey, retire map[string]time.Time, err error) {
		newKeys, retirements := plan(keyRows(rows), now)
		for _, k := range newKeys {
			row, err := p.sealer.Generate(k.Alg, now, k.ActivatesAt)
			if err != nil {
				return nil, nil, err
			}
			add = append(add, store.SigningKey(row))
		}
		added = add
		retire = map[string]time.Time{}
		for _, r := range retirements {
			retire[r.KID] = r.RetiresAt
		}
		return add, retire, nil
	})
	if err == nil {
		for _, k := range added {
			p.tell(ctx, oidc.SigningKeyAdded{Alg: k.Alg, KID: k.KID, ActivatesAt: k.ActivatesAt})
		}
	}
	return err
}

func keyRows(rows []store.SigningKey) []keys.Row {
	list := make([]keys.Row, len(rows))
	for i, r := range rows {
		list[i] = keys.Row(r)
	}
	return list
}
