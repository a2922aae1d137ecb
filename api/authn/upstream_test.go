package authn

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

// anOP is a small OpenID Provider that can be told to answer wrongly.
type anOP struct {
	*httptest.Server
	key      *ecdsa.PrivateKey
	kid      string
	claims   map[string]any // of the ID token, over the good ones; nil leaves one out
	userinfo map[string]any
	me       http.HandlerFunc // in place of userinfo

	idTokenNull string         // a claim of the ID token that is null
	discovery   map[string]any // over the good ones
	token       func(w http.ResponseWriter, r *http.Request) bool
	asked       atomic.Int32 // for discovery
}

func newOP(t *testing.T) *anOP {
	op := &anOP{kid: "1"}
	op.rotate()
	mux := http.NewServeMux()
	op.Server = httptest.NewServer(mux)
	t.Cleanup(op.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		op.asked.Add(1)
		doc := map[string]any{"issuer": op.URL, "authorization_endpoint": op.URL + "/auth", "token_endpoint": op.URL + "/token",
			"jwks_uri":          op.URL + "/jwks",
			"userinfo_endpoint": op.URL + "/me", "id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"}}
		maps.Copy(doc, op.discovery)
		json.NewEncoder(w).Encode(doc)
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		public, _ := op.key.PublicKey.Bytes()
		json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": op.kid,
			"x": base64.RawURLEncoding.EncodeToString(public[1:33]), "y": base64.RawURLEncoding.EncodeToString(public[33:])}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if op.token != nil && op.token(w, r) {
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"access_token": "at", "token_type": "Bearer", "expires_in": 3600,
			"refresh_token": "rt", "id_token": op.idToken()})
	})
	mux.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) {
		if op.me != nil {
			op.me(w, r)
			return
		}
		json.NewEncoder(w).Encode(op.userinfo)
	})
	return op
}

func (op *anOP) rotate() {
	op.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	op.kid += "x"
}

func (op *anOP) idToken() string {
	claims := map[string]any{"iss": op.URL, "sub": "42", "aud": "us", "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(),
		"nonce": "n", "email": "alice@example.org", "email_verified": true, "name": "Alice"}
	maps.Copy(claims, op.claims)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	if op.idTokenNull != "" {
		claims[op.idTokenNull] = nil
	}
	return op.sign(claims)
}

