package oidc

import (
	"net/url"
	"slices"
	"testing"
)

// RFC 8707 §2.1.
func TestTheResourcesThatAnAuthorizationRequestIsGranted(t *testing.T) {
	c := &Client{ClientMetadata: ClientMetadata{ClientID: "c"}, Audiences: []string{"a", "b"}}
	for _, test := range []struct {
		scope       string
		asked, want []string
	}{
		{"openid", nil, nil},
		{"openid", []string{"", ""}, nil},
		{"openid", []string{"a"}, []string{issuer, "a"}},
		{"openid", []string{"a", issuer}, []string{"a", issuer}},
		{"openid", []string{issuer}, []string{issuer}},
		{"email", []string{"a"}, []string{"a"}},
		{"email", []string{"b", "", "b", "a"}, []string{"b", "a"}},
	} {
		got, e := grantableResources(test.asked, c, issuer, test.scope)
		if e != nil || !slices.Equal(got, test.want) || (got == nil) != (test.want == nil) {
			t.Errorf("%q asks for %q: %q, %v", test.scope, test.asked, got, e)
		}
	}
	for _, bad := range [][]string{{"x"}, {"a", "x"}, {"A"}, {"a "}, {issuer + "/"}} {
		if got, e := grantableResources(bad, c, issuer, "openid"); e == nil || e.Code != InvalidTarget || got != nil {
			t.Errorf("%q: %q, %v", bad, got, e)
		}
	}
}

func FuzzResources(f *testing.F) {
	f.Add("resource=https://api.example.org&resource=a")
	f.Add("resource=&resource=a&resource=a&resource=%00")
	f.Add("resource=https://api.example.org/%23x")
	c := &Client{ClientMetadata: ClientMetadata{ClientID: "c"}, Audiences: []string{"a", "https://data.example.org/?b=1"}}
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		list, e := Resources(v["resource"], c.ResourcesOf(anIssuer))
		if e != nil && (e.Code != InvalidTarget || list != nil) || len(list) > 3 {
			t.Errorf("%q %v", list, e)
		}
		for _, one := range list {
			if !slices.Contains(v["resource"], one) || !slices.Contains(c.ResourcesOf(anIssuer), one) {
				t.Errorf("%q", one)
			}
		}
		if audience := AudienceOf(c, anIssuer, list, nil); len(audience) == 0 || list != nil && !slices.Equal(audience, list) {
			t.Errorf("%q is for %q", list, audience)
		}
	})
}
