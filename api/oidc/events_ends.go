package oidc

import "time"

// AccountEnded is what was left of an account that has ended (users.expires_at): it was ended, and applications are told.
type AccountEnded struct {
	Username string `json:"username"`
}

func (AccountEnded) Kind() EventKind { return EventKind{"account_ended", LevelInfo, "account ended"} }

// InactiveUserDisabled is somebody whom Gatehouse disabled, as they did not sign in for as long as a group of theirs allows
// (groups.inactive_after).
type InactiveUserDisabled struct {
	Username string    `json:"username"`
	Group    string    `json:"group"`
	Since    time.Time `json:"since"` // when they last signed in, or were let in
}

func (InactiveUserDisabled) Kind() EventKind {
	return EventKind{"inactive_user_disabled", LevelWarn, "somebody who did not sign in for long was disabled"}
}
