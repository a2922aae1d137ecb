package oidc

import "encoding/json"

// ClientMetadata are what is registered of a client, in the names of RFC 7591 §2 and OpenID Connect Dynamic Registration §2, and
// whether it must use PKCE, for which there is no registered name. A column of clients is a line here or in store.ClientRow,
// which has what only an administrator decides: the statements are made of both.
type ClientMetadata struct {
	ClientID                    string          `json:"client_id" db:"client_id"`
	ClientName                  string          `json:"client_name,omitempty" db:"client_name"`
	ClientURI                   string          `json:"client_uri,omitempty" db:"client_uri"`
	LogoURI                     string          `json:"logo_uri,omitempty" db:"logo_uri"`
	PolicyURI                   string          `json:"policy_uri,omitempty" db:"policy_uri"`
	TOSURI                      string          `json:"tos_uri,omitempty" db:"tos_uri"`
	Contacts                    []string        `json:"contacts,omitempty" db:"contacts"`
	ApplicationType             string          `json:"application_type" db:"application_type"`
	RedirectURIs                []string        `json:"redirect_uris" db:"redirect_uris"`
	PostLogoutRedirectURIs      []string        `json:"post_logout_redirect_uris,omitempty" db:"post_logout_redirect_uris"`
	GrantTypes                  []string        `json:"grant_types" db:"grant_types"`
	ResponseTypes               []string        `json:"response_types" db:"response_types"`
	TokenEndpointAuthMethod     string          `json:"token_endpoint_auth_method" db:"token_endpoint_auth_method"`
	TokenEndpointAuthSigningAlg string          `json:"token_endpoint_auth_signing_alg,omitempty" db:"token_endpoint_auth_signing_alg"`
	JWKS                        json.RawMessage `json:"jwks,omitempty" db:"jwks"`
	JWKSURI                     string          `json:"jwks_uri,omitempty" db:"jwks_uri"`
	Scope                       string          `json:"scope" db:"scope"`
	SubjectType                 string          `json:"subject_type" db:"subject_type"`
	SectorIdentifierURI         string          `json:"sector_identifier_uri,omitempty" db:"sector_identifier_uri"`
	IDTokenSignedResponseAlg    string          `json:"id_token_signed_response_alg" db:"id_token_signed_response_alg"`
	UserinfoSignedResponseAlg   string          `json:"userinfo_signed_response_alg,omitempty" db:"userinfo_signed_response_alg"`
	RequestObjectSigningAlg     string          `json:"request_object_signing_alg,omitempty" db:"request_object_signing_alg"`
	RequireSignedRequestObject  bool            `json:"require_signed_request_object,omitempty" db:"require_signed_request_object"`
	RequestURIs                 []string        `json:"request_uris,omitempty" db:"request_uris"`
	RequirePushedRequests       bool            `json:"require_pushed_authorization_requests,omitempty" db:"require_pushed_authorization_requests"`
	DPoPBoundAccessTokens       bool            `json:"dpop_bound_access_tokens,omitempty" db:"dpop_bound_access_tokens"`
	DefaultMaxAge               *int            `json:"default_max_age,omitempty" db:"default_max_age"`
	InitiateLoginURI            string          `json:"initiate_login_uri,omitempty" db:"initiate_login_uri"`
	BackchannelLogoutURI        string          `json:"backchannel_logout_uri,omitempty" db:"backchannel_logout_uri"`
	BackchannelLogoutSession    bool            `json:"backchannel_logout_session_required,omitempty" db:"backchannel_logout_session_required"`
	FrontchannelLogoutURI       string          `json:"frontchannel_logout_uri,omitempty" db:"frontchannel_logout_uri"`
	FrontchannelLogoutSession   bool            `json:"frontchannel_logout_session_required,omitempty" db:"frontchannel_logout_session_required"`
	RequirePKCE                 bool            `json:"require_pkce" db:"require_pkce"`
}
