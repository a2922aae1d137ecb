package provider

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// CheckSession is the page at check_session_iframe (OpenID Connect Session Management 1.0 §3.2). It is the same for all.
func (p *Provider) CheckSession(context.Context, Request) Answer {
	return Answer{Status: 200, CheckSession: true, Public: metadataAge}
}

// noteState keeps the cookie that the page at check_session_iframe reads in step with who is signed in at the browser. It
// returns the cookies to set: none where it is in step already, or session management is off. The state is derived from the
// session's secret, or from the browser's where nobody is signed in: no script learns either, no website can guess it, and
// a lost cookie is set again as it was.
func (p *Provider) noteState(r *Request) (set []Cookie) {
	if !p.SessionManagement {
		return nil
	}
	secret := r.Cookies[SessionCookie]
	if secret == "" {
		set = p.bindBrowser(r)
		secret = r.Cookies[BrowserCookie]
	}
	derived := p.sealer.Derive(keys.ForBrowserStates, []byte(secret))
	if state := base64.RawURLEncoding.EncodeToString(derived[:]); r.Cookies[StateCookie] != state {
		set = append(set, r.give(StateCookie, state))
	}
	return set
}

// sessionState returns the parameter session_state of an answer to an OpenID Connect request, errors included (Session
// Management §2).
func (p *Provider) sessionState(r *Request, req oidc.AuthorizeRequest) (value string, set []Cookie) {
	if !p.SessionManagement || !oidc.HasScope(req.Scope, "openid") {
		return "", nil
	}
	set = p.noteState(r)
	return oidc.SessionState(req.ClientID, req.RedirectURI, r.Cookies[StateCookie], rand.Text()), set
}
