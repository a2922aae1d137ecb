package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// makePasskeyByLink takes what an authenticator has made on the page of an account link, in place of a password. It ends at the sign-in, as
// with a password. Whoever has a factor already makes none: the link would get around it.
func (p *Provider) makePasskeyByLink(ctx context.Context, r Request, w newPasswordPage, now time.Time) Answer {
	token := store.Digest(w.Link)
	link, err := p.store.LoadAccountLink(ctx, token, now)
	if problem := linkProblem(link, err, now); problem != "" {
		return p.badLink(ctx, link.Username, problem)
	} else if err != nil {
		return p.failedNewPassword(ctx, w, err)
	} else if link.HasFactor {
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	}
	made, refusal := p.passkeyInstead(ctx, r, w, &oidc.User{ID: link.UserID, Username: link.Username, Name: link.Name})
	if refusal != nil {
		return *refusal
	}
	username, err := p.as(ctx, link.Username, "add passkey by link").AddPasskeyByLink(ctx, token, made, now)
	switch {
	case errors.Is(err, store.ErrNotFound): // another tab was faster
		return p.badLink(ctx, link.Username, linkSpent)
	case err != nil:
		return p.failedNewPassword(ctx, w, err)
	}
	p.tell(ctx, oidc.FactorAdded{Username: username, Factor: string(oidc.ByPasskey)})
	v := accountVisit(r, nil, now)
	v.req.LoginHint, v.req.EndsAt = username, link.ClientID
	return p.askSignInAfter(ctx, v, passkeyAdded)
}

// passkeyInstead returns what an authenticator has made for u on the page of a new password. refusal is the answer where it is no good.
func (p *Provider) passkeyInstead(ctx context.Context, r Request, w newPasswordPage, u *oidc.User) (made oidc.Passkey, refusal *Answer) {
	return p.passkeyMade(ctx, r, u, w.Client, func(status int, code string, wait time.Duration) Answer {
		return p.backToNewPassword(ctx, w, status, code, wait)
	})
}

// passkeyMade returns what an authenticator has made for u on a page that back leads to. refusal is the answer where it is no good.
func (p *Provider) passkeyMade(
	ctx context.Context, r Request, u *oidc.User, client *clientView, back func(status int, code string, wait time.Duration) Answer,
) (made oidc.Passkey, refusal *Answer) {
	answer, ok := passkeyAnswer(r)
	if !ok || p.passkeys == nil {
		a := p.errorPage(ctx, 400, pageInvalidRequest, client)
		return made, &a
	}
	made, err := p.passkeys.Create(answer, challengeOf(r), u)
	if code := p.refusedPasskey(ctx, u.Username, err); code != "" {
		a := back(303, code, 0)
		return made, &a
	} else if err != nil {
		a := p.keepForm(ctx, client, err, back)
		return made, &a
	}
	made.Name = suggestedName(r)
	return made, nil
}
