package main

import (
	"context"
	"fmt"
	"time"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

type keyCmd struct {
	List   keyListCmd   `cmd:"" help:"List the keys: what signs, what will sign, what is only still trusted."`
	Rotate keyRotateCmd `cmd:"" help:"Replace a key ahead of the schedule."`
}

type keyListCmd struct{}

func (keyListCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list, err := adm.ListSigningKeys(ctx, admin.Nothing{})
		if err != nil {
			return err
		}
		t := newTable(a.stdout, "ALG", "KID", "STATE", "SIGNS FROM", "LEAVES THE JWKS")
		for _, k := range list {
			leaves := ""
			if k.RetiresAt != nil {
				leaves = k.RetiresAt.Format(time.RFC3339)
			}
			t.row(k.Alg, k.KID, k.State, k.ActivatesAt.Format(time.RFC3339), leaves)
		}
		t.flush()
		return nil
	})
}

type keyRotateCmd struct {
	Alg       string `arg:"" enum:"RS256,PS256,ES256,EdDSA" help:"RS256, PS256, ES256 or EdDSA."`
	Emergency bool   `help:"The private key has leaked: the new one signs at once, and what old ones signed is not trusted."`
}

func (c keyRotateCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, config.ForServe, func(cfg *config.Config, adm *admin.Admin) error {
		if _, err := adm.RotateKey(ctx, admin.RotateKey{Alg: c.Alg, Emergency: c.Emergency}); err != nil {
			return err
		}
		if c.Emergency {
			fmt.Fprintln(a.stdout, "The new", c.Alg, "key signs from now on;",
				"relying parties that cache the JWKS fail until they read it again.")
			return nil
		}
		fmt.Fprintln(a.stdout, "The new", c.Alg, "key is published now and signs in", cfg.KeyPublishAhead)
		return nil
	})
}
