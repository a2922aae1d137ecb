package oidc

// PasskeyRefused is an answer of an authenticator that does not count.
type PasskeyRefused struct {
	Username string `json:"username"` // "(unknown)" where there is no such passkey
	Error    string `json:"error"`
	Why      string `json:"why"`
}

func (PasskeyRefused) Kind() EventKind {
	return EventKind{"passkey_refused", LevelWarn, "passkey refused"}
}

// PasskeyCounterWentBack is a passkey whose counter says that there may be a copy of it (WebAuthn Level 3 §6.1.1).
type PasskeyCounterWentBack struct {
	Username string `json:"username"`
	Passkey  string `json:"passkey"` // its name
	Synced   bool   `json:"synced"`  // then there may well be copies, and it counts nevertheless
}

func (PasskeyCounterWentBack) Kind() EventKind {
	return EventKind{"passkey_counter_went_back", LevelWarn, "the counter of a passkey went back"}
}
