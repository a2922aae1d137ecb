package provider

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// newPasswordPage asks for a password of one's own: of somebody who has an account link or an invitation, or who has just signed in with a
// password that they must change. Where it goes on to is in the pending request; without one, to the sign-in.
type newPasswordPage struct {
	pending `json:"-"`
	User    *userView `json:"u"`
	Link    []byte    `json:"l,omitempty"` // digest of the token
	Invited *invited  `json:"i,omitempty"`
	SID     string    `json:"s,omitempty"` // the session, without a link
	Wanted  *newToken `json:"nt,omitempty"`
	Error   failure   `json:"f,omitzero"`
}

type newPasswordView struct {
	common
	User  *userView    `json:"user"`
	Min   int          `json:"min"` // characters
	Must  bool         `json:"must,omitempty"`
	Error *failureView `json:"error,omitempty"`

	Passkey     json.RawMessage `json:"passkey,omitempty"`      // for navigator.credentials.create, in place of a password
	PasskeyOnly bool            `json:"passkey_only,omitempty"` // there is no other way
}

func (*newPasswordPage) name() string { return "new_password" }

func (w *newPasswordPage) view(ctx context.Context, p *Provider, c common) (any, error) {
	view := newPasswordView{User: w.User, Min: p.leastPassword(), Must: w.SID != ""}
	if w.Invited != nil {
		i, err := p.loadInvitation(ctx, store.Digest(w.Invited.Token), c.now)
		if problem := invitationProblem(i, err, c.now); problem != "" {
			return nil, store.ErrNotFound
		} else if err == nil && slices.Contains(i.Methods, store.InvitedToPasskey) {
			view.Passkey, err = p.creationOptions(c.Request, w.Invited.UserID, w.User)
			view.PasskeyOnly = !slices.Contains(i.Methods, store.InvitedToPassword)
		}
		if err != nil {
			return nil, err
		}
	}
	if w.Link != nil { // it says at once if it is not good any more
		link, err := p.store.LoadAccountLink(ctx, store.Digest(w.Link), c.now)
		if problem := linkProblem(link, err, c.now); problem != "" {
			return nil, store.ErrNotFound
		} else if err == nil && !link.HasFactor {
			view.Passkey, err = p.creationOptions(c.Request, link.UserID, w.User)
		}
		if err != nil {
			return nil, err
		}
	}
	view.Error = c.failed(w.Error)
	view.common = c
	return view, nil
}

func (p *Provider) leastPassword() int { return max(p.PasswordMin, authn.MinPassword) }

// askNewPassword leads to the page before anything else of a visit happens.
func (p *Provider) askNewPassword(_ context.Context, v visit) (Answer, error) {
	w := newPasswordPage{pending: p.pendingOf(&v), User: viewOfUser(v.standing.User), SID: v.standing.Session.SID, Wanted: v.wanted}
	a := redirect(p.address(&w))
	a.Cookies = append(a.Cookies, v.cookies...)
	return a, nil
}

// NewPassword takes the form of that page.
func (p *Provider) NewPassword(ctx context.Context, r Request) Answer {
	now := p.now()
	var w newPasswordPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	if r.Params.Get("credential") != "" && w.Link != nil {
		return p.makePasskeyByLink(ctx, r, w, now)
	} else if w.Invited != nil && r.Params.Get("credential") != "" {
		return p.acceptWithPasskey(ctx, r, w, now)
	}
	typed := r.Params["new_password"]
	if len(typed) != 1 {
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	}
	a, err := p.setNewPassword(ctx, r, w, typed[0], now)
	var bad authn.BadPassword
	switch {
	case errors.As(err, &bad):
		return p.backToNewPassword(ctx, w, 303, bad.Code, 0)
	case errors.Is(err, errSessionEnded):
		return p.errorPage(ctx, 400, pageExpired, w.Client)
	case err != nil:
		return p.failedNewPassword(ctx, w, err)
	}
	return a
}

// failedNewPassword keeps the form where another try may do.
func (p *Provider) failedNewPassword(ctx context.Context, w newPasswordPage, err error) Answer {
	return p.keepForm(ctx, w.Client, err, func(status int, code string, wait time.Duration) Answer {
		return p.backToNewPassword(ctx, w, status, code, wait)
	})
}

