package provider

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
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

	standing, err := p.standing(ctx, r, client, now)
	if err != nil {
		return p.failedPage(r, err, p.sameRequest(r))
	}

	step, refusal := req.Decide(client, standing.Standing, false, now)
	switch {
	case refusal != nil:
		return p.respondError(r, req, refusal)
	case step == oidc.SignIn:
		if upstream := p.straightUpstream(ctx, r, req); upstream != "" {
			return p.signInAt(ctx, r, req, client, upstream, now)
		}
		return p.askSignIn(r, req, client, now)
	case step == oidc.AskConsent:
		return p.askConsent(r, req, client, standing.Standing, now)
	}
	return p.issue(ctx, r, req, client, standing, nil, now)
}

// standing loads who is signed in at the browser; a browser without our cookie is not looked up, and one whose session has ended has none
// in what follows.
func (p *Provider) standing(ctx context.Context, r Request, client *oidc.Client, now time.Time) (store.Standing, error) {
	cookie := r.Cookies[SessionCookie]
	if cookie == "" {
		return store.Standing{}, nil
	}
	s, err := p.store.LoadStanding(ctx, digest(cookie), client, now)
	if s.User != nil {
		s.Subject = p.subject(client, s.User.Sub)
	} else if err == nil {
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

// askSignIn sends the browser to the login page, and binds the pending request to it with a cookie.
func (p *Provider) askSignIn(r Request, req oidc.AuthorizeRequest, client *oidc.Client, now time.Time) Answer {
	cookies := p.bindBrowser(&r)
	return redirect(p.page(loginPage(r, req, client), now), cookies...)
}

func loginPage(r Request, req oidc.AuthorizeRequest, client *oidc.Client) pending {
	return pending{Page: "login", Request: &req, Browser: browserDigest(r), Client: viewOfAsking(client, req), Username: req.LoginHint}
}

// signInAt sends the browser straight to an upstream, as if the person had chosen it on the login page.
func (p *Provider) signInAt(ctx context.Context, r Request, req oidc.AuthorizeRequest, client *oidc.Client, upstream string, now time.Time) Answer {
	cookies := p.bindBrowser(&r)
	a := p.departTo(ctx, r, loginPage(r, req, client), upstream, now)
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
func (p *Provider) askConsent(r Request, req oidc.AuthorizeRequest, client *oidc.Client, s oidc.Standing, now time.Time, cookies ...Cookie) Answer {
	cookies = append(cookies, p.bindBrowser(&r)...)
	return redirect(p.page(pending{Page: "consent", Request: &req, Browser: browserDigest(r), Client: viewOfAsking(client, req),
		User: viewOfUser(s.User), SID: s.Session.SID}, now), cookies...)
}

// issue saves what the request gets for the session, and sends it to the relying party.
func (p *Provider) issue(ctx context.Context, r Request, req oidc.AuthorizeRequest, client *oidc.Client,
	s store.Standing, consented []string, now time.Time) Answer {
	fields, toSave, err := p.prepare(req, client, s.Standing, now)
	if err == nil {
		err = p.store.SaveIssue(ctx, s.Session.SID, toSave, consented, p.touch(s.SeenAt, now), now)
	}
	switch {
	case errors.Is(err, store.ErrNotFound): // the session ended a moment ago
		return p.askSignIn(r, req, client, now)
	case errors.Is(err, store.ErrUsed):
		return p.respondError(r, req, errPushedUsed)
	case err != nil:
		return p.failedPage(r, err, p.sameRequest(r))
	}
	return p.respond(r, req, fields)
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
