package provider

import (
	"context"
)

// selectAccountPage asks a person who is signed in whether to go on as they are, or as somebody else (prompt=select_account, OpenID
// Connect Core §3.1.2.1).
type selectAccountPage struct {
	pending `json:"-"`
	SID     string    `json:"s"` // of the session that they may go on with
	User    *userView `json:"u"`
}

type selectAccountView struct {
	common
	User   *userView `json:"user"`
	Other  bool      `json:"other,omitempty"`  // another account may do
	Cancel bool      `json:"cancel,omitempty"` // the application can be told that the person did not want to
}

func (*selectAccountPage) name() string { return "select_account" }

func (w *selectAccountPage) view(_ context.Context, _ *Provider, c common) (any, error) {
	return selectAccountView{common: c, User: w.User, Other: w.Request.MayBeAnother(), Cancel: w.Request.RedirectURI != ""}, nil
}

// askAccount sends the browser to that page.
func (p *Provider) askAccount(_ context.Context, v visit) (Answer, error) {
	w := selectAccountPage{pending: p.pendingOf(&v), SID: v.standing.Session.SID, User: viewOfUser(v.standing.User)}
	return redirect(p.address(&w), v.cookies...), nil
}

// SelectAccount takes what the person pressed there. Going on asks for whatever else the request wants.
func (p *Provider) SelectAccount(ctx context.Context, r Request) Answer {
	now := p.now()
	var w selectAccountPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	client, refusal, err := p.stillRegistered(ctx, w.Request)
	account := r.Params.Get("account")
	switch {
	case err != nil:
		return p.failedPage(ctx, err, p.address(&w))
	case refusal != nil:
		return *refusal
	case account == "other":
		return p.askAnother(r, loginPage{pending: w.pending}, false)
	case account != "continue":
		return p.cancelSignIn(ctx, r, w.pending, client)
	}
	req := *w.Request
	req.Chosen = w.SID
	a, err := p.nextAtBrowser(ctx, visit{r: r, req: req, client: client, sid: w.SID, now: now})
	if err != nil {
		return p.failedPage(ctx, err, p.address(&w))
	}
	return a
}
