package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// errNoKeys: Start has not succeeded yet, so there is nothing to sign with.
var errNoKeys = errors.New("the signing keys are not loaded yet")

func (p *Provider) keyRing() (*keys.Ring, error) {
	if ring := p.ring.Load(); ring != nil {
		return ring, nil
	}
	return nil, errNoKeys
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
	now := p.now()
	return p.changeKeys(ctx, now, func(rows []keys.Row) ([]keys.NewKey, []keys.Retirement) {
		return keys.Plan(rows, oidc.SigningAlgs, now, p.keyPolicy())
	}, func(plan store.KeyPlan) error { return p.store.PlanSigningKeys(ctx, now, plan) })
}

// ReplaceKeys creates successors for the keys of algs now, ahead of schedule. In an emergency they sign at once and the keys
// that they replace are no longer trusted; otherwise they are published for KeyPublishAhead first. An emergency of all is
// that of the encryption key: what cannot be told from what a thief of it made ends as well. sameSeal reports whether the
// new keys are encrypted with the encryption key of the old ones.
func (p *Provider) ReplaceKeys(
	ctx context.Context, algs []string, emergency bool,
) (ended store.Ended, sameSeal bool, err error) {
	now := p.now()
	save := func(plan store.KeyPlan) error { return p.store.PlanSigningKeys(ctx, now, plan) }
	if emergency && len(algs) == len(oidc.SigningAlgs) {
		save = func(plan store.KeyPlan) (err error) {
			ended, err = p.store.ReplaceLeakedKeys(ctx, now, plan)
			return err
		}
	}
	err = p.changeKeys(ctx, now, func(rows []keys.Row) (add []keys.NewKey, retire []keys.Retirement) {
		for _, row := range rows {
			sameSeal = sameSeal || p.sealer.IsCurrent(row.PrivateKey)
		}
		for _, alg := range algs {
			a, r := keys.Rotate(rows, alg, now, p.keyPolicy(), emergency)
			add, retire = append(add, a...), append(retire, r...)
		}
		return add, retire
	}, save)
	return ended, sameSeal, err
}

func (p *Provider) keyPolicy() keys.Policy {
	// The longest life of anything that is verified with a key: tokens, and ID tokens as hints while their session lasts.
	longest := max(p.AccessTokenTTL, oidc.MaxAccessTokenLifetime, p.IDTokenTTL, p.SessionMax) + time.Hour
	return keys.Policy{Every: p.KeyRotation, PublishAhead: p.KeyPublishAhead, KeepAfter: longest}
}

// changeKeys saves what plan makes of the keys at now.
func (p *Provider) changeKeys(ctx context.Context, now time.Time, plan func([]keys.Row) ([]keys.NewKey, []keys.Retirement),
	save func(store.KeyPlan) error) error {
	var added []store.SigningKey
	err := save(func(rows []store.SigningKey) (add []store.SigningKey, retire map[string]time.Time, err error) {
		newKeys, retirements := plan(keyRows(rows))
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
