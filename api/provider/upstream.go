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
)

type upstreamView struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
}

// upstreamViews are the buttons of the login page. Without Postgres the page does without them.
func (p *Provider) upstreamViews(ctx context.Context, r Request) (views []upstreamView) {
	list, err := p.store.Upstreams(ctx)
	if err != nil {
		p.tell(r, oidc.UpstreamsNotLoaded{Error: err.Error()})
	}
	for _, u := range list {
		views = append(views, upstreamView{u.Name, u.DisplayName})
	}
	return views
}

// LoginUpstream takes the upstream that the person chose on the login page.
func (p *Provider) LoginUpstream(ctx context.Context, r Request) Answer {
	now := p.now()
	w, refusal := p.open(r, "login", now)
	if refusal != nil {
		return *refusal
	}
	chosen, _ := oidc.ParseParams(r.Params, []string{"upstream"})
	_, refusal, err := p.stillRegistered(ctx, r, w)
	switch {
	case err != nil:
		return p.failedLogin(r, w, err, now)
	case refusal != nil:
		return *refusal
	}
	w.Link = nil // that is for who signs in with his password
	return p.departTo(ctx, r, w, chosen["upstream"], now)
}

// straightUpstream gives the upstream that the request names or its login_hint belongs to. Without Postgres there is the login page,
// and so there is for what is no page, such as an image: twenty of them at once on somebody's page would set so many cookies that the
// browser's requests become too large for any server.
func (p *Provider) straightUpstream(ctx context.Context, r Request, req oidc.AuthorizeRequest) string {
	if r.Path != pathAuthorize { // a page of ours has been between: it is not skipped the second time
		return ""
	}
	if req.IDPHint == "" && !strings.Contains(req.LoginHint, "@") || r.FetchDest != "" && r.FetchDest != "document" {
		return ""
	}
	list, err := p.store.Upstreams(ctx)
	if err != nil {
		p.tell(r, oidc.UpstreamsNotLoaded{Error: err.Error()})
	}
	if u := req.StraightTo(list); u != nil {
		return u.Name
	}
	return ""
}

// departTo sends the browser to the upstream of that name.
func (p *Provider) departTo(ctx context.Context, r Request, w pending, name string, now time.Time) Answer {
	u, err := p.upstreamNamed(ctx, name)
	switch {
	case errors.Is(err, authn.ErrUpstreamFailed):
		return p.upstreamTrouble(r, w, u, err, now)
	case err != nil:
		return p.failedLogin(r, w, err, now)
	case u == nil && (name == "" || len(name) > 32):
		return p.errorPage(r, 400, pageInvalidRequest, w.Client)
	case u == nil: // disabled since the page was shown
		return p.backFrom(r, w, name, 502, upstreamFailed, now)
	}
	return p.depart(ctx, r, w, u, now)
}

// depart sends the browser to sign in at u. After linking it goes there a second time, for the tokens, and is not asked to sign in afresh.
func (p *Provider) depart(ctx context.Context, r Request, w pending, u *oidc.Upstream, now time.Time) Answer {
	j := journey{Upstream: u.Name, Nonce: randomSecret(), Verifier: randomSecret(), Sent: now}
	request := authn.UpstreamRequest{RedirectURI: p.callbackOf(u), Nonce: j.Nonce, Verifier: j.Verifier,
		LoginHint: w.Request.LoginHint, Prompt: w.Request.UpstreamPrompt(), MaxAge: w.Request.MaxAge}
	if w.Link != nil {
		j.Sent, request.LoginHint = w.Link.Sent, w.Link.Label
		request.Prompt, request.MaxAge = nil, nil
	}
	w.Link, w.Error, w.RetryAfter, w.Upstream, w.RequestID = nil, "", 0, "", ""
	if w.Client != nil { // cookies have little room
		w.Client = &clientView{Name: w.Client.Name, URI: w.Client.URI}
	}
	if w.Expires == 0 {
		w.Expires = now.Add(p.RequestTTL).Unix()
	}
	j.Pending = w
	state, cookies, ok := p.pack(r, j, now)
	if !ok {
		return p.errorPage(r, 400, pageInvalidRequest, w.Client)
	}
	request.State = state
	ctx, cancel := context.WithTimeout(ctx, outgoing.Patience)
	defer cancel()
	to, err := p.upstreams.AuthorizationURL(ctx, u, request)
	if err != nil {
		return p.upstreamTrouble(r, w, u, err, now)
	}
	return redirect(to, cookies...)
}

// upstreamTrouble leads back to the login page, from where another way, or another try, may do.
func (p *Provider) upstreamTrouble(r Request, w pending, u *oidc.Upstream, err error, now time.Time) Answer {
	code, status := upstreamFailed, 502
	if errors.Is(err, authn.ErrUpstreamUnavailable) {
		code, status = upstreamUnavailable, 503
	}
	p.tell(r, oidc.UpstreamSignInFailed{Upstream: u.Name, Error: err.Error()})
	return p.backFrom(r, w, u.DisplayName, status, code, now)
}

// backFrom leads back to the login page; displayName is what people know the upstream by.
func (p *Provider) backFrom(r Request, w pending, displayName string, status int, code string, now time.Time) Answer {
	w.Upstream = displayName
	return p.tryAgain(r, w, status, code, 0, now)
}
