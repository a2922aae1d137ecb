package oidc

// WorkshopJoined is somebody who made an account with the code of a workshop.
type WorkshopJoined struct {
	Username string `json:"username"`
	Workshop string `json:"workshop"`
	How      string `json:"how"` // password or passkey
}

func (WorkshopJoined) Kind() EventKind {
	return EventKind{"workshop_joined", LevelInfo, "workshop joined"}
}

// WorkshopRefused is somebody who typed the code of a workshop in vain: it is unknown, or good no more.
type WorkshopRefused struct {
	Workshop string `json:"workshop,omitempty"` // "" for an unknown code
	Error    string `json:"error"`
}

func (WorkshopRefused) Kind() EventKind {
	return EventKind{"workshop_refused", LevelInfo, "workshop refused"}
}

// WorkshopCodesThrottled is a code that was not looked for, after too many unknown ones.
type WorkshopCodesThrottled struct {
	Seconds float64 `json:"seconds"` // until the next one is
}

func (WorkshopCodesThrottled) Kind() EventKind {
	return EventKind{"workshop_codes_throttled", LevelWarn, "codes of workshops throttled"}
}

// AccountAdopted is an account of a workshop that somebody made part of their own.
type AccountAdopted struct {
	Username string `json:"username"`
	Adopted  string `json:"adopted"`
	Workshop string `json:"workshop"`
}

func (AccountAdopted) Kind() EventKind {
	return EventKind{"account_adopted", LevelInfo, "account adopted"}
}
