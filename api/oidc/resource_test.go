package oidc

import (
	"net/url"
	"slices"
	"strings"
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
		{"openid", []string{issuer + "/"}, []string{issuer}},
		{"email", []string{"a"}, []string{"a"}},
		{"email", []string{"b", "", "b", "a"}, []string{"b", "a"}},
	} {
		services, e := Resources(test.asked, c.ResourcesOf(issuer))
		got := grantedResources(services, issuer, test.scope)
		if e != nil || !slices.Equal(got, test.want) || (got == nil) != (test.want == nil) {
			t.Errorf("%q asks for %q: %q, %v", test.scope, test.asked, got, e)
		}
	}
	for _, bad := range [][]string{{"x"}, {"a", "x"}, {"A"}, {"a "}, {strings.ToUpper(issuer)}, {issuer + "/x"}, {"a/"}} {
		if got, e := Resources(bad, c.ResourcesOf(issuer)); e == nil || e.Code != InvalidTarget || got != nil {
			t.Errorf("%q: %q, %v", bad, got, e)
		}
	}
}

// RFC 8707 §2: what an operator opened once is for each client that registered itself, where it asks for it; others need a line in their
// rows.
func TestAResourceIsOpenToTheListedOrToAllThatRegisteredThemselves(t *testing.T) {
	const mcp, archive = "https://mcp.example.org/mcp", "https://archive.example.org"
	rows := []Resource{{Identifier: archive, OpenTo: OpenToListed, Scopes: map[string]string{"archive:read": "Read the archive"}},
		{Identifier: mcp, Name: "Tools", OpenTo: OpenToRegistered, Scopes: map[string]string{"mcp:tools": "Use the tools"}}}
	client := func(registration string, audiences ...string) *Client {
		return &Client{ClientMetadata: ClientMetadata{Scope: "openid"}, Registration: registration, Audiences: audiences, Resources: rows}
	}
	for _, c := range []struct {
		client     *Client
		asked      string
		want       string // the audience, "" if it is refused
		scope      string // granted of openid archive:read mcp:tools
		byDefault  string
		refreshed  string // the audience of a grant for both
		servicesOf string // in words
	}{
		{client(""), mcp, "", "openid", issuer, issuer, ""},
		{client("", mcp), mcp, mcp, "openid", issuer + " " + mcp, mcp, "Tools"},
		{client("open"), mcp, mcp, "openid mcp:tools", issuer, mcp, "Tools"},
		{client("token"), mcp, mcp, "openid mcp:tools", issuer, mcp, "Tools"},
		{client("document"), mcp, mcp, "openid mcp:tools", issuer, mcp, "Tools"},
		{client("open"), mcp + "/", "", "openid", issuer, mcp, ""},
		{client("open"), mcp + "#x", "", "openid", issuer, mcp, ""},
		{client("open"), "https://u@mcp.example.org/mcp", "", "openid", issuer, mcp, ""},
		{client("open"), archive, "", "openid", issuer, mcp, ""},
		{client("open", archive), archive + "/", archive, "openid", issuer + " " + archive, archive + " " + mcp, archive},
		{client("open"), "", "", "openid", issuer, mcp, ""},
	} {
		got, e := Resources([]string{c.asked}, c.client.ResourcesOf(issuer))
		if strings.Join(got, " ") != c.want || (e != nil) != (c.want == "" && c.asked != "") {
			t.Errorf("%s of %q: %q, %v", c.asked, c.client.Registration, got, e)
		}
		if scope := grantableScope("openid archive:read mcp:tools", c.client, got...); scope != c.scope {
			t.Errorf("%s of %q: scope %q", c.asked, c.client.Registration, scope)
		}
		if audience := AudienceOf(c.client, issuer, nil, nil); strings.Join(audience, " ") != c.byDefault {
			t.Errorf("%q, without resource: %q", c.client.Registration, audience)
		}
		if audience := AudienceOf(c.client, issuer, []string{archive, mcp}, nil); strings.Join(audience, " ") != c.refreshed {
			t.Errorf("%q, when it refreshes: %q, want %q", c.client.Registration, audience, c.refreshed)
		}
		if c.want != "" {
			names, words := AuthorizeRequest{Resources: got, Scope: c.scope}.ServicesInWords(c.client)
			if strings.Join(names, " ") != c.servicesOf || HasScope(c.scope, "mcp:tools") != (words["mcp:tools"] == "Use the tools") {
				t.Errorf("%s of %q: %q %v", c.asked, c.client.Registration, names, words)
			}
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
			isAsked := slices.ContainsFunc(v["resource"], func(asked string) bool { return isSameResource(asked, one) })
			if !isAsked || !slices.Contains(c.ResourcesOf(anIssuer), one) {
				t.Errorf("%q", one)
			}
		}
		if audience := AudienceOf(c, anIssuer, list, nil); len(audience) == 0 || list != nil && !slices.Equal(audience, list) {
			t.Errorf("%q is for %q", list, audience)
		}
	})
}
