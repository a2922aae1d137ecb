package oidc

import "slices"

// mustChoose: prompt=select_account is satisfied by a choice, and by a sign-in after the request was made.
func (r AuthorizeRequest) mustChoose(s *Session) bool {
	return slices.Contains(r.Prompt, "select_account") && s.AuthTime.Before(r.At) && r.Chosen != s.SID
}

// NotAdmitted is the refusal of a user who is in none of the groups that a client is for.
func NotAdmitted(username, clientID string) *Error {
	return &Error{Code: AccessDenied, Description: "the person is not in a group that may use this application",
		Log: "user " + username + " is in none of the allowed_groups of client " + clientID}
}

// ForAnother returns the request as somebody else goes on with it than the person it names or who is signed in: they choose who,
// here and at an upstream.
func (r AuthorizeRequest) ForAnother() AuthorizeRequest {
	r.LoginHint, r.IDPHint, r.Chosen = "", "", ""
	if !slices.Contains(r.Prompt, "select_account") {
		r.Prompt = append(slices.Clone(r.Prompt), "select_account")
	}
	return r
}

// MayBeAnother reports whether the request can be answered for anybody: no ID token names who it has to be.
func (r AuthorizeRequest) MayBeAnother() bool { return r.HintSub == "" }
