package oidc

import (
	"slices"
	"time"
)

// Client is a relying party: what is registered of it, and what only an administrator decides. A column of the table clients is a
// line here or in ClientMetadata, and the statements of store are made of them: it has the name of the member in JSON, or that of
// the tag db, and text that may be absent is NULL.
type Client struct {
	ClientMetadata
	AccessTokenSigningAlg string     `json:"access_token_signing_alg"`
	AccessTokenTyp        string     `json:"access_token_typ"`            // AccessTokenType, or JWT for services that refuse that
	ResourceServer        bool       `json:"resource_server"`             // is told of any token that it is sent, whomever it is for
	FirstParty            bool       `json:"first_party"`                 // no consent is needed
	SecurityProfile       string     `json:"security_profile"`            // openid or fapi2
	IDTokenScopeClaims    bool       `json:"id_token_scope_claims"`       // what scopes release is in ID tokens, too
	AllowedGroups         []string   `json:"allowed_groups,omitempty"`    // empty: everybody
	RefreshTokenFormat    string     `json:"refresh_token_format"`        // opaque or jwt
	ReleasedClaims        []string   `json:"released_claims,omitempty"`   // whatever the scope
	Audiences             []string   `json:"audiences,omitempty"`         // of its access tokens, beside the issuer
	AllowedUpstreams      []string   `json:"allowed_upstreams,omitempty"` // upstreams whose tokens of its users it may get
	CORSOrigins           []string   `json:"cors_origins,omitempty"`      // of its pages, beside those of RedirectURIs
	LocalhostAnyPort      bool       `json:"localhost_any_port"`          // http://localhost counts with any port
	Registration          string     `json:"registration,omitempty"`      // how it registered itself; "" if it did not
	MinACR                string     `json:"min_acr,omitempty"`           // what its sign-ins have to reach at least, "" for anything
	MinACRFrom            *time.Time `json:"min_acr_from,omitempty"`      // nil: at once
	DisabledAt            *time.Time `json:"disabled_at,omitempty"`

	ManagedBy string `json:"managed_by,omitempty"` // where a file declares it, such as hub.yaml:14; "": none does

	ShortLivedRequestObjects bool `json:"short_lived_request_objects"` // as those of FAPI2 always are

	Resources         []Resource     `json:"-" db:"resources"`           // rows of those that are among Audiences or open to it
	ClaimRows         []ClaimRow     `json:"-" db:"claims"`              // rows of client_claims, by position
	Policy            Policy         `json:"-" db:"policy"`              // of the deployment
	Secrets           []ClientSecret `json:"-" db:"secrets"`             // the newest first, those that have ended among them
	MetadataFetchedAt *time.Time     `json:"-" db:"metadata_fetched_at"` // when its metadata were last read at its client_id
	CreatedAt         time.Time      `json:"-" db:"created_at"`
}

// NewClient returns the defaults of RFC 7591 §2 and of the table, which what is registered replaces.
func NewClient() Client {
	return Client{
		ClientMetadata: ClientMetadata{
			ApplicationType:          "web",
			GrantTypes:               []string{GrantAuthorizationCode},
			ResponseTypes:            []string{string(ResponseCode)},
			TokenEndpointAuthMethod:  "client_secret_basic",
			Scope:                    "openid profile email groups offline_access",
			IDTokenSignedResponseAlg: "RS256",
			RequirePKCE:              true,
			SubjectType:              "public",
		},
		AccessTokenSigningAlg: "ES256",
		AccessTokenTyp:        AccessTokenType,
		RefreshTokenFormat:    "opaque",
		SecurityProfile:       "openid",
		IDTokenScopeClaims:    true,
	}
}

// Public reports whether the client cannot keep a secret (RFC 6749 §2.1).
func (c *Client) Public() bool { return c.TokenEndpointAuthMethod == "none" }

// Disabled reports whether an administrator shut the client out.
func (c *Client) Disabled() bool { return c.DisabledAt != nil }

// HearsOfLogouts reports whether the client registered anything about logouts, so that its tokens need a sid.
func (c *Client) HearsOfLogouts() bool {
	return len(c.PostLogoutRedirectURIs) > 0 || c.BackchannelLogoutURI != "" || c.FrontchannelLogoutURI != ""
}

// DisplayName returns what people are shown.
func (c *Client) DisplayName() string {
	if c.ClientName != "" {
		return c.ClientName
	}
	return c.ClientID
}

// Home returns where somebody who got lost finds the application again: what it registered, or the origin of its redirect URI.
func (c *Client) Home() string {
	switch {
	case c.InitiateLoginURI != "":
		return c.InitiateLoginURI
	case c.ClientURI != "":
		return c.ClientURI
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

// LacksRedirectURI reports whether people would sign in to the client, if it had a redirect URI: it has none, no grant type that goes
// without, and is no mere service that asks about tokens.
func (c *Client) LacksRedirectURI() bool {
	return len(c.RedirectURIs) == 0 && !c.ResourceServer && !slices.ContainsFunc(c.GrantTypes, func(grant string) bool {
		return grant != GrantAuthorizationCode && grant != GrantRefreshToken && grant != GrantImplicit
	})
}
