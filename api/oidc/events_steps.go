package oidc

// LoginShown is a sign-in that somebody is asked for.
type LoginShown struct {
	ClientID string `json:"client_id,omitempty"` // none for the account page
}

func (LoginShown) Kind() EventKind {
	return EventKind{"login_shown", LevelDebug, "the login page is shown"}
}

// CodeIssued is a sign-in of which a client got the code.
type CodeIssued struct {
	ClientID string `json:"client_id"`
}

func (CodeIssued) Kind() EventKind {
	return EventKind{"code_issued", LevelDebug, "a client got a code"}
}

// TokensIssued is a token request that was granted.
type TokensIssued struct {
	ClientID  string `json:"client_id"`
	GrantType string `json:"grant_type"`
}

func (TokensIssued) Kind() EventKind {
	return EventKind{"tokens_issued", LevelDebug, "a client got tokens"}
}
