package authn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// withoutAddress has the ID token lack what userinfo is asked for.
var withoutAddress = map[string]any{"email": nil, "email_verified": nil}

// OpenID Connect Core §5.3.2.
func TestUserinfoOfAnUpstreamMayBeASignedJWT(t *testing.T) {
	t.Parallel()
	op := newOP(t)
	op.claims = withoutAddress
	good := map[string]any{"iss": op.URL, "aud": "us", "sub": "42", "email": "alice@example.org", "email_verified": true}
	for _, contentType := range []string{"application/jwt", "application/jwt; charset=utf-8", "text/plain", "application/json"} {
		op.me = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			io.WriteString(w, op.sign(good)+"\n")
		}
		if who, err := redeemAt(op); err != nil || who.Email != "alice@example.org" || !who.EmailVerified || who.LeftOut != nil {
			t.Errorf("%s: %+v, %v", contentType, who, err)
		}
	}
	delete(good, "iss")
	delete(good, "aud")
	if who, err := redeemAt(op); err != nil || who.Email != "alice@example.org" {
		t.Errorf("without iss and aud: %+v, %v", who, err)
	}
}

// A good ID token signs in whatever userinfo does; the log has what was left out.
func TestAGoodIDTokenSignsInWithoutUserinfo(t *testing.T) {
	t.Parallel()
	says := func(status int, contentType, body string) func(*anOP) {
		return func(op *anOP) {
			op.me = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", contentType)
				w.WriteHeader(status)
				io.WriteString(w, body)
			}
		}
	}
	signed := func(change map[string]any) func(*anOP) {
		return func(op *anOP) {
			claims := map[string]any{"iss": op.URL, "aud": "us", "sub": "42", "email": "alice@example.org"}
			for name, value := range change {
				claims[name] = value
			}
			says(200, "application/jwt", op.sign(claims))(op)
		}
	}
	for name, is := range map[string]struct {
		me   func(*anOP)
		says string
	}{
		"401":              {says(401, "application/json", `{"error": "invalid_token"}`), "userinfo says 401"},
		"403":              {says(403, "text/html", "<html>"), "userinfo says 403"},
		"500":              {says(500, "text/html", "<html>"), "userinfo says 500"},
		"429":              {says(429, "text/plain", "slowly"), "userinfo says 429"},
		"204":              {says(204, "", ""), "userinfo says 204"},
		"HTML":             {says(200, "text/html", "<html>"), "neither JSON nor a signed JWT"},
		"nothing":          {says(200, "application/json", ""), "neither JSON nor a signed JWT"},
		"null":             {says(200, "application/json", "null"), "neither JSON nor a signed JWT"},
		"an array":         {says(200, "application/json", `[{"sub": "42"}]`), "neither JSON nor a signed JWT"},
		"encrypted":        {says(200, "application/jwt", "a.b.c.d.e"), "neither JSON nor a signed JWT"},
		"no sub":           {says(200, "application/json", `{"email": "alice@example.org"}`), "no sub"},
		"no JWT":           {says(200, "application/jwt", "a.b.c"), "signed userinfo"},
		"alg none":         {says(200, "application/jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9."), "signed userinfo"},
		"another's iss":    {signed(map[string]any{"iss": "https://elsewhere.example.org"}), "of another issuer"},
		"another's aud":    {signed(map[string]any{"aud": "others"}), "for another client"},
		"an expired one":   {signed(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), "has expired"},
		"a foreign key":    {func(op *anOP) { foreignUserinfo(op, newOP(t)) }, "signed userinfo"},
		"no answer at all": {func(op *anOP) { op.me = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) } }, "userinfo"},
	} {
		op := newOP(t)
		op.claims = withoutAddress
		is.me(op)
		who, err := redeemAt(op)
		if err != nil || who.Sub != "42" || who.Name != "Alice" || who.Email != "" || !strings.Contains(strings.Join(who.LeftOut, ""), is.says) {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
	}
}

