package provider_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
)

// pairwise registers first-party clients that know people by pairwise subjects: "a" and "b" on one host, "c" on another, and "d" on two
// others, whose sector_identifier_uri is on the host of "a".
func (r *rig) pairwise() {
	for client, uris := range map[string][]string{
		"a": {"https://apps.example.org/a"}, "b": {"https://APPS.example.org:8443/b"}, "c": {"https://other.example.org/c"},
		"d": {"https://one.example.org/d", "https://two.example.org/d"},
	} {
		var sector any
		if client == "d" {
			sector = "https://apps.example.org/sector.json"
		}
		r.Exec(`INSERT INTO clients (client_id, redirect_uris, post_logout_redirect_uris, grant_types,
			response_types, first_party,
			subject_type, sector_identifier_uri, refresh_token_format) VALUES ($1, $2, $2, `+everyGrant+` || '{implicit}',
			'{code,id_token,code id_token token}', true, 'pairwise', $3, 'jwt')`, client, uris, sector)
		r.GiveSecret(client, "web-secret")
	}
}

// at is a request of one of the clients of pairwise.
func at(client string, changes ...string) url.Values {
	uri := map[string]string{"a": "https://apps.example.org/a", "b": "https://APPS.example.org:8443/b", "c": "https://other.example.org/c",
		"d": "https://two.example.org/d"}[client]
	return AuthParams(append([]string{"client_id", client, "redirect_uri", uri}, changes...)...)
}

// tokensOf signs alice in at a client of pairwise.
func (b *browser) tokensOf(client string, changes ...string) map[string]any {
	b.Helper()
	params := at(client, changes...)
	a := b.Token(Redeem(b.Code(params), "client_id", client, "client_secret", "web-secret", "redirect_uri", params.Get("redirect_uri")))
	if a.Status != 200 {
		b.Fatalf("%s: %d %s", client, a.Status, a.Body)
	}
	return a.JSON()
}

func (b *browser) subjectAt(client string) string {
	b.Helper()
	return Str(Claims(Str(b.tokensOf(client)["id_token"]))["sub"])
}

// OpenID Connect Core §8, §8.1.
func TestClientsOfOneHostKnowAPersonByOneSubjectAndOthersByAnother(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.pairwise()
	b.Exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, Password)
	a, c := b.subjectAt("a"), b.subjectAt("c")
	if len(a) != 43 || a != b.subjectAt("b") || a != b.subjectAt("d") || a == c || a == "sub-alice" || strings.Contains(a, "alice") {
		t.Errorf("a %q, b %q, c %q, d %q", a, b.subjectAt("b"), c, b.subjectAt("d"))
	}
	if sub := Str(Claims(b.SignedIn(AuthParams()))["sub"]); sub != "sub-alice" {
		t.Errorf("a client with public subjects: %q", sub)
	}
	bob := b.rig.browser()
	at := bob.Authorize(at("a")).Location()
	code := bob.Login(at, "bob", Password).Query("code")
	tokens := bob.Token(Redeem(code, "client_id", "a", "client_secret", "web-secret", "redirect_uri", "https://apps.example.org/a")).JSON()
	if sub := Str(Claims(Str(tokens["id_token"]))["sub"]); len(sub) != 43 || sub == a {
		t.Errorf("bob is known as %q", sub)
	}
}

