package oidc

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// PrivateKeyJWT is the client authentication method of those who have no secret but a key (OpenID Connect Core §9).
const PrivateKeyJWT = "private_key_jwt"

// AssertionTypeJWT is the client_assertion_type of a JWT (RFC 7523 §2.2).
const AssertionTypeJWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

const (
	// ClientSkew is by how much a client's clock may be ahead (FAPI 2.0 Security Profile §5.3.2.1 asks for 10 to 60 seconds).
	ClientSkew = 30 * time.Second
	// maxAssertionLife bounds how long an assertion's jti has to be remembered.
	maxAssertionLife = time.Hour
	// maxJTI is the longest jti that is taken, in bytes.
	maxJTI = 255
)

// IsAssertionType says that typ may be that of a client assertion. Most have none, or JWT; a request object, which passes through
// browsers, must not pass for one (RFC 8725 §3.11, RFC 9101 §10.8).
func IsAssertionType(typ string) bool {
	return typ == "" || strings.EqualFold(typ, "JWT") || strings.EqualFold(typ, "client-authentication+jwt")
}

// ClientAssertion is what a client says of itself in a JWT that it has signed (RFC 7523 §3).
type ClientAssertion struct {
	Issuer    string          `json:"iss"`
	Subject   string          `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	Expiry    NumericDate     `json:"exp"`
	NotBefore NumericDate     `json:"nbf"`
	IssuedAt  NumericDate     `json:"iat"`
	ID        string          `json:"jti"`
}

// Check says why the assertion, with a good signature, does not authenticate c at endpoint; "" if it does, unless its jti was used before.
func (a *ClientAssertion) Check(c *Client, issuer, endpoint string, now time.Time) string {
	switch {
	case a.Issuer != c.ClientID || a.Subject != c.ClientID:
		return "iss and sub are not both the client_id"
	case !a.meantFor(c, issuer, endpoint):
		return "aud is not this issuer"
	case a.ID == "" || len(a.ID) > maxJTI:
		return "jti is missing or too long"
	case a.Expiry == 0:
		return "exp is missing"
	case a.Expiry.Time().After(now.Add(maxAssertionLife + ClientSkew)):
		return "exp is more than an hour away"
	}
	return checkTimes(a.Expiry, a.NotBefore, a.IssuedAt, now)
}

// meantFor: our issuer identifier, or one of the addresses that clients took for it before, alone or among others. A client of FAPI 2.0
// sends the issuer identifier as a string and nothing else (FAPI 2.0 Security Profile §5.3.2.1), so that no other server can pass its
// assertion on to us.
func (a *ClientAssertion) meantFor(c *Client, issuer, endpoint string) bool {
	if c.SecurityProfile == FAPI2 {
		var one string
		return json.Unmarshal(a.Audience, &one) == nil && one == issuer
	}
	var audience Audience
	return json.Unmarshal(a.Audience, &audience) == nil &&
		slices.ContainsFunc(audience, func(s string) bool { return s == issuer || s == issuer+"/token" || s == endpoint })
}

// checkTimes says what is wrong with the times of a client's JWT; those that are 0 are not there.
func checkTimes(exp, nbf, iat NumericDate, now time.Time) string {
	switch {
	case exp != 0 && !now.Before(exp.Time().Add(Leeway)):
		return "expired"
	case nbf.Time().After(now.Add(ClientSkew)):
		return "nbf is in the future"
	case iat.Time().After(now.Add(ClientSkew)):
		return "iat is in the future"
	}
	return ""
}

// NumericDate is seconds since 1970; those of others may have a fraction (RFC 7519 §2).
type NumericDate float64

// Time gives the moment; one that no clock reaches is far in the future or the past.
func (n NumericDate) Time() time.Time {
	const far = 1 << 40 // seconds
	return time.Unix(int64(max(-far, min(far, float64(n)))), 0)
}
