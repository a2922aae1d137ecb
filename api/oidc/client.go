package oidc

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"time"
)

// Client is a relying party as it is registered, in the names of RFC 7591 §2.
type Client struct {
	ClientID               string
	SecretSHA256           []byte // nil: a public client
	Name                   string
	URI                    string
	LogoURI                string
	PolicyURI              string
	TOSURI                 string
	RedirectURIs           []string
	PostLogoutRedirectURIs []string
	GrantTypes             []string
	ResponseTypes          []string
	AuthMethod             string // token_endpoint_auth_method
	ApplicationType        string // web or native
	Scope                  string
	IDTokenAlg             string // id_token_signed_response_alg
	AccessTokenAlg         string
	DefaultMaxAge          *int
	InitiateLoginURI       string
	FirstParty             bool // no consent is needed
	RequirePKCE            bool
	AllowedGroups          []string // empty: everybody
	Disabled               bool
	RefreshTokenFormat     string   // opaque or jwt
	ReleasedClaims         []string // whatever the scope
	Audiences              []string // of its access tokens, beside the issuer
	AllowedUpstreams       []string // upstreams whose tokens of its users it may get

	JWKS                    []byte // its public keys, inline, or
	JWKSURI                 string // where they are
	AuthSigningAlg          string // token_endpoint_auth_signing_alg; "" for any
	RequestURIs             []string
	RequestObjectAlg        string // request_object_signing_alg; "" for any
	RequireSignedRequest    bool   // require_signed_request_object (RFC 9101 §10.5)
	RequirePushedRequest    bool   // require_pushed_authorization_requests (RFC 9126 §6)
	DPoPBound               bool   // dpop_bound_access_tokens (RFC 9449 §5.2)
	UserinfoAlg             string // userinfo_signed_response_alg; "" for JSON
	SubjectType             string // public or pairwise
	SectorIdentifierURI     string
	SecurityProfile         string // openid or fapi2
	IDTokenScopeClaims      bool   // what scopes release is in ID tokens, too
	BackchannelLogout       bool   // it has a backchannel_logout_uri
	FrontchannelLogoutURI   string
	FrontchannelSIDRequired bool // frontchannel_logout_session_required

	Registration      string     // how it registered itself; "" if an administrator did
	MetadataFetchedAt *time.Time // when its metadata were last read at its client_id
}

// Public reports whether the client cannot keep a secret (RFC 6749 §2.1).
func (c *Client) Public() bool { return c.AuthMethod == "none" }

// HearsOfLogouts reports whether the client registered anything about logouts, so that its tokens need a sid.
func (c *Client) HearsOfLogouts() bool {
	return len(c.PostLogoutRedirectURIs) > 0 || c.BackchannelLogout || c.FrontchannelLogoutURI != ""
}

// DisplayName returns what people are shown.
func (c *Client) DisplayName() string {
	if c.Name != "" {
		return c.Name
	}
	return c.ClientID
}

// Home returns where somebody who got lost finds the application again: what it registered, or the origin of its redirect URI.
func (c *Client) Home() string {
	switch {
	case c.InitiateLoginURI != "":
		return c.InitiateLoginURI
	case c.URI != "":
		return c.URI
	}
	for _, uri := range c.RedirectURIs {
		if origin := Origin(uri); origin != "" {
			return origin + "/"
		}
	}
	return ""
}

// MayUse reports whether grantType is registered for the client (RFC 7591 §2).
func (c *Client) MayUse(grantType string) bool { return slices.Contains(c.GrantTypes, grantType) }

// SecretMatches reports in constant time whether secret is the client's; a client without one matches nothing.
func (c *Client) SecretMatches(secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	return len(c.SecretSHA256) == len(sum) && subtle.ConstantTimeCompare(sum[:], c.SecretSHA256) == 1
}