func foreignUserinfo(op, other *anOP) {
	other.kid = op.kid
	op.me = func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, other.sign(map[string]any{"sub": "42", "email": "alice@example.org"}))
	}
}

func TestASlowUserinfoIsNotWaitedForForLong(t *testing.T) {
	t.Parallel()
	op := newOP(t)
	op.claims = withoutAddress
	op.me = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	ctx, cancel := context.WithTimeout(t.Context(), 4*userinfoPatience)
	defer cancel()
	who, err := NewUpstreams(op.Client(), time.Now).Redeem(ctx, op.row(), UpstreamAnswer{Code: "c", Nonce: "n", Verifier: "v"})
	if err != nil || who.Sub != "42" || len(who.LeftOut) != 1 || ctx.Err() != nil {
		t.Errorf("%+v, %v", who, err)
	}
}

// §5.3.2: whose userinfo it is has to be certain.
func TestUserinfoOfSomebodyElseSignsNobodyInAndSaysWhy(t *testing.T) {
	t.Parallel()
	for name, sub := range map[string]struct {
		is   any
		says string
	}{"another": {"43", "another person"}, "in capitals": {"42 ", "another person"}, "a number": {42, "no text"},
		"an object": {map[string]any{}, "no text"}, "null": {nil, "another person"}, "empty": {"", "another person"}} {
		for kind, write := range map[string]func(op *anOP, w io.Writer){
			"JSON": func(_ *anOP, w io.Writer) {
				json.NewEncoder(w).Encode(map[string]any{"sub": sub.is, "email": "a@example.org"})
			},
			"JWT": func(op *anOP, w io.Writer) {
				fmt.Fprint(w, op.sign(map[string]any{"sub": sub.is, "email": "a@example.org"}))
			},
		} {
			op := newOP(t)
			op.claims = withoutAddress
			op.me = func(w http.ResponseWriter, _ *http.Request) { write(op, w) }
			who, err := redeemAt(op)
			if !errors.Is(err, ErrUpstreamFailed) || who.Sub != "" || !strings.Contains(err.Error(), "userinfo") ||
				!strings.Contains(err.Error(), sub.says) {
				t.Errorf("%s, %s: %+v, %v", name, kind, who, err)
			}
		}
	}
}

// OpenID Connect Core §5.1 says their types; what has another is left out by its name, and nothing else with it.
func TestOptionalClaimsOfAnotherTypeAreLeftOutByName(t *testing.T) {
	t.Parallel()
	for claim, values := range map[string][]any{
		"email": {42, []string{"a@example.org"}, map[string]any{}, true}, "email_verified": {1, "yes", []bool{true}},
		"given_name": {1}, "family_name": {[]string{"x"}}, "preferred_username": {4711, false},
		"amr": {"pwd", map[string]any{}}, "auth_time": {"1700000000", []int{1}}, "name": {7},
	} {
		for _, value := range values {
			op := newOP(t)
			op.claims = map[string]any{claim: value}
			op.userinfo = map[string]any{"sub": "42"}
			who, err := redeemAt(op)
			if err != nil || who.Sub != "42" || !slices.Contains(who.LeftOut, claim) || who.Email == "" && claim != "email" ||
				who.EmailVerified && strings.HasPrefix(claim, "email") {
				t.Errorf("%s %v: %+v, %v", claim, value, who, err)
			}
			op.claims, op.userinfo = withoutAddress, map[string]any{"sub": "42", claim: value}
			if who, err := redeemAt(op); err != nil || !slices.Contains(who.LeftOut, "userinfo's "+claim) {
				t.Errorf("userinfo's %s %v: %+v, %v", claim, value, who, err)
			}
		}
		op := newOP(t)
		op.claims = map[string]any{"zoneinfo": 1}
		op.idTokenNull = claim
		if who, err := redeemAt(op); err != nil || slices.Contains(who.LeftOut, claim) {
			t.Errorf("%s null, which is none: %+v, %v", claim, who, err)
		}
	}
}
