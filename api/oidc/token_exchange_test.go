package oidc

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// RFC 8693 §2.1, §2.2.2, §4.1, §5.
func TestWhatAnExchangeGives(t *testing.T) {
	own := func() *AccessTokenClaims {
		return &AccessTokenClaims{ClientID: "c", Scope: "openid email read", Audience: Audience{issuer}}
	}
	handed := func(audience ...string) *AccessTokenClaims {
		return &AccessTokenClaims{ClientID: "web", Scope: "openid email read", Audience: append(Audience{issuer}, audience...)}
	}
	acted := func(by ...string) *AccessTokenClaims {
		subject := own()
		for _, name := range by {
			subject.Actor = &Actor{name, subject.Actor}
		}
		return subject
	}
	row, free := &ExchangePolicy{Scope: "read email write"}, &ExchangePolicy{Scope: "read", Impersonation: true}
	for _, c := range []struct {
		what    string
		policy  *ExchangePolicy
		subject *AccessTokenClaims
		actor   string
		asked   string
		scope   string
		act     string
		code    string
	}{
		{"all", row, own(), "", "", "read email", `{"sub":"c"}`, ""},
		{"less", row, own(), "", "email", "email", `{"sub":"c"}`, ""},
		{"repeated", row, own(), "", "email read email", "email read", `{"sub":"c"}`, ""},
		{"spaces", row, own(), "", "  ", "", "", InvalidScope},
		{"more than the subject has", row, own(), "", "email write", "", "", InvalidScope},
		{"more than the row allows", row, own(), "", "openid", "", "", InvalidScope},
		{"nothing in common", &ExchangePolicy{Scope: "write"}, own(), "", "", "", `{"sub":"c"}`, ""},
		{"an empty row", &ExchangePolicy{}, own(), "", "", "", `{"sub":"c"}`, ""},
		{"an empty row, asked", &ExchangePolicy{}, own(), "", "read", "", "", InvalidScope},
		{"no row", nil, own(), "", "", "", "", InvalidTarget},
		{"handed to it", row, handed("c"), "", "read", "read", `{"sub":"c"}`, ""},
		{"handed to another", row, handed("d"), "", "read", "", "", InvalidRequest},
		{"handed to the audience of the row", &ExchangePolicy{Scope: "read", SubjectAudience: "d"}, handed("d"), "", "", "read",
			`{"sub":"c"}`, ""},
		{"handed to neither", &ExchangePolicy{Scope: "read", SubjectAudience: "e"}, handed("d"), "", "", "", "", InvalidRequest},
		{"an actor", row, own(), "bob", "read", "read", `{"sub":"bob"}`, ""},
		{"impersonation", free, own(), "", "", "read", `null`, ""},
		{"impersonation with an actor", free, own(), "bob", "", "read", `{"sub":"bob"}`, ""},
		{"impersonation after others", free, acted("a"), "", "", "read", `{"sub":"a"}`, ""},
		{"a chain", row, acted("a", "b"), "", "read", "read", `{"sub":"c","act":{"sub":"b","act":{"sub":"a"}}}`, ""},
		{"a fifth", row, acted("1", "2", "3", "4"), "", "read", "read",
			`{"sub":"c","act":{"sub":"4","act":{"sub":"3","act":{"sub":"2","act":{"sub":"1"}}}}}`, ""},
		{"a sixth", row, acted("1", "2", "3", "4", "5"), "", "read", "", "", InvalidRequest},
	} {
		scope, act, refused := c.policy.Decide(clientOf(ClientMetadata{ClientID: "c"}), c.subject, c.actor, c.asked)
		if refused != nil || c.code != "" {
			if refused == nil || refused.Code != c.code || scope != "" || act != nil {
				t.Errorf("%s: %q %v %v, want %s", c.what, scope, act, refused, c.code)
			}
			continue
		}
		if text, _ := json.Marshal(act); scope != c.scope || string(text) != c.act {
			t.Errorf("%s: scope %q, act %s, want %q, %s", c.what, scope, text, c.scope, c.act)
		}
	}
}

