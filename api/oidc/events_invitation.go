package oidc

// InvitationAccepted is somebody who made an account with an invitation, or joined groups with the one that they have.
type InvitationAccepted struct {
	Username     string `json:"username"`
	InvitationID string `json:"invitation_id"`
	How          string `json:"how"` // password, passkey, upstream or account
}

func (InvitationAccepted) Kind() EventKind {
	return EventKind{"invitation_accepted", LevelInfo, "invitation accepted"}
}
