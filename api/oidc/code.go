package oidc

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Code is the content of an authorization code. It travels sealed, hence the short names: nothing is stored until it is redeemed,
// and then the row of its grant is the proof that it was (docs/decisions/0024-codes-are-sealed.md).
type Code struct {
	GrantID       string        `json:"g"` // of the grant that its redemption makes
	ClientID      string        `json:"c"`
	Session       []byte        `json:"k"` // digest of the cookie of the session it was issued to
	RedirectURI   []byte        `json:"r"` // digest
	CodeChallenge string        `json:"p,omitempty"`
	DPoPJKT       string        `json:"j,omitempty"` // the key that has to redeem it, "" for any
	Scope         string        `json:"s,omitempty"`
	Nonce         string        `json:"n,omitempty"`
	Claims        ClaimsRequest `json:"cl,omitzero"`
	Resources     []string      `json:"rs,omitempty"` // nil for all of the client's
	ACR           string        `json:"a,omitempty"`  // one that was asked for and reached
	Expires       int64         `json:"x"`
}

// NewCode returns the code for a request of client c and session s, valid until expires.
func (r AuthorizeRequest) NewCode(grantID string, c *Client, s *Session, expires time.Time) Code {
	redirectURI := Digest(r.RedirectURI)
	return Code{GrantID: grantID, ClientID: c.ClientID, Session: s.Cookie[:], RedirectURI: redirectURI[:], CodeChallenge: r.CodeChallenge,
		DPoPJKT: r.DPoPJKT, Scope: r.Scope, Nonce: r.Nonce, Claims: r.Claims, Resources: r.Resources,
		ACR: r.ReachedACR(c, s), Expires: expires.Unix()}
}

// MadeAt returns when the code was issued, to the millisecond: its grant's id is a UUID that says so (RFC 9562 §5.7).
func (c *Code) MadeAt() time.Time { return MadeAt(c.GrantID) }

// MadeAt returns when a UUID of version 7 was made; for another string, some time.
func MadeAt(id string) time.Time {
	digits := strings.ReplaceAll(id, "-", "")
	milliseconds, _ := strconv.ParseInt(digits[:min(12, len(digits))], 16, 64)
	return time.UnixMilli(milliseconds)
}

// ReachedACR returns the first class that the request asks for, if the session reaches one; "" else.
func (r AuthorizeRequest) ReachedACR(c *Client, s *Session) string {
	asked := slices.Concat(r.ACRValues, r.EssentialACR)
	if acr := c.Policy.ACR(s.AMR, asked); slices.Contains(asked, acr) {
		return acr
	}
	return ""
}

// AccessTokenRequest is what a client sends with a code (RFC 6749 §4.1.3).
type AccessTokenRequest struct {
	ClientID      string
	RedirectURI   string   // "" is enough where there was a code_challenge, which binds the code to who asked (OAuth 2.1 §10.2)
	CodeChallenge string   // made of the verifier; "" if none was sent
	JKT           string   // of the key of its DPoP proof, "" for none
	Resources     []string // the requested audiences; none means all that were granted
	Allowed       []string // the possible audiences where the authorization request named none
}

// ResourceTooWide is what Check returns for a request for more resources than were granted (RFC 8707 §2.2).
const ResourceTooWide = "resource too wide"

// Check returns why the code cannot be redeemed by a request; "" means that it can, unless it was before (RFC 6749 §4.1.3, RFC
// 7636 §4.6).
func (c *Code) Check(r AccessTokenRequest, now time.Time) string {
	granted := c.Resources
	if granted == nil {
		granted = r.Allowed
	}
	redirectURI := Digest(r.RedirectURI)
	switch {
	case c.ClientID != r.ClientID:
		return "issued to another client"
	case now.Unix() >= c.Expires:
		return "expired"
	case r.RedirectURI == "" && c.CodeChallenge == "":
		return RedirectURIMissing
	case r.RedirectURI != "" && !bytes.Equal(c.RedirectURI, redirectURI[:]):
		return "redirect_uri is not the one of the authorization request"
	case c.CodeChallenge != r.CodeChallenge:
		return "code_verifier does not fit"
	case c.DPoPJKT != "" && c.DPoPJKT != r.JKT:
		return "bound to another DPoP key"
	case slices.ContainsFunc(r.Resources, func(wanted string) bool { return !slices.Contains(granted, wanted) }):
		return ResourceTooWide
	}
	return ""
}

// ProvenBy reports whether a request of the code's client shows what the first one had to show: the verifier, the key, or where there is
// neither the client's secret or key, which were checked before. Who has only the code, which browsers keep in their history, does
// not.
func (c *Code) ProvenBy(r AccessTokenRequest, isPublic bool) bool {
	return c.CodeChallenge == r.CodeChallenge && (c.DPoPJKT == "" || c.DPoPJKT == r.JKT) && (c.CodeChallenge != "" || !isPublic)
}

// Offline reports whether the grant outlives the session and has a refresh token (OpenID Connect Core §11).
func (c *Code) Offline() bool { return HasScope(c.Scope, OfflineAccess) }
