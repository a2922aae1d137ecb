package oidc

import "encoding/json"

// ClientMetadata are what is registered of a client, in the names of RFC 7591 §2 and OpenID Connect Dynamic Registration §2,
// and whether it must use PKCE, for which there is no registered name.
type ClientMetadata struct {
	ClientID                           string          `json:"client_id"`
	ClientName                         string          `json:"client_name,omitempty"`
	ClientURI                          string          `json:"client_uri,omitempty"`
	LogoURI                            string          `json:"logo_uri,omitempty"`
	PolicyURI                          string          `json:"policy_uri,omitempty"`
	TOSURI                             string          `json:"tos_uri,omitempty"`
	Contacts                           []string        `json:"contacts,omitempty"`
	ApplicationType                    string          `json:"application_type"` // web or native
	RedirectURIs                       []string        `json:"redirect_uris"`
	PostLogoutRedirectURIs             []string        `json:"post_logout_redirect_uris,omitempty"`
	GrantTypes                         []string        `json:"grant_types"`
	ResponseTypes                      []string        `json:"response_types"`
	TokenEndpointAuthMethod            string          `json:"token_endpoint_auth_method"`
	TokenEndpointAuthSigningAlg        string          `json:"token_endpoint_auth_signing_alg,omitempty"` // "" for any
	JWKS                               json.RawMessage `json:"jwks,omitempty"`                            // its public keys, or
	JWKSURI                            string          `json:"jwks_uri,omitempty"`                        // where they are
	Scope                              string          `json:"scope"`
	SubjectType                        string          `json:"subject_type"` // public or pairwise
	SectorIdentifierURI                string          `json:"sector_identifier_uri,omitempty"`
	IDTokenSignedResponseAlg           string          `json:"id_token_signed_response_alg"`
	UserinfoSignedResponseAlg          string          `json:"userinfo_signed_response_alg,omitempty"`  // "" for JSON
	RequestObjectSigningAlg            string          `json:"request_object_signing_alg,omitempty"`    // "" for any
	RequireSignedRequestObject         bool            `json:"require_signed_request_object,omitempty"` // RFC 9101 §10.5
	RequestURIs                        []string        `json:"request_uris,omitempty"`
	RequirePushedAuthorizationRequests bool            `json:"require_pushed_authorization_requests,omitempty"` // RFC 9126 §6
	DPoPBoundAccessTokens              bool            `json:"dpop_bound_access_tokens,omitempty"`              // RFC 9449 §5.2
	DefaultMaxAge                      *int            `json:"default_max_age,omitempty"`
	InitiateLoginURI                   string          `json:"initiate_login_uri,omitempty"`
	BackchannelLogoutURI               string          `json:"backchannel_logout_uri,omitempty"`
	BackchannelLogoutSessionRequired   bool            `json:"backchannel_logout_session_required,omitempty"`
	FrontchannelLogoutURI              string          `json:"frontchannel_logout_uri,omitempty"`
	FrontchannelLogoutSessionRequired  bool            `json:"frontchannel_logout_session_required,omitempty"`
	RequirePKCE                        bool            `json:"require_pkce"`
}
