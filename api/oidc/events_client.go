package oidc

import "time"

// RequestRefused is a request of a client itself that is answered with a protocol error (RFC 6749 §5.2 and its like).
type RequestRefused struct {
	Endpoint string `json:"endpoint"`
	ClientID string `json:"client_id,omitempty"` // where the client is known
	Error    string `json:"error"`
	Why      string `json:"why"`

	Claimed string        `json:"-"` // as in Error
	Refused *RefusedValue `json:"-"`
}

func (e RequestRefused) Kind() EventKind {
	return EventKind{"request_refused", LevelWarn, e.Endpoint + " refused"}
}

// AccessTokenRefused is an access token that userinfo refused, or a token that the registration endpoints refused.
type AccessTokenRefused struct {
	Error string `json:"error"`
	Why   string `json:"why"`
}

func (AccessTokenRefused) Kind() EventKind {
	return EventKind{"access_token_refused", LevelInfo, "access token refused"}
}

// CodeReplayed is an authorization code that came again: what it had got is revoked (RFC 6749 §4.1.2).
type CodeReplayed struct {
	ClientID string `json:"client_id"`
}

func (CodeReplayed) Kind() EventKind {
	return EventKind{"code_replayed", LevelWarn, "a code was used again: what it had got is revoked"}
}

// DeviceCodeReplayed is a device code that came again: what it had got is revoked.
type DeviceCodeReplayed struct {
	ClientID string `json:"client_id"`
}

func (DeviceCodeReplayed) Kind() EventKind {
	return EventKind{"device_code_replayed", LevelWarn, "a device code was used again: what it had got is revoked"}
}

// RefreshTokenReplayed is a refresh token that came again after its grace: its family is revoked (RFC 9700 §4.14.2).
type RefreshTokenReplayed struct {
	ClientID string `json:"client_id"`
}

func (RefreshTokenReplayed) Kind() EventKind {
	return EventKind{"refresh_token_replayed", LevelWarn, "a refresh token was used again: its family is revoked"}
}

// RefreshTokenShared is a refresh token that two networks used within its grace: a client on the move, or somebody who has a copy of it.
type RefreshTokenShared struct {
	ClientID string `json:"client_id"`
	Username string `json:"username"`
}

func (RefreshTokenShared) Kind() EventKind {
	return EventKind{"refresh_token_shared", LevelWarn, "a refresh token was used from two networks within its grace"}
}

// TokenExchanged is an access token for another service that a client got for a user's (RFC 8693).
type TokenExchanged struct {
	ClientID   string `json:"client_id"`
	Username   string `json:"username"`
	Audience   string `json:"audience"`
	Delegation bool   `json:"delegation"` // whether it names an actor (§4.1)
}

func (TokenExchanged) Kind() EventKind {
	return EventKind{"token_exchanged", LevelInfo, "exchanged an access token"}
}

// ClientRegistered is a client that registered itself, or became known by the document at its client_id.
type ClientRegistered struct {
	ClientID   string `json:"client_id"`
	ClientName string `json:"client_name"`
	How        string `json:"how"` // clients.registration: open, token or document
}

func (e ClientRegistered) Kind() EventKind {
	if e.How == RegistrationDocument {
		return EventKind{"client_registered", LevelInfo, "client known by its document"}
	}
	return EventKind{"client_registered", LevelInfo, "client registered itself"}
}

// ClientChanged is a client that replaced its metadata (RFC 7592 §2.2).
type ClientChanged struct {
	ClientID   string `json:"client_id"`
	ClientName string `json:"client_name"`
}

func (ClientChanged) Kind() EventKind {
	return EventKind{"client_changed", LevelInfo, "client changed its registration"}
}

// ClientRemoved is a client that ended its registration (RFC 7592 §2.3).
type ClientRemoved struct {
	ClientID string `json:"client_id"`
}

func (ClientRemoved) Kind() EventKind {
	return EventKind{"client_removed", LevelInfo, "client ended its registration"}
}

// ClientDocumentRefused is a document at a client_id that cannot be fetched or believed, so that there is no client.
type ClientDocumentRefused struct {
	ClientID string `json:"client_id"`
	Why      string `json:"why"`
}

func (ClientDocumentRefused) Kind() EventKind {
	return EventKind{"client_document_refused", LevelWarn, "client document refused"}
}

// ClientDocumentStale is one that cannot be read again, so that what was read before stays valid for a while.
type ClientDocumentStale struct {
	ClientID string `json:"client_id"`
	Age      string `json:"age"` // such as 7h0m0s
	Why      string `json:"why"`
}

func (ClientDocumentStale) Kind() EventKind {
	return EventKind{"client_document_stale", LevelWarn, "client document not read again"}
}

// ClientKeysStale is a jwks_uri that cannot be read again, so that the keys that were there go on to count for a while.
type ClientKeysStale struct {
	ClientID string `json:"client_id"`
	Error    string `json:"error"`
}

func (ClientKeysStale) Kind() EventKind {
	return EventKind{"client_keys_stale", LevelWarn, "goes on with the keys of a client that were fetched before"}
}

// LogoutDelivered is a logout token that a client took (OpenID Connect Back-Channel Logout §2.8).
type LogoutDelivered struct {
	ClientID string `json:"client_id"`
	SID      string `json:"sid,omitempty"`
	Attempt  int    `json:"attempt"`
}

func (LogoutDelivered) Kind() EventKind {
	return EventKind{"logout_delivered", LevelInfo, "back-channel logout delivered"}
}

// LogoutFailed is one that the client did not take.
type LogoutFailed struct {
	ClientID string `json:"client_id"`
	SID      string `json:"sid,omitempty"`
	Attempt  int    `json:"attempt"`
	Error    string `json:"error"`
	GivesUp  bool   `json:"gives_up"` // else it is sent again later
}

func (LogoutFailed) Kind() EventKind {
	return EventKind{"logout_failed", LevelWarn, "back-channel logout failed"}
}

// SigningKeyAdded is a new key, which signs from then on.
type SigningKeyAdded struct {
	Alg         string    `json:"alg"`
	KID         string    `json:"kid"`
	ActivatesAt time.Time `json:"activates_at"`
}

func (SigningKeyAdded) Kind() EventKind {
	return EventKind{"signing_key_added", LevelInfo, "new signing key"}
}

// OldSecretUsed is a client that still authenticates with an older secret than its newest: at most once an hour.
type OldSecretUsed struct {
	ClientID  string     `json:"client_id"`
	Name      string     `json:"name"` // what the administrator knows it by
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

func (OldSecretUsed) Kind() EventKind {
	return EventKind{"old_secret_used", LevelInfo, "a client still uses an old secret"}
}
