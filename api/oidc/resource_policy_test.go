package oidc

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	tools   = "https://mcp.example.org/mcp"
	archive = "https://archive.example.org"
	vault   = "https://vault.example.org"
)

// aClientOf returns a client with all of the services in its row; one that registered itself may name but the open one, tools.
func aClientOf(registration string, change func(rows []Resource)) *Client {
	rows := []Resource{{Identifier: tools, OpenTo: OpenToRegistered, Scopes: map[string]string{"mcp:tools": "Use the tools"}},
		{Identifier: archive, OpenTo: OpenToListed}, {Identifier: vault + "/", OpenTo: OpenToListed}}
	if change != nil {
		change(rows)
	}
	c := &Client{ClientMetadata: ClientMetadata{ClientID: "c", Scope: "openid", ResponseTypes: []string{"code"},
		GrantTypes: []string{GrantAuthorizationCode}}, FirstParty: true, Registration: registration, Resources: rows,
		Policy: Policy{ACRValues: shipped}}
	if registration == "" {
		c.Audiences = []string{tools, archive, vault}
	}
	return c
}

func TestAServiceIsForItsGroupsAndForSignInsThatReachItsACR(t *testing.T) {
	now := time.Now()
	alice := &User{Username: "alice", Groups: []string{"staff"}}
	staff := func(rows []Resource) { rows[1].AllowedGroups = []string{"admins", "staff"} }
	admins := func(rows []Resource) { rows[1].AllowedGroups = []string{"admins"} }
	mfa := func(rows []Resource) { rows[1].MinACR = "mfa" }
	both := func(rows []Resource) { admins(rows); mfa(rows) }
	closed := func(rows []Resource) { rows[1].DisabledAt = &now }
	bySlash := func(rows []Resource) { rows[2].AllowedGroups = []string{"admins"} }
	all := issuer + " " + tools + " " + archive + " " + vault
	for _, c := range []struct {
		what            string
		change          func([]Resource)
		granted, wanted []string
		amr             string
		want            string // the audience, or the code of the refusal
	}{
		{"nothing asked for", nil, nil, nil, "pwd", all},
		{"a member", staff, nil, nil, "pwd", all},
		{"who is none, of one that nobody named", admins, nil, nil, "pwd", issuer + " " + tools + " " + vault},
		{"who is none, of one that the authorization named", admins, []string{issuer, archive}, nil, "pwd", InvalidTarget},
		{"who is none, of one that the token request named", admins, nil, []string{archive}, "pwd", InvalidTarget},
		{"who is none, of another", admins, []string{issuer, archive, tools}, []string{tools}, "pwd", tools},
		{"too little of a sign-in", mfa, nil, nil, "pwd", InvalidGrant},
		{"too little of a sign-in, named", mfa, []string{archive}, nil, "pwd", InvalidGrant},
		{"too little of a sign-in, for another", mfa, []string{archive, tools}, []string{tools}, "pwd", tools},
		{"enough", mfa, nil, nil, "pwd otp", all},
		{"neither a member nor enough, of one that nobody named", both, nil, nil, "pwd", issuer + " " + tools + " " + vault},
		{"neither a member nor enough", both, []string{archive}, nil, "pwd", InvalidTarget},
		{"one that is closed", closed, nil, nil, "pwd", issuer + " " + tools + " " + vault},
		{"one that was closed since", closed, []string{issuer, archive}, nil, "pwd", issuer},
		{"one with a slash in its row", bySlash, nil, nil, "pwd", issuer + " " + tools + " " + archive},
		{"one with a slash in its row, named", bySlash, nil, []string{vault}, "pwd", InvalidTarget},
	} {
		client := aClientOf("", c.change)
		got, e := client.AudienceFor(alice, &Grant{Resources: c.granted, AMR: strings.Fields(c.amr)}, issuer, c.wanted)
		if e != nil {
			got = Audience{e.Code}
		}
		if strings.Join(got, " ") != c.want || e != nil && e.Log == "" {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// At the authorization endpoint it is the person who is told, or asked for more.
func TestWhatFollowsWhereAServiceIsNotForThePerson(t *testing.T) {
	admins := func(rows []Resource) { rows[0].AllowedGroups = []string{"admins"} }
	mfa := func(rows []Resource) { rows[0].MinACR = "mfa" }
	both := func(rows []Resource) { admins(rows); mfa(rows) }
	for _, c := range []struct {
		what      string
		change    func([]Resource)
		resources []string
		prompt    string
		amr       string
		enrolled  Enrolled
		want      Step
		code      string
	}{
		{"a member of no group, which is not asked for", nil, []string{tools}, "", "pwd", Enrolled{}, IssueCode, ""},
		{"who is not admitted", admins, []string{issuer, tools}, "", "pwd", Enrolled{}, SayRefused, ""},
		{"who is not admitted, in silence", admins, []string{tools}, "none", "pwd", Enrolled{}, 0, AccessDenied},
		{"who is not admitted to what nobody named", admins, nil, "", "pwd", Enrolled{}, IssueCode, ""},
		{"who is not admitted to another", admins, []string{archive}, "none", "pwd", Enrolled{}, IssueCode, ""},
		{"who has to prove more", mfa, []string{tools}, "", "pwd", Enrolled{TOTP: true}, AskFactor, ""},
		{"who has to prove more for what nobody named", mfa, nil, "", "pwd", Enrolled{TOTP: true}, AskFactor, ""},
		{"who has to set up more", mfa, []string{tools}, "", "pwd", Enrolled{}, AddFactor, ""},
		{"who has to set up more, in silence", mfa, []string{tools}, "none", "pwd", Enrolled{}, 0, InteractionRequired},
		{"who has proven it", mfa, []string{tools}, "", "pwd otp", Enrolled{TOTP: true}, IssueCode, ""},
		{"another service", mfa, []string{archive}, "", "pwd", Enrolled{}, IssueCode, ""},
		{"who is not admitted is asked for nothing more", both, []string{tools}, "", "pwd", Enrolled{}, SayRefused, ""},
		{"nor for what nobody named", both, nil, "", "pwd", Enrolled{}, IssueCode, ""},
	} {
		s := Standing{Session: &Session{AuthTime: noon, AMR: strings.Fields(c.amr)}, User: &User{Username: "alice"}, Allowed: true,
			Enrolled: c.enrolled}
		r := AuthorizeRequest{ResponseType: ResponseCode, Resources: c.resources, Prompt: strings.Fields(c.prompt), Scope: "openid", At: noon}
		step, e := r.Decide(aClientOf("", c.change), s, false, noon)
		if step != c.want || (e != nil) != (c.code != "") || e != nil && e.Code != c.code {
			t.Errorf("%s: step %d, %v", c.what, step, e)
		}
	}
}

// A client is in no group and has not signed in: what asks for either is not for one that comes for itself, whoever listed it.
func TestAServiceThatAsksForPeopleIsForNoClientByItself(t *testing.T) {
	for _, change := range []func(*Resource){func(r *Resource) { r.AllowedGroups = []string{"staff"} }, func(r *Resource) { r.MinACR = "1" }} {
		c := aClientOf("", func(rows []Resource) { change(&rows[1]) })
		if got, e := ClientAudience(c, issuer, nil); e != nil || !slices.Equal(got, []string{tools, vault}) {
			t.Errorf("by default: %q %v", got, e)
		}
		if got, e := ClientAudience(c, issuer, []string{tools, archive}); e == nil || e.Code != InvalidTarget || got != nil {
			t.Errorf("named: %q %v", got, e)
		}
		if c.IsServed(Audience{tools, archive}, nil) || !c.IsServed(Audience{tools}, nil) {
			t.Error("introspection of one that was issued before")
		}
	}
}

func TestTheShortestLifetimeCounts(t *testing.T) {
	c := aClientOf("", func(rows []Resource) { rows[0].AccessTokenLifetime, rows[1].AccessTokenLifetime = 60, 3600 })
	for audience, want := range map[string]time.Duration{
		"": 15 * time.Minute, issuer: 15 * time.Minute, tools: time.Minute, archive: time.Hour, vault: 15 * time.Minute,
		issuer + " " + tools: time.Minute, issuer + " " + archive: 15 * time.Minute, archive + " " + tools: time.Minute,
		archive + " " + vault: 15 * time.Minute,
	} {
		if got := c.AccessTokenLifetime(strings.Fields(audience), 15*time.Minute); got != want {
			t.Errorf("%q: %s, want %s", audience, got, want)
		}
	}
}

func TestAClosedServiceIsNamedByNobody(t *testing.T) {
	now := time.Now()
	for _, registration := range []string{"", "open"} {
		c := aClientOf(registration, func(rows []Resource) { rows[0].DisabledAt = &now })
		list, e := c.ReadResources([]string{tools}, issuer)
		if e == nil || e.Code != InvalidTarget || list != nil ||
			!strings.Contains(e.Log, "UPDATE resources SET disabled_at = NULL WHERE identifier = '"+tools+"'") {
			t.Errorf("%q: %q %+v", registration, list, e)
		}
		if scope := grantableScope("mcp:tools", c, tools); scope != "" {
			t.Errorf("%q: scope %q", registration, scope)
		}
	}
}
