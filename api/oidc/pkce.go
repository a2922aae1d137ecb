package oidc

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
)

// MethodS256 is the only code_challenge_method there is: plain protects nothing (RFC 9700 §2.1.1).
const MethodS256 = "S256"

var (
	challengeSyntax = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	verifierSyntax  = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`) // RFC 7636 §4.1
)

// checkChallenge refuses what is no challenge of S256.
func checkChallenge(challenge, method string) *Error {
	switch {
	case method != MethodS256:
		return refuse(InvalidRequest, "code_challenge_method must be S256")
	case !challengeSyntax.MatchString(challenge):
		return refuse(InvalidRequest, "code_challenge must be 43 characters of base64url")
	}
	return nil
}

// ChallengeOf returns the S256 challenge of a verifier (RFC 7636 §4.2); ok is false if its syntax is wrong.
func ChallengeOf(verifier string) (challenge string, ok bool) {
	if !verifierSyntax.MatchString(verifier) {
		return "", false
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:]), true
}
