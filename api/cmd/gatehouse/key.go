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

// inWords returns a duration in hours where it has no minutes: 24h0m0s is 24 hours.
func inWords(d time.Duration) string {
	switch {
	case d == time.Hour:
		return "an hour"
	case d > 0 && d%time.Hour == 0:
		return fmt.Sprint(int(d.Hours()), " hours")
	}
	return d.String()
}

type keyListCmd struct{}

func (keyListCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		list, err := adm.ListSigningKeys(ctx, admin.Nothing{})
		if err != nil {
			return err
		}
		if a.json {
			return printJSON(a.stdout, list)
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
	Alg       string `arg:"" optional:"" help:"RS256, PS256, ES256 or EdDSA."`
	All       bool   `help:"Replace the keys of all algorithms."`
	Emergency bool   `help:"It has leaked: the new one signs at once, nothing old is trusted. With --all, all that is signed in ends, too."`
}

func (c keyRotateCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, config.ForServe, func(cfg *config.Config, adm *admin.Admin) error {
		rotated, err := adm.RotateKey(ctx, admin.RotateKey{Alg: c.Alg, All: c.All, Emergency: c.Emergency})
		if err != nil || a.json {
			return a.done(rotated, err, "")
		}
		for _, alg := range rotated.Algs {
			if c.Emergency {
				fmt.Fprintln(a.stdout, "The new", alg, "key signs from now on.")
			} else {
				fmt.Fprintln(a.stdout, "The new", alg, "key is published now and signs in", inWords(cfg.KeyPublishAhead))
			}
		}
		if c.Emergency && c.All {
			fmt.Fprintf(a.stdout, "Ended: %d sessions, %d grants, %d personal access tokens.\n", rotated.Sessions, rotated.Grants,
				rotated.PersonalAccessTokens)
		}
		if c.Emergency && c.All && rotated.SameEncryptionKey {
			fmt.Fprintln(a.stderr, "warning: the new keys are encrypted with the GATEHOUSE_ENCRYPTION_KEY of the old ones; if that has leaked, "+
				"put a new one in its place, and do this again")
		}
		if c.Emergency {
			fmt.Fprintln(a.stdout, "Relying parties that cache the JWKS fail until they read it again.")
		}
		return nil
	})
}
