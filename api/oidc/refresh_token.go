package oidc

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// RefreshTokenType is the typ of a refresh token that is a JWT, so that it is taken for no other token of ours (RFC 8725 §3.11).
const RefreshTokenType = "rt+jwt"

// RefreshTokenClaims are what a client reads that parses its refresh tokens (clients.refresh_token_format). The token's secret is its
// jti, and all that counts when it comes back: the row of the secret says whether and until when it can be used, so that the token
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

// RefreshSecret gives the secret of a refresh token, which is the token itself unless that is a JWT.
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

// RotatesRefreshTokens says that each refresh token of the client is good for one use (RFC 9700 §4.14.2). Those of a client of FAPI 2.0 stay:
// without its key nobody can use them, and a client that loses an answer keeps its grant (FAPI 2.0 Security Profile §5.3.2.1).
func (c *Client) RotatesRefreshTokens() bool { return c.SecurityProfile != FAPI2 }
