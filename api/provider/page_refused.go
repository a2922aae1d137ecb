package provider

import (
	"context"

	"gatehouse/api/oidc"
)

// refusedPage tells a person who is signed in that the application is not open to them. The application hears of it if that is what they
// want (docs/decisions/0051-who-is-refused-by-a-group-is-told-here.md).
type refusedPage struct {
	pending `json:"-"`
	User    *userView `json:"u"`
	Error   failure   `json:"f"`
}

type refusedView struct {
	common
	User   *userView `json:"user"`
	Other  bool      `json:"other,omitempty"`  // another account may do
	Cancel bool      `json:"cancel,omitempty"` // the application can be told
}

func (*refusedPage) name() string { return "refused" }

func (w *refusedPage) view(_ context.Context, _ *Provider, c common) (any, error) {
	c.failed(w.Error)
	return refusedView{common: c, User: w.User, Other: w.Request.MayBeAnother(), Cancel: w.Request.RedirectURI != ""}, nil
}

// sayRefused leads to that page, with the status of a refusal.
func (p *Provider) sayRefused(ctx context.Context, v visit) (Answer, error) {
	username := v.standing.User.Username
	refusal := oidc.NotAdmitted(username, v.client.ClientID)
	p.tell(ctx, oidc.SignInRefused{Username: username, ClientID: v.client.ClientID, Why: refusal.Log})
	w := refusedPage{pending: p.pendingOf(&v), User: viewOfUser(v.standing.User), Error: p.failureOf(ctx, refusal.Code, 0)}
	return Answer{Status: 403, Location: p.address(&w), Error: refusal.Code, UILocales: v.req.UILocales, Cookies: v.cookies,
		Script: &ScriptAnswer{403, oauthErrorBody{refusal.Code, refusal.Description}}}, nil
}

// Refused takes what the person pressed there.
func (p *Provider) Refused(ctx context.Context, r Request) Answer {
	var w refusedPage
	if refusal := p.open(ctx, r, &w, p.now()); refusal != nil {
		return *refusal
	}
	_, refusal, err := p.stillRegistered(ctx, w.Request)
	switch {
	case err != nil:
		return p.failedPage(ctx, err, p.address(&w))
	case refusal != nil:
		return *refusal
	case r.Params.Get("account") == "other":
		return p.askAnother(r, loginPage{pending: w.pending}, false)
	}
	return p.respondError(ctx, r, *w.Request, oidc.NotAdmitted(w.User.Username, w.Request.ClientID))
}
