package provider

import (
	"strconv"
	"testing"

	"gatehouse/api/oidc"
)

func TestVerifiedTokensAreRememberedWithinABound(t *testing.T) {
	t.Parallel()
	var v verifiedTokens
	for i := range 3 * verifiedTokensLimit {
		v.note("keys", strconv.Itoa(i), oidc.AccessTokenClaims{ID: strconv.Itoa(i)})
		if len(v.claims) > verifiedTokensLimit {
			t.Fatalf("%d entries", len(v.claims))
		}
	}
	last := strconv.Itoa(3*verifiedTokensLimit - 1)
	if claims, found := v.find("keys", last); !found || claims.ID != last {
		t.Errorf("the last one: %v %v", claims, found)
	}
	if _, found := v.find("other keys", last); found {
		t.Error("found under other keys")
	}
	if _, found := v.find("keys", "never seen"); found {
		t.Error("found what was never seen")
	}
}
