package oidc

import "testing"

func TestWhatWasRefusedIsKeptWithoutWhatMayBeASecret(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"https://rp.example.org/cb":                     "https://rp.example.org/cb",
		"https://rp.example.org/cb?code=secret":         "https://rp.example.org/cb",
		"https://rp.example.org/cb#access_token=secret": "https://rp.example.org/cb",
		"https://u:secret@rp.example.org/cb":            "https://rp.example.org/cb",
		"https://u:secret@rp.example.org":               "https://rp.example.org",
		"https://u@x:secret@rp.example.org/a@b":         "https://rp.example.org/a@b",
		"//u:secret@rp.example.org/":                    "//rp.example.org/",
		"org.example.app:/cb?token=secret":              "org.example.app:/cb",
		"?secret":                                       "",
		"https://rp.example.org/\xff":                   "https://rp.example.org/\uFFFD",
	} {
		v := refusedURI("redirect_uri", sent, nil)
		if v.Sent != want || v.Whole != (sent == want) {
			t.Errorf("%q: %+v", sent, v)
		}
	}
	for said, want := range map[string]string{
		`request_uri "https://rp.example.org/r?secret" is not registered`: `request_uri "https://rp.example.org/r… is not registered`,
		"GET https://u:secret@rp.example.org/x: 404":                      "GET https://… 404",
		"answers 500; see the docs":                                       "answers 500; see the docs",
	} {
		if got := WithoutQueries(said); got != want {
			t.Errorf("%q: %q", said, got)
		}
	}
}

func TestWhatWouldAllowARefusedValue(t *testing.T) {
	t.Parallel()
	own := &Client{ClientMetadata: ClientMetadata{Scope: "openid email"}}
	stranger := &Client{Registration: RegistrationOpen}
	for _, test := range []struct {
		c             *Client
		v             RefusedValue
		member, value string
	}{
		{own, RefusedValue{Member: "redirect_uri", Sent: "https://a.example.org/", Whole: true}, "add_redirect_uris", "https://a.example.org/"},
		{own, RefusedValue{Member: "redirect_uri", Sent: "https://a.example.org/"}, "", ""}, // its query is not known
		{own, RefusedValue{Member: "redirect_uri", Sent: "javascript:alert(1)", Whole: true}, "", ""},
		{own, RefusedValue{Member: "post_logout_redirect_uri", Sent: "app:/x", Whole: true}, "add_post_logout_redirect_uris", "app:/x"},
		{own, RefusedValue{Member: "resource", Sent: "https://r.example.org", Whole: true}, "add_audiences", "https://r.example.org"},
		{stranger, RefusedValue{Member: "resource", Sent: "https://r.example.org", Whole: true}, "", ""},
		{own, RefusedValue{Member: "scope", Sent: "jobs email", Whole: true}, "scope", "openid email jobs"},
		{own, RefusedValue{Member: "scope", Sent: `a"b`, Whole: true}, "", ""},
		{own, RefusedValue{Member: "", Whole: true}, "", ""},
	} {
		if member, value := test.v.Allow(test.c); member != test.member || value != test.value {
			t.Errorf("%+v: %s %s", test.v, member, value)
		}
	}
}
