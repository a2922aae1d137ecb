package oidc

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

const issuer = "https://op.example.org"

func seconds(t time.Time) NumericDate { return NumericDate(t.Unix()) }

// RFC 7523 §3, OpenID Connect Core §9, FAPI 2.0 Security Profile §5.3.2.1.
func TestAClientAssertionIsOfOneClientForThisIssuerAndOfNow(t *testing.T) {
	plain, fapi := clientOf(ClientMetadata{ClientID: "c"}), clientOf(ClientMetadata{ClientID: "c"})
	fapi.SecurityProfile = FAPI2
	for _, c := range []struct {
		what   string
		client *Client
		change func(a *ClientAssertion)
		why    string // what the refusal begins with, "" for none
	}{
		{"good", plain, func(*ClientAssertion) {}, ""},
		{"good, FAPI 2.0", fapi, func(*ClientAssertion) {}, ""},
		{"another iss", plain, func(a *ClientAssertion) { a.Issuer = "d" }, "iss and sub"},
		{"another sub", plain, func(a *ClientAssertion) { a.Subject = "d" }, "iss and sub"},
		{"neither", plain, func(a *ClientAssertion) { a.Issuer, a.Subject = "", "" }, "iss and sub"},
		{"token endpoint", plain, func(a *ClientAssertion) { a.Audience = json.RawMessage(`"` + issuer + `/token"`) }, ""},
		{"token endpoint, FAPI 2.0", fapi, func(a *ClientAssertion) { a.Audience = json.RawMessage(`"` + issuer + `/token"`) }, "aud"},
		{"endpoint", plain, func(a *ClientAssertion) { a.Audience = json.RawMessage(`["x", "` + issuer + `/par"]`) }, ""},
		{"list, FAPI 2.0", fapi, func(a *ClientAssertion) { a.Audience = json.RawMessage(`["` + issuer + `"]`) }, "aud"},
		{"another endpoint", plain, func(a *ClientAssertion) { a.Audience = json.RawMessage(`"` + issuer + `/revoke"`) }, "aud"},
		{"no aud", plain, func(a *ClientAssertion) { a.Audience = nil }, "aud"},
		{"aud null", plain, func(a *ClientAssertion) { a.Audience = json.RawMessage(`null`) }, "aud"},
		{"aud an object", plain, func(a *ClientAssertion) { a.Audience = json.RawMessage(`{"` + issuer + `": 1}`) }, "aud"},
		{"aud mixed", plain, func(a *ClientAssertion) { a.Audience = json.RawMessage(`["` + issuer + `", 1]`) }, "aud"},
		{"no jti", plain, func(a *ClientAssertion) { a.ID = "" }, "jti"},
		{"long jti", plain, func(a *ClientAssertion) { a.ID = strings.Repeat("x", 256) }, "jti"},
		{"no exp", plain, func(a *ClientAssertion) { a.Expiry = 0 }, "exp is missing"},
		{"exp in an hour", plain, func(a *ClientAssertion) { a.Expiry = seconds(at(60)) }, ""},
		{"exp in an hour and a minute", plain, func(a *ClientAssertion) { a.Expiry = seconds(at(61)) }, "exp is more"},
		{"exp endless", plain, func(a *ClientAssertion) { a.Expiry = NumericDate(math.MaxFloat64) }, "exp is more"},
		{"exp now", plain, func(a *ClientAssertion) { a.Expiry = seconds(noon) }, ""},
		{"exp 5 seconds ago", plain, func(a *ClientAssertion) { a.Expiry = seconds(noon.Add(-Leeway)) },
			"expired, 5 seconds before the clock here"},
		{"exp below zero", plain, func(a *ClientAssertion) { a.Expiry = -math.MaxFloat64 }, "expired"},
		{"nbf 30 seconds ahead", plain, func(a *ClientAssertion) { a.NotBefore = seconds(noon.Add(30 * time.Second)) }, ""},
		{"nbf 31 seconds ahead", plain, func(a *ClientAssertion) { a.NotBefore = seconds(noon.Add(31 * time.Second)) }, "nbf"},
		{"iat 10 seconds ahead, FAPI 2.0", fapi, func(a *ClientAssertion) { a.IssuedAt = seconds(noon.Add(10 * time.Second)) }, ""},
		{"iat a minute ahead, FAPI 2.0", fapi, func(a *ClientAssertion) { a.IssuedAt = seconds(at(1)) }, "iat"},
	} {
		a := &ClientAssertion{Issuer: "c", Subject: "c", Audience: json.RawMessage(`"` + issuer + `"`), ID: "1",
			Expiry: seconds(at(1)), IssuedAt: seconds(noon)}
		c.change(a)
		why := a.Check(c.client, issuer, issuer+"/par", noon)
		if (why == "") != (c.why == "") || !strings.HasPrefix(why, c.why) {
			t.Errorf("%s: %q, want %q", c.what, why, c.why)
		}
	}
}

