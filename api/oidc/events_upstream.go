package oidc

// UpstreamSignInFailed is a sign-in at an upstream that led to an error there or on the way.
type UpstreamSignInFailed struct {
	Upstream string `json:"upstream"`
	Error    string `json:"error"`
}

func (UpstreamSignInFailed) Kind() EventKind {
	return EventKind{"upstream_sign_in_failed", LevelWarn, "sign-in with an upstream failed"}
}

// UpstreamAnswerRefused is an answer that no sign-in at this browser waits for.
type UpstreamAnswerRefused struct {
	Upstream string `json:"upstream"`
	Error    string `json:"error"`
}

func (UpstreamAnswerRefused) Kind() EventKind {
	return EventKind{"upstream_answer_refused", LevelWarn, "answer of an upstream refused"}
}

// UpstreamClaimsLeftOut is a sign-in at an upstream that did without what could not be used or had: the names of claims that have
// another type than theirs, or why there was no userinfo.
type UpstreamClaimsLeftOut struct {
	Upstream string   `json:"upstream"`
	LeftOut  []string `json:"left_out"`
}

func (UpstreamClaimsLeftOut) Kind() EventKind {
	return EventKind{"upstream_claims_left_out", LevelWarn, "signed in with what an upstream said that can be used"}
}

// UpstreamAccountUnknown is a person who signed in at an upstream with an account that belongs to no user.
type UpstreamAccountUnknown struct {
	Upstream string `json:"upstream"`
}

func (UpstreamAccountUnknown) Kind() EventKind {
	return EventKind{"upstream_account_unknown", LevelInfo, "upstream account belongs to nobody here"}
}

// UpstreamLinked is an account of an upstream that belongs to a user from then on.
type UpstreamLinked struct {
	Upstream string `json:"upstream"`
	Username string `json:"username"`
	ByEmail  bool   `json:"by_email"` // by its verified address, without the user's password
}

func (e UpstreamLinked) Kind() EventKind {
	if e.ByEmail {
		return EventKind{"upstream_linked", LevelInfo, "upstream account linked by its verified address"}
	}
	return EventKind{"upstream_linked", LevelInfo, "upstream account linked"}
}

// UserCreated is a user made of an account of an upstream.
type UserCreated struct {
	Upstream string `json:"upstream"`
	Username string `json:"username"`
}

func (UserCreated) Kind() EventKind {
	return EventKind{"user_created", LevelInfo, "user made of an upstream account"}
}

// UpstreamsNotLoaded is a sign-in that has to do without upstreams, since Postgres did not answer.
type UpstreamsNotLoaded struct {
	Error string `json:"error"`
}

func (UpstreamsNotLoaded) Kind() EventKind {
	return EventKind{"upstreams_not_loaded", LevelWarn, "login page without upstreams"}
}

// UpstreamUnusable is an upstream whose client_secret cannot be opened.
type UpstreamUnusable struct {
	Upstream string `json:"upstream"`
	Error    string `json:"error"`
}

func (UpstreamUnusable) Kind() EventKind {
	return EventKind{"upstream_unusable", LevelError, "upstream cannot be used"}
}

// UpstreamSecretNotSealed is a client_secret that stays in its row as it was written, for now.
type UpstreamSecretNotSealed struct {
	Upstream string `json:"upstream"`
	Error    string `json:"error"`
}

func (UpstreamSecretNotSealed) Kind() EventKind {
	return EventKind{"upstream_secret_not_sealed", LevelWarn,
		"could not seal the client_secret of an upstream; will try again when it is used next"}
}

// UpstreamTokenIssued is a user's token of an upstream that a client got for an access token of ours.
type UpstreamTokenIssued struct {
	ClientID string `json:"client_id"`
	Username string `json:"username"`
	Upstream string `json:"upstream"`
}

func (UpstreamTokenIssued) Kind() EventKind {
	return EventKind{"upstream_token_issued", LevelInfo, "gave out a token of an upstream"}
}

// UpstreamTokenUnavailable is one that could not be had, since the upstream does not answer or not as it should.
type UpstreamTokenUnavailable struct {
	ClientID string `json:"client_id"`
	Upstream string `json:"upstream"`
	Error    string `json:"error"`
}

func (UpstreamTokenUnavailable) Kind() EventKind {
	return EventKind{"upstream_token_unavailable", LevelError, "no token of an upstream"}
}

// UpstreamRefreshRefused is a user's refresh token that the upstream did not take: they have to sign in there again.
type UpstreamRefreshRefused struct {
	Upstream string `json:"upstream"`
	Username string `json:"username"`
	Error    string `json:"error"`
}

func (UpstreamRefreshRefused) Kind() EventKind {
	return EventKind{"upstream_refresh_refused", LevelWarn, "an upstream refused to refresh a user's token"}
}
