package oidc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// PrivateKeyJWT is the client authentication method with a key in place of a secret (OpenID Connect Core §9).
const PrivateKeyJWT = "private_key_jwt"

// AssertionTypeJWT is the client_assertion_type of a JWT (RFC 7523 §2.2).
const AssertionTypeJWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

const (
	// ClientSkew is how far a client's clock may be ahead (FAPI 2.0 Security Profile §5.3.2.1 asks for 10 to 60 seconds).
	ClientSkew = 30 * time.Second
	// maxAssertionLife limits how long an assertion's jti has to be remembered.
	maxAssertionLife = time.Hour
	// maxJTI is the longest jti that is accepted, in bytes.
	maxJTI = 255
)

// IsAssertionType reports whether typ may be that of a client assertion. Most have none, or JWT; a request object, which passes
// through browsers, must not be taken for one (RFC 8725 §3.11, RFC 9101 §10.8).
func IsAssertionType(typ string) bool {
	return typ == "" || strings.EqualFold(typ, "JWT") || strings.EqualFold(typ, "client-authentication+jwt")
}

// ClientAssertion has the claims of a JWT by which a client authenticates (RFC 7523 §3).
type ClientAssertion struct {
	Issuer    string          `json:"iss"`
	Subject   string          `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	Expiry    NumericDate     `json:"exp"`
	NotBefore NumericDate     `json:"nbf"`
	IssuedAt  NumericDate     `json:"iat"`
	ID        string          `json:"jti"`
}

// Check returns why the assertion, whose signature is good, does not authenticate c at endpoint; "" means that it does, unless
// its jti was used before.
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

// meantFor reports whether aud has our issuer identifier, or one of the addresses that older clients use for it, alone or among
// others. A client of FAPI 2.0 sends the issuer identifier as a string and nothing else (FAPI 2.0 Security Profile §5.3.2.1), so
// that no other server can forward its assertion to us.
func (a *ClientAssertion) meantFor(c *Client, issuer, endpoint string) bool {
	if c.SecurityProfile == FAPI2 {
		var one string
		return json.Unmarshal(a.Audience, &one) == nil && one == issuer
	}
	var audience Audience
	return json.Unmarshal(a.Audience, &audience) == nil &&
		slices.ContainsFunc(audience, func(s string) bool { return s == issuer || s == issuer+"/token" || s == endpoint })
}

// checkTimes returns what is wrong with the times of a client's JWT, or ""; 0 means absent.
func checkTimes(exp, nbf, iat NumericDate, now time.Time) string {
	switch {
	case exp != 0 && !now.Before(exp.Time().Add(Leeway)):
		return "expired, " + apart(now, exp)
	case nbf.Time().After(now.Add(ClientSkew)):
		return "nbf is in the future, " + apart(now, nbf)
	case iat.Time().After(now.Add(ClientSkew)):
		return "iat is in the future, " + apart(now, iat)
	}
	return ""
}

// apart says how far a time in a client's JWT is from the clock here, so that it can be seen where the two differ.
func apart(now time.Time, of NumericDate) string {
	seconds := int64(of.Time().Sub(now).Round(time.Second) / time.Second)
	if seconds >= 0 {
		return fmt.Sprintf("%d seconds after the clock here", seconds)
	}
	return fmt.Sprintf("%d seconds before the clock here", -seconds)
}

// NumericDate is seconds since 1970, maybe with a fraction (RFC 7519 §2).
type NumericDate float64

// Time returns n as a time; values beyond any clock are clamped to some 35,000 years from 1970.
func (n NumericDate) Time() time.Time {
	const far = 1 << 40 // seconds
	return time.Unix(int64(max(-far, min(far, float64(n)))), 0)
}
