package provider

import (
	"context"
	"errors"
	"fmt"

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

// NoteEnds tells people by mail of ends that are near: of their account, of memberships, and of a time without a sign-in. Every replica
// calls it each minute. Where no mail is sent, the account page has them.
func (p *Provider) NoteEnds(ctx context.Context) error {
	if p.outbox == nil {
		return nil
	}
	err := p.store.NoteEnds(ctx, p.now(), p.mailsOfEnds)
	if errors.Is(err, store.ErrMuchMail) { // the next minute may have room
		p.tell(ctx, oidc.MailNotQueued{Mails: 1, Error: err.Error()})
		return nil
	}
	return err
}

// mailsOfEnds returns one mail for what somebody loses at the same time. ends are in the order of people, times and kinds.
func (p *Provider) mailsOfEnds(ends []store.EndNear) (mails []store.Mail) {
	patience := p.now().Add(store.MailPatience)
	for i := 0; i < len(ends); {
		e, groups := ends[i], ends[i].Group
		for i++; i < len(ends) && ends[i].UserID == e.UserID && ends[i].EndsAt.Equal(e.EndsAt) && ends[i].About == e.About; i++ {
			groups += ", " + ends[i].Group
		}
		expires := e.EndsAt
		if patience.Before(expires) {
			expires = patience
		}
		values := map[string]string{"At": e.EndsAt.UTC().Format("2006-01-02 15:04 UTC"), "Days": fmt.Sprint(e.Days), "About": e.About,
			"Groups": groups}
		mails = append(mails, store.Mail{Username: e.Username, To: e.Email, Locale: e.Locale, Template: "end_near",
			Sealed: SealMail(p.sealer, "end_near", values), Expires: expires})
	}
	return mails
}