// RFC 8725 §3.11, RFC 9101 §10.8.
func TestTheTypeOfAnAssertionIsThatOfNoOtherJWT(t *testing.T) {
	for typ, good := range map[string]bool{"": true, "JWT": true, "jwt": true, "client-authentication+jwt": true, "oauth-authz-req+jwt": false,
		"at+jwt": false, "dpop+jwt": false, "logout+jwt": false, "rt+jwt": false, "JWT ": false} {
		if IsAssertionType(typ) != good {
			t.Errorf("typ %q: %v", typ, !good)
		}
	}
}

// RFC 7519 §2.
func TestANumericDateIsAMomentHoweverFarAway(t *testing.T) {
	for n, want := range map[NumericDate]time.Time{
		0: time.Unix(0, 0), 1.9: time.Unix(1, 0), -1: time.Unix(-1, 0), NumericDate(noon.Unix()): noon,
		1e300: time.Unix(1<<40, 0), -1e300: time.Unix(-1<<40, 0), NumericDate(math.Inf(1)): time.Unix(1<<40, 0),
		NumericDate(math.Inf(-1)): time.Unix(-1<<40, 0),
	} {
		if !n.Time().Equal(want) {
			t.Errorf("%v: %s, want %s", float64(n), n.Time(), want)
		}
	}
	for _, text := range []string{`"1"`, `true`, `{}`, `1e999`} {
		var n NumericDate
		if json.Unmarshal([]byte(text), &n) == nil {
			t.Errorf("%s is read as %v", text, n)
		}
	}
	if why := checkTimes(0, 0, 0, noon); why != "" {
		t.Errorf("no times at all: %s", why)
	}
	if why := checkTimes(1e300, -1e300, -1e300, noon); why != "" {
		t.Errorf("from ever to ever: %s", why)
	}
}

// FAPI 2.0 Security Profile §5.3.2.1, §5.4.1.
func TestWhatAClientIsHeldTo(t *testing.T) {
	plain, fapi := &Client{SecurityProfile: "openid"}, &Client{SecurityProfile: FAPI2}
	if got := plain.SigningAlgsOf(""); !slices.Equal(got, SigningAlgs) {
		t.Errorf("%v", got)
	}
	if got := fapi.SigningAlgsOf(""); !slices.Equal(got, []string{"PS256", "ES256", "EdDSA"}) {
		t.Errorf("%v", got)
	}
	if got := plain.SigningAlgsOf("EdDSA"); !slices.Equal(got, []string{"EdDSA"}) {
		t.Errorf("%v", got)
	}
	if plain.CodeTTL(time.Hour) != time.Hour || fapi.CodeTTL(time.Hour) != time.Minute || fapi.CodeTTL(time.Second) != time.Second {
		t.Error("the life of codes")
	}
	if !plain.RotatesRefreshTokens() || fapi.RotatesRefreshTokens() {
		t.Error("the rotation of refresh tokens")
	}
}
