package oidc

import "testing"

// OpenID Connect Core §8, §8.1.
func TestAPairwiseSubjectIsOfOnePersonAndOneSector(t *testing.T) {
	salt := []byte("salt")
	pairwise := func(sector string, uris ...string) *Client {
		return clientOf(ClientMetadata{SubjectType: SubjectPairwise, SectorIdentifierURI: sector, RedirectURIs: uris})
	}
	a := pairwise("", "https://a.example.org/cb").SubjectOf("alice", salt)
	if len(a) != 43 || a == "alice" {
		t.Errorf("made %q", a)
	}
	for what, c := range map[string]*Client{
		"another path":            pairwise("", "https://a.example.org/other"),
		"another port":            pairwise("", "https://a.example.org:8443/cb"),
		"capitals":                pairwise("", "https://A.EXAMPLE.org/cb"),
		"http":                    pairwise("", "http://a.example.org/cb"),
		"a sector_identifier_uri": pairwise("https://a.example.org/sector.json", "https://b.example.org/cb", "https://c.example.org/cb"),
		"another name of a client": clientOf(ClientMetadata{ClientID: "x", SubjectType: SubjectPairwise,
			RedirectURIs: []string{"https://a.example.org/cb"}}),
	} {
		if got := c.SubjectOf("alice", salt); got != a {
			t.Errorf("%s: %q, want %q", what, got, a)
		}
	}
	for what, got := range map[string]string{
		"another person": pairwise("", "https://a.example.org/cb").SubjectOf("bob", salt),
		"another host":   pairwise("", "https://b.example.org/cb").SubjectOf("alice", salt),
		"another sector": pairwise("https://b.example.org/s", "https://a.example.org/cb").SubjectOf("alice", salt),
		"another salt":   pairwise("", "https://a.example.org/cb").SubjectOf("alice", []byte("other")),
		"no address":     pairwise("").SubjectOf("alice", salt),
	} {
		if got == a || len(got) != 43 {
			t.Errorf("%s: %q", what, got)
		}
	}
	for _, kind := range []string{"public", ""} {
		c := clientOf(ClientMetadata{SubjectType: kind, RedirectURIs: []string{"https://a.example.org/cb"}})
		if got := c.SubjectOf("alice", salt); got != "alice" {
			t.Errorf("subject_type %q: %q", kind, got)
		}
	}
}
