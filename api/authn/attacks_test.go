package authn

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/api/outgoing"
)

// An upstream must not keep a processor busy for hours with one sign-in.
func TestAKeyOfAMillionBitsCostsNoTime(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]int{"one that is too long": 1, "too many": 5000} {
		op := newOP(t)
		size := map[int]int{1: 1_000_000 / 8, 5000: 128}[keys]
		modulus := base64.RawURLEncoding.EncodeToString(slices.Repeat([]byte{0xff}, size))
		set := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			list := slices.Repeat([]any{map[string]any{"kty": "RSA", "kid": "big", "n": modulus, "e": "f____w"}}, keys)
			json.NewEncoder(w).Encode(map[string]any{"keys": list})
		}))
		defer set.Close()
		op.discovery = map[string]any{"id_token_signing_alg_values_supported": []string{"RS256"}, "jwks_uri": set.URL}
		op.token = func(w http.ResponseWriter, _ *http.Request) bool {
			claims, _ := json.Marshal(map[string]any{"iss": op.URL, "sub": "42", "aud": "us", "exp": time.Now().Add(time.Minute).Unix(),
				"nonce": "n"})
			token := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"big"}`)) + "." +
				base64.RawURLEncoding.EncodeToString(claims) +
				"." + modulus
			fmt.Fprintf(w, `{"access_token": "at", "token_type": "Bearer", "id_token": %q}`, token)
			return true
		}
		began := time.Now()
		if _, err := redeemAt(op); !errors.Is(err, ErrUpstreamFailed) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
	}
}

// A discovery document names addresses, too: none of them may lead inside, whatever the issuer's own address.
func TestADiscoveryDocumentLeadsNoRequestInside(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	inside := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		fmt.Fprint(w, `{"access_token": "at", "token_type": "Bearer", "keys": []}`)
	}))
	inside.Listener.Close()
	listener, err := net.Listen("tcp", "127.0.0.2:0") // loopback is all of 127.0.0.0/8
	if err != nil {
		t.Skip("this machine has no 127.0.0.2")
	}
	inside.Listener = listener
	inside.Start()
	defer inside.Close()
	for _, name := range []string{"token_endpoint", "jwks_uri", "userinfo_endpoint"} {
		op := newOP(t)
		op.discovery = map[string]any{name: inside.URL + "/"}
		op.claims = map[string]any{"name": nil} // userinfo is needed
		who, err := NewUpstreams(outgoing.Client([]string{"127.0.0.1"}), time.Now).Redeem(context.Background(), op.row(),
			UpstreamAnswer{RedirectURI: "https://us/cb", Code: "c", Nonce: "n", Verifier: "v"})
		if leftOut := name == "userinfo_endpoint" && len(who.LeftOut) == 1; err == nil && !leftOut || asked.Load() != 0 {
			t.Errorf("%s: %v, %v, %d requests came in", name, err, who, asked.Load())
		}
	}
}

// Where people may have claims of their own, one differs from the protocol's in its case alone.
func TestAClaimOfAnotherCaseIsAnotherClaim(t *testing.T) {
	t.Parallel()
	op := newOP(t)
	op.claims = map[string]any{"email_verified": false, "Email_verified": true, "name": nil}
	op.userinfo = map[string]any{"sub": "42", "EMAIL": "victim@example.org", "name": "Mallory", "\u017fub": "1"}
	if who, err := redeemAt(op); err != nil || who.Email != "alice@example.org" || who.EmailVerified || who.Name != "Mallory" {
		t.Errorf("%+v, %v", who, err)
	}
	op.claims = map[string]any{"\u017fub": "1"} // s to encoding/json, and after sub
	if who, err := redeemAt(op); !errors.Is(err, ErrUpstreamFailed) {
		t.Errorf("a second subject: %+v, %v", who, err)
	}
}

// Who connects an account reads its label first.
func TestTheLabelOfAnAccountIsNoAddressThatNobodyVerified(t *testing.T) {
	t.Parallel()
	for want, who := range map[string]UpstreamPerson{
		"alice@example.org": {Sub: "1", Email: "alice@example.org", EmailVerified: true, Username: "mallory"},
		"mallory":           {Sub: "1", Email: "alice@example.org", Username: "mallory"},
		"Mallory":           {Sub: "1", Email: "alice@example.org", Username: "alice@example.org", Name: "Mallory"},
		"42":                {Sub: "42", Username: "alice\uff20example.org", Name: "alice@example.org"},
	} {
		if got := who.Label(); got != want {
			t.Errorf("%+v: %q, want %q", who, got, want)
		}
	}
}
