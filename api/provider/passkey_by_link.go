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
	answer, ok := passkeyAnswer(r)
	if problem := linkProblem(link, err, now); problem != "" {
		return p.badLink(ctx, link.Username, problem)
	} else if err != nil {
		return p.failedNewPassword(ctx, w, err)
	} else if !ok || p.passkeys == nil || link.HasFactor {
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	}
	u := &oidc.User{ID: link.UserID, Username: link.Username, Name: link.Name}
	made, err := p.passkeys.Create(answer, challengeOf(r), u)
	if code := p.refusedPasskey(ctx, link.Username, err); code != "" {
		return p.backToNewPassword(ctx, w, 303, code, 0)
	} else if err != nil {
		return p.failedNewPassword(ctx, w, err)
	}
	made.Name = suggestedName(r)
	username, err := p.as(ctx, link.Username, "add passkey by link").AddPasskeyByLink(ctx, token, made, now)
	switch {
	case errors.Is(err, store.ErrNotFound): // another tab was faster
		return p.badLink(ctx, link.Username, linkSpent)
	case err != nil:
		return p.failedNewPassword(ctx, w, err)
	}
	p.tell(ctx, oidc.FactorAdded{Username: username, Factor: string(oidc.ByPasskey)})
	v := accountVisit(r, nil, now)
	v.req.LoginHint = username
	return p.askSignInAfter(ctx, v, passkeyAdded)
}
