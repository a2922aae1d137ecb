package oidc

import "net/netip"

// RequestUnreadable is a request of a browser that is too large or not in the form that it has to have.
type RequestUnreadable struct {
	Why string `json:"why"`
}

func (RequestUnreadable) Kind() EventKind {
	return EventKind{"request_unreadable", LevelWarn, "request not readable"}
}

// ServerBusy is a request that is answered 503 since as much is done for others as may be.
type ServerBusy struct {
	Error string `json:"error"`
}

func (ServerBusy) Kind() EventKind { return EventKind{"server_busy", LevelWarn, "cannot answer now"} }

// ServerUnavailable is a request that is answered 503 since Postgres does not answer, or cannot do now what it is asked for.
type ServerUnavailable struct {
	Error string `json:"error"`
}

func (ServerUnavailable) Kind() EventKind {
	return EventKind{"server_unavailable", LevelError, "cannot answer now"}
}

// NotStarted is why requests are answered 503 until it is mended, such as a schema that is too old. It is tried again each second, and
// told once.
type NotStarted struct {
	Error string `json:"error"`
}

func (NotStarted) Kind() EventKind {
	return EventKind{"not_started", LevelError, "every request is answered 503 until this is mended"}
}

// ServerFailed is a request that is answered 500: a fault of Gatehouse, or of what was done to its tables.
type ServerFailed struct {
	Error string `json:"error"`
}

func (ServerFailed) Kind() EventKind {
	return EventKind{"server_failed", LevelError, "unexpected failure"}
}

// KeysNotLoaded is a change of the signing keys that could not be read. Those that were loaded before go on to count.
type KeysNotLoaded struct {
	Error string `json:"error"`
}

func (KeysNotLoaded) Kind() EventKind {
	return EventKind{"keys_not_loaded", LevelError, "could not load the signing keys"}
}

// UpstreamSecretsNotRead is a change of the upstreams that could not be read, to seal what was written plain.
type UpstreamSecretsNotRead struct {
	Error string `json:"error"`
}

func (UpstreamSecretsNotRead) Kind() EventKind {
	return EventKind{"upstream_secrets_not_read", LevelError, "could not look at the secrets of the upstreams"}
}

// MaintenanceFailed is a minute in which keys that are due were not made, or expired rows not deleted.
type MaintenanceFailed struct {
	Error string `json:"error"`
}

func (MaintenanceFailed) Kind() EventKind {
	return EventKind{"maintenance_failed", LevelWarn, "could not rotate keys or delete expired rows; will try again in a minute"}
}

// AuditAnchor is the last row of the audit where there are new ones: kept out of reach of the database, it shows whether what came before
// was written anew.
type AuditAnchor struct {
	ID     int64  `json:"id"`
	Digest string `json:"digest"`
}

func (AuditAnchor) Kind() EventKind {
	return EventKind{"audit_anchor", LevelInfo, "the audit goes on"}
}

// LogoutsNotRead is a failure to read which back-channel logouts are due.
type LogoutsNotRead struct {
	Error string `json:"error"`
}

func (LogoutsNotRead) Kind() EventKind {
	return EventKind{"logouts_not_read", LevelWarn, "could not look for back-channel logouts"}
}

// LogoutNotSaved is the outcome of a back-channel logout that could not be noted.
type LogoutNotSaved struct {
	ClientID string `json:"client_id"`
	Error    string `json:"error"`
}

func (LogoutNotSaved) Kind() EventKind {
	return EventKind{"logout_not_saved", LevelWarn, "could not note a back-channel logout; it will be sent again"}
}

// ForwardedUnreadable is a trusted proxy that says where a request comes from in a form that cannot be read. It is told once
// of each proxy.
type ForwardedUnreadable struct {
	Proxy  netip.Addr `json:"proxy"`
	Header string     `json:"header"`
	Entry  string     `json:"entry"` // its first 100 bytes
}

func (ForwardedUnreadable) Kind() EventKind {
	return EventKind{"forwarded_unreadable", LevelWarn, "a proxy does not say readably where requests come from"}
}

// RefusalsLeftOut is how many events of one kind the log does not have, since a site had too many of them.
type RefusalsLeftOut struct {
	Of    string `json:"of"`   // the event
	Site  string `json:"site"` // an IPv4 address, or a /48 of IPv6
	Count int    `json:"count"`
}

func (RefusalsLeftOut) Kind() EventKind {
	return EventKind{"refusals_left_out", LevelWarn, "refusals of one site are not in the log"}
}
