package provider

import (
	"context"
	"errors"
	"net/url"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

const (
	passwordChanged = "password_changed"
	wrongPassword   = "wrong_password"
)

// ChangePassword takes the form of the account page with which people change their password. They type the one that they have, which is
// looked at as at a sign-in, throttle included: the page may have been left open. What is signed in elsewhere ends, unless they say not.
func (p *Provider) ChangePassword(ctx context.Context, r Request) Answer {
	now := p.now()
	var w accountPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	w.forget()
	typed, params := r.Params["new_password"], r.Params
	if len(typed) != 1 || len(params["password"]) != 1 {
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Patience) // an attempt is counted whoever hangs up
	defer cancel()
	r.Params = url.Values{"username": {w.User.Username}, "password": params["password"]}
	a, err := p.changePassword(ctx, r, w, typed[0], params.Get("keep_sessions") == "yes", now)
	var not notProven
	var bad authn.BadPassword
	switch {
	case errors.As(err, &not) && not.status == 401:
		return p.backToAccount(ctx, w, 303, wrongPassword, 0)
	case errors.As(err, &not):
		a := p.backToAccount(ctx, w, not.status, not.code, not.wait)
		a.Cookies = append(a.Cookies, not.cookies...)
		return a
	case errors.As(err, &bad):
		return p.backToAccount(ctx, w, 303, bad.Code, 0)
	case errors.Is(err, errSessionEnded):
		return p.askSignIn(ctx, accountVisit(r, nil, now))
	case err != nil:
		return p.accountError(ctx, w, err)
	}
	return a
}

func (p *Provider) changePassword(
	ctx context.Context, r Request, w accountPage, password string, keep bool, now time.Time,
) (Answer, error) {
	who, err := p.provePassword(ctx, r, noClient, now)
	if err != nil {
		return Answer{}, err
	}
	if err := p.newPassword(who.user.Username, who.user.Email, password).Check(); err != nil {
		return Answer{}, err
	}
	if password == r.Params.Get("password") {
		return Answer{}, authn.BadPassword{Code: passwordUnchanged}
	}
	own := store.OwnPassword{SID: w.SID, Cookie: oidc.Digest(r.Cookies[SessionCookie]), Former: who.verified, Keep: keep, Reset: who.reset}
	if err := p.setOwnPassword(ctx, who.user.Username, own, password, "account", now); err != nil {
		return Answer{}, err
	}
	w.Done = passwordChanged
	a := redirect(p.address(&w))
	a.Cookies = who.cookies
	return a, nil
}
