package oidc

// Error is a refusal: a code of the IANA OAuth Extensions Error registry, what the relying party is told (ASCII, no quotes: RFC
// 6749 §5.2), and what only the log gets.
type Error struct {
	Code        string
	Description string
	Log         string
	Claimed     string        // the client that was named without proof that it is the one, where there is such a client
	Refused     *RefusedValue // what was sent that is not registered; nil where it is not about that
	Page        string        // what a person is told where nobody else can be; "" for what follows from Code
}

// What is wrong with an authorization request that cannot be answered to its client: a person is told (RFC 6749 §4.1.2.1).
const (
	RedirectURIMissing      = "redirect_uri_missing"
	RedirectURIUnregistered = "invalid_redirect_uri"
	RequestURIOfAnother     = "request_uri_of_another_client"
	RequestURIUnregistered  = "request_uri_unregistered"
)

func (e *Error) Error() string {
	s := e.Code
	if e.Description != "" {
		s += ": " + e.Description
	}
	if e.Log != "" {
		s += " (" + e.Log + ")"
	}
	return s
}

// Error codes of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, OpenID Connect Core §3.1.2.6.
const (
	InvalidRequest                 = "invalid_request"
	UnauthorizedClient             = "unauthorized_client"
	AccessDenied                   = "access_denied"
	UnsupportedResponseType        = "unsupported_response_type"
	InvalidScope                   = "invalid_scope"
	ServerError                    = "server_error"
	TemporarilyUnavailable         = "temporarily_unavailable"
	InvalidClient                  = "invalid_client"
	InvalidGrant                   = "invalid_grant"
	UnsupportedGrantType           = "unsupported_grant_type"
	InvalidTarget                  = "invalid_target" // RFC 8707 §2
	InvalidToken                   = "invalid_token"
	InsufficientScope              = "insufficient_scope"
	LoginRequired                  = "login_required"
	InteractionRequired            = "interaction_required"
	ConsentRequired                = "consent_required"
	RegistrationNotSupported       = "registration_not_supported"
	InvalidRequestURI              = "invalid_request_uri"
	InsufficientUserAuthentication = "insufficient_user_authentication" // RFC 9470 §3
	InvalidRequestObject           = "invalid_request_object"

	// UnmetAuthenticationRequirements is of OpenID Connect Core Error Code unmet_authentication_requirements §3.
	UnmetAuthenticationRequirements = "unmet_authentication_requirements"
)

func refuse(code, description string) *Error { return &Error{Code: code, Description: description} }

// PlainText returns s if it may stand in an error_description (RFC 6749 §5.2), else otherwise.
func PlainText(s, otherwise string) string {
	for _, r := range s {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return otherwise
		}
	}
	return s
}
