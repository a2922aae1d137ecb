package provider

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// checkSecret returns what is wrong with the secret that a client sent, for the log; "" if it is a live one of its own.
func (p *Provider) checkSecret(ctx context.Context, c *oidc.Client, sent string) (problem string) {
	now := p.now()
	secret := c.FindSecret(sent, now)
	switch {
	case len(c.Secrets) == 0:
		return "has no secret yet; to make one: gatehouse client rotate-secret"
	case secret == nil:
		return "sent another secret than its own; to make a new one: gatehouse client rotate-secret"
	case !secret.Live(now):
		return fmt.Sprintf("sent its secret %q, which ended at %s; to make a new one: gatehouse client rotate-secret",
			secret.Name, secret.ExpiresAt.UTC().Format(time.RFC3339))
	}
	if first := p.secretUses.note(c.ClientID, secret, now); first && secret != c.NewestSecret(now) {
		p.tell(ctx, oidc.OldSecretUsed{ClientID: c.ClientID, Name: secret.Name, ExpiresAt: secret.ExpiresAt})
	}
	return ""
}

// secretUses notes which secrets are used, to the hour, so that no request waits until that is written. There are as many as live
// secrets that were used within the hour: nobody makes it grow who has none.
type secretUses struct {
	mu    sync.Mutex
	hours map[usedSecret]time.Time // of the latest use
	fresh map[usedSecret]time.Time // those that are still to be written
}

type usedSecret struct {
	clientID string
	sha256   store.Digest
}

// note notes a use, and reports whether it is the first within the hour at this replica.
func (u *secretUses) note(clientID string, s *oidc.ClientSecret, now time.Time) (first bool) {
	key, hour := usedSecret{clientID, store.Digest(s.SHA256)}, now.UTC().Truncate(time.Hour)
	u.mu.Lock()
	defer u.mu.Unlock()
	if !hour.After(u.hours[key]) {
		return false
	}
	if u.hours == nil {
		u.hours, u.fresh = map[usedSecret]time.Time{}, map[usedSecret]time.Time{}
	}
	u.hours[key], u.fresh[key] = hour, hour
	return true
}

// take returns what is to be written, and forgets what was before this hour.
func (u *secretUses) take(now time.Time) (uses []store.SecretUse) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for key, hour := range u.fresh {
		uses = append(uses, store.SecretUse{ClientID: key.clientID, SHA256: key.sha256, Hour: hour})
	}
	clear(u.fresh)
	for key, hour := range u.hours {
		if now.Sub(hour) >= time.Hour {
			delete(u.hours, key)
		}
	}
	return uses
}

// putBack notes again what could not be written.
func (u *secretUses) putBack(uses []store.SecretUse) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, use := range uses {
		if key := (usedSecret{use.ClientID, use.SHA256}); use.Hour.After(u.fresh[key]) {
			u.fresh[key] = use.Hour
		}
	}
}

// saveSecretUses writes which secrets were used since it was called before.
func (p *Provider) saveSecretUses(ctx context.Context) {
	uses := p.secretUses.take(p.now())
	if len(uses) == 0 {
		return
	}
	if err := p.store.SaveSecretUses(ctx, uses); err != nil && ctx.Err() == nil {
		p.secretUses.putBack(uses)
		p.tell(ctx, oidc.MaintenanceFailed{Error: err.Error()})
	}
}
