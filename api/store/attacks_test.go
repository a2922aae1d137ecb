package store

import (
	"testing"
	"time"
)

// An upstream that rotates refresh tokens takes the second use of one for theft: a sign-in that brings no new one, as most do, must
// not let a second request at the one that the first is using.
func TestASignInDuringARefreshDoesNotEndItsLease(t *testing.T) {
	t.Parallel()
	s := managed(t)
	now := time.Now().Truncate(time.Microsecond)
	for _, sql := range []string{
		`INSERT INTO users (username) VALUES ('alice')`,
		`INSERT INTO upstreams (name, issuer, client_id) VALUES ('up', 'https://op.example.org', 'us')`,
	} {
		_, err := s.pool.Exec(t.Context(), sql)
		try(t, err)
	}
	account := UpstreamAccount{Upstream: "up", Issuer: "https://op.example.org", Sub: "1"}
	tokens := UpstreamTokens{Upstream: "up", Issuer: account.Issuer, Sub: "1", AccessToken: []byte("a"), RefreshToken: []byte("r")}
	try(t, s.UseUpstreamAccount(t.Context(), account, "alice", tokens, now))
	claim := func() bool {
		mine, err := s.ClaimUpstreamRefresh(t.Context(), tokens, now.Add(time.Minute), now)
		try(t, err)
		return mine
	}
	if !claim() {
		t.Fatal("not claimed")
	}
	try(t, s.UseUpstreamAccount(t.Context(), account, "alice", UpstreamTokens{AccessToken: []byte("b")}, now))
	if claim() {
		t.Error("two requests use one refresh token")
	}
	tokens.RefreshToken = []byte("another")
	try(t, s.UseUpstreamAccount(t.Context(), account, "alice", tokens, now))
	if !claim() {
		t.Error("a new refresh token cannot be used")
	}
}
