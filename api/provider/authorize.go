package provider

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"maps"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

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

	standing, err := p.standing(ctx, &r, client, now)
	if err != nil {
		return p.failedPage(r, err, p.sameRequest(r))
	}
	a, err := p.next(ctx, visit{r: r, req: req, client: client, standing: standing, now: now})
	if err != nil {
		return p.failedPage(r, err, p.sameRequest(r))
	}
	return a
}

// standing loads who is signed in at the browser. A browser without our cookie is not looked up, and one whose session has ended has
// no such cookie in what follows.
func (p *Provider) standing(ctx context.Context, r *Request, client *oidc.Client, now time.Time) (store.Standing, error) {
	cookie := r.Cookies[SessionCookie]
	if cookie == "" {
		return store.Standing{}, nil
	}
	s, err := p.store.LoadStanding(ctx, digest(cookie), client, now)
	if s.User != nil {
		s.Subject = p.subject(client, s.User.Sub)
	} else if err == nil {
		r.Cookies = maps.Clone(r.Cookies)
		delete(r.Cookies, SessionCookie)
	}
	return s, err
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
	slog.Warn("authorization request refused", "request_id", r.ID, "error", e.Description, "why", e.Log)
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

// askSignIn sends the browser to the login page, or straight to the upstream that the request names, as if the person had chosen it there.
// The pending request is bound to the browser with a cookie.
func (p *Provider) askSignIn(ctx context.Context, v visit) Answer {
	cookies := append(v.cookies, p.bindBrowser(&v.r)...)
	w := pending{Page: "login", Request: &v.req, Browser: browserDigest(v.r), Client: viewOfAsking(v.client, v.req), Username: v.req.LoginHint}
	upstream := ""
	if v.starts == nil {
		upstream = p.straightUpstream(ctx, v.r, v.req)
	}
	a := redirect(p.page(w, v.now))
	if upstream != "" {
		a = p.departTo(ctx, v.r, w, upstream, v.now)
	}
	a.Cookies = append(a.Cookies, cookies...)
	return a
}

// bindBrowser makes sure that the browser has a cookie of 256 bits; it gives the one to set if it has none.
func (p *Provider) bindBrowser(r *Request) []Cookie {
	if b, err := base64.RawURLEncoding.DecodeString(r.Cookies[BrowserCookie]); err == nil && len(b) == 32 {
		return nil
	}
	return []Cookie{r.give(BrowserCookie, randomSecret())}
}

// askConsent sends the browser to the consent page.
func (p *Provider) askConsent(v visit) Answer {
	cookies := append(v.cookies, p.bindBrowser(&v.r)...)
	return redirect(p.page(pending{Page: "consent", Request: &v.req, Browser: browserDigest(v.r), Client: viewOfAsking(v.client, v.req),
		User: viewOfUser(v.standing.User), SID: v.standing.Session.SID}, v.now), cookies...)
}
