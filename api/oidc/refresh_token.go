package oidc

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
)

// RefreshToken is the content of a refresh token. It travels sealed: only the row of its grant has something of it, the digest of
// the family's secret and the place that is valid (docs/decisions/0025-refresh-tokens-are-sealed.md).
type RefreshToken struct {
	GrantID [16]byte
	Secret  [32]byte // shared by the whole family, so that the encryption key alone makes no token
	Place   int64    // in the family, from 0 on
}

// RefreshTokenSize is the length of the plain form, in bytes.
const RefreshTokenSize = 16 + 32 + 8

// Plain returns what is sealed.
func (t RefreshToken) Plain() []byte {
	plain := make([]byte, 0, RefreshTokenSize)
	plain = append(append(plain, t.GrantID[:]...), t.Secret[:]...)
	return binary.BigEndian.AppendUint64(plain, uint64(t.Place))
}

// ParseRefreshToken reads what Plain returned; ok is false for anything else.
func ParseRefreshToken(plain []byte) (t RefreshToken, ok bool) {
	if len(plain) != RefreshTokenSize {
		return t, false
	}
	place := binary.BigEndian.Uint64(plain[48:])
	t = RefreshToken{GrantID: [16]byte(plain[:16]), Secret: [32]byte(plain[16:48]), Place: int64(place)}
	return t, place < math.MaxInt64 // so that there is a next
}

// Digest returns what the row of the grant has of the secret.
func (t RefreshToken) Digest() [32]byte { return sha256.Sum256(t.Secret[:]) }

// Next returns the token that client c gets for this one.
func (t RefreshToken) Next(c *Client) RefreshToken {
	if c.RotatesRefreshTokens() {
		t.Place++
	}
	return t
}

// RefreshTokenType is the typ of a refresh token that is a JWT, so that it is not taken for another token of ours (RFC 8725
// §3.11).
const RefreshTokenType = "rt+jwt"

// RefreshTokenClaims are for a client that parses its refresh tokens (clients.refresh_token_format). The jti is the sealed token,
// and the only claim that is read when the token comes back: the row of its grant decides whether it can be used, so that it
// outlives the key that signed it.
type RefreshTokenClaims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"` // the issuer: nobody else accepts it
	Subject  string `json:"sub"`
	ClientID string `json:"client_id"`
	Expiry   int64  `json:"exp"`
	IssuedAt int64  `json:"iat"`
	ID       string `json:"jti"`
}

// maxRefreshToken limits what is decoded, in bytes: several times a refresh token of ours.
const maxRefreshToken = 4 << 10

// RefreshSecret returns the sealed token: the jti of a refresh token that is a JWT, else the token itself.
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
