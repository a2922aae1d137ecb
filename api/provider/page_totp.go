package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/qrcode"
	"gatehouse/api/store"
)

// totpPage sets up one-time codes: it shows a secret, and asks for a code of it. It is made after a fresh sign-in alone and is good for
// as long as that is, for one session in one browser; until the code has come, nothing is stored.
type totpPage struct {
	pending `json:"-"`
	SID     string     `json:"s"`
	User    *userView  `json:"u"`
	UserID  string     `json:"i"`
	Secret  authn.TOTP `json:"k"`
	Wanted  *newToken  `json:"nt,omitempty"`
	Error   failure    `json:"f,omitzero"`

	step int64 // of the code that was typed; 0 where the person does not want to
}

type totpView struct {
	common
	User   *userView    `json:"user"`
	Secret string       `json:"secret,omitempty"` // in base32; "" where the person has one by now
	URI    string       `json:"uri,omitempty"`
	QR     *qrcode.Code `json:"qr,omitempty"` // of the URI
	Error  *failureView `json:"error,omitempty"`
}

const (
	totpThereAlready = "totp_there_already"
	totpRequired     = "totp_required"
	totpAdded        = "totp_added"
	totpRemoved      = "totp_removed"
)

func (*totpPage) name() string { return "totp" }

// view shows the secret until it, or that of another tab, is set up.
func (w *totpPage) view(ctx context.Context, p *Provider, c common) (any, error) {
	has, err := p.store.HasTOTP(ctx, w.SID, c.now)
	if err != nil {
		return nil, err
	}
	if has {
		w.Error = p.failureOf(ctx, totpThereAlready, 0)
		e := c.failed(w.Error)
		return totpView{common: c, User: w.User, Error: e}, nil
	}
	uri := w.Secret.URI(p.Name, w.User.Username)
	e := c.failed(w.Error)
	return totpView{common: c, User: w.User, Secret: w.Secret.String(), URI: uri, QR: qrcode.Draw(uri), Error: e}, nil
}

// askTOTP leads to the page with a new secret. The person has just signed in, or proven what they have.
func (p *Provider) askTOTP(v visit) Answer {
	v.req.Adds = "" // it is about to be done
	w := totpPage{pending: p.pendingOf(&v), SID: v.standing.Session.SID, User: viewOfUser(v.standing.User), UserID: v.standing.User.ID,
		Secret: authn.NewTOTP(), Wanted: v.wanted}
	w.Expires = v.now.Add(oidc.FreshSignIn).Unix()
	return redirect(p.address(&w), v.cookies...)
}

// TOTP takes the first code. What it asks of the session is decided anew: somebody who has another factor by now proves it first.
func (p *Provider) TOTP(ctx context.Context, r Request) Answer {
	now := p.now()
	var w totpPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	w.Error = failure{}
	typed, bad := oidc.ParseParams(r.Params, []string{"code"})
	client, refusal, err := p.stillRegistered(ctx, w.Request)
	switch {
	case err != nil:
		return p.failedTOTP(ctx, w, err)
	case refusal != nil:
		return *refusal
	case len(bad) > 0:
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	case r.Params.Get("cancel") != "" && w.Request.RedirectURI != "":
		return p.cancelSignIn(ctx, r, w.pending, client)
	case r.Params.Get("cancel") == "":
		step, far, ok := w.Secret.Check(typed["code"], now)
		switch {
		case !ok:
			return p.backToTOTP(ctx, w, 303, wrongCode, 0)
		case far != 0: // the person has the secret before them, so it tells nobody anything
			return p.backToTOTP(ctx, w, 303, clockOff, 0)
		}
		w.step = step
	}
	a, err := p.endTOTP(ctx, r, w, client, now)
	if err != nil {
		return p.failedTOTP(ctx, w, err)
	}
	return a
}

// endTOTP saves the secret, if there is a step to spend, and goes on.
func (p *Provider) endTOTP(ctx context.Context, r Request, w totpPage, client *oidc.Client, now time.Time) (Answer, error) {
	v := visit{r: r, req: *w.Request, client: client, sid: w.SID, wanted: w.Wanted, now: now}
	if w.step != 0 {
		v.instead = func(ctx context.Context, v visit) (Answer, error) { return p.saveTOTP(ctx, v, w) }
	}
	return p.nextAtBrowser(ctx, v)
}

func (p *Provider) saveTOTP(ctx context.Context, v visit, w totpPage) (Answer, error) {
	v.instead, v.done = nil, totpThereAlready
	if v.standing.Enrolled.TOTP || v.standing.User.ID != w.UserID {
		return p.next(ctx, v)
	}
	added := store.NewTOTP{SID: w.SID, Cookie: v.standing.Session.Cookie, Secret: p.sealTOTP(w.UserID, w.Secret), Step: w.step,
		AMR: []string{oidc.AMROneTimeCode}, Passkey: v.standing.Enrolled.Passkey}
	codes := p.newRecoveryCodes(v.standing.Enrolled, w.UserID)
	added.RecoveryCodes = codes.digests
	done, withCodes, err := p.as(ctx, v.standing.User.Username, "add one-time codes").AddTOTP(ctx, added, v.now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Answer{}, errSessionEnded
	case err != nil:
		return Answer{}, err
	case !done: // another tab was faster
		return p.nextAtBrowser(ctx, v)
	}
	p.tell(ctx, oidc.FactorAdded{Username: w.User.Username, Factor: string(oidc.ByTOTP)})
	v.cookies = append(v.cookies, p.factorCookie(v.r, v.standing.User))
	v.done = totpAdded
	if withCodes {
		return p.showRecoveryCodes(ctx, v, codes), nil
	}
	return p.nextAtBrowser(ctx, v)
}

// backToTOTP leads back to the form with a reason.
func (p *Provider) backToTOTP(ctx context.Context, w totpPage, status int, code string, wait time.Duration) Answer {
	w.Error = p.failureOf(ctx, code, wait)
	return Answer{Status: status, Location: p.address(&w), RetryAfter: wait, Error: code, UILocales: w.uiLocales()}
}

// failedTOTP keeps the form where another try may do.
func (p *Provider) failedTOTP(ctx context.Context, w totpPage, err error) Answer {
	return p.keepForm(ctx, w.Client, err, func(status int, code string, wait time.Duration) Answer {
		return p.backToTOTP(ctx, w, status, code, wait)
	})
}
