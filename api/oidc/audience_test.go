package oidc

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// RFC 7519 §4.1.3.
func TestAnAudienceIsAStringOrAnArray(t *testing.T) {
	for text, want := range map[string]Audience{`"a"`: {"a"}, `["a","b"]`: {"a", "b"}} {
		var got Audience
		if err := json.Unmarshal([]byte(text), &got); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
		if written, err := json.Marshal(want); err != nil || string(written) != text {
			t.Errorf("%q: %s, %v", want, written, err)
		}
	}
	for _, text := range []string{`1`, `{"a":1}`, `["a",1]`} {
		var got Audience
		if json.Unmarshal([]byte(text), &got) == nil {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func TestTheSecretOfARefreshTokenIsItselfOrTheJTIOfAJWT(t *testing.T) {
	for token, want := range map[string]string{
		"":                      "",
		"secret":                "secret",
		"x.eyJqdGkiOiJzIn0.y":   "s", // {"jti":"s"}
		"eyJqdGkiOiJzIn0":       "eyJqdGkiOiJzIn0",
		"x.eyJqdGkiOiJzIn0":     "x.eyJqdGkiOiJzIn0",
		"x.eyJqdGkiOiJzIn0.y.z": "x.eyJqdGkiOiJzIn0.y.z",
		"x.e30.y":               "x.e30.y", // {}
		"x.eyJqdGkiOjF9.y":      "x.eyJqdGkiOjF9.y",
		"x.%%.y":                "x.%%.y",
	} {
		if got := RefreshSecret(token); got != want {
			t.Errorf("%s: %s, want %s", token, got, want)
		}
	}
	if long := "x.eyJqdGkiOiJzIn0." + strings.Repeat("y", maxRefreshToken); RefreshSecret(long) != long {
		t.Error("a token of any length is decoded")
	}
}
