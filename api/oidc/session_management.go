package oidc

import (
	"crypto/sha256"
	"encoding/base64"
)

// SessionState is what a relying party shows the page at check_session_iframe to ask whether the browser's state is still the one of this
// answer (OpenID Connect Session Management 1.0 §2, §3.2). It is bound to the client and to the origin of its pages, so that what one
// has tells nobody else anything. The script of that page (web/check_session.go) calculates it as well.
func SessionState(clientID, redirectURI, browserState, salt string) string {
	sum := sha256.Sum256([]byte(clientID + " " + Origin(redirectURI) + " " + browserState + " " + salt))
	return base64.RawURLEncoding.EncodeToString(sum[:]) + "." + salt
}
