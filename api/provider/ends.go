package provider

import (
	"context"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// EndAccounts ends what is left of accounts that have ended, so that applications hear of it, and disables those who did not sign in for
// as long as their groups allow. Every replica calls it each minute.
func (p *Provider) EndAccounts(ctx context.Context) error {
	now := p.now()
	err := p.store.EndAccounts(ctx, now, func(username string) { p.tell(ctx, oidc.AccountEnded{Username: username}) })
	if err != nil {
		return err
	}
	by := p.store.As(store.Actor{Operation: "disable who is inactive"})
	return by.DisableInactive(ctx, p.AdminGroup, now, func(u store.InactiveUser) {
		p.tell(ctx, oidc.InactiveUserDisabled{Username: u.Username, Group: u.Group, Since: u.Since})
	})
}