// RFC 8693 §2.1, RFC 8707 §2.
func TestAnExchangeIsForOneTarget(t *testing.T) {
	for _, c := range []struct {
		audiences, resources []string
		target, code         string
	}{
		{[]string{"store"}, nil, "store", ""},
		{nil, []string{"https://store.example.org"}, "https://store.example.org", ""},
		{[]string{""}, []string{"x"}, "x", ""},
		{[]string{strings.Repeat("x", 255)}, nil, strings.Repeat("x", 255), ""},
		{nil, nil, "", InvalidRequest},
		{[]string{"", ""}, []string{""}, "", InvalidRequest},
		{[]string{"a", "b"}, nil, "", InvalidTarget},
		{[]string{"a"}, []string{"b"}, "", InvalidTarget},
		{[]string{"a\x00"}, nil, "", InvalidTarget},
		{nil, []string{"\xff"}, "", InvalidTarget},
		{[]string{strings.Repeat("x", 256)}, nil, "", InvalidTarget},
	} {
		target, refused := ExchangeTarget(c.audiences, c.resources)
		if target != c.target || (refused == nil) != (c.code == "") || refused != nil && refused.Code != c.code {
			t.Errorf("%.20q %.20q: %q %v", c.audiences, c.resources, target, refused)
		}
	}
}

// RFC 9068 §3, RFC 8707 §2.2, RFC 6749 §4.4.
func TestWhomATokenIsForAndWhatAClientMayForItself(t *testing.T) {
	c := &Client{Audiences: []string{"api", "mail"}, ClientMetadata: ClientMetadata{Scope: "openid email groups offline_access read write"}}
	for _, x := range []struct {
		what            string
		granted, wanted []string
		want            []string
	}{
		{"nothing said", nil, nil, []string{issuer, "api", "mail"}},
		{"granted", []string{"api"}, nil, []string{"api"}},
		{"granted with the issuer", []string{"api", issuer}, nil, []string{"api", issuer}},
		{"granted, and one is no longer the client's", []string{"gone", "api"}, nil, []string{"api"}},
		{"granted, and none is any longer", []string{"gone"}, nil, []string{issuer}},
		{"wanted", []string{"api", "mail"}, []string{"mail"}, []string{"mail"}},
		{"wanted, nothing granted", nil, []string{"mail"}, []string{"mail"}},
	} {
		if got := AudienceOf(c, issuer, x.granted, x.wanted); !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, want %v", x.what, got, x.want)
		}
	}
	if got, e := ClientAudience(c, issuer, nil); e != nil || !slices.Equal(got, []string{"api", "mail"}) {
		t.Errorf("for a client itself: %v", got)
	}
	if got, e := ClientAudience(c, issuer, []string{"mail"}); e != nil || !slices.Equal(got, []string{"mail"}) {
		t.Errorf("for a client itself, wanted: %v", got)
	}
	if got, e := ClientAudience(&Client{}, issuer, nil); e != nil || !slices.Equal(got, []string{issuer}) {
		t.Errorf("for a client without services: %v", got)
	}
	for asked, want := range map[string]string{"": "read write", "read": "read", "write read write": "write read",
		"openid email read": "read"} {
		if got, refused := ClientScope(asked, c); got != want || refused != nil {
			t.Errorf("scope %q: %q %v, want %q", asked, got, refused, want)
		}
	}
	for _, asked := range []string{"openid", "email groups offline_access", "admin", " "} {
		if got, refused := ClientScope(asked, c); refused == nil || refused.Code != InvalidScope || got != "" {
			t.Errorf("scope %q: %q %v", asked, got, refused)
		}
	}
	if got, refused := ClientScope("", clientOf(ClientMetadata{Scope: "openid"})); got != "" || refused != nil {
		t.Errorf("no scopes of its own: %q %v", got, refused)
	}
}
