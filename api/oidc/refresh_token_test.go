package oidc

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"
)

func TestARefreshTokenSaysItsFamilyAndItsPlace(t *testing.T) {
	token := RefreshToken{GrantID: [16]byte{1}, Secret: [32]byte{2}, Place: 3}
	plain := token.Plain()
	for _, test := range []struct {
		what   string
		change func(plain []byte) []byte
		want   RefreshToken
		ok     bool
	}{
		{"as it was made", func(p []byte) []byte { return p }, token, true},
		{"another grant", func(p []byte) []byte { p[0] = 9; return p }, RefreshToken{[16]byte{9}, token.Secret, 3}, true},
		{"another secret", func(p []byte) []byte { p[16] = 9; return p }, RefreshToken{token.GrantID, [32]byte{9}, 3}, true},
		{"another place", func(p []byte) []byte { p[55] = 9; return p }, RefreshToken{token.GrantID, token.Secret, 9}, true},
		{"a place that has no next", func(p []byte) []byte { return append(p[:48], 127, 255, 255, 255, 255, 255, 255, 255) },
			RefreshToken{}, false},
		{"the one before it", func(p []byte) []byte { return append(p[:48], 127, 255, 255, 255, 255, 255, 255, 254) },
			RefreshToken{token.GrantID, token.Secret, 1<<63 - 2}, true},
		{"a negative place", func(p []byte) []byte { p[48] = 128; return p }, RefreshToken{}, false},
		{"cut short", func(p []byte) []byte { return p[:55] }, RefreshToken{}, false},
		{"something appended", func(p []byte) []byte { return append(p, 0) }, RefreshToken{}, false},
		{"nothing", func([]byte) []byte { return nil }, RefreshToken{}, false},
	} {
		got, ok := ParseRefreshToken(test.change(slices.Clone(plain)))
		if ok != test.ok || ok && got != test.want {
			t.Errorf("%s: %+v, %v", test.what, got, ok)
		}
	}
	if sum := sha256.Sum256(token.Secret[:]); token.Digest() != sum || bytes.Contains(plain, sum[:]) {
		t.Error("what the row has is not the digest of the secret, or the token has it, too")
	}
}

// RFC 9700 §4.14.2, FAPI 2.0 Security Profile §5.3.2.1.
func TestARefreshTokenIsFollowedByTheNextPlaceUnlessTheClientKeepsIts(t *testing.T) {
	token := RefreshToken{GrantID: [16]byte{1}, Secret: [32]byte{2}, Place: 3}
	next := token
	next.Place = 4
	if got := token.Next(&Client{}); got != next || token.Place != 3 {
		t.Errorf("%+v", got)
	}
	if got := token.Next(&Client{SecurityProfile: FAPI2}); got != token {
		t.Errorf("FAPI 2.0: %+v", got)
	}
}
