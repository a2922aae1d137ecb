package oidc

import "time"

// Session is a user signed in at one browser.
type Session struct {
	SID      string
	Cookie   [32]byte // digest
	AuthTime time.Time
	AMR      []string // RFC 8176
}
