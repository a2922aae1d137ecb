package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"gatehouse/api/oidc"
)

// loginPage asks a person to sign in, for a client or, without one, for the account page.
type loginPage struct {
	pending  `json:"-"`
	Username string    `json:"un,omitempty"` // typed before, hinted at, or of who is known at the browser
	Known    *userView `json:"kn,omitempty"` // who that is
	Error    failure   `json:"f,omitzero"`
	Wrong    int       `json:"w,omitempty"`  // how often username and password did not go together
	Upstream string    `json:"up,omitempty"` // what people call the one that Error is about, or a workshop
	Link     *link     `json:"lk,omitempty"` // to make once they have signed in with their password
	Wanted   *newToken `json:"nt,omitempty"` // to make after the sign-in
	Done     string    `json:"dn,omitempty"` // passwordSet: what has led here

	EndedAt *time.Time `json:"ea,omitempty"` // the account that Error is about

	Invited bool `json:"iv,omitempty"` // that a journey began at an invitation, to make an account with it

	UnknownPasskey []byte `json:"pk,omitempty"` // that there is none of, so that the browser offers it no more

	Links *accountPage `json:"la,omitempty"` // that a journey began at to link an account; nil for a sign-in
}

type loginView struct {
	common
	Username       string         `json:"username,omitempty"`
	Known          *userView      `json:"known,omitempty"` // the page greets them
	Error          *failureView   `json:"error,omitempty"`
	Upstreams      []upstreamView `json:"upstreams,omitempty"`
	UpstreamAction string         `json:"upstream_action,omitempty"`
	Cancel         bool           `json:"cancel,omitempty"` // the application can be told that the person did not want to
	Link           *linkView      `json:"link,omitempty"`
	Done           string         `json:"done,omitempty"`
	Forgot         bool           `json:"forgot,omitempty"`  // whether a mail can be had
	SignUp         bool           `json:"sign_up,omitempty"` // whether an account can be had

	Passkey        json.RawMessage `json:"passkey,omitempty"`         // for navigator.credentials.get
	UnknownPasskey json.RawMessage `json:"unknown_passkey,omitempty"` // for PublicKeyCredential.signalUnknownCredential
}

// passwordSet tells people on the login page that the password which they have just set counts.
const passwordSet = "password_set"

// signInEnded tells people there why they have to sign in again.
const signInEnded = "sign_in_ended"

type upstreamView struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	Issuer      string `json:"issuer"` // whose mark the button has
}

func (*loginPage) name() string { return "login" }

func (w *loginPage) view(ctx context.Context, p *Provider, c common) (any, error) {
	view := loginView{Username: w.Username, Known: w.Known, Cancel: w.Request.RedirectURI != "", Link: w.Link.view(), Done: w.Done,
		Forgot: p.outbox != nil, Upstreams: p.upstreamViews(ctx)}
	on, err := p.signUp(ctx)
	if err != nil {
		p.tell(ctx, oidc.SignUpNotRead{Error: err.Error()}) // the page does without
	}
	view.SignUp = on.Open
	if view.Upstreams != nil {
		view.UpstreamAction = c.actions["upstream_action"]
	}
	if view.Error = c.failed(w.Error); view.Error != nil {
		view.Error.Upstream, view.Error.EndedAt = w.Upstream, w.EndedAt
		if w.Error.Code == invalidCredentials {
			view.Error.Times = w.Wrong
		}
	}
	if p.passkeys != nil {
		view.Passkey = p.passkeys.RequestOptions(challengeOn(c.Request))
		if w.UnknownPasskey != nil {
			view.UnknownPasskey = p.passkeys.Unknown(w.UnknownPasskey)
		}
	}
	view.common = c
	p.tell(ctx, oidc.LoginShown{ClientID: w.Request.ClientID})
	return view, nil
}

// upstreamViews returns the buttons of the login page. Without Postgres the page does without them.
func (p *Provider) upstreamViews(ctx context.Context) (views []upstreamView) {
	list, err := p.store.Upstreams(ctx)
	if err != nil {
		p.tell(ctx, oidc.UpstreamsNotLoaded{Error: err.Error()})
	}
	for _, u := range list {
		views = append(views, upstreamView{u.Name, u.DisplayName, u.Issuer})
	}
	return views
}

// askAnother sends the browser to the login page, from there or from another page, for another person than the one who is signed in or
// known at the browser, which may be told to forget them. It goes straight to no upstream, where the same person may be signed in.
func (p *Provider) askAnother(r Request, from loginPage, forget bool) Answer {
	req := from.Request.ForAnother()
	w := loginPage{pending: pending{Request: &req, Browser: from.Browser, Client: from.Client}, Link: from.Link, Wanted: from.Wanted}
	a := redirect(p.address(&w))
	if forget && r.Cookies[DeviceCookie] != "" {
		a.Cookies = []Cookie{{Name: DeviceCookie, MaxAge: -1}}
	}
	return a
}

// backToLogin leads back to the login form with a reason. A client that asks for JSON gets the status and, as the original
// example did, {"detail":"Invalid credentials"}.
func (p *Provider) backToLogin(
	ctx context.Context, w loginPage, status int, code string, wait time.Duration,
) Answer {
	w.Error = p.failureOf(ctx, code, wait)
	if code == invalidCredentials {
		w.Wrong++
	}
	a := Answer{Status: status, Location: p.address(&w), RetryAfter: wait, Error: code, UILocales: w.Request.UILocales}
	detail := map[int]string{401: "Invalid credentials", 429: "Too many attempts", 503: "Temporarily unavailable"}[status]
	a.Script = &ScriptAnswer{max(status, 400), map[string]string{"detail": cmp.Or(detail, code)}}
	if status == 401 {
		a.Status = 303
	}
	return a
}

// failedLogin keeps the form where another try may do, so that nobody has to start over.
func (p *Provider) failedLogin(ctx context.Context, w loginPage, err error) Answer {
	if w.Links != nil {
		return p.accountError(ctx, w.accountPage(), err)
	}
	return p.keepForm(ctx, w.Client, err, func(status int, code string, wait time.Duration) Answer {
		return p.backToLogin(ctx, w, status, code, wait)
	})
}
