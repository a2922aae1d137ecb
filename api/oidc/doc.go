// Package oidc is the vocabulary, the errors and the rules of OAuth 2.0 and OpenID Connect, one file per subject.
// It is pure: no clock, no randomness, no input or output. Time and random values are passed in.
package oidc
