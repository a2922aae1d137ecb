package provider

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

const pathAuthorize = "/authorize"

// Authorize is the authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2).
func (p *Provider) Authorize(ctx context.Context, r Request) Answer {
	now := p.now()
	client, err := p.clientOf(ctx, r, r.Params["client_id"])
	if err != nil {
		return p.failedPage(r, err, p.sameRequest(r))
	}
	req, untrusted, refusal, err := p.readAuthorize(ctx, r, client, now)
	switch {
	case err != nil:
		return p.failedPage(r, err, p.sameRequest(r))
	case untrusted != nil:
		return p.refuseAuthorize(r, untrusted, client)
	case refusal != nil:
		return p.respondError(r, req, refusal)
	}

	a, err := p.nextAtBrowser(ctx, visit{r: r, req: req, client: client, now: now})
	if err != nil {
		return p.failedPage(r, err, p.sameRequest(r))
	}
	return a
}

// sameRequest is the address at which an authorization request that failed can be made again.
func (p *Provider) sameRequest(r Request) string {
	query := r.Params.Encode()
	if r.Params.Get("client_id") == "" || len(query) > 4096 {
		return ""
	}
	return p.Issuer + "/authorize?" + query
}

// clientNamed looks up the client of an unchecked client_id; nil where there is none.
func (p *Provider) clientNamed(ctx context.Context, ids []string) (*oidc.Client, error) {
	params, _ := oidc.ParseParams(map[string][]string{"client_id": ids}, []string{"client_id"})
	if params["client_id"] == "" || len(params["client_id"]) > 255 {
		return nil, nil
	}
	client, err := p.store.Client(ctx, params["client_id"])
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return client, err
}

// refuseAuthorize shows a refusal to the person, since the redirect URI is not to be trusted with it (RFC 6749 §4.1.2.1).
func (p *Provider) refuseAuthorize(r Request, e *oidc.Error, client *oidc.Client) Answer {
	p.tell(r, oidc.AuthorizationRequestRefused{Error: e.Description, Why: e.Log})
	switch {
	case e.Code == oidc.InvalidClient:
		return p.errorPage(r, 400, pageUnknownClient, nil)
	case e.Code == oidc.InvalidRequestURI:
		return p.errorPage(r, 400, pageInvalidRequestURI, viewOfClient(client))
	case e.Code == oidc.InvalidRequest && e.Log != "":
		return p.errorPage(r, 400, pageInvalidRedirect, viewOfClient(client))
	}
	return p.errorPage(r, 400, pageInvalidRequest, viewOfClient(client))
}

// askSignIn sends the browser to the login page, or straight to an upstream as if that had been chosen there, and binds the pending
// request to it with a cookie.
func (p *Provider) askSignIn(ctx context.Context, v visit) Answer {
	cookies := append(v.cookies, p.bindBrowser(&v.r)...)
	if upstream := p.straightUpstream(ctx, v.r, v.req); upstream != "" {
		a := p.departTo(ctx, v.r, loginPage(v), upstream, v.now)
		a.Cookies = append(a.Cookies, cookies...)
		return a
	}
	return redirect(p.page(loginPage(v), v.now), cookies...)
}

func loginPage(v visit) pending {
	w := pending{Page: "login", Request: &v.req, Browser: browserDigest(v.r), Username: v.req.LoginHint, NewToken: v.wanted}
	if !v.req.Account {
		w.Client = viewOfAsking(v.client, v.req)
	}
	return w
}

// bindBrowser makes sure that the browser has a cookie of 256 bits; it gives the one to set if it has none.
func (p *Provider) bindBrowser(r *Request) []Cookie {
	if b, err := base64.RawURLEncoding.DecodeString(r.Cookies[BrowserCookie]); err == nil && len(b) == 32 {
		return nil
	}
	return []Cookie{r.give(BrowserCookie, randomSecret())}
}

// askConsent sends the browser to the consent page.
func (p *Provider) askConsent(ctx context.Context, v visit) (Answer, error) {
	if err := p.start(ctx, &v, store.Issue{}); err != nil {
		return Answer{}, err
	}
	cookies := append(v.cookies, p.bindBrowser(&v.r)...)
	return redirect(p.page(pending{Page: "consent", Request: &v.req, Browser: browserDigest(v.r), Client: viewOfAsking(v.client, v.req),
		User: viewOfUser(v.standing.User), SID: v.standing.Session.SID}, v.now), cookies...), nil
}

// issue saves what the request gets, with the session if that starts now, and sends it to the relying party.
func (p *Provider) issue(ctx context.Context, v visit) (Answer, error) {
	fields, toSave, err := p.prepare(v.req, v.client, v.standing.Standing, v.now)
	switch {
	case err != nil:
	case v.starts != nil:
		err = p.start(ctx, &v, toSave)
	default:
		err = p.saveIssue(ctx, v, toSave)
	}
	switch {
	case errors.Is(err, store.ErrNotFound): // the session ended a moment ago
		return p.askSignIn(ctx, v), nil
	case errors.Is(err, store.ErrUsed):
		return p.respondError(v.r, v.req, errPushedUsed, v.cookies...), nil
	case err != nil:
		return Answer{}, err
	}
	return p.respond(v.r, v.req, fields, v.cookies...), nil
}

// saveIssue saves what a request gets for a session that was there before.
func (p *Provider) saveIssue(ctx context.Context, v visit, toSave store.Issue) error {
	var consented []string
	if v.consented {
		consented = v.req.AsksFor()
	}
	return p.store.SaveIssue(ctx, v.standing.Session.SID, toSave, consented, p.touch(v.standing.SeenAt, v.now), v.now)
}

// errPushedUsed: a pushed request has one answer (RFC 9126 §4, FAPI 2.0 Security Profile §5.3.2.2).
var errPushedUsed = &oidc.Error{Code: oidc.InvalidRequestURI, Description: "the pushed request has had its answer"}

// touch gives the new idle end of a session that was last seen at seen: zero while the old one is recent enough,
// so that most sign-ons cost no durable write.
func (p *Provider) touch(seen, now time.Time) time.Time {
	if now.Sub(seen) < p.SessionIdle/10 {
		return time.Time{}
	}
	return now.Add(p.SessionIdle)
}
