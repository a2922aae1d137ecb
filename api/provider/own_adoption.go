package provider

import (
	"context"
	"errors"
	"net/url"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

const (
	accountAdopted = "account_adopted"
	adoptionFailed = "adoption_failed"
)

// AdoptAccount takes the form of the account page with which people make the account that they had at a workshop part of their own. They
// prove it by its name and its phrase, which are looked at as at a sign-in, throttle included; whatever is wrong with them, the page says
// the same. An account that has ended with its workshop can be adopted until it is deleted.
func (p *Provider) AdoptAccount(ctx context.Context, r Request) Answer {
	now := p.now()
	var w accountPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	w.forget()
	params, bad := oidc.ParseParams(r.Params, []string{"username"})
	if len(bad) > 0 || len(r.Params["phrase"]) != 1 {
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Patience) // an attempt is counted whoever hangs up
	defer cancel()
	typed := r
	typed.Params = url.Values{"username": {params["username"]}, "password": r.Params["phrase"]}
	who, err := p.provePassword(ctx, typed, noClient, now)
	var not notProven
	switch {
	case errors.As(err, &not) && not.ended != nil: // the right phrase, of an account that has ended
		who.user, who.verified = not.ended.User, not.ended.PasswordHash
	case errors.As(err, &not) && (not.status == 401 || not.status == 403):
		return p.backToAccount(ctx, w, 303, adoptionFailed, 0)
	case errors.As(err, &not):
		a := p.backToAccount(ctx, w, not.status, not.code, not.wait)
		a.Cookies = append(a.Cookies, not.cookies...)
		return a
	case err != nil:
		return p.accountError(ctx, w, err)
	}
	return p.adopt(ctx, r, w, who, now)
}

// adopt saves it, for whose session it is now.
func (p *Provider) adopt(ctx context.Context, r Request, w accountPage, who proven, now time.Time) Answer {
	as := p.as(ctx, w.User.Username, "adopt account")
	a, err := as.AdoptAccount(ctx, w.SID, oidc.Digest(r.Cookies[SessionCookie]), who.user.ID, who.verified, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.askSignIn(ctx, accountVisit(r, nil, now))
	case err != nil:
		return p.accountError(ctx, w, err)
	case a.Adopted == "":
		return p.backToAccount(ctx, w, 303, adoptionFailed, 0)
	}
	p.tell(ctx, oidc.AccountAdopted{Username: a.Username, Adopted: a.Adopted, Workshop: a.Workshop})
	w.Done = accountAdopted
	return redirect(p.address(&w))
}
