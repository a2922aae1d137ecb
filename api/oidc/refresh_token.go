package oidc

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
)

// RefreshToken is what a refresh token says. It travels sealed: nothing of it is stored but what the row of its grant says of the family, which
// is the digest of the secret and the place that counts (docs/decisions/0025-refresh-tokens-are-sealed.md).
type RefreshToken struct {
	GrantID [16]byte
	Secret  [32]byte // shared by the whole family, and known to nobody else: the encryption key alone makes no token
	Place   int64    // in the family, from 0 on
}

// RefreshTokenPurpose is what refresh tokens are sealed for, and nothing else is.
const RefreshTokenPurpose = "refresh token"

// RefreshTokenSize is how long the plain form of each is, in bytes.
const RefreshTokenSize = 16 + 32 + 8

// Plain is what is sealed.
func (t RefreshToken) Plain() []byte {
	plain := make([]byte, 0, RefreshTokenSize)
	plain = append(append(plain, t.GrantID[:]...), t.Secret[:]...)
	return binary.BigEndian.AppendUint64(plain, uint64(t.Place))
}

// ParseRefreshToken reads what Plain gave; ok is false for anything else.
func ParseRefreshToken(plain []byte) (t RefreshToken, ok bool) {
	if len(plain) != RefreshTokenSize {
		return t, false
	}
	place := binary.BigEndian.Uint64(plain[48:])
	t = RefreshToken{GrantID: [16]byte(plain[:16]), Secret: [32]byte(plain[16:48]), Place: int64(place)}
	return t, place < math.MaxInt64 // so that there is a next
}

// Digest is what the row of the grant holds of the secret.
func (t RefreshToken) Digest() [32]byte { return sha256.Sum256(t.Secret[:]) }

// Next is the token that client c gets for this one.
func (t RefreshToken) Next(c *Client) RefreshToken {
	if c.RotatesRefreshTokens() {
		t.Place++
	}
	return t
}

// RefreshTokenType is the typ of a refresh token that is a JWT, so that it is taken for no other token of ours (RFC 8725 §3.11).
const RefreshTokenType = "rt+jwt"

// RefreshTokenClaims are what a client reads that parses its refresh tokens (clients.refresh_token_format). The sealed token is its
// jti, and all that counts when it comes back: the row of its grant says whether and until when it can be used, so that the token
// outlives the key that signed it.
type RefreshTokenClaims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"` // the issuer: nobody else takes it
	Subject  string `json:"sub"`
	ClientID string `json:"client_id"`
	Expiry   int64  `json:"exp"`
	IssuedAt int64  `json:"iat"`
	ID       string `json:"jti"`
}

// maxRefreshToken bounds what is decoded, in bytes: several times a refresh token of ours.
const maxRefreshToken = 4 << 10

// RefreshSecret gives what counts of a refresh token, which is the token itself unless that is a JWT.
func RefreshSecret(token string) string {
	parts := strings.Split(token[:min(len(token), maxRefreshToken+1)], ".")
	if len(token) > maxRefreshToken || len(parts) != 3 {
		return token
	}
	var claims RefreshTokenClaims
	plain, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(plain, &claims) != nil || claims.ID == "" {
		return token
	}
	return claims.ID
}
