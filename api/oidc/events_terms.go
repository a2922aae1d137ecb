package oidc

// TermsAccepted is a person who accepted a version of terms.
type TermsAccepted struct {
	Username string `json:"username"`
	Terms    string `json:"terms"`
	Version  string `json:"version"`
	ClientID string `json:"client_id,omitempty"` // that they were on the way to; "": their account
}

func (TermsAccepted) Kind() EventKind {
	return EventKind{"terms_accepted", LevelInfo, "terms accepted"}
}

// TermsDeclined is a person who did not.
type TermsDeclined struct {
	Username string `json:"username"`
	ClientID string `json:"client_id,omitempty"`
}

func (TermsDeclined) Kind() EventKind {
	return EventKind{"terms_declined", LevelInfo, "terms declined"}
}
