package provider

import (
	"context"
	"errors"
	"strings"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/outgoing"
)

// The error codes of the login page that are about an upstream.
const (
	upstreamDenied         = "upstream_denied"
	upstreamFailed         = "upstream_failed"
	upstreamUnavailable    = "upstream_unavailable"
	upstreamUnknownAccount = "upstream_unknown_account"
	upstreamNotFresh       = "upstream_not_fresh"
)

// offerUpstreams returns a button for each, which leads there straight from /authorize.
func (p *Provider) offerUpstreams(ctx context.Context) (offers []authenticationMethod, err error) {
	list, err := p.store.Upstreams(ctx)
	for _, u := range list {
		offers = append(offers, authenticationMethod{Method: "upstream", Name: u.Name, DisplayName: u.DisplayName,
			AuthorizationParams: map[string]string{"idp_hint": u.Name}})
	}
	return offers, err
}

// LoginUpstream takes the upstream that the person chose on the login page.
func (p *Provider) LoginUpstream(ctx context.Context, r Request) Answer {
	now := p.now()
	var w loginPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	chosen, _ := oidc.ParseParams(r.Params, []string{"upstream"})
	_, refusal, err := p.stillRegistered(ctx, w.Request)
	switch {
	case err != nil:
		return p.failedLogin(ctx, w, err)
	case refusal != nil:
		return *refusal
	}
	w.Link = nil // that is for those who sign in with their password
	return p.sendToUpstreamNamed(ctx, r, w, chosen["upstream"], now)
}

// straightUpstream returns the upstream that a request that has just come names, or that its login_hint belongs to.
// Without Postgres there is the login page, and so there is for what is no page, such as an image: twenty of them at once
// on somebody's page would set so many cookies that the browser's requests become too large for any server.
func (p *Provider) straightUpstream(ctx context.Context, r Request, req oidc.AuthorizeRequest) string {
	isPage := r.Path == pathAuthorize && (r.FetchDest == "" || r.FetchDest == "document")
	if !isPage || req.IDPHint == "" && !strings.Contains(req.LoginHint, "@") {
		return ""
	}
	list, err := p.store.Upstreams(ctx)
	if err != nil {
		p.tell(ctx, oidc.UpstreamsNotLoaded{Error: err.Error()})
	}
	if u := req.StraightTo(list); u != nil {
		return u.Name
	}
	return ""
}

// sendToUpstreamNamed sends the browser to the upstream of that name.
func (p *Provider) sendToUpstreamNamed(ctx context.Context, r Request, w loginPage, name string, now time.Time) Answer {
	u, err := p.upstreamNamed(ctx, name)
	switch {
	case errors.Is(err, authn.ErrUpstreamFailed):
		return p.failedUpstream(ctx, w, u, err)
	case err != nil:
		return p.failedLogin(ctx, w, err)
	case u == nil && (name == "" || len(name) > 32):
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	case u == nil: // disabled since the page was shown
		return p.backFromUpstream(ctx, w, name, 502, upstreamFailed)
	}
	return p.sendToUpstream(ctx, r, w, u, now)
}

// sendToUpstream sends the browser to sign in at u. After linking it goes there a second time, for the tokens, and is not
// asked to sign in afresh.
func (p *Provider) sendToUpstream(ctx context.Context, r Request, w loginPage, u *oidc.Upstream, now time.Time) Answer {
	j := journey{Upstream: u.Name, Nonce: randomSecret(), Verifier: randomSecret(), Sent: now}
	request := authn.UpstreamRequest{RedirectURI: p.callbackOf(u), Nonce: j.Nonce, Verifier: j.Verifier,
		LoginHint: w.Request.LoginHint, Prompt: w.Request.UpstreamPrompt(), MaxAge: w.Request.MaxAge}
	if w.Link != nil {
		j.Linked, request.LoginHint = w.Link.Sub, w.Link.Label
		request.Prompt, request.MaxAge = nil, nil
	}
	w.Link, w.Error, w.Upstream = nil, failure{}, ""
	if w.Client != nil { // cookies have little room
		w.Client = &clientView{Name: w.Client.Name, URI: w.Client.URI}
	}
	j.Page = p.withState(&w)
	state, cookies, ok := p.sealJourney(r, j, now)
	if !ok {
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	}
	request.State = state
	ctx, cancel := context.WithTimeout(ctx, outgoing.Patience)
	defer cancel()
	to, err := p.upstreams.AuthorizationURL(ctx, u, request)
	if err != nil {
		return p.failedUpstream(ctx, w, u, err)
	}
	return redirect(to, cookies...)
}

// failedUpstream leads back to the login page, from where another way, or another try, may do.
func (p *Provider) failedUpstream(
	ctx context.Context, w loginPage, u *oidc.Upstream, err error,
) Answer {
	code, status := upstreamFailed, 502
	if errors.Is(err, authn.ErrUpstreamUnavailable) {
		code, status = upstreamUnavailable, 503
	}
	p.tell(ctx, oidc.UpstreamSignInFailed{Upstream: u.Name, Error: err.Error()})
	return p.backFromUpstream(ctx, w, u.DisplayName, status, code)
}

// backFromUpstream leads back to the login page; displayName is what people know the upstream by.
func (p *Provider) backFromUpstream(
	ctx context.Context, w loginPage, displayName string, status int, code string,
) Answer {
	if w.Links != nil {
		return p.backToAccount(ctx, w.accountPage(), status, code, 0)
	}
	if w.Invited {
		return p.backToInvitationFrom(ctx, w, displayName, status, code)
	}
	w.Upstream = displayName
	return p.backToLogin(ctx, w, status, code, 0)
}
