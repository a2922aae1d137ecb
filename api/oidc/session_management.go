package oidc

import (
	"crypto/sha256"
	"encoding/base64"
)

// SessionState returns session_state (OpenID Connect Session Management 1.0 §2, §3.2), by which a relying party asks the page at
// check_session_iframe whether the state of the browser is still that of this answer. It is bound to the client and to the origin
// of its pages, so that it is of no use to others. The script of that page (web/check_session.go) computes it as well.
func SessionState(clientID, redirectURI, browserState, salt string) string {
	sum := sha256.Sum256([]byte(clientID + " " + Origin(redirectURI) + " " + browserState + " " + salt))
	return base64.RawURLEncoding.EncodeToString(sum[:]) + "." + salt
}
