package oidc

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// FuzzClientAssertion: whatever a client has signed, what is taken has its name, a jti, an end that is near and a word for us.
func FuzzClientAssertion(f *testing.F) {
	f.Add(`{"iss":"c","sub":"c","aud":"https://api.example.org","jti":"1","exp":1767355260,"iat":1767355200}`, false)
	f.Add(`{"iss":"c","sub":"c","aud":["x","https://api.example.org/token"],"jti":"1","exp":1767355260.5,"nbf":-1e400}`, false)
	f.Add(`{"iss":"c","sub":"c","aud":"https://api.example.org","jti":"1","exp":1767358801}`, true)
	f.Add(`{"iss":"c","sub":"c","aud":{"a":1},"jti":null,"exp":1e300,"nbf":1e-300}`, true)
	f.Fuzz(func(t *testing.T, claims string, fapi bool) {
		var a ClientAssertion
		if json.Unmarshal([]byte(claims), &a) != nil {
			return
		}
		c := clientOf(ClientMetadata{ClientID: "c"})
		if fapi {
			c.SecurityProfile = FAPI2
		}
		why := a.Check(c, anIssuer, anIssuer+"/par", noon)
		end := a.Expiry.Time()
		switch {
		case why != "":
			return
		case a.Issuer != "c" || a.Subject != "c" || a.ID == "" || len(a.ID) > maxJTI:
			t.Errorf("%+v is taken", a)
		case !end.After(noon.Add(-time.Minute)) || end.After(noon.Add(2*time.Hour)):
			t.Errorf("taken until %v", end)
		case fapi && string(a.Audience)[0] != '"', !strings.Contains(unescaped(a.Audience), anIssuer):
			t.Errorf("taken for %s", a.Audience)
		}
	})
}

// unescaped writes JSON without the escapes that it does not need.
func unescaped(text json.RawMessage) string {
	var value any
	_ = json.Unmarshal(text, &value)
	plain, _ := json.Marshal(value)
	return string(plain)
}

// FuzzDPoPProof: whatever a proof says, what is taken is for this method, this address and this moment (RFC 9449 §4.3).
func FuzzDPoPProof(f *testing.F) {
	f.Add(`{"jti":"1","htm":"POST","htu":"https://api.example.org/token","iat":1767355200}`, "")
	f.Add(`{"jti":"1","htm":"POST","htu":"HTTPS://API.example.org:443/token?a#b","iat":1767355141,`+
		`"ath":"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"}`, "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU")
	f.Add(`{"jti":"1","htm":"POST","htu":"https://api.example.org@evil.example/token","iat":1e300,"exp":-1}`, "x")
	f.Add(`{"jti":"1","htm":"POST","htu":"https://api.example.org/%74oken","iat":1767355200}`, "x")
	const ours = "https://api.example.org/token"
	f.Fuzz(func(t *testing.T, claims, token string) {
		var d DPoPProof
		if json.Unmarshal([]byte(claims), &d) != nil {
			return
		}
		if e := d.Check("POST", ours, token, noon); e != nil {
			if e.Code != InvalidDPoPProof {
				t.Errorf("%v", e)
			}
			return
		}
		made := d.IssuedAt.Time()
		if d.Method != "POST" || d.ID == "" || len(d.ID) > maxJTI || made.Before(noon.Add(-2*time.Minute)) || made.After(noon.Add(time.Minute)) {
			t.Errorf("%+v is taken", d)
		}
		if token != "" && d.AccessTokenHash != accessTokenHash(token) {
			t.Errorf("taken with another token than that of %s", d.AccessTokenHash)
		}
		bare, _, _ := strings.Cut(d.URI, "#")
		bare, _, _ = strings.Cut(bare, "?")
		origin, isOurs := strings.CutSuffix(bare, "/token")
		if !isOurs || strings.TrimSuffix(strings.ToLower(origin), ":443") != "https://api.example.org" {
			t.Errorf("taken for %q", d.URI)
		}
	})
}
