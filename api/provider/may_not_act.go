package provider

import (
	"context"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// The codes of the login page for an account that may not be used, which are said to those who have proved that it is theirs;
// "upstream_" stands before them where they did so at one.
const (
	accountDisabled = "account_disabled"
	accountExpired  = "account_expired"
)

// mayNotAct tells why somebody who has proved who they are does not get in, and returns what the page says of it: the date, where the
// account has ended, and the workshop, where it ended with one. refused says where that was.
func (p *Provider) mayNotAct(ctx context.Context, u *oidc.User, whyNot string, refused oidc.SignInRefused) notProven {
	refused.Username, refused.Why = u.Username, "the user is disabled"
	not := notProven{status: 403, code: accountDisabled}
	if whyNot == store.UserExpired {
		refused.Why = "the account has ended (users.expires_at)"
		not.code, not.endedAt = accountExpired, u.ExpiresAt
		if u.Workshop != "" && refused.Upstream == "" {
			not.code, not.workshop = workshopEnded, u.Workshop
		}
	}
	p.tell(ctx, refused)
	return not
}
