package oidc

import (
	"slices"
	"strings"
	"time"
)

// LogoutParams are the parameters of the end session endpoint that are read (OpenID Connect RP-Initiated Logout §2).
var LogoutParams = []string{"id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"}

// IDTokenHint has the claims that are read of an ID token of ours that comes back as a hint; it may have expired.
type IDTokenHint struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience Audience `json:"aud"`
	SID      string   `json:"sid"`
	Expiry   int64    `json:"exp"`
}

// IsIDToken distinguishes it from a signed answer of userinfo, which has the same typ and no exp (RFC 8725 §3.11, OpenID Connect
// Core §5.3.2).
func (h *IDTokenHint) IsIDToken(issuer string) bool { return h.Issuer == issuer && h.Expiry != 0 }

// LogoutRequest is a request of the end session endpoint.
type LogoutRequest struct {
	Hint                  *IDTokenHint
	ClientID              string
	PostLogoutRedirectURI string
	State                 string
	UILocales             []string
}

// ParseLogout reads the parameters of the end session endpoint except id_token_hint, which has to be verified. logout_hint is not
// needed: the page shows who is signed in, and asks.
func ParseLogout(p Params) (LogoutRequest, *Error) {
	if e := checkLengths(p, nil); e != nil {
		return LogoutRequest{}, e
	}
	return LogoutRequest{ClientID: p["client_id"], PostLogoutRedirectURI: p["post_logout_redirect_uri"], State: p["state"],
		UILocales: strings.Fields(p["ui_locales"])}, nil
}

// ClientOf returns the client of a request: the audience of the hint, which client_id must agree with.
func (r LogoutRequest) ClientOf() (clientID string, refusal *Error) {
	if r.Hint == nil || len(r.Hint.Audience) == 0 {
		return r.ClientID, nil
	}
	if r.ClientID != "" && !slices.Contains(r.Hint.Audience, r.ClientID) {
		return "", refuse(InvalidRequest, "client_id is not the audience of id_token_hint")
	}
	return r.Hint.Audience[0], nil
}

// ReturnTo returns the registered URI to go back to, "" if none was requested. A URI that is not registered is refused: the
// browser must not be sent to an address that somebody else chose (RP-Initiated Logout §3).
func (r LogoutRequest) ReturnTo(c *Client) (uri string, refusal *Error) {
	switch {
	case r.PostLogoutRedirectURI == "":
		return "", nil
	case c == nil:
		return "", refuse(InvalidRequest, "post_logout_redirect_uri needs id_token_hint or client_id")
	case !slices.Contains(c.PostLogoutRedirectURIs, r.PostLogoutRedirectURI):
		return "", &Error{Code: InvalidRequest, Description: "post_logout_redirect_uri is not registered",
			Log: "post_logout_redirect_uri " + sqlLiteral(r.PostLogoutRedirectURI) + " is not registered for client " + c.ClientID +
				"; to register it: UPDATE clients SET post_logout_redirect_uris = post_logout_redirect_uris || " +
				sqlLiteral(r.PostLogoutRedirectURI) + " WHERE client_id = " + sqlLiteral(c.ClientID)}
	}
	return WithParams(r.PostLogoutRedirectURI, [][2]string{{"state", r.State}}), nil
}

// MustAsk reports whether the user has to confirm: only a hint that names this very session ends it without, so that no page can
// sign people out by a link (RP-Initiated Logout §2, §6).
func (r LogoutRequest) MustAsk(sid string) bool { return r.Hint == nil || r.Hint.SID != sid }

// FrontchannelLogout returns the URI to load in a frame to tell a client of the end of a session (OpenID Connect Front-Channel
// Logout 1.0 §2): the registered one, including its query, always with iss and sid, so that the client knows whose logout this
// is.
func FrontchannelLogout(uri, issuer, sid string) string {
	return WithParams(uri, [][2]string{{"iss", issuer}, {"sid", sid}})
}

// MayTellInFront reports whether a frontchannel_logout_uri has the scheme, host and port of a redirect URI (Front-Channel Logout
// §2). Others are never loaded; the statement that ends a session has the same condition.
func MayTellInFront(uri string, redirectURIs []string) bool {
	return slices.ContainsFunc(redirectURIs, func(own string) bool { return Origin(own) != "" && Origin(own) == Origin(uri) })
}

// LogoutTokenType is the typ of a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4).
const LogoutTokenType = "logout+jwt"

// LogoutTokenTTL is the lifetime of a logout token: the tolerance for a good clock, no more (Back-Channel Logout §2.4 recommends
// two minutes).
const LogoutTokenTTL = 2 * time.Minute

// logoutEvent is what makes a token a logout token.
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// LogoutTokenClaims returns the claims of a logout token (Back-Channel Logout §2.4). Without sid it ends all sessions of sub. It
// never has a nonce, so that it cannot be taken for an ID token.
func LogoutTokenClaims(issuer, clientID, sub, sid, id string, now time.Time) map[string]any {
	out := map[string]any{"iss": issuer, "aud": clientID, "iat": now.Unix(), "exp": now.Add(LogoutTokenTTL).Unix(), "jti": id,
		"sub": sub, "events": map[string]any{logoutEvent: struct{}{}}}
	if sid != "" {
		out["sid"] = sid
	}
	return out
}
