package oidc

import "time"

// Session is a user signed in at one browser.
type Session struct {
	SID      string
	Cookie   [32]byte  // digest
	AuthTime time.Time // AuthTimeUnknown where an upstream did not say
	AMR      []string  // RFC 8176
}

// AuthTimeUnknown is when a person signed in of whom an upstream said nothing about that: long ago, so that no max_age is met by
// it. No token says it.
var AuthTimeUnknown = time.Unix(0, 0)
