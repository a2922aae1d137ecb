package provider

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
)

const (
	invalidCredentials = "invalid_credentials"
	tooManyAttempts    = "too_many_attempts"
)

// Login takes what a method of the login page posts. What is to be done after comes from the sealed request alone.
func (p *Provider) Login(ctx context.Context, r Request) Answer {
	now := p.now()
	var w loginPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	if r.Params.Get("forgot") != "" && p.outbox != nil {
		return p.askForgotten(w)
	}
	if r.Params.Get("sign_up") != "" {
		return p.askSignUp(w)
	}
	typed, bad := oidc.ParseParams(r.Params, []string{"username", "method"})
	m := methodNamed(cmp.Or(typed["method"], "password"))
	if len(bad) > 0 || m == nil || m.prove == nil {
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	}
	if m.name != "passkey" { // which is posted without the field
		w.Username = typed["username"]
	}
	if w.Upstream, w.Done, w.UnknownPasskey, w.EndedAt = "", "", nil, nil; w.Known != nil && w.Username != w.Known.Username {
		w.Known = nil
	}
	client, refusal, err := p.stillRegistered(ctx, w.Request)
	switch {
	case err != nil:
		return p.failedLogin(ctx, w, err)
	case refusal != nil:
		return *refusal
	case r.Params.Get("account") == "other":
		return p.askAnother(r, w, true)
	case r.Params.Get("cancel") != "" && w.Request.RedirectURI != "":
		return p.cancelSignIn(ctx, r, w.pending, client)
	}

	// A client that hangs up does not escape the throttle: its attempt is finished and counted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Patience)
	defer cancel()
	a, err := p.signInBy(ctx, m, r, w, client, now)
	if errors.Is(err, errUserChanged) { // a sign-in in parallel upgraded the hash, or the user was disabled: try again, once
		a, err = p.signInBy(ctx, m, r, w, client, now)
	}
	p.signInTimes.note(now, p.now(), err)
	var not notProven
	switch {
	case errors.Is(err, errUserChanged):
		return p.backToLogin(ctx, w, 401, invalidCredentials, 0)
	case errors.As(err, &not) && not.status == 400:
		return p.errorPage(ctx, 400, not.code, w.Client)
	case errors.As(err, &not):
		w.UnknownPasskey, w.EndedAt, w.Upstream = not.unknown, not.endedAt, not.workshop
		a := p.backToLogin(ctx, w, not.status, not.code, not.wait)
		a.Cookies = append(a.Cookies, not.cookies...)
		return a
	case err != nil:
		return p.failedLogin(ctx, w, err)
	}
	return a
}

// signInBy has a method prove who the person is, and goes on.
func (p *Provider) signInBy(
	ctx context.Context, m *method, r Request, w loginPage, client *oidc.Client, now time.Time,
) (Answer, error) {
	who, err := m.prove(p, ctx, r, client, now)
	if err != nil {
		return Answer{}, err
	}
	if who.amr == nil {
		who.amr = m.amr
	}
	v := p.signIn(r, w, client, who, now)
	if w.Link != nil {
		return p.signInAndLink(ctx, v, w)
	}
	return p.next(ctx, v)
}
