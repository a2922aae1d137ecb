package oidc

// ConsentWithdrawn is what a person allowed an application, and no longer does.
type ConsentWithdrawn struct {
	Username string `json:"username"`
	ClientID string `json:"client_id"`
}

func (ConsentWithdrawn) Kind() EventKind {
	return EventKind{"consent_withdrawn", LevelInfo, "consent withdrawn"}
}

// ProfileChanged is a person who changed what they are called, or their language.
type ProfileChanged struct {
	Username string `json:"username"`
}

func (ProfileChanged) Kind() EventKind {
	return EventKind{"profile_changed", LevelInfo, "profile changed"}
}

// EmailVerified is an address that a person has proven is theirs.
type EmailVerified struct {
	Username string `json:"username"`
	Former   string `json:"-"` // the address before
}

func (EmailVerified) Kind() EventKind {
	return EventKind{"email_verified", LevelInfo, "address verified"}
}

// OwnDataDownloaded is a person who got all there is about them as a file.
type OwnDataDownloaded struct {
	Username string `json:"username"`
}

func (OwnDataDownloaded) Kind() EventKind {
	return EventKind{"own_data_downloaded", LevelInfo, "own data downloaded"}
}

// UpstreamUnlinked is an account of an upstream that its user no longer signs in with.
type UpstreamUnlinked struct {
	Upstream string `json:"upstream"`
	Username string `json:"username"`
}

func (UpstreamUnlinked) Kind() EventKind {
	return EventKind{"upstream_unlinked", LevelInfo, "upstream account unlinked"}
}
