package main

import (
	"context"
	"fmt"
	"time"

	"gatehouse/api/config"
	"gatehouse/api/store"
)

type keyCmd struct {
	List   keyListCmd   `cmd:"" help:"List the keys: what signs, what will sign, what is only still trusted."`
	Rotate keyRotateCmd `cmd:"" help:"Replace a key ahead of the schedule."`
}

type keyListCmd struct{}

func (keyListCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, config.ForDatabase, func(_ *config.Config, db *store.Store) error {
		now := time.Now()
		rows, err := db.SigningKeys(ctx, now)
		if err != nil {
			return err
		}
		t := newTable(a.stdout, "ALG", "KID", "STATE", "SIGNS FROM", "LEAVES THE JWKS")
		for _, k := range rows {
			use, leaves := "signs", ""
			if !k.RetiresAt.IsZero() {
				leaves = k.RetiresAt.Format(time.RFC3339)
			}
			if k.ActivatesAt.After(now) {
				use = "published, will sign"
			}
			for _, other := range rows {
				if other.Alg == k.Alg && other.ActivatesAt.After(k.ActivatesAt) && !other.ActivatesAt.After(now) {
					use = "only verifies"
				}
			}
			t.row(k.Alg, k.KID, use, k.ActivatesAt.Format(time.RFC3339), leaves)
		}
		t.flush()
		return nil
	})
}

type keyRotateCmd struct {
	Alg       string `arg:"" enum:"RS256,PS256,ES256,EdDSA" help:"RS256, PS256, ES256 or EdDSA."`
	Emergency bool   `help:"The private key has leaked: the new one signs at once, and what the old ones signed is no longer trusted."`
}

func (cmd keyRotateCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, config.ForServe, func(cfg *config.Config, db *store.Store) error {
		p, err := newProvider(cfg, db)
		if err != nil {
			return err
		}
		if err := p.ReplaceKey(ctx, cmd.Alg, cmd.Emergency); err != nil {
			return err
		}
		if cmd.Emergency {
			fmt.Fprintln(a.stdout, "The new", cmd.Alg, "key signs from now on; relying parties that cache the JWKS fail until they read it again.")
			return nil
		}
		fmt.Fprintln(a.stdout, "The new", cmd.Alg, "key is published now and signs in", cfg.KeyPublishAhead)
		return nil
	})
}
