package oidc

import (
	"strings"
	"testing"
	"time"
)

// RFC 9449 §4.3.
func TestADPoPProofIsOfOneRequestAndOfNow(t *testing.T) {
	const uri, token = issuer + "/userinfo", "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
	const hash = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" // of the example in RFC 9449 §7.1
	for _, c := range []struct {
		what   string
		token  string
		change func(d *DPoPProof)
		why    string // part of the refusal, "" for none
	}{
		{"good", "", func(*DPoPProof) {}, ""},
		{"with a token", token, func(d *DPoPProof) { d.AccessTokenHash = hash }, ""},
		{"without the hash of the token", token, func(*DPoPProof) {}, "ath"},
		{"the hash of another", token + "x", func(d *DPoPProof) { d.AccessTokenHash = hash }, "ath"},
		{"a hash where there is no token", "", func(d *DPoPProof) { d.AccessTokenHash = hash }, ""},
		{"no jti", "", func(d *DPoPProof) { d.ID = "" }, "jti"},
		{"long jti", "", func(d *DPoPProof) { d.ID = strings.Repeat("x", 256) }, "jti"},
		{"another method", "", func(d *DPoPProof) { d.Method = "POST" }, "htm"},
		{"lower case", "", func(d *DPoPProof) { d.Method = "get" }, "htm"},
		{"another address", "", func(d *DPoPProof) { d.URI = issuer + "/token" }, "htu"},
		{"no iat", "", func(d *DPoPProof) { d.IssuedAt = 0 }, "iat"},
		{"a minute ago", "", func(d *DPoPProof) { d.IssuedAt = seconds(at(-1)) }, ""},
		{"61 seconds ago", "", func(d *DPoPProof) { d.IssuedAt = seconds(at(-1).Add(-time.Second)) },
			"iat is too long ago, 61 seconds before the clock here"},
		{"30 seconds ahead", "", func(d *DPoPProof) { d.IssuedAt = seconds(noon.Add(ClientSkew)) }, ""},
		{"31 seconds ahead", "", func(d *DPoPProof) { d.IssuedAt = seconds(noon.Add(ClientSkew + time.Second)) },
			"iat is in the future, 31 seconds after the clock here"},
		{"the end of days", "", func(d *DPoPProof) { d.IssuedAt = 1e300 }, "iat"},
		{"before all time", "", func(d *DPoPProof) { d.IssuedAt = -1e300 }, "iat"},
		{"nbf ahead", "", func(d *DPoPProof) { d.NotBefore = seconds(at(1)) }, "nbf"},
		{"exp past", "", func(d *DPoPProof) { d.Expiry = seconds(at(-1)) }, "expired"},
	} {
		d := &DPoPProof{ID: "1", Method: "GET", URI: uri, IssuedAt: seconds(noon)}
		c.change(d)
		refused := d.Check("GET", uri, c.token, noon)
		switch {
		case refused == nil && c.why != "":
			t.Errorf("%s: taken", c.what)
		case refused != nil && (c.why == "" || refused.Code != InvalidDPoPProof || !strings.Contains(refused.Description, c.why)):
			t.Errorf("%s: %v, want %q", c.what, refused, c.why)
		}
	}
}

// RFC 9449 §4.3, RFC 3986 §6.2.2, §6.2.3.
func TestTheTargetOfAProofIsOurAddressWithoutQueryAndFragment(t *testing.T) {
	for _, given := range []string{"https://op.example.org/token", "HTTPS://OP.Example.org/token", "https://op.example.org:443/token",
		"https://op.example.org/token?x=1", "https://op.example.org/token#f", "https://op.example.org/token?"} {
		if !sameTarget(given, issuer+"/token") {
			t.Errorf("%q is not taken", given)
		}
	}
	for _, given := range []string{"", "/token", "https://op.example.org", "https://op.example.org/",
		"https://op.example.org/token/", "https://op.example.org/Token",
		"https://op.example.org//token", "https://op.example.org/x/../token", "https://op.example.org/%74oken", "https://op.example.org/token%00",
		"http://op.example.org/token", "https://op.example.org:80/token", "https://op.example.org:4430/token", "https://op.example.org./token",
		"https://op.example.org.evil.example/token", "https://op.example.org@evil.example/token", "https://evil@op.example.org/token",
		"https://:@op.example.org/token",
		"https:op.example.org/token", "//op.example.org/token", "https://op.example.org\\token", " https://op.example.org/token",
		"https://op.example.org/token\n", "%zz"} {
		if sameTarget(given, issuer+"/token") {
			t.Errorf("%q is taken", given)
		}
	}
	for given, ours := range map[string]string{"http://127.0.0.1:80/token": "http://127.0.0.1/token",
		"http://localhost:4000/token": "http://localhost:4000/token",
		"http://[::1]:4000/token":     "http://[::1]:4000/token"} {
		if !sameTarget(given, ours) {
			t.Errorf("%q is not taken for %q", given, ours)
		}
	}
	if sameTarget("http://127.0.0.1/token", "http://127.0.0.1:8080/token") ||
		sameTarget("http://127.0.0.1:80/token", "http://127.0.0.1:8080/token") {
		t.Error("the default port is taken for another")
	}
}

// RFC 7800 §3.1, RFC 9449 §5, §6.1.
func TestATokenNamesTheKeyThatItIsBoundTo(t *testing.T) {
	bound, bearer := AccessTokenClaims{Confirmation: ConfirmationOf("k")}, AccessTokenClaims{Confirmation: ConfirmationOf("")}
	if bound.JKT() != "k" || bound.TokenType() != "DPoP" || bearer.Confirmation != nil || bearer.JKT() != "" ||
		bearer.TokenType() != "Bearer" {
		t.Errorf("%+v %+v", bound, bearer)
	}
}
