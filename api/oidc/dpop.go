package oidc

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Error codes of RFC 9449 §5, §8.
const (
	InvalidDPoPProof = "invalid_dpop_proof"
	UseDPoPNonce     = "use_dpop_nonce"
)

const (
	// DPoPProofType is the typ of a proof (RFC 9449 §4.2).
	DPoPProofType = "dpop+jwt"
	// DPoPProofLife is how old a proof may be, and how long a used one is remembered.
	DPoPProofLife = time.Minute
	// DPoPNonceLife is how long a nonce is valid at least; at most it is twice that.
	DPoPNonceLife = time.Minute
)

var jktSyntax = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// DPoPProof has the claims of a proof (RFC 9449 §4.2).
type DPoPProof struct {
	ID              string      `json:"jti"`
	Method          string      `json:"htm"`
	URI             string      `json:"htu"`
	IssuedAt        NumericDate `json:"iat"`
	NotBefore       NumericDate `json:"nbf"`
	Expiry          NumericDate `json:"exp"`
	AccessTokenHash string      `json:"ath"`
	Nonce           string      `json:"nonce"`
}

// Check returns why the proof, whose signature is good, is not for this request, or "" (RFC 9449 §4.3); accessToken is "" where
// the request has none.
func (d *DPoPProof) Check(method, uri, accessToken string, now time.Time) *Error {
	bad := func(why string) *Error { return refuse(InvalidDPoPProof, "DPoP proof: "+why) }
	switch {
	case d.ID == "" || len(d.ID) > maxJTI:
		return bad("jti is missing or too long")
	case d.Method != method:
		return bad("htm is not the method of this request")
	case !sameTarget(d.URI, uri):
		return bad("htu is not the address of this endpoint")
	case d.IssuedAt == 0:
		return bad("iat is missing")
	case d.IssuedAt.Time().Before(now.Add(-DPoPProofLife)):
		return bad("iat is too long ago, " + apart(now, d.IssuedAt))
	case accessToken != "" && d.AccessTokenHash != accessTokenHash(accessToken):
		return bad("ath is not the hash of the access token")
	}
	if why := checkTimes(d.Expiry, d.NotBefore, d.IssuedAt, now); why != "" {
		return bad(why)
	}
	return nil
}

// sameTarget compares without query and fragment (RFC 9449 §4.3), after normalisation (RFC 3986 §6.2.2, §6.2.3).
func sameTarget(given, ours string) bool {
	u, err := url.Parse(given)
	if err != nil || u.User != nil {
		return false
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return Origin(given) != "" && strings.HasPrefix(ours, Origin(given)) && strings.TrimPrefix(ours, Origin(given)) == path
}

func accessTokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Confirmation names the key that a token is bound to (RFC 7800 §3.1, RFC 9449 §6.1).
type Confirmation struct {
	JKT string `json:"jkt"`
}

// ConfirmationOf returns nil for a token that is bound to no key.
func ConfirmationOf(jkt string) *Confirmation {
	if jkt == "" {
		return nil
	}
	return &Confirmation{jkt}
}
