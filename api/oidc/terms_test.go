package oidc

import (
	"testing"
	"time"
)

func TestWhichTermsPeopleAreAskedFor(t *testing.T) {
	now := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	ended := now.Add(-time.Second)
	first := TermsOfUse{ID: "1", Name: "use", Version: "1", InForceFrom: now.Add(-100 * day)}
	second := TermsOfUse{ID: "2", Name: "use", Version: "2", InForceFrom: now.Add(-day)}
	with := func(t TermsOfUse, change func(*TermsOfUse)) TermsOfUse { change(&t); return t }
	accepted := func(id string, at time.Time) Acceptances { return Acceptances{id: {At: at}} }
	for _, c := range []struct {
		name     string
		terms    []TermsOfUse
		groups   []string
		client   string
		accepted Acceptances
		want     string // ID; "" for none
	}{
		{"there are none", nil, nil, "hub", nil, ""},
		{"never accepted", []TermsOfUse{first}, nil, "hub", nil, "1"},
		{"accepted", []TermsOfUse{first}, nil, "hub", accepted("1", now.Add(-50*day)), ""},
		{"the account page", []TermsOfUse{first}, nil, "", nil, "1"},
		{"another version came into force", []TermsOfUse{first, second}, nil, "hub", accepted("1", now), "2"},
		{"the former is asked for no more", []TermsOfUse{first, second}, nil, "hub", accepted("2", now), ""},
		{"another version is to come", []TermsOfUse{first, with(second, func(t *TermsOfUse) { t.InForceFrom = now.Add(1) })}, nil, "hub",
			accepted("1", now), ""},
		{"at the second", []TermsOfUse{first, with(second, func(t *TermsOfUse) { t.InForceFrom = now })}, nil, "hub", accepted("1", now), "2"},
		{"ended", []TermsOfUse{with(first, func(t *TermsOfUse) { t.EndedAt = &ended })}, nil, "hub", nil, ""},
		{"the latest has ended: the former does not come back", []TermsOfUse{first, with(second, func(t *TermsOfUse) { t.EndedAt = &ended })},
			nil, "hub", nil, ""},
		{"to be signed again", []TermsOfUse{with(first, func(t *TermsOfUse) { t.SignAgainAfter = 50 })}, nil, "hub",
			accepted("1", now.Add(-50*day)), "1"},
		{"not yet", []TermsOfUse{with(first, func(t *TermsOfUse) { t.SignAgainAfter = 50 })}, nil, "hub",
			accepted("1", now.Add(-50*day+1)), ""},
		{"of a group", []TermsOfUse{with(first, func(t *TermsOfUse) { t.Groups = []string{"class", "staff"} })}, []string{"staff"}, "hub",
			nil, "1"},
		{"of another group", []TermsOfUse{with(first, func(t *TermsOfUse) { t.Groups = []string{"class"} })}, []string{"staff"}, "hub", nil, ""},
		{"of the client", []TermsOfUse{with(first, func(t *TermsOfUse) { t.Clients = []string{"hub"} })}, nil, "hub", nil, "1"},
		{"of another client", []TermsOfUse{with(first, func(t *TermsOfUse) { t.Clients = []string{"wiki"} })}, nil, "hub", nil, ""},
		{"of a client, on the account page", []TermsOfUse{with(first, func(t *TermsOfUse) { t.Clients = []string{"hub"} })}, nil, "", nil, ""},
		{"two names", []TermsOfUse{first, {ID: "3", Name: "data", InForceFrom: now}}, nil, "hub", accepted("1", now), "3"},
	} {
		user := &User{Groups: c.groups, Accepted: c.accepted}
		client := &Client{Policy: Policy{Terms: c.terms}}
		client.ClientID = c.client
		got := ""
		if terms := (AuthorizeRequest{}).Unaccepted(client, Standing{User: user}, now); terms != nil {
			got = terms.ID
		}
		if got != c.want {
			t.Errorf("%s: asked for %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTheClaimOfAcceptedTermsHasTheirAddresses(t *testing.T) {
	u := &User{Accepted: Acceptances{"1": {URI: "https://example.org/b"}, "2": {URI: "https://example.org/a"},
		"3": {}, "4": {URI: "https://example.org/a"}}}
	const name = "voperson_policy_agreement"
	list, _ := ReleaseClaims(u, "openid "+name, nil)[name].([]string)
	if len(list) != 2 || list[0] != "https://example.org/a" || list[1] != "https://example.org/b" {
		t.Errorf("%v", list)
	}
	if _, there := ReleaseClaims(u, "openid profile", nil)[name]; there {
		t.Error("it comes without its scope")
	}
	if _, there := ReleaseClaims(&User{Accepted: Acceptances{"3": {}}}, name, nil)[name]; there {
		t.Error("it is there, and empty")
	}
}
