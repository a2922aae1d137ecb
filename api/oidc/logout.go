package oidc

import (
	"fmt"
	"net/url"
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
	ClientID string   `json:"client_id"` // of an access token
}

// IsIDToken distinguishes it from what may have the same typ: a signed answer of userinfo has no exp, and an access token a client_id
// (RFC 8725 §3.11, OpenID Connect Core §5.3.2).
func (h *IDTokenHint) IsIDToken(issuer string) bool {
	return h.Issuer == issuer && h.Expiry != 0 && h.ClientID == ""
}

// LogoutRequest is a request of the end session endpoint.
type LogoutRequest struct {
	Hint                  *IDTokenHint
	ClientID              string
	PostLogoutRedirectURI string
	State                 string
	UILocales             []string
}

// LogoutFlaw is what is wrong with a logout request. Nobody stays signed in for it: the person is asked, and told; only the way
// back is not followed (RP-Initiated Logout §2, §3, §4).
type LogoutFlaw struct {
	Code string // one of those below; the pages have words for each
	Why  string // for the log

	Refused *RefusedValue // nil unless it is the post_logout_redirect_uri
}

// The codes of a LogoutFlaw.
const (
	LogoutUnreadable      = "logout_request_unreadable"
	LogoutHintInvalid     = "logout_hint_invalid"
	LogoutOfNobody        = "logout_client_missing"
	LogoutOfAnother       = "logout_client_differs"
	LogoutClientUnknown   = "logout_client_unknown"
	LogoutClientDisabled  = "logout_client_disabled"
	LogoutURIUnregistered = "logout_uri_unregistered"
)

// ParseLogout reads the parameters of the end session endpoint except id_token_hint, which has to be verified. logout_hint is not
// needed: the page shows who is signed in, and asks. What is flawed is left out.
func ParseLogout(raw url.Values) (req LogoutRequest, hint string, flaw *LogoutFlaw) {
	p, bad := ParseParams(raw, LogoutParams)
	for _, name := range LogoutParams {
		switch {
		case checkLengths(Params{name: p[name]}, nil) != nil:
			bad = append(bad, name)
			delete(p, name)
		case name != "state" && slices.Contains(unset, p[name]):
			delete(p, name)
			flaw = &LogoutFlaw{Code: LogoutUnreadable, Why: name + " is the word " + raw.Get(name)}
		}
	}
	if len(bad) > 0 {
		flaw = &LogoutFlaw{Code: LogoutUnreadable, Why: strings.Join(bad, " ") + " is repeated, too long or not text"}
	}
	return LogoutRequest{ClientID: p["client_id"], PostLogoutRedirectURI: p["post_logout_redirect_uri"], State: p["state"],
		UILocales: LanguageTags(p["ui_locales"])}, p["id_token_hint"], flaw
}

// unset are the words that programs write for a variable that has no value.
var unset = []string{"undefined", "null", "None"}

// ClientOf returns the client of a request: the audience of the hint, which client_id must agree with.
func (r LogoutRequest) ClientOf() (clientID string, flaw *LogoutFlaw) {
	if r.Hint == nil || len(r.Hint.Audience) == 0 {
		return r.ClientID, nil
	}
	if r.ClientID != "" && !slices.Contains(r.Hint.Audience, r.ClientID) {
		return "", &LogoutFlaw{Code: LogoutOfAnother, Why: "client_id is not the audience of id_token_hint"}
	}
	return r.Hint.Audience[0], nil
}

// ReturnTo returns the registered URI to go back to, "" if none was requested; c is nil where the client is not known. A URI that
// is not registered is a flaw: the browser must not be sent to an address that somebody else chose (RP-Initiated Logout §3).
func (r LogoutRequest) ReturnTo(c *Client) (uri string, flaw *LogoutFlaw) {
	id, _ := r.ClientOf()
	switch {
	case c == nil && id != "":
		return "", &LogoutFlaw{Code: LogoutClientUnknown, Why: "client_id is not registered"}
	case c != nil && c.Disabled():
		return "", &LogoutFlaw{Code: LogoutClientDisabled, Why: "client " + c.ClientID + " is disabled"}
	case r.PostLogoutRedirectURI == "":
		return "", nil
	case c == nil:
		return "", &LogoutFlaw{Code: LogoutOfNobody, Why: "post_logout_redirect_uri needs id_token_hint or client_id"}
	case !slices.Contains(c.PostLogoutRedirectURIs, r.PostLogoutRedirectURI):
		return "", &LogoutFlaw{LogoutURIUnregistered,
			fmt.Sprintf("post_logout_redirect_uri %q is not registered for client %s; %s", clip(r.PostLogoutRedirectURI), c.ClientID,
				toAllow("to register it", rowProblem(r.PostLogoutRedirectURI),
					c.sqlAppend("post_logout_redirect_uris", r.PostLogoutRedirectURI))),
			refusedURI("post_logout_redirect_uri", r.PostLogoutRedirectURI, c.PostLogoutRedirectURIs)}
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

// What a logout token says where the account of the person has ended, so that clients tell that from a logout: whoever has signed out
// comes again. They are events of the OpenID RISC Profile 1.0 (§2.2, §2.3) with what these have, and are claims here: those that a client
// does not know it has to ignore (Back-Channel Logout §2.4), while some refuse a second member of events.
const (
	accountPurged   = "https://schemas.openid.net/secevent/risc/event-type/account-purged"
	accountDisabled = "https://schemas.openid.net/secevent/risc/event-type/account-disabled"
)

// LogoutTokenClaims returns the claims of a logout token (Back-Channel Logout §2.4). Without sid it ends all sessions of sub. It
// never has a nonce, so that it cannot be taken for an ID token. reason is why the account has ended, "" if it has not.
func LogoutTokenClaims(issuer, clientID, sub, sid, reason, id string, now time.Time) map[string]any {
	out := map[string]any{"iss": issuer, "aud": clientID, "iat": now.Unix(), "exp": now.Add(LogoutTokenTTL).Unix(), "jti": id,
		"sub": sub, "events": map[string]any{logoutEvent: struct{}{}}}
	if sid != "" {
		out["sid"] = sid
	}
	switch reason {
	case "":
	case "deleted":
		out[accountPurged] = struct{}{}
	default:
		out[accountDisabled] = map[string]any{"reason": reason}
	}
	return out
}
