package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/api/mail"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// The codes of the account page about an address.
const (
	emailVerified = "email_verified"
	invalidEmail  = "invalid_email"
	tooManyMails  = "too_many_mails"
)

// maxEmail is in bytes.
const maxEmail = 254

// ChangeEmail takes the forms of the account page about an address: email sends a code there, after a sign-in that is fresh, for whoever
// has the mailbox can set a new password; code, with the address, makes it theirs.
func (p *Provider) ChangeEmail(ctx context.Context, r Request) Answer {
	now := p.now()
	var w accountPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	asked := w.Email
	w.forget()
	params, bad := oidc.ParseParams(r.Params, []string{"email", "code"})
	email := strings.TrimSpace(params["email"])
	switch {
	case p.outbox == nil || len(bad) > 0 || email == "" && (params["code"] == "" || asked == ""):
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	case email == "":
		return p.proveEmail(ctx, r, w, asked, params["code"], now)
	}
	if _, err := mail.Address(email); err != nil || len(email) > maxEmail {
		return p.backToAccount(ctx, w, 303, invalidEmail, 0)
	}
	v := freshAccountVisit(r, w.User.Username, now)
	v.sid, v.instead = w.SID, p.askEmail(w, email)
	a, err := p.nextAtBrowser(ctx, v)
	if err != nil {
		return p.accountError(ctx, w, err)
	}
	return a
}

// askEmail sends a code to an address, in place of opening the account page.
func (p *Provider) askEmail(w accountPage, email string) func(context.Context, visit) (Answer, error) {
	return func(ctx context.Context, v visit) (Answer, error) {
		code := sixDigits()
		values := map[string]string{"Code": code, "Minutes": fmt.Sprint(int(resetLife.Minutes()))}
		err := p.store.AskEmailCode(ctx, store.EmailCode{SID: v.standing.Session.SID, Cookie: v.standing.Session.Cookie, Email: email,
			Code: p.resetCode("email "+v.standing.User.ID+" "+email, code), Sealed: SealMail(p.sealer, "verify", values),
			ExpiresAt: v.now.Add(resetLife)}, v.now)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return p.backToAccount(ctx, w, 429, tooManyMails, 0), nil
		case err != nil:
			return Answer{}, err
		}
		w.Email = email
		return redirect(p.address(&w)), nil
	}
}

// proveEmail takes a code.
func (p *Provider) proveEmail(ctx context.Context, r Request, w accountPage, email, code string, now time.Time) Answer {
	session, user, err := p.store.LoadSession(ctx, oidc.Digest(r.Cookies[SessionCookie]), now)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && session.SID != w.SID:
		return p.askSignIn(ctx, accountVisit(r, nil, now))
	case err != nil:
		return p.accountError(ctx, w, err)
	}
	digest := p.resetCode("email "+user.ID+" "+email, strings.Map(withoutSpaces, code))
	spent, left, err := p.as(ctx, user.Username, "verify address").
		ProveEmail(ctx, w.SID, oidc.Digest(r.Cookies[SessionCookie]), email, digest, now)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !spent && left == 0:
		return p.backToAccount(ctx, w, 303, resetEnded, 0)
	case err != nil:
		return p.accountError(ctx, w, err)
	case !spent:
		w.Email = email
		return p.backToAccount(ctx, w, 303, resetWrongCode, 0)
	}
	verified := oidc.EmailVerified{Username: user.Username}
	if user.EmailVerified && user.Email != email {
		verified.Former = user.Email
	}
	p.tell(ctx, verified)
	w.Done = emailVerified
	return redirect(p.address(&w))
}
