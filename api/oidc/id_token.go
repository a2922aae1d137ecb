package oidc

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"slices"
	"time"
)

// IDTokenType is the typ of an ID token, as of any JWT (RFC 7519 §5.1): clients.access_token_typ may have it, too.
const IDTokenType = "JWT"

// IDToken is what an ID token is made of.
type IDToken struct {
	Issuer   string
	Subject  string // of the user at the client
	Client   *Client
	User     *User
	Grant    *Grant
	IssuedAt time.Time
	Expiry   time.Time

	// What comes with it, "" for nothing.
	AccessToken string
	Code        string
	State       string
}

// Claims returns the claims of an ID token (OpenID Connect Core §2, §3.1.3.6). Those that scopes release are in it where no
// access token is issued for userinfo (§5.4), and for clients that expect them there.
func (t IDToken) Claims() map[string]any {
	c, g, scope := t.Client, t.Grant, t.Grant.Scope
	if !g.IDTokenOnly && !c.IDTokenScopeClaims {
		scope = ""
	}
	out := ReleaseClaims(t.User, scope, slices.Concat(c.ReleasedClaims, g.Claims.IDToken))
	c.addRowClaims(out, t.User, g.Scope)
	out["iss"], out["sub"], out["aud"] = t.Issuer, t.Subject, c.ClientID
	out["iat"], out["exp"] = t.IssuedAt.Unix(), t.Expiry.Unix()
	if !g.AuthTime.Equal(AuthTimeUnknown) {
		out["auth_time"] = g.AuthTime.Unix()
	}
	out["acr"], out["amr"] = g.ACRAt(c), AMROf(g.AMR)
	if g.Nonce != "" {
		out["nonce"] = g.Nonce
	}
	if g.SID != "" && c.HearsOfLogouts() {
		out["sid"] = g.SID
	}
	t.addHashes(out)
	return out
}

// addHashes binds what comes with the token to it (OpenID Connect Core §3.3.2.11; s_hash: Financial-grade API Security
// Profile 1.0, Part 2 §5.1).
func (t IDToken) addHashes(claims map[string]any) {
	alg := t.Client.IDTokenSignedResponseAlg
	if t.AccessToken != "" {
		claims["at_hash"] = HalfHash(alg, t.AccessToken)
	}
	if t.Code == "" {
		return
	}
	claims["c_hash"] = HalfHash(alg, t.Code)
	if t.State != "" {
		claims["s_hash"] = HalfHash(alg, t.State)
	}
}

// HalfHash returns at_hash or c_hash: the left half of the hash that belongs to alg, base64url (OpenID Connect Core §3.1.3.6).
func HalfHash(alg, token string) string {
	if alg == "EdDSA" {
		sum := sha512.Sum512([]byte(token))
		return base64.RawURLEncoding.EncodeToString(sum[:32])
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
