package provider

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/mail"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// signUpPage asks somebody who wants an account for their address. Nothing tells whether it may have one, or has one already: that is
// decided when the mail is sent.
type signUpPage struct {
	pending `json:"-"`
	Email   string  `json:"m,omitempty"` // as it was typed
	Name    string  `json:"fn,omitempty"`
	Reason  string  `json:"r,omitempty"`
	Sent    bool    `json:"s,omitempty"`
	Error   failure `json:"f,omitzero"`
}

type signUpView struct {
	common
	Email    string       `json:"email,omitempty"`
	Name     string       `json:"name,omitempty"`
	Reason   string       `json:"reason,omitempty"`
	Approval bool         `json:"approval,omitempty"` // somebody may have to say yes, so that it asks for a name and a reason
	Sent     bool         `json:"sent,omitempty"`
	Error    *failureView `json:"error,omitempty"`
}

// maxReason is in characters.
const maxReason = 500

const tooManySignUps = "too_many_sign_ups"

func (*signUpPage) name() string { return "sign_up" }

func (w *signUpPage) view(ctx context.Context, p *Provider, c common) (any, error) {
	on, err := p.signUp(ctx)
	switch {
	case err != nil:
		return nil, err
	case !on.Open:
		return nil, store.ErrNotFound
	}
	e := c.failed(w.Error)
	return signUpView{common: c, Email: w.Email, Name: w.Name, Reason: w.Reason, Approval: on.Approval, Sent: w.Sent, Error: e}, nil
}

// signUp returns whether people can have an account by themselves: where rows say so and mail is sent.
func (p *Provider) signUp(ctx context.Context) (store.SignUp, error) {
	if p.outbox == nil {
		return store.SignUp{}, nil
	}
	return p.store.SignUp(ctx)
}

// askSignUp leads from the login page to this one.
func (p *Provider) askSignUp(from loginPage) Answer {
	w := signUpPage{pending: pending{Request: from.Request, Browser: from.Browser, Client: from.Client}}
	return redirect(p.address(&w))
}

// SignUp takes the form of the page.
func (p *Provider) SignUp(ctx context.Context, r Request) Answer {
	now := p.now()
	var w signUpPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	on, err := p.signUp(ctx)
	params, bad := oidc.ParseParams(r.Params, []string{"email", "name", "reason", "language"})
	switch {
	case err != nil:
		return p.failedSignUp(ctx, w, err)
	case !on.Open || len(bad) > 0:
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	}
	w.Email, w.Name = strings.TrimSpace(params["email"]), strings.Join(strings.Fields(params["name"]), " ")
	w.Reason = strings.Join(strings.Fields(params["reason"]), " ")
	address, err := mail.Address(w.Email)
	if err != nil || len(address) > maxEmail {
		w.Email = clip(w.Email)
		return p.backToSignUp(ctx, w, 303, invalidEmail, 0)
	}
	if !isName(w.Name) || utf8.RuneCountInString(w.Reason) > maxReason {
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	}
	switch err := p.saveSignUp(ctx, r, w, address, params["language"], now); {
	case errors.Is(err, store.ErrManySignUps):
		p.tell(ctx, oidc.SignUpRefused{Error: tooManySignUps})
		return p.backToSignUp(ctx, w, 429, tooManyAttempts, time.Hour)
	case err != nil:
		return p.failedSignUp(ctx, w, err)
	}
	p.tell(ctx, oidc.SignUpAsked{})
	w.Sent, w.Name, w.Reason, w.Error = true, "", "", failure{}
	return redirect(p.address(&w))
}

// saveSignUp notes what is asked for, and that a mail may have to be sent. Nothing that somebody typed is in that but the address, for
// they may have typed anybody's.
func (p *Provider) saveSignUp(ctx context.Context, r Request, w signUpPage, address, language string, now time.Time) error {
	if !slices.Contains(oidc.UILocales, language) {
		language = ""
	}
	var clientID string
	if w.Request != nil && w.Request.RedirectURI != "" {
		clientID = w.Request.ClientID
	}
	id, token := newID(), randomSecret()
	code, _ := NewMailedCode(p.sealer, oidc.Digest(token))
	return p.store.AskSignUp(ctx, store.SignUpRequest{ID: id, Email: address, Name: w.Name, Reason: w.Reason, Locale: language,
		ClientID: clientID, Network: p.sealer.Derive(keys.ForSigningUpNetworks, []byte(authn.EndSite(r.Addr))),
		Browser: store.Digest(browserDigest(r)), Sealed: SealMail(p.sealer, "sign_up", map[string]string{"sign_up": id, "token": token,
			"Code": code, "Link": p.UIOrigin + "/link#" + token, "Until": now.Add(store.SignUpLife).UTC().Format("2006-01-02 15:04 UTC")})},
		now)
}

// addressSignUp decides who gets the mail of a request.
func (p *Provider) addressSignUp(ctx context.Context, m store.DueMail, values map[string]string) (store.SignUpMail, error) {
	token := oidc.Digest(values["token"])
	return p.store.AddressSignUp(ctx, m.ID, values["sign_up"], token, mailedCode(p.sealer, token, values["Code"]), p.now())
}

// TellOfSignUps tells those who may say yes that somebody waits for it. Every replica calls it each minute.
func (p *Provider) TellOfSignUps(ctx context.Context) error {
	if p.outbox == nil || p.AdminGroup == "" {
		return nil
	}
	groups := []string{p.AdminGroup}
	if p.HelpDeskGroup != "" {
		groups = append(groups, p.HelpDeskGroup)
	}
	values := map[string]string{"Link": p.UIOrigin + "/admin/sign-ups"}
	return p.store.TellOfSignUps(ctx, groups, SealMail(p.sealer, "sign_up_waits", values), p.now())
}

func (p *Provider) backToSignUp(ctx context.Context, w signUpPage, status int, code string, wait time.Duration) Answer {
	w.Error = p.failureOf(ctx, code, wait)
	return Answer{Status: status, Location: p.address(&w), RetryAfter: wait, Error: code, UILocales: w.uiLocales()}
}

// failedSignUp keeps the form where another try may do.
func (p *Provider) failedSignUp(ctx context.Context, w signUpPage, err error) Answer {
	return p.keepForm(ctx, w.Client, err, func(status int, code string, wait time.Duration) Answer {
		return p.backToSignUp(ctx, w, status, code, wait)
	})
}