func (op *anOP) sign(claims map[string]any) string {
	part := func(v any) string { b, _ := json.Marshal(v); return base64.RawURLEncoding.EncodeToString(b) }
	signed := part(map[string]string{"alg": "ES256", "kid": op.kid}) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	r, s, _ := ecdsa.Sign(rand.Reader, op.key, sum[:])
	return signed + "." + base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func (op *anOP) row() *oidc.Upstream {
	return &oidc.Upstream{Name: "op", Kind: "oidc", Issuer: op.URL, ClientID: "us", ClientSecret: "a secret", Scope: "openid email"}
}

func redeemAt(op *anOP) (UpstreamPerson, error) {
	return NewUpstreams(op.Client(), time.Now).Redeem(context.Background(), op.row(),
		UpstreamAnswer{RedirectURI: "https://us/cb", Code: "c", Nonce: "n", Verifier: "v"})
}

func TestAnUpstreamsIDTokenSaysWhoSignedIn(t *testing.T) {
	t.Parallel()
	op := newOP(t)
	op.claims = map[string]any{"auth_time": 1_700_000_000, "amr": []string{"pwd", "otp"}, "preferred_username": "Alice\x00\u202e"}
	who, err := redeemAt(op)
	if err != nil || who.Sub != "42" || who.Email != "alice@example.org" || !who.EmailVerified || who.Name != "Alice" ||
		who.Username != "Alice" ||
		who.AuthTime.Unix() != 1_700_000_000 || !slices.Equal(who.AMR, []string{"pwd", "otp"}) {
		t.Errorf("%+v, %v", who, err)
	}
	if who.Tokens.AccessToken != "at" || who.Tokens.RefreshToken != "rt" || who.Tokens.Scope != "openid email" ||
		time.Until(who.Tokens.ExpiresAt).Round(time.Minute) != time.Hour {
		t.Errorf("%+v", who.Tokens)
	}
}

// OpenID Connect Core §3.1.3.7, §5.3.2; RFC 9700 §4.4.
func TestAnUpstreamThatAnswersWronglySignsNobodyIn(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*anOP){
		"issuer":           func(op *anOP) { op.claims = map[string]any{"iss": op.URL + "/"} },
		"audience":         func(op *anOP) { op.claims = map[string]any{"aud": "others"} },
		"authorized party": func(op *anOP) { op.claims = map[string]any{"aud": []string{"us", "others"}, "azp": "others"} },
		"nonce":            func(op *anOP) { op.claims = map[string]any{"nonce": "of another sign-in"} },
		"no nonce":         func(op *anOP) { op.claims = map[string]any{"nonce": nil} },
		"expired":          func(op *anOP) { op.claims = map[string]any{"exp": time.Now().Add(-time.Minute).Unix()} },
		"at_hash":          func(op *anOP) { op.claims = map[string]any{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"} },
		"no subject":       func(op *anOP) { op.claims = map[string]any{"sub": nil} },
		"subject":          func(op *anOP) { op.claims = map[string]any{"sub": strings.Repeat("x", 256)} },
		"a number for sub": func(op *anOP) { op.claims = map[string]any{"sub": 42} },
		"an empty sub":     func(op *anOP) { op.claims = map[string]any{"sub": ""} },
		"sub in Greek":     func(op *anOP) { op.claims = map[string]any{"sub": "\u03b1"} },
		"no iat":           func(op *anOP) { op.claims = map[string]any{"iat": nil} },
		"iat of text":      func(op *anOP) { op.claims = map[string]any{"iat": "today"} },
		"iat 0":            func(op *anOP) { op.claims = map[string]any{"iat": 0} },
		"azp of a type":    func(op *anOP) { op.claims = map[string]any{"azp": []string{"us"}} },
		"userinfo's person": func(op *anOP) {
			op.claims, op.userinfo = map[string]any{"email": nil}, map[string]any{"sub": "43", "email": "a@example.org"}
		},
		"discovered issuer": func(op *anOP) { op.discovery = map[string]any{"issuer": "https://elsewhere.example.org"} },
		"no address":        func(op *anOP) { op.discovery = map[string]any{"authorization_endpoint": "javascript:alert(1)"} },
		"userinfo's place":  func(op *anOP) { op.discovery = map[string]any{"userinfo_endpoint": "file:///etc/passwd"} },
		"a foreign key": func(op *anOP) {
			token := op.idToken()
			op.rotate()
			op.token = func(w http.ResponseWriter, _ *http.Request) bool {
				fmt.Fprintf(w, `{"access_token": "at", "token_type": "Bearer", "id_token": %q}`, token)
				return true
			}
		},
		"no ID token": func(op *anOP) {
			op.token = func(w http.ResponseWriter, _ *http.Request) bool {
				fmt.Fprint(w, `{"access_token": "at", "token_type": "Bearer"}`)
				return true
			}
		},
		"alg none": func(op *anOP) {
			op.token = func(w http.ResponseWriter, _ *http.Request) bool {
				_, claims, _ := strings.Cut(op.idToken(), ".")
				fmt.Fprintf(w, `{"access_token": "at", "id_token": "eyJhbGciOiJub25lIn0.%s."}`, strings.Split(claims, ".")[0])
				return true
			}
		},
		"nonsense": func(op *anOP) {
			op.token = func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, "<html>"); return true }
		},
	} {
		op := newOP(t)
		spoil(op)
		if who, err := redeemAt(op); !errors.Is(err, ErrUpstreamFailed) || who.Sub != "" {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
	}
}

func TestUserinfoIsAskedOnlyForWhatTheIDTokenLacks(t *testing.T) {
	t.Parallel()
	op := newOP(t)
	op.claims = map[string]any{"email": nil, "email_verified": true}
	op.userinfo = map[string]any{"sub": "42", "email": "alice@example.org", "name": "Another", "preferred_username": "alice"}
	who, err := redeemAt(op)
	if err != nil || who.Email != "alice@example.org" || who.EmailVerified || who.Name != "Alice" || who.Username != "alice" {
		t.Errorf("an address is verified only where it comes from: %+v, %v", who, err)
	}
}

func TestKeysAndDiscoveryAreKeptAndLookedUpAgain(t *testing.T) {
	t.Parallel()
	op, now := newOP(t), time.Now()
	s := NewUpstreams(op.Client(), func() time.Time { return now })
	// For a moment after it has fetched keys, the library hands them to whoever asks next, too, though they have been replaced.
	redeem := func() (err error) {
		for range 100 {
			_, err = s.Redeem(context.Background(), op.row(), UpstreamAnswer{Code: "c", Nonce: "n", Verifier: "v"})
			if err == nil || !strings.Contains(err.Error(), "failed to verify signature") {
				return err
			}
			time.Sleep(10 * time.Millisecond)
		}
		return err
	}
	for range 3 {
		if err := redeem(); err != nil {
			t.Fatal(err)
		}
		op.rotate()
	}
	if n := op.asked.Load(); n != 1 {
		t.Errorf("asked for discovery %d times", n)
	}
	depart := func() error {
		_, err := s.AuthorizationURL(context.Background(), op.row(), UpstreamRequest{Verifier: "v"})
		return err
	}
	now = now.Add(time.Minute)
	op.claims = map[string]any{"exp": now.Add(time.Minute).Unix()}
	if before := op.asked.Load(); depart() != nil || redeem() != nil || op.asked.Load() != before+1 {
		t.Error("nobody looked whether it is there before a browser was sent")
	}
	now, op.claims = now.Add(2*discoveryAge), nil
	op.discovery = map[string]any{"issuer": "https://elsewhere.example.org"}
	if err := redeem(); !errors.Is(err, ErrUpstreamFailed) {
		t.Errorf("a changed issuer: %v", err)
	}
	op.discovery = nil
	if err := redeem(); err == nil || op.asked.Load() != 3 {
		t.Errorf("asked again at once: %v", err)
	}
	now = now.Add(2 * discoveryPause)
	op.claims = map[string]any{"exp": now.Add(time.Minute).Unix()}
	if err := redeem(); err != nil {
		t.Error(err)
	}
}

func TestASlowOrBrokenUpstreamIsUnavailableWithinTheLimit(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer slow.Close()
	defer close(release)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }))
	defer broken.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, issuer := range []string{slow.URL, broken.URL, gone.URL} {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		err := NewUpstreams(http.DefaultClient, time.Now).Reachable(ctx, &oidc.Upstream{Kind: "oidc", Issuer: issuer})
		if !errors.Is(err, ErrUpstreamUnavailable) || time.Since(start) > 2*time.Second {
			t.Errorf("%s: %v after %s", issuer, err, time.Since(start))
		}
	}
}

