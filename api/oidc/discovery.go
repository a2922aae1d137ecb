package oidc

import (
	"slices"
)

// UILocales are the languages the pages speak: the file names of ui/src/messages.
var UILocales = []string{"en", "de", "fr"}

// Metadata is the discovery document (OpenID Connect Discovery §3, RFC 8414 §2).
type Metadata struct {
	Issuer                                 string         `json:"issuer"`
	AuthorizationEndpoint                  string         `json:"authorization_endpoint"`
	TokenEndpoint                          string         `json:"token_endpoint"`
	UserinfoEndpoint                       string         `json:"userinfo_endpoint"`
	JWKSURI                                string         `json:"jwks_uri"`
	RevocationEndpoint                     string         `json:"revocation_endpoint"`
	IntrospectionEndpoint                  string         `json:"introspection_endpoint"`
	DeviceAuthorizationEndpoint            string         `json:"device_authorization_endpoint"`         // RFC 8628 §4
	PushedAuthorizationRequestEndpoint     string         `json:"pushed_authorization_request_endpoint"` // RFC 9126 §5
	EndSessionEndpoint                     string         `json:"end_session_endpoint"`
	CheckSessionIframe                     string         `json:"check_session_iframe,omitempty"` // Session Management 1.0 §3.3
	RegistrationEndpoint                   string         `json:"registration_endpoint,omitempty"`
	ScopesSupported                        []string       `json:"scopes_supported"`
	ResponseTypesSupported                 []ResponseType `json:"response_types_supported"`
	ResponseModesSupported                 []string       `json:"response_modes_supported"`
	GrantTypesSupported                    []string       `json:"grant_types_supported"`
	SubjectTypesSupported                  []string       `json:"subject_types_supported"`
	IDTokenSigningAlgValuesSupported       []string       `json:"id_token_signing_alg_values_supported"`
	UserinfoSigningAlgValuesSupported      []string       `json:"userinfo_signing_alg_values_supported"`
	RequestObjectSigningAlgs               []string       `json:"request_object_signing_alg_values_supported"`
	DPoPSigningAlgs                        []string       `json:"dpop_signing_alg_values_supported"` // RFC 9449 §5.1
	TokenEndpointAuthMethodsSupported      []string       `json:"token_endpoint_auth_methods_supported"`
	TokenEndpointAuthSigningAlgs           []string       `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevocationEndpointAuthMethodsSupported []string       `json:"revocation_endpoint_auth_methods_supported"`
	RevocationEndpointAuthSigningAlgs      []string       `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	IntrospectionEndpointAuthMethods       []string       `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionEndpointAuthSigningAlgs   []string       `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	CodeChallengeMethodsSupported          []string       `json:"code_challenge_methods_supported"`
	ACRValuesSupported                     []string       `json:"acr_values_supported"`
	ClaimTypesSupported                    []string       `json:"claim_types_supported"`
	ClaimsSupported                        []string       `json:"claims_supported"`
	PromptValuesSupported                  []string       `json:"prompt_values_supported"`
	UILocalesSupported                     []string       `json:"ui_locales_supported"`
	BackchannelLogoutSupported             bool           `json:"backchannel_logout_supported"`
	BackchannelLogoutSessionSupported      bool           `json:"backchannel_logout_session_supported"`
	FrontchannelLogoutSupported            bool           `json:"frontchannel_logout_supported"`
	FrontchannelLogoutSessionSupported     bool           `json:"frontchannel_logout_session_supported"`
	ClaimsParameterSupported               bool           `json:"claims_parameter_supported"`
	RequestParameterSupported              bool           `json:"request_parameter_supported"`
	RequestURIParameterSupported           bool           `json:"request_uri_parameter_supported"`
	RequireRequestURIRegistration          bool           `json:"require_request_uri_registration"`
	AuthorizationResponseIssSupported      bool           `json:"authorization_response_iss_parameter_supported"`
	ClientIDMetadataDocumentSupported      bool           `json:"client_id_metadata_document_supported,omitempty"`
}

// Discovery returns the document, made from the tables of the product and the response types that the deployment allows.
func Discovery(issuer string, responseTypes []ResponseType, grantTypes, authMethods, acrValues []string) Metadata {
	if slices.ContainsFunc(responseTypes, ResponseType.FrontChannel) {
		grantTypes = append(slices.Clone(grantTypes), GrantImplicit)
	}
	return Metadata{
		Issuer:                                 issuer,
		AuthorizationEndpoint:                  issuer + "/authorize",
		TokenEndpoint:                          issuer + "/token",
		UserinfoEndpoint:                       issuer + "/userinfo",
		JWKSURI:                                issuer + "/jwks",
		RevocationEndpoint:                     issuer + "/revoke",
		IntrospectionEndpoint:                  issuer + "/introspect",
		DeviceAuthorizationEndpoint:            issuer + "/device_authorization",
		PushedAuthorizationRequestEndpoint:     issuer + "/par",
		EndSessionEndpoint:                     issuer + "/logout",
		ScopesSupported:                        Scopes(),
		ResponseTypesSupported:                 responseTypes,
		ResponseModesSupported:                 ResponseModes,
		GrantTypesSupported:                    grantTypes,
		SubjectTypesSupported:                  []string{"public", SubjectPairwise},
		IDTokenSigningAlgValuesSupported:       SigningAlgs,
		UserinfoSigningAlgValuesSupported:      SigningAlgs,
		RequestObjectSigningAlgs:               SigningAlgs,
		DPoPSigningAlgs:                        SigningAlgs,
		TokenEndpointAuthSigningAlgs:           SigningAlgs,
		RevocationEndpointAuthSigningAlgs:      SigningAlgs,
		IntrospectionEndpointAuthSigningAlgs:   SigningAlgs,
		TokenEndpointAuthMethodsSupported:      authMethods,
		RevocationEndpointAuthMethodsSupported: authMethods,
		IntrospectionEndpointAuthMethods:       slices.DeleteFunc(slices.Clone(authMethods), func(m string) bool { return m == "none" }),
		CodeChallengeMethodsSupported:          []string{MethodS256},
		ACRValuesSupported:                     NotNil(acrValues),
		ClaimTypesSupported:                    []string{"normal"},
		ClaimsSupported:                        ClaimNames(),
		PromptValuesSupported:                  Prompts,
		UILocalesSupported:                     UILocales,
		BackchannelLogoutSupported:             true,
		BackchannelLogoutSessionSupported:      true,
		FrontchannelLogoutSupported:            true,
		FrontchannelLogoutSessionSupported:     true,
		ClaimsParameterSupported:               true,
		RequestParameterSupported:              true,
		RequestURIParameterSupported:           true,
		RequireRequestURIRegistration:          true,
		AuthorizationResponseIssSupported:      true,
	}
}
