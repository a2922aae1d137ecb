package oidc

// SignedIn is a new session.
type SignedIn struct {
	Username string   `json:"username"`
	SID      string   `json:"sid"`
	ClientID string   `json:"client_id,omitempty"` // none for the account page
	AMR      []string `json:"amr"`

	NewBrowser bool   `json:"new_browser,omitempty"` // nobody has signed in to this account there before, with a password
	UserAgent  string `json:"-"`
}

func (SignedIn) Kind() EventKind { return EventKind{"signed_in", LevelInfo, "signed in"} }

// SignInFailed is a wrong password, or any password for a user who does not exist. What was typed as the username is not a field for
// the latter: it may be a password.
type SignInFailed struct {
	Username string `json:"username"`
	ClientID string `json:"client_id,omitempty"` // none for the account page
	Disabled bool   `json:"disabled,omitempty"`
	Expired  bool   `json:"expired,omitempty"` // the account has ended
}

func (SignInFailed) Kind() EventKind {
	return EventKind{"sign_in_failed", LevelWarn, "sign-in failed"}
}

// SignInRefused is a person who has proved who they are and may not sign in, or not to this client.
type SignInRefused struct {
	Username string `json:"username"`
	ClientID string `json:"client_id,omitempty"` // none for the account page
	Upstream string `json:"upstream,omitempty"`  // where they signed in
	Why      string `json:"why"`
}

func (SignInRefused) Kind() EventKind {
	return EventKind{"sign_in_refused", LevelWarn, "sign-in refused"}
}

// SignInThrottled is an attempt that was not looked at, after too many wrong ones.
type SignInThrottled struct {
	Username string  `json:"username"`
	Seconds  float64 `json:"seconds"` // until the next one is
}

func (SignInThrottled) Kind() EventKind {
	return EventKind{"sign_in_throttled", LevelWarn, "sign-in throttled"}
}

// SignedOut is a session that its user ended.
type SignedOut struct {
	SID string `json:"sid"`
}

func (SignedOut) Kind() EventKind { return EventKind{"signed_out", LevelInfo, "signed out"} }

// LogoutReturnRefused is a logout request whose way back is not followed (OpenID Connect RP-Initiated Logout §3, §4). The person
// is asked, and can sign out.
type LogoutReturnRefused struct {
	ClientID string `json:"client_id"`
	Error    string `json:"error"`
	Why      string `json:"why"`

	Refused *RefusedValue `json:"-"` // as in Error
}

func (LogoutReturnRefused) Kind() EventKind {
	return EventKind{"logout_return_refused", LevelWarn, "the way back of a logout is not followed"}
}

// AuthorizationRequestRefused is an authorization request that is answered with an error page, since its redirect URI is not to
// be trusted (RFC 6749 §4.1.2.1).
type AuthorizationRequestRefused struct {
	ClientID string `json:"client_id,omitempty"` // where there is that client
	Error    string `json:"error"`
	Why      string `json:"why"`

	Refused *RefusedValue `json:"-"` // as in Error
}

func (AuthorizationRequestRefused) Kind() EventKind {
	return EventKind{"authorization_request_refused", LevelWarn, "authorization request refused"}
}

// AuthorizationRefused is an error that the relying party is told.
type AuthorizationRefused struct {
	ClientID string `json:"client_id"`
	Error    string `json:"error"`
	Why      string `json:"why"`

	Refused *RefusedValue `json:"-"` // as in Error
}

func (AuthorizationRefused) Kind() EventKind {
	return EventKind{"authorization_refused", LevelInfo, "authorization refused"}
}

// FormRefused is a form that did not come from the page, the browser or in the time that it was made for.
type FormRefused struct {
	Page   string `json:"page"`
	Error  string `json:"error"`
	Origin string `json:"origin"`
}

func (FormRefused) Kind() EventKind { return EventKind{"form_refused", LevelWarn, "form refused"} }

// UserCodeUnknown is a user code that no device waits with.
type UserCodeUnknown struct{}