func (p *Provider) setNewPassword(ctx context.Context, r Request, w newPasswordPage, password string, now time.Time) (Answer, error) {
	if w.Invited != nil {
		return p.acceptWithPassword(ctx, r, w, password, now)
	}
	if w.Link != nil {
		return p.setPasswordByLink(ctx, r, w, password, now)
	}
	cookie := oidc.Digest(r.Cookies[SessionCookie])
	username, email, former, must, err := p.store.LoadOwnPassword(ctx, w.SID, cookie, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Answer{}, errSessionEnded
	case err != nil:
		return Answer{}, err
	case must: // else it has been changed meanwhile, in another tab
		if err := p.checkNewPassword(ctx, username, email, former, password); err != nil {
			return Answer{}, err
		}
		own := store.OwnPassword{SID: w.SID, Cookie: cookie, Former: former, Required: true}
		if err := p.setOwnPassword(ctx, username, own, password, "required", now); err != nil {
			return Answer{}, err
		}
	}
	client, refusal, err := p.stillRegistered(ctx, w.Request)
	if err != nil || refusal != nil {
		return orNothing(refusal), err
	}
	return p.nextAtBrowser(ctx, visit{r: r, req: *w.Request, client: client, sid: w.SID, wanted: w.Wanted, now: now})
}

// setPasswordByLink ends at the sign-in, where a second factor is asked for and a password manager learns of the password.
func (p *Provider) setPasswordByLink(ctx context.Context, r Request, w newPasswordPage, password string, now time.Time) (Answer, error) {
	token := store.Digest(w.Link)
	link, err := p.store.LoadAccountLink(ctx, token, now)
	if problem := linkProblem(link, err, now); problem != "" {
		return p.badLink(ctx, link.Username, problem), nil
	} else if err != nil {
		return Answer{}, err
	}
	if err := p.newPassword(link.Username, link.Email, password).Check(); err != nil {
		return Answer{}, err
	}
	hash, err := p.passwords.Hash(ctx, password)
	if err != nil {
		return Answer{}, err
	}
	username, err := p.as(ctx, link.Username, "set password by link").SetPasswordByLink(ctx, token, hash, now)
	switch {
	case errors.Is(err, store.ErrNotFound): // another tab was faster
		return p.badLink(ctx, link.Username, linkSpent), nil
	case err != nil:
		return Answer{}, err
	}
	p.tell(ctx, oidc.PasswordChanged{Username: username, How: "link"})
	v := accountVisit(r, w.Wanted, now)
	if w.Request != nil { // they came from the sign-in, and have forgotten the password
		client, refusal, err := p.stillRegistered(ctx, w.Request)
		if err != nil || refusal != nil {
			return orNothing(refusal), err
		}
		v.req, v.client = *w.Request, client
	}
	v.req.LoginHint, v.req.EndsAt = username, link.ClientID
	return p.askSignInAfter(ctx, v, passwordSet), nil
}

func (p *Provider) newPassword(username, email, password string) authn.NewPassword {
	return authn.NewPassword{Password: password, Username: username, Email: email, Min: p.PasswordMin}
}

// checkNewPassword returns an authn.BadPassword if it may not replace the one of which the hash is former.
func (p *Provider) checkNewPassword(ctx context.Context, username, email, former, password string) error {
	if err := p.newPassword(username, email, password).Check(); err != nil {
		return err
	}
	same, _, err := p.passwords.Verify(ctx, authn.Caller{Known: true}, former, password)
	if err == nil && same {
		return authn.BadPassword{Code: passwordUnchanged}
	}
	return err
}

const passwordUnchanged = "password_unchanged"

// setOwnPassword hashes the password and saves it; errSessionEnded where the session has ended or the password is another one by now.
func (p *Provider) setOwnPassword(
	ctx context.Context, username string, own store.OwnPassword, password, how string, now time.Time,
) (err error) {
	if own.Hash, err = p.passwords.Hash(ctx, password); err != nil {
		return err
	}
	username, err = p.as(ctx, username, "change password").SetOwnPassword(ctx, own, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errSessionEnded
	case err == nil:
		p.tell(ctx, oidc.PasswordChanged{Username: username, How: how})
	}
	return err
}

// backToNewPassword leads back to the form with a reason.
func (p *Provider) backToNewPassword(ctx context.Context, w newPasswordPage, status int, code string, wait time.Duration) Answer {
	w.Error = p.failureOf(ctx, code, wait)
	return Answer{Status: status, Location: p.address(&w), RetryAfter: wait, Error: code, UILocales: w.uiLocales()}
}

func (w *pending) uiLocales() []string {
	if w.Request == nil {
		return nil
	}
	return w.Request.UILocales
}

func orNothing(a *Answer) Answer {
	if a == nil {
		return Answer{}
	}
	return *a
}
