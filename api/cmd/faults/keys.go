package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/api/keys"
)

// rotatedKeys follows "The encryption key" of docs/operations.md with two replicas: each step restarts one after the other while people
// sign in, and the signing keys are replaced, too, and sign within seconds.
func rotatedKeys(ctx context.Context, l *lab) (outcome, error) {
	db, err := l.postgres(ctx)
	if err != nil {
		return outcome{}, err
	}
	s, err := l.site(ctx, siteOptions{database: db.URL("gatehouse"), replicas: 2, env: []string{"GATEHOUSE_KEY_PUBLISH_AHEAD=3s"}})
	if err != nil {
		return outcome{}, err
	}
	c := s.crowd(ctx, 8)
	defer c.stop()
	file := filepath.Join(l.dir, "encryption_key")
	former, err := os.ReadFile(file)
	if err != nil {
		return outcome{}, err
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // it never fails (crypto/rand)
	old, next := strings.TrimSpace(string(former)), base64.StdEncoding.EncodeToString(key[:])
	if err := s.restartAllWith(ctx, c, old, next); err != nil { // 1. all can read it
		return outcome{}, err
	}
	if err := s.restartAllWith(ctx, c, next, old); err != nil { // 2. all write with it
		return outcome{}, err
	}
	if _, err := s.command(ctx, "", "key", "rotate", "--all"); err != nil {
		return outcome{}, err
	}
	const successors = "SELECT count(*) FROM signing_keys WHERE activates_at < now()"
	err = until(ctx, time.Minute, "new signing keys that sign", func() bool {
		n, err := s.count(ctx, successors)
		return err == nil && n == 8
	})
	if err != nil {
		return outcome{}, err
	}
	if err := c.goesOn(ctx, 200); err != nil {
		return outcome{}, err
	}
	if err := s.codesAreSealedUnder(ctx, key); err != nil {
		return outcome{}, err
	}
	c.stop()
	o, err := c.check(ctx)
	if err != nil || o.lost > 0 {
		return o, err
	}
	return s.withoutFormerKey(ctx, o, next)
}

// codesAreSealedUnder waits until the secrets of one-time codes are, which is within minutes of a start.
func (s *site) codesAreSealedUnder(ctx context.Context, key [32]byte) error {
	sealer, err := keys.NewSealer([][32]byte{key})
	if err != nil {
		return err
	}
	const otherwise = "SELECT count(*) FROM totp_secrets WHERE substring(secret FROM 1 FOR length($1::bytea)) <> $1"
	return until(ctx, 3*time.Minute, "one-time codes sealed under the new key", func() bool {
		var n int
		err := s.query(ctx, &n, otherwise, sealer.CurrentPrefix())
		return err == nil && n == 0
	})
}

// withoutFormerKey is step 3, once what was signed and sealed before has ended, among people who have come since.
func (s *site) withoutFormerKey(ctx context.Context, before outcome, next string) (outcome, error) {
	const daysHavePassed = `DELETE FROM grants; DELETE FROM sessions;
		DELETE FROM signing_keys k WHERE EXISTS (SELECT FROM signing_keys n WHERE n.alg = k.alg AND n.created_at > k.created_at)`
	if err := execute(ctx, s.database, daysHavePassed); err != nil {
		return before, err
	}
	c := s.crowd(ctx, 8)
	defer c.stop()
	if err := c.goesOn(ctx, 100); err != nil {
		return before, err
	}
	if err := s.restartAllWith(ctx, c, next); err != nil {
		return before, err
	}
	c.stop()
	o, err := c.check(ctx)
	o.acknowledged += before.acknowledged
	o.doubled += before.doubled
	o.silent = max(o.silent, before.silent)
	if before.saw != "nothing" {
		o.saw = before.saw + "; then " + o.saw
	}
	return o, err
}

// restartAllWith writes the file of the encryption key, and restarts one replica after the other.
func (s *site) restartAllWith(ctx context.Context, c *crowd, keys ...string) error {
	file := filepath.Join(s.dir, "encryption_key")
	if err := os.WriteFile(file, []byte(strings.Join(keys, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	for i := range s.replicas {
		if err := s.restart(ctx, c, i); err != nil {
			return err
		}
	}
	return nil
}