func (UserCodeUnknown) Kind() EventKind {
	return EventKind{"user_code_unknown", LevelWarn, "unknown user code"}
}

// UserCodesThrottled is a user code that was not looked for, after too many unknown ones.
type UserCodesThrottled struct {
	Seconds float64 `json:"seconds"` // until the next one is
}

func (UserCodesThrottled) Kind() EventKind {
	return EventKind{"user_codes_throttled", LevelWarn, "user codes throttled"}
}

// DeviceAnswered is what a person pressed for a device that waits (RFC 8628 §3.3).
type DeviceAnswered struct {
	ClientID string `json:"client_id"`
	Username string `json:"username"`
	Allowed  bool   `json:"allowed"`
}

func (DeviceAnswered) Kind() EventKind {
	return EventKind{"device_answered", LevelInfo, "device answered"}
}

// PersonalAccessTokenCreated is a token that a person made on the account page.
type PersonalAccessTokenCreated struct {
	Username string `json:"username"`
	TokenID  string `json:"token_id"`
	Scope    string `json:"scope"`
	Days     int    `json:"days"` // until it expires
}

func (PersonalAccessTokenCreated) Kind() EventKind {
	return EventKind{"personal_access_token_created", LevelInfo, "personal access token made"}
}

// PersonalAccessTokenRevoked is one that a person ended there.
type PersonalAccessTokenRevoked struct {
	Username string `json:"username"`
}

func (PersonalAccessTokenRevoked) Kind() EventKind {
	return EventKind{"personal_access_token_revoked", LevelInfo, "personal access token revoked"}
}

// PersonalAccessTokenRefused is one that could be used, had it been made from a sign-in with more factors.
type PersonalAccessTokenRefused struct {
	Username string `json:"username"`
	TokenID  string `json:"token_id"`
	Error    string `json:"error"`
}

func (PersonalAccessTokenRefused) Kind() EventKind {
	return EventKind{"personal_access_token_refused", LevelWarn, "a personal access token was made with less than is asked for by now"}
}

// SessionsEnded is what a person ended on the account page: sessions of theirs in other browsers.
type SessionsEnded struct {
	Username string `json:"username"`
	Sessions int    `json:"sessions"`
}

func (SessionsEnded) Kind() EventKind {
	return EventKind{"sessions_ended", LevelInfo, "sessions ended"}
}

// AccountLinkRefused is an account link that is not good, or not any more.
type AccountLinkRefused struct {
	Username string `json:"username,omitempty"` // whose it is, where it is known
	Error    string `json:"error"`
}

func (AccountLinkRefused) Kind() EventKind {
	return EventKind{"account_link_refused", LevelWarn, "account link refused"}
}

// PasswordResetProven is somebody who has forgotten their password, and has the mail that was sent to them.
type PasswordResetProven struct {
	Username string `json:"username"`
}

func (PasswordResetProven) Kind() EventKind {
	return EventKind{"password_reset_proven", LevelInfo, "a mail about a forgotten password has come back"}
}

// PasswordResetRefused is a mail that is not sent, or a code or a link of one that is not good.
type PasswordResetRefused struct {
	Error string `json:"error"`
}

func (PasswordResetRefused) Kind() EventKind {
	return EventKind{"password_reset_refused", LevelWarn, "password reset refused"}
}

// PasswordChanged is a password that a person has set.
type PasswordChanged struct {
	Username string `json:"username"`
	How      string `json:"how"` // link, required or account
}

func (PasswordChanged) Kind() EventKind {
	return EventKind{"password_changed", LevelInfo, "password changed"}
}

// StepUnknown is a sign-in that got nothing since what is to follow in it is not known: a fault of Gatehouse.
type StepUnknown struct {
	Step     int    `json:"step"`
	ClientID string `json:"client_id,omitempty"`
}

func (StepUnknown) Kind() EventKind {
	return EventKind{"step_unknown", LevelError, "no such step of a sign-in"}
}
