package provider

import (
	"context"

	"gatehouse/api/oidc"
)

// refusedPage tells a person who is signed in that the application, or a service that it wants to use, is not open to them. The
// application hears of it if that is what they want (docs/decisions/0051-who-is-refused-by-a-group-is-told-here.md).
type refusedPage struct {
	pending `json:"-"`
	User    *userView `json:"u"`
	Service string    `json:"sv,omitempty"` // the one that is not open to them; "": the application is not
	Error   failure   `json:"f"`
}

type refusedView struct {
	common
	User    *userView `json:"user"`
	Service string    `json:"service,omitempty"` // in words: it is not open to them, and the application may be
	Other   bool      `json:"other,omitempty"`   // another account may do
	Cancel  bool      `json:"cancel,omitempty"`  // the application can be told
}

func (*refusedPage) name() string { return "refused" }

func (w *refusedPage) view(ctx context.Context, p *Provider, c common) (any, error) {
	c.failed(w.Error)
	view := refusedView{common: c, User: w.User, Other: w.Request.MayBeAnother(), Cancel: w.Request.RedirectURI != ""}
	if w.Service == "" {
		return view, nil
	}
	client, err := p.clientNamed(ctx, []string{w.Request.ClientID})
	if view.Service = w.Service; err == nil && client != nil {
		view.Service = client.ServiceInWords(w.Service)
	}
	return view, err
}

// sayRefused leads to that page, with the status of a refusal.
func (p *Provider) sayRefused(ctx context.Context, v visit) (Answer, error) {
	refusal, service := v.req.NotAdmitted(v.client, v.standing.Standing)
	p.tell(ctx, oidc.SignInRefused{Username: v.standing.User.Username, ClientID: v.client.ClientID, Why: refusal.Log})
	w := refusedPage{pending: p.pendingOf(&v), User: viewOfUser(v.standing.User), Service: service,
		Error: p.failureOf(ctx, refusal.Code, 0)}
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
	refused := oidc.NotAdmitted(w.User.Username, w.Request.ClientID)
	if w.Service != "" {
		refused = oidc.NotAdmittedTo(w.User.Username, w.Service)
	}
	return p.respondError(ctx, r, *w.Request, refused)
}
