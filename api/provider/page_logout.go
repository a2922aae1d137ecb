package provider

import (
	"cmp"
	"context"
	"errors"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// logoutPage asks a person whether they want to sign out.
type logoutPage struct {
	pending   `json:"-"`
	SID       string    `json:"s"` // of the session that ends
	User      *userView `json:"u,omitempty"`
	ReturnTo  string    `json:"rt,omitempty"`
	Flaw      failure   `json:"f"` // of the request: there is no ReturnTo then
	UILocales []string  `json:"l,omitempty"`
}

type logoutView struct {
	common
	User  *userView    `json:"user"`
	Error *failureView `json:"error,omitempty"`
}

func (*logoutPage) name() string { return "logout" }

func (w *logoutPage) view(_ context.Context, _ *Provider, c common) (any, error) {
	c.UILocales = w.UILocales
	e := c.failed(w.Flaw)
	return logoutView{common: c, User: w.User, Error: e}, nil
}

// LogoutConfirm takes what the person pressed there. The request is good for one session only, so no other page
// can make it up.
func (p *Provider) LogoutConfirm(ctx context.Context, r Request) Answer {
	now := p.now()
	var w logoutPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	if r.Params.Get("logout") != "yes" {
		return redirect(cmp.Or(w.ReturnTo, p.UIOrigin+"/"))
	}
	session, _, err := p.store.LoadSession(ctx, oidc.Digest(r.Cookies[SessionCookie]), now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.signedOut(r, w)
	case err != nil:
		return p.failedPage(ctx, err, p.address(&w))
	case session.SID != w.SID: // another person has signed in since
		return p.showError(ctx, 400, errorPage{pending: pending{Client: w.Client}, Error: failure{Code: pageForeignBrowser},
			TryAgain: p.anew(w.name())})
	}
	return p.endSession(ctx, r, w, now)
}
