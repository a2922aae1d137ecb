package oidc

// FactorProven is one more factor that a person has proven in their session.
type FactorProven struct {
	Username string `json:"username"`
	ClientID string `json:"client_id,omitempty"` // none for the account page
	SID      string `json:"sid"`
	Way      string `json:"way"` // totp, recovery_code or passkey
}

func (FactorProven) Kind() EventKind { return EventKind{"factor_proven", LevelInfo, "factor proven"} }

// FactorRefused is a code that is wrong or spent, typed by somebody who has signed in.
type FactorRefused struct {
	Username string `json:"username"`
	Way      string `json:"way"`
}

func (FactorRefused) Kind() EventKind {
	return EventKind{"factor_refused", LevelWarn, "factor refused"}
}

// FactorThrottled is a code that was not looked at, after too many wrong ones.
type FactorThrottled struct {
	Username string  `json:"username"`
	Way      string  `json:"way"`
	Seconds  float64 `json:"seconds"` // until the next one is
}

func (FactorThrottled) Kind() EventKind {
	return EventKind{"factor_throttled", LevelWarn, "factor throttled"}
}

// FactorAdded is one that a person has set up.
type FactorAdded struct {
	Username string `json:"username"`
	Factor   string `json:"factor"` // totp or passkey
}

func (FactorAdded) Kind() EventKind { return EventKind{"factor_added", LevelInfo, "factor added"} }

// FactorRemoved is one that a person has removed.
type FactorRemoved struct {
	Username string `json:"username"`
	Factor   string `json:"factor"`
}

func (FactorRemoved) Kind() EventKind {
	return EventKind{"factor_removed", LevelInfo, "factor removed"}
}

// RecoveryCodesMade are ten new ones, in place of those before.
type RecoveryCodesMade struct {
	Username string `json:"username"`
}

func (RecoveryCodesMade) Kind() EventKind {
	return EventKind{"recovery_codes_made", LevelInfo, "recovery codes made"}
}

// RecoveryCodeUsed is one that got somebody in, for which it is spent: they have lost a factor, or somebody has found their codes.
type RecoveryCodeUsed struct {
	Username string `json:"username"`
	Left     int    `json:"left"`
}

func (RecoveryCodeUsed) Kind() EventKind {
	return EventKind{"recovery_code_used", LevelWarn, "recovery code used"}
}

// FactorsReset is an administrator's removal of all factors of somebody who has lost them.
type FactorsReset struct {
	Username string `json:"username"`
	TOTP     bool   `json:"totp"`     // whether there were one-time codes
	Passkeys int    `json:"passkeys"` // how many there were
}

func (FactorsReset) Kind() EventKind { return EventKind{"factors_reset", LevelWarn, "factors reset"} }

// TOTPUnreadable is a secret that is sealed under an encryption key which is not configured: no code of it can be right.
type TOTPUnreadable struct {
	Username string `json:"username"`
	Error    string `json:"error"`
}

func (TOTPUnreadable) Kind() EventKind {
	return EventKind{"totp_unreadable", LevelError, "one-time codes cannot be checked"}
}
