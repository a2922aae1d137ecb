package provider_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// terms adds a version of terms of use that is in force since a moment ago; set is more of its columns.
func (r *rig) terms(version, set string) {
	r.Helper()
	r.Exec(`INSERT INTO terms (name, version, titles, texts, in_force_from)
		VALUES ('use', $1, '{"en": "Terms of use"}', jsonb_build_object('en', 'Be kind: ' || $1), now() + interval '1 hour')`, version)
	if set != "" {
		r.Exec(`UPDATE terms SET `+set+` WHERE version = $1`, version)
	}
	r.Exec(`UPDATE terms SET in_force_from = $2::timestamptz WHERE version = $1`, version, r.Now().Add(-time.Millisecond))
	r.WaitForNotify()
}

// accepts posts the form of the terms page that an answer leads to.
func (b *browser) accepts(a Answer) Answer {
	b.Helper()
	if a.Location().Path != "/terms" {
		b.Fatalf("no terms: %d %s", a.Status, a.Location())
	}
	return b.post("/terms", led(a), "accepted", "yes", "terms", "yes")
}

// signsOn begins a sign-on of alice, who types her password if she has to.
func (b *browser) signsOn(changes ...string) Answer {
	b.Helper()
	a := b.Authorize(AuthParams(changes...))
	if a.Location().Path == "/login" {
		a = b.Login(a.Location(), "alice", Password)
	}
	return a
}

func (r *rig) acceptances() int { return r.Count(`SELECT count(*) FROM terms_acceptances`) }

func TestTermsAreAcceptedOnceBeforeTheCode(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE clients SET scope = scope || ' voperson_policy_agreement' WHERE client_id = 'web'`)
	r.terms("1", `uris = '{"de": "https://example.org/de", "en": "https://example.org/en"}'`)
	b := r.browser()
	asked := b.signsOn()
	view := b.Interaction(led(asked))
	texts, _ := view["texts"].(map[string]any)
	if view["page"] != "terms" || view["version"] != "1" || texts["en"] != "Be kind: 1" || view["client"] == nil {
		t.Fatalf("%v", view)
	}
	for _, fields := range [][]string{{}, {"terms", "yes"}, {"accepted", "yes"}, {"terms", "maybe", "accepted", "yes"}} {
		if a := b.post("/terms", led(asked), fields...); a.Location().Path != "/terms" || r.acceptances() != 0 {
			t.Errorf("%v: %d %s", fields, a.Status, a.Location())
		}
	}
	if a := b.post("/terms", led(asked), "terms", "yes", "terms", "yes", "accepted", "yes"); a.Status != 400 {
		t.Errorf("twice: %d", a.Status)
	}
	if a := b.accepts(asked); a.Query("code") == "" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	if b.signsOn("prompt", "none").Query("code") == "" || r.browser().signsOn().Query("code") == "" {
		t.Error("asked again")
	}
	tokens := b.Token(Redeem(b.Code(AuthParams("scope", "openid voperson_policy_agreement")))).JSON()
	if file := b.Do("POST", "/account/data", url.Values{"request": {MustParse(led(b.Do("GET", "/account", nil))).Query().Get("request")}},
		"Origin", UIOrigin).JSON(); len(list(file["accepted_terms"])) != 1 {
		t.Errorf("the file of their data has %v", file["accepted_terms"])
	}
	claim := list(b.Userinfo(Str(tokens["access_token"])).JSON()["voperson_policy_agreement"])
	if len(claim) != 1 || claim[0] != "https://example.org/en" {
		t.Errorf("the claim is %v", claim)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE table_name = 'terms_acceptances'`); n != 0 {
		t.Errorf("%d rows in the audit of what people do as they sign in", n)
	}
}

func TestWhoDeclinesTermsGoesBackWithAccessDenied(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.terms("1", "")
	b := r.browser()
	a := b.post("/terms", led(b.signsOn()), "terms", "no", "accepted", "yes")
	if a.Query("error") != "access_denied" || a.Query("state") != "st" || r.acceptances() != 0 {
		t.Errorf("%d %s", a.Status, a.Location())
	}
	if a := b.signsOn("prompt", "none"); a.Query("error") != "interaction_required" {
		t.Errorf("prompt=none: %s", a.Location())
	}
	if a := b.Do("GET", "/account", nil); a.Location().Path != "/terms" {
		t.Errorf("their account: %s", a.Location())
	} else if a = b.post("/terms", led(a), "terms", "no"); a.Location().Path != "/logout" {
		t.Errorf("declined on the way to their account: %d %s", a.Status, a.Location())
	}
}

