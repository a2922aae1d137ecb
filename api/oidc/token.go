package oidc

import (
	"slices"
	"time"
)

// Grant types, client authentication methods and algorithms there are. Discovery is made from these lists
// and from the tables of provider, so it cannot promise what is not there.
const (
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
	GrantClientCredentials = "client_credentials"
)

// SigningAlgs of ID tokens and access tokens; RS256 first: everyone must support it (OpenID Connect Core §15.1).
var SigningAlgs = []string{"RS256", "PS256", "ES256", "EdDSA"}

// ClientParams are those by which a client authenticates (RFC 6749 §2.3.1, RFC 7521 §4.2).
var ClientParams = []string{"client_id", "client_secret", "client_assertion", "client_assertion_type"}

// AboutTokenParams are the parameters of revocation (RFC 7009 §2.1) and introspection (RFC 7662 §2.1) that are read.
var AboutTokenParams = append([]string{"token", "token_type_hint"}, ClientParams...)

// Grant is what the tokens of one redeemed code depend on.
type Grant struct {
	ID       string
	ClientID string
	SID      string // "" once the session's row is gone
	Offline  bool
	Scope    string
	EndsAt   time.Time // its absolute end
	Nonce    string    // of the authorization request; a refreshed ID token has none (OpenID Connect Core §12.2)
	AuthTime time.Time
	AMR      []string
	ACR      string // one that was asked for and reached; "" for the strongest that AMR reaches

	Claims      ClaimsRequest // requested by name
	Resources   []string      // audiences of its access tokens; nil for all of the client's
	IDTokenOnly bool          // it has no access token for userinfo
}

// ACRAt returns the authentication context class that tokens of the grant say at client c.
func (g *Grant) ACRAt(c *Client) string {
	if g.ACR != "" {
		return g.ACR
	}
	return c.Policy.ACR(g.AMR, nil)
}

// Refused returns what of the policy a grant does not meet, for the log: it was made before somebody asked for more. "" where it
// meets all. u is its user with their groups. What services ask for is asked of each token, see AudienceFor.
func (g *Grant) Refused(c *Client, u *User, now time.Time) string {
	s := Standing{Session: &Session{AMR: g.AMR}, User: u}
	if unmet := (AuthorizeRequest{Resources: []string{}}).Unmet(c, s, now); len(unmet) > 0 {
		return "signed_in_with_less_than_" + unmet[0].By + "_asks_for"
	}
	return ""
}

// TokenResponse is the answer of the token endpoint (RFC 6749 §5.1); scope, token_type and expires_in are always there.
type TokenResponse struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope"`
}

// AccessTokenType is the typ of a JWT access token (RFC 9068 §2.1).
const AccessTokenType = "at+jwt"

// AccessTokenClaims are the claims of a JWT access token (RFC 9068 §2.2). GrantID is the row that decides whether the token is
// still valid.
type AccessTokenClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience Audience `json:"aud"` // the issuer, for its userinfo, then clients.audiences (RFC 9068 §3)
	Expiry   int64    `json:"exp"`
	IssuedAt int64    `json:"iat"`
	ID       string   `json:"jti"`
	ClientID string   `json:"client_id"`
	Scope    string   `json:"scope"`
	AuthTime int64    `json:"auth_time,omitempty"`
	ACR      string   `json:"acr,omitempty"`      // RFC 9470 §6
	GrantID  string   `json:"grant_id,omitempty"` // "" for a token that a client got for itself
	Groups   []string `json:"groups,omitempty"`

	Confirmation *Confirmation `json:"cnf,omitempty"`           // the key it is bound to (RFC 9449 §6.1)
	Actor        *Actor        `json:"act,omitempty"`           // who acts for the user (RFC 8693 §4.1)
	SubjectID    string        `json:"subject_token,omitempty"` // the jti of the token that it was exchanged for

	Rows map[string]any `json:"-"` // what the client's rows make of the user (client_claims); not read from a token
}

// JKT returns the thumbprint of the key that the token is bound to, "" for none.
func (c *AccessTokenClaims) JKT() string {
	if c.Confirmation == nil {
		return ""
	}
	return c.Confirmation.JKT
}

// TokenType returns how the token has to be presented (RFC 6750 §2.1, RFC 9449 §7.1).
func (c *AccessTokenClaims) TokenType() string { return TokenTypeOf(c.JKT()) }

// TokenTypeOf returns the token_type of an access token that is bound to the key with thumbprint jkt, "" for none.
func TokenTypeOf(jkt string) string {
	if jkt != "" {
		return "DPoP"
	}
	return "Bearer"
}

// Leeway is the tolerance for different clocks where we verify times.
const Leeway = 5 * time.Second

// IsAccessToken reports whether a JWT of ours with this typ and these claims is an access token (RFC 8725 §3.11): of JWTs without a
// typ of their own only access tokens have a client_id, which no claims of a user can have (see reserved).
func (c *AccessTokenClaims) IsAccessToken(typ string) bool {
	return typ == AccessTokenType || typ == IDTokenType && c.ClientID != "" && c.ID != ""
}

// Check returns why an access token of ours, whose signature is good, is not accepted, or "". It does not look at the audience.
func (c *AccessTokenClaims) Check(issuer string, now time.Time) string {
	switch {
	case c.Issuer != issuer:
		return "issued by another issuer"
	case !now.Before(time.Unix(c.Expiry, 0).Add(Leeway)):
		return "expired"
	}
	return ""
}

// CheckUserinfo returns why a valid access token is not for userinfo, or "".
func (c *AccessTokenClaims) CheckUserinfo(issuer string) string {
	switch {
	case !slices.Contains(c.Audience, issuer):
		return "issued for another audience"
	case c.GrantID == "":
		return "issued to a client, not for a person"
	}
	return ""
}
