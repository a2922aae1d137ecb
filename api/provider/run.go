package provider

import (
	"context"
	"errors"
	"sync"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Start creates the signing keys that are missing and loads all of them. It refuses a schema that is too old, settings with which passkeys
// that there are would be no good, and templates of mail that are none.
func (p *Provider) Start(ctx context.Context) error {
	if p.unfit != nil {
		return p.unfit
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if err := p.store.SchemaIsCurrent(ctx); err != nil {
		return err
	}
	if err := p.CheckPasskeys(ctx); err != nil {
		return err
	}
	if err := p.RotateKeys(ctx); err != nil {
		return err
	}
	return p.LoadKeys(ctx)
}

// Ready returns nil if requests can be answered: Postgres answers, its schema is as new as this program needs (or newer), and the keys
// are loaded. store.SchemaTooOld says what to do.
func (p *Provider) Ready(ctx context.Context) error {
	if err := p.store.SchemaIsCurrent(ctx); err != nil {
		return err
	}
	_, err := p.keyRing()
	return err
}

// NotStarted reports whether Start has not succeeded yet, with what a request is answered until then: by a person at a browser, or a
// program.
func (p *Provider) NotStarted(ctx context.Context, person bool) (Answer, bool) {
	_, err := p.keyRing()
	switch {
	case err == nil:
		return Answer{}, false
	case person:
		return p.failedPage(ctx, err, ""), true
	}
	return p.failed(ctx, err), true
}

// Run starts what Start could not, and tries until it can: Postgres may be away, or not migrated. From then on it keeps the keys current,
// rotates them when they are due, ends accounts, deletes expired rows, tells clients of logouts and sends mail. It returns once ctx and
// all that Run started have ended, so that the store can be closed then. watch is the store's Watch: it calls back after each change to
// cached rows, and when Postgres answers again.
func (p *Provider) Run(ctx context.Context, watch func(ctx context.Context, changed func())) {
	if !p.startInTime(ctx) {
		return
	}
	perMinute := store.EachWithin(ctx, time.Minute)
	ctx = store.EachWithin(ctx, statementPatience)
	var running sync.WaitGroup
	running.Go(func() { watch(ctx, func() { p.cachedRowsChanged(ctx) }) })
	running.Go(func() { p.deliverLogouts(ctx) })
	running.Go(func() { p.deliverMail(ctx) })
	running.Go(func() { p.writeNotices(ctx) })
	running.Go(func() { p.maintainEachMinute(perMinute) })
	running.Go(func() { p.saveClientRefusalsNowAndThen(ctx) })
	running.Wait()
}

// startInTime starts what is not started yet, and tries each second; false if ctx ended first.
func (p *Provider) startInTime(ctx context.Context) bool {
	told := ""
	for p.ring.Load() == nil {
		err := p.Start(ctx)
		if err == nil {
			break
		}
		if text := err.Error(); text != told && ctx.Err() == nil && !errors.As(err, new(store.Unavailable)) {
			told = text
			p.tell(ctx, oidc.NotStarted{Error: text})
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(time.Second):
		}
	}
	return true
}

// startPatience bounds Start: several replicas make the first keys one after the other.
const startPatience = 20 * time.Second

// statementPatience bounds what is waited for a statement while others wait behind it.
const statementPatience = 10 * time.Second

// cachedRowsPatience bounds the answer to a change: another may wait for it.
const cachedRowsPatience = 5 * time.Second

// cachedRowsChanged loads the keys again, and seals what administrators wrote plain. Postgres may be away: requests say so.
func (p *Provider) cachedRowsChanged(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, cachedRowsPatience)
	defer cancel()
	if err := p.LoadKeys(ctx); err != nil && ctx.Err() == nil && !errors.As(err, new(store.Unavailable)) {
		p.tell(ctx, oidc.KeysNotLoaded{Error: err.Error()})
	}
	if err := p.sealUpstreamSecrets(ctx); err != nil && ctx.Err() == nil && !errors.As(err, new(store.Unavailable)) {
		p.tell(ctx, oidc.UpstreamSecretsNotRead{Error: err.Error()})
	}
}

func (p *Provider) maintainEachMinute(ctx context.Context) {
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-minute.C:
		}
		p.refusals.tellOfLeftOut(ctx)
		p.saveSecretUses(ctx)
		p.saveSignInTimes(ctx)
		if err := p.maintain(ctx); err != nil && ctx.Err() == nil {
			p.tell(ctx, oidc.MaintenanceFailed{Error: err.Error()})
		}
	}
}

func (p *Provider) maintain(ctx context.Context) error {
	if err := p.Start(ctx); err != nil {
		return err
	}
	if err := p.resealTOTP(ctx); err != nil {
		return err
	}
	if err := p.EndAccounts(ctx); err != nil {
		return err
	}
	if err := p.NoteEnds(ctx); err != nil {
		return err
	}
	if err := p.TellOfSignUps(ctx); err != nil {
		return err
	}
	if _, err := p.store.CleanUp(ctx, store.Kept{SignIns: p.SignInsKept, Audit: p.AuditKept}, p.now()); err != nil {
		return err
	}
	return p.anchorAudit(ctx)
}

// anchorAudit tells of the last row of the audit where it is another one than at the last look.
func (p *Provider) anchorAudit(ctx context.Context) error {
	last, err := p.store.LastOfAudit(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && p.anchored.Swap(last.ID) != last.ID {
		p.tell(ctx, oidc.AuditAnchor{ID: last.ID, Digest: last.Digest})
	}
	return err
}