// OpenID Connect Core §8: everything that the client learns has the same sub, and nothing the other one.
func TestAPairwiseSubjectIsTheOneEverywhere(t *testing.T) {
	t.Parallel()
	b := start(t, everyResponseType, private).browser()
	b.pairwise()
	logouts := b.receiver("a")
	tokens := b.tokensOf("a", "scope", "openid offline_access")
	sub := Str(Claims(Str(tokens["id_token"]))["sub"])
	about := func(token string) map[string]any {
		return b.Do("POST", "/introspect", form("token", token, "client_id", "a", "client_secret", "web-secret")).JSON()
	}
	access, next := Str(tokens["access_token"]), Str(tokens["refresh_token"])
	again := b.Token(Refresh(next, "client_id", "a", "client_secret", "web-secret")).JSON()
	front := b.Authorize(at("a", "response_type", "code id_token token")).Fragment()
	personal := b.personalAccessToken()
	seen := map[string]map[string]any{
		"access token":                             Claims(access),
		"userinfo":                                 b.Userinfo(access).JSON(),
		"introspection of the access token":        about(access),
		"refresh token":                            Claims(next),
		"introspection of the refresh token":       about(Str(again["refresh_token"])),
		"refreshed ID token":                       Claims(Str(again["id_token"])),
		"refreshed access token":                   Claims(Str(again["access_token"])),
		"ID token of the front channel":            Claims(front.Get("id_token")),
		"access token of the front channel":        Claims(front.Get("access_token")),
		"userinfo of the front channel":            b.Userinfo(front.Get("access_token")).JSON(),
		"introspection of a personal access token": about(personal),
	}
	b.signOut(Str(tokens["id_token"]))
	seen["logout token"] = logouts.next(soon)
	for what, said := range seen {
		if said["sub"] != sub {
			t.Errorf("%s: sub is %v, want %s", what, said["sub"], sub)
		}
		if text := asJSON(said); strings.Contains(text, "sub-alice") || said["username"] != nil {
			t.Errorf("%s tells who it is: %s", what, text)
		}
	}
}

// OpenID Connect Core §3.1.2.1, §5.5.1: a hint names the person by the client's own subject.
func TestAHintWithAPairwiseSubjectIsUnderstood(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.pairwise()
	hint := Str(b.tokensOf("a")["id_token"])
	foreign := Str(b.tokensOf("c")["id_token"])
	sub, other := Str(Claims(hint)["sub"]), Str(Claims(foreign)["sub"])
	asks := func(sub string) string { return `{"id_token": {"sub": {"value": "` + sub + `"}}}` }
	for what, c := range map[string]struct {
		changes []string
		good    bool
	}{
		"its own ID token":                {[]string{"id_token_hint", hint}, true},
		"its own subject":                 {[]string{"claims", asks(sub)}, true},
		"both":                            {[]string{"claims", asks(sub), "id_token_hint", hint}, true},
		"the ID token of another":         {[]string{"id_token_hint", foreign}, false},
		"the subject of another":          {[]string{"claims", asks(other)}, false},
		"the subject that nobody is told": {[]string{"claims", asks("sub-alice")}, false},
		"the subject of nobody":           {[]string{"claims", asks("x")}, false},
	} {
		a := b.Authorize(at("a", append(c.changes, "prompt", "none")...))
		if good := a.Query("code") != ""; good != c.good || !good && a.Query("error") != "login_required" {
			t.Errorf("%s: %s", what, a.Location())
		}
	}
	fresh := b.rig.browser()
	a := fresh.Authorize(at("a", "id_token_hint", hint))
	if a = fresh.Login(a.Location(), "alice", Password); a.Query("code") == "" {
		t.Errorf("after a sign-in: %s", a.Location())
	}
}

// OpenID Connect Core §8.1: a subject is never another one later, such as when GATEHOUSE_ENCRYPTION_KEY is.
func TestPairwiseSubjectsOutliveTheEncryptionKeyAndAMove(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.pairwise()
	before := b.subjectAt("a")
	b.Seals = [][32]byte{{4, 5, 6}, {1, 2, 3}}
	second := httptest.NewUnstartedServer(nil)
	b.Serve(second, authn.NewPasswords(2, 64))
	b.rig.Issuer = "http://" + second.Listener.Addr().String()
	moved := b.rig.browser()
	if after := moved.subjectAt("a"); after != before {
		t.Errorf("was %s, is %s under another key", before, after)
	}
	b.Exec(`UPDATE clients SET redirect_uris = '{https://new.example.org/a}', sector_identifier_uri = 'https://apps.example.org/x'
		WHERE client_id = 'a'`)
	b.WaitForNotify()
	params := at("a", "redirect_uri", "https://new.example.org/a")
	a := moved.Token(Redeem(moved.Code(params), "client_id", "a", "client_secret", "web-secret", "redirect_uri", "https://new.example.org/a"))
	if after := Claims(Str(a.JSON()["id_token"]))["sub"]; after != before {
		t.Errorf("was %s, is %s on another host of the same sector", before, after)
	}
}