func TestARefreshBringsTheNextTokensAndIsSentOnce(t *testing.T) {
	t.Parallel()
	op := newOP(t)
	var sent []url.Values
	answer := `{"access_token": "at2", "expires_in": 60, "refresh_token": "rt2", "scope": "openid"}`
	status := 200
	op.token = func(w http.ResponseWriter, r *http.Request) bool {
		_ = r.ParseForm()
		sent = append(sent, r.PostForm)
		if id, secret, _ := r.BasicAuth(); id != "us" || secret != "a+secret" {
			t.Errorf("client %q %q", id, secret)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
		return true
	}
	s := NewUpstreams(op.Client(), time.Now)
	refresh := func() (UpstreamTokens, error) { return s.Refresh(context.Background(), op.row(), "rt", "openid email") }
	if got, err := refresh(); err != nil || got.AccessToken != "at2" || got.RefreshToken != "rt2" || got.Scope != "openid" ||
		sent[0].Get("refresh_token") != "rt" {
		t.Errorf("%+v, %v", got, err)
	}
	answer = `{"access_token": "at3"}`
	if got, err := refresh(); err != nil || got.RefreshToken != "rt" || !got.ExpiresAt.IsZero() || got.Scope != "openid email" {
		t.Errorf("one that does not rotate: %+v, %v", got, err)
	}
	for code, want := range map[string]error{"invalid_grant": ErrUpstreamRefused, "invalid_client": ErrUpstreamFailed} {
		answer, status, sent = `{"error": "`+code+`", "error_description": "rt"}`, 400, nil
		if _, err := refresh(); !errors.Is(err, want) || strings.Contains(err.Error(), "rt\"") || len(sent) != 1 {
			t.Errorf("%s: %v, sent %d times", code, err, len(sent))
		}
	}
	answer, status = "", 503
	if _, err := refresh(); !errors.Is(err, ErrUpstreamUnavailable) {
		t.Error(err)
	}
}

func TestAnAuthorizationRequestHasStateNoncePKCEAndWhatTheRowAdds(t *testing.T) {
	t.Parallel()
	op := newOP(t)
	row := op.row()
	row.Params = map[string]string{"access_type": "offline", "prompt": "consent"}
	age := 60
	request := UpstreamRequest{RedirectURI: "https://us/cb", State: "s", Nonce: "n", Verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
		LoginHint: "alice@example.org", Prompt: []string{"login"}, MaxAge: &age}
	s := NewUpstreams(op.Client(), time.Now)
	at, err := s.AuthorizationURL(context.Background(), row, request)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(at)
	for name, want := range map[string]string{"response_type": "code", "client_id": "us", "redirect_uri": "https://us/cb",
		"scope": "openid email", "state": "s", "nonce": "n",
		"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256", "access_type": "offline",
		"prompt":     "login consent",
		"login_hint": "alice@example.org", "max_age": "60"} {
		if got := u.Query()[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// RFC 9207 §2.4.
func TestAnAnswerOfAnotherIssuerIsRefused(t *testing.T) {
	t.Parallel()
	op := newOP(t)
	for _, promised := range []bool{false, true} {
		op.discovery = map[string]any{"authorization_response_iss_parameter_supported": promised}
		s := NewUpstreams(op.Client(), time.Now)
		for iss, want := range map[string]bool{op.URL: true, "": !promised, "https://evil.example.org": false, op.URL + "/": false} {
			if err := s.CheckIssuer(context.Background(), op.row(), iss); (err == nil) != want {
				t.Errorf("%q: %v", iss, err)
			}
		}
	}
}