func TestAnotherVersionIsAskedForAtTheNextSignOnOfTheSameSession(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE clients SET grant_types = '{authorization_code,refresh_token}' WHERE client_id = 'web'`)
	r.terms("1", "sign_again_after = '30 days'")
	b := r.browser()
	b.accepts(b.signsOn())
	refresh := Str(b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()["refresh_token"])
	former := led(b.Do("GET", "/account", nil))
	r.terms("2", "")
	asked := b.signsOn()
	if view := b.Interaction(led(asked)); view["version"] != "2" {
		t.Fatalf("%v", view)
	}
	if a := b.Token(Refresh(refresh)); a.Status != 200 {
		t.Errorf("a refresh token does not wait for terms: %d %s", a.Status, a.Body)
	}
	if a := b.post("/account/tokens", former, "name", "x", "days", "7", "scope", "openid"); a.Location().Path != "/terms" ||
		r.Count(`SELECT count(*) FROM personal_access_tokens`) != 0 {
		t.Errorf("an account page that was open: %d %s", a.Status, a.Location())
	}
	if a := b.accepts(asked); a.Query("code") == "" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	r.Exec(`UPDATE terms SET sign_again_after = '1 day' WHERE version = '2'`)
	r.WaitForNotify()
	if b.signsOn().Query("code") == "" {
		t.Error("asked again within the day")
	}
	r.Later(24*time.Hour + time.Second)
	if a := b.accepts(b.signsOn()); a.Query("code") == "" || r.acceptances() != 2 {
		t.Errorf("to be signed again: %d %s", a.Status, a.Location())
	}
}

// Every door by which a person gets a code, a token or their account asks.
func TestTermsAreAskedForAtEachDoor(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	r.Exec(`UPDATE clients SET initiate_login_uri = 'https://hub.example.org/hub/oauth_login' WHERE client_id = 'web'`)
	r.Exec(`UPDATE clients SET allowed_groups = '{}' WHERE client_id = 'tv'`)
	r.terms("1", "")
	t.Run("a device", func(t *testing.T) {
		d := r.waiting("openid")
		person := r.browser()
		a := person.Do("POST", "/device", url.Values{"user_code": {d.user}}, "Origin", UIOrigin)
		asked := person.Login(a.Location(), "alice", Password)
		if asked.Location().Path != "/terms" {
			t.Fatal(asked.Location())
		}
		if consent := person.accepts(asked); consent.Location().Path != "/consent" {
			t.Fatalf("%d %s", consent.Status, consent.Location())
		} else if a := person.post("/consent", led(consent), "consent", "yes"); a.Location().Path != "/device-done" || d.poll().Status != 200 {
			t.Errorf("%d %s", a.Status, a.Location())
		}
		r.Exec(`DELETE FROM terms_acceptances`)
		other := r.waiting("openid")
		asked = person.Do("POST", "/device", url.Values{"user_code": {other.user}}, "Origin", UIOrigin)
		if a := person.post("/terms", led(asked), "terms", "no"); a.Location().Path != "/device-done" ||
			other.poll().JSON()["error"] != "access_denied" {
			t.Errorf("declined: %d %s", a.Status, a.Location())
		}
	})
	t.Run("an invitation", func(t *testing.T) {
		b := r.browser()
		next := b.accept(r.invite("a token", `client_id = 'web'`), "username", "ada", "name", "Ada")
		asked := b.setPassword(led(next), newPassword)
		if asked.Location().Path != "/terms" || r.Count(`SELECT count(*) FROM users WHERE username = 'ada'`) != 1 {
			t.Fatalf("%d %s", asked.Status, asked.Location())
		}
		if a := b.accepts(asked); !strings.HasPrefix(led(a), "https://hub.example.org/hub/oauth_login") {
			t.Errorf("it ends at %s", led(a))
		}
	})
	t.Run("the code of a workshop", func(t *testing.T) {
		b := r.browser()
		r.Exec(`DELETE FROM groups WHERE name = 'class'`)
		r.workshop(9)
		_, _, asked := b.join("grace")
		if a := b.accepts(asked); led(a) != r.hubLogin() {
			t.Errorf("it ends at %s", led(a))
		}
		r.Exec(`UPDATE workshops SET client_id = NULL`)
		other := r.browser()
		_, _, asked = other.join("mary")
		if view := other.Interaction(led(other.accepts(asked))); view["page"] != "account" || view["done"] != "workshop_joined" {
			t.Errorf("it ends at %v, which says %v", view["page"], view["done"])
		}
	})
	t.Run("a link to set a password", func(t *testing.T) {
		r.Exec(`DELETE FROM terms_acceptances`)
		r.Exec(`INSERT INTO account_links (username, token_sha256) VALUES ('alice', sha256('a link'))`)
		b := r.browser()
		login := b.setPassword(b.openLink("a link"), newPassword)
		asked := b.Login(login.Location(), "alice", newPassword)
		if a := b.accepts(asked); a.Location().Path != "/account" {
			t.Errorf("it ends at %s", led(a))
		}
	})
	t.Run("a response type without a code", func(t *testing.T) {
		r.Exec(`DELETE FROM terms_acceptances`)
		b := r.browser()
		asked := b.Authorize(AuthParams())
		asked = b.Login(asked.Location(), "alice", newPassword)
		if asked.Location().Path != "/terms" {
			t.Error(led(asked))
		}
	})
}

// A passkey, a factor and a password that has to be changed come first; what the application may have comes last.
func TestTermsComeAfterTheFactorAndBeforeConsent(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.browser()
	b.Code(AuthParams())
	secret, _ := b.enrols(t)
	r.Exec(`UPDATE clients SET first_party = false WHERE client_id = 'web'`)
	r.terms("1", "")
	r.Later(30 * time.Second)
	other := r.browser()
	factor := other.signsOn()
	if factor.Location().Path != "/factor" || r.acceptances() != 0 {
		t.Fatal(led(factor))
	}
	asked := other.post("/factor", led(factor), "code", codeOf(secret, r.Now()))
	consent := other.accepts(asked)
	if consent.Location().Path != "/consent" {
		t.Fatal(led(consent))
	}
	if a := other.post("/consent", led(consent), "consent", "yes"); a.Query("code") == "" {
		t.Error(led(a))
	}
	// The terms of a request that asks for more later do not stand for the step up.
	r.terms("2", "")
	third := r.browser()
	if a := third.signsOn("acr_values", "mfa"); a.Location().Path != "/factor" {
		t.Errorf("a step up: %s", led(a))
	}
}

func TestNobodyAcceptsTermsForSomebodyElse(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`INSERT INTO users (username, password) SELECT 'bob', password FROM users WHERE username = 'alice'`)
	r.terms("1", "")
	b := r.browser()
	asked := b.signsOn()
	t.Run("in another browser", func(t *testing.T) {
		if a := r.browser().post("/terms", led(asked), "terms", "yes", "accepted", "yes"); a.Status != 400 || r.acceptances() != 0 {
			t.Errorf("%d %s", a.Status, a.Location())
		}
	})
	t.Run("of another origin", func(t *testing.T) {
		form := url.Values{"request": {asked.Query("request")}, "terms": {"yes"}, "accepted": {"yes"}}
		if a := b.Do("POST", "/terms", form, "Origin", "https://evil.example"); a.Status != 403 || r.acceptances() != 0 {
			t.Errorf("%d %s", a.Status, a.Location())
		}
	})
	t.Run("where somebody else has signed in since", func(t *testing.T) {
		b.Login(b.Authorize(AuthParams("prompt", "login")).Location(), "bob", Password)
		if a := b.accepts(asked); a.Location().Path != "/login" || r.acceptances() != 0 {
			t.Errorf("%d %s", a.Status, a.Location())
		}
	})
	t.Run("where they have signed out", func(t *testing.T) {
		other := r.browser()
		page := other.signsOn()
		r.Exec(`UPDATE sessions SET ended_at = now() WHERE ended_at IS NULL`)
		if a := other.accepts(page); a.Location().Path != "/login" || r.acceptances() != 0 {
			t.Errorf("%d %s", a.Status, a.Location())
		}
	})
	t.Run("where they are disabled", func(t *testing.T) {
		other := r.browser()
		page := other.signsOn()
		r.Exec(`UPDATE users SET disabled_at = now() WHERE username = 'alice'`)
		if a := other.accepts(page); a.Location().Path != "/login" || r.acceptances() != 0 {
			t.Errorf("%d %s", a.Status, a.Location())
		}
	})
}

func TestAPageOfTermsIsGoodForTheseTermsOnly(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.terms("1", "")
	b := r.browser()
	first := b.signsOn()
	r.terms("2", "")
	second := b.accepts(first) // the version that was on the page
	if b.Interaction(led(second))["version"] != "2" || r.Count(`SELECT count(*) FROM terms_acceptances a JOIN terms t ON t.id = a.terms_id
		WHERE t.version = '1'`) != 1 {
		t.Fatalf("another version came into force meanwhile: %s", led(second))
	}
	for range 3 { // a page that is sent again notes nothing new, and leads nowhere else
		if a := b.accepts(first); a.Location().Path != "/terms" || r.acceptances() != 1 {
			t.Errorf("%d %s", a.Status, a.Location())
		}
	}
	r.Exec(`DELETE FROM terms WHERE version = '2'`) // and is added again, with other words
	r.terms("2", `texts = '{"en": "Be unkind."}'`)
	if a := b.accepts(second); a.Location().Path != "/terms" || r.acceptances() != 1 {
		t.Errorf("accepted what was not on the page: %d %s", a.Status, a.Location())
	}
	if view := b.Interaction(led(second)); view["page"] != "error" {
		t.Errorf("a page of terms that are gone: %v", view["page"])
	}
	r.Exec(`UPDATE terms SET ended_at = now()`)
	r.WaitForNotify()
	if a := b.accepts(first); a.Query("code") == "" {
		t.Errorf("they have ended meanwhile: %s", led(a))
	}
}

func TestTermsArePlainTextOfAnyLength(t *testing.T) {
	t.Parallel()
	r := start(t)
	const script = `<script>alert(1)</script><img src=x onerror=alert(1)>&lt;`
	r.terms("1", `texts = jsonb_build_object('en', '`+script+`' || repeat('x', 100000), 'de', repeat('é', 90000))`)
	b := r.browser()
	page := b.signsOn()
	u := page.Location()
	a := b.Do("GET", "/interaction", url.Values{"request": {u.Query().Get("request")}}, "Origin", UIOrigin)
	texts, _ := a.JSON()["texts"].(map[string]any)
	if !strings.HasPrefix(Str(texts["en"]), script) || len(Str(texts["en"])) < 100_000 {
		t.Errorf("%.100s", texts["en"])
	}
	if kind := a.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") || strings.Contains(a.Body, "<script") ||
		a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: a browser that took it for a page would run it", kind)
	}
	if len(led(page)) > 4000 {
		t.Errorf("the address of the page has %d bytes: the terms are in it", len(led(page)))
	}
	if b.accepts(page).Query("code") == "" {
		t.Error("they cannot be accepted")
	}
}

func TestTermsAreAcceptedOnceByMany(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.terms("1", "")
	b := r.browser()
	asked := b.signsOn()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if a := b.post("/terms", led(asked), "terms", "yes", "accepted", "yes"); a.Query("code") == "" {
				t.Errorf("%d %s", a.Status, a.Location())
			}
		})
	}
	all.Wait()
	if n := r.acceptances(); n != 1 {
		t.Errorf("%d acceptances", n)
	}
}

func TestTermsOfAGroupOrAClientFollowItsName(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.terms("1", "groups = '{staff}', clients = '{spa}'")
	b := r.browser()
	if b.signsOn().Query("code") == "" {
		t.Error("asked at another client")
	}
	r.Exec(`UPDATE groups SET name = 'people' WHERE name = 'staff'`)
	r.Exec(`UPDATE clients SET client_id = 'web2' WHERE client_id = 'spa'`)
	if n := r.Count(`SELECT count(*) FROM terms WHERE groups = '{people}' AND clients = '{web2}'`); n != 1 {
		t.Error("they are about names that nobody has any more")
	}
	r.Exec(`DELETE FROM users WHERE username = 'alice'`)
	if r.acceptances() != 0 {
		t.Error("what somebody accepted outlives the account")
	}
}
