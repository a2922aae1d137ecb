package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// byFactor posts the answer of an authenticator on the page factor at location.
func (b *browser) byFactor(location, answer string) Answer {
	return b.post("/factor", location, "method", "passkey", "credential", answer)
}

func TestAPasskeyIsAskedForAfterThePasswordAndProvenToTheSession(t *testing.T) {
	t.Parallel()
	r, key := withPasskey(t)
	b := r.browser()
	page := b.asked()
	view := b.Interaction(page)
	options, _ := view["passkey"].(map[string]any)
	allowed := list(options["allowCredentials"])
	if view["page"] != "factor" || view["method"] != "passkey" || fmt.Sprint(view["ways"]) != "[passkey recovery_code]" || len(allowed) != 1 {
		t.Fatalf("%v", view)
	}
	answer := key.Get(options)
	key.Handle = nil // an authenticator may leave it out where it was told which passkey (WebAuthn §6.3.3)
	a := b.byFactor(page, strings.Replace(answer, `"signature":"`, `"signature":"AAAA`, 1))
	if code := b.errorOn(a.Header.Get("Location")); code != "passkey_refused" {
		t.Errorf("tampered with: %q", code)
	}
	a = b.byFactor(page, key.Get(options))
	claims := Claims(Str(b.Token(Redeem(a.Query("code"))).JSON()["id_token"]))
	if fmt.Sprint(claims["amr"]) != "[pwd swk user mfa]" || claims["acr"] != "phr" {
		t.Errorf("%d %s: %v", a.Status, a.Location(), claims)
	}
	if n := r.Count(`SELECT count(*) FROM sign_ins WHERE outcome = 'factor_proven' AND 'swk' = ANY (amr)`); n != 1 {
		t.Error("sign_ins does not say so")
	}
	if a := b.byFactor(page, answer); b.errorOn(a.Header.Get("Location")) == "" && a.Query("code") != "" {
		t.Errorf("the answer counts again: %s", a.Location())
	}
}

func TestOfFiftyAnswersOnTheFactorPageOneCounts(t *testing.T) {
	t.Parallel()
	r, key := withPasskey(t)
	b := r.browser()
	page := b.asked()
	answer := key.Get(b.Interaction(page)["passkey"])
	var wait sync.WaitGroup
	got := make([]string, 50)
	for i := range got {
		wait.Go(func() {
			a := b.byFactor(page, answer)
			if got[i] = b.errorOn(a.Header.Get("Location")); a.Query("code") != "" {
				got[i] = "code"
			}
		})
	}
	wait.Wait()
	slices.Sort(got) // who comes late, in another tab, goes on with the session that has proven it
	got = slices.Compact(got)
	if n := r.Count(`SELECT count(*) FROM sign_ins WHERE outcome = 'factor_proven'`); n != 1 ||
		!slices.Equal(got, []string{"code", "passkey_answered"}) && !slices.Equal(got, []string{"code"}) {
		t.Errorf("%d are noted: %v", n, got)
	}
}

func TestThePasskeyOfAnotherIsNoSecondFactor(t *testing.T) {
	t.Parallel()
	r, _ := withPasskey(t)
	r.Exec(`INSERT INTO users (username, password) SELECT 'mallory', password FROM users WHERE username = 'alice'`)
	evil, m := NewAuthenticator(), r.browser()
	page := m.Login(m.Do("GET", "/account", nil).Location(), "mallory", Password).Header.Get("Location")
	m.post("/account/passkeys", page, "credential", evil.Create(m.Interaction(page)["passkey_options"]))
	b := r.browser()
	page = b.asked()
	options, _ := b.Interaction(page)["passkey"].(map[string]any)
	for _, answer := range []string{evil.Get(options), NewAuthenticator().Get(options)} {
		a := b.byFactor(page, answer)
		if code := b.errorOn(a.Header.Get("Location")); code != "passkey_unknown" {
			t.Errorf("%q", code)
		}
	}
}

func TestWhoHasAPasskeyAddsNothingWithThePasswordAlone(t *testing.T) {
	t.Parallel()
	r := start(t)
	thief, owner := r.browser(), r.browser()
	page := thief.openAccount() // before there is a factor
	answer := NewAuthenticator().Create(thief.Interaction(page)["passkey_options"])
	key := NewAuthenticator()
	owner.addPasskey(key)
	if a := thief.post("/account/passkeys", page, "credential", answer); a.Location().Path != "/factor" {
		t.Errorf("%d %s", a.Status, a.Location())
	}
	if n := r.Count(`SELECT count(*) FROM passkeys`); n != 1 {
		t.Fatalf("%d passkeys", n)
	}
}

func TestWhoeverHasToHaveAFactorMakesAPasskeyOnTheWay(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE groups SET mfa = true WHERE name = (SELECT group_name FROM group_members WHERE username = 'alice' LIMIT 1)`)
	r.WaitForNotify()
	b, key := r.browser(), NewAuthenticator()
	page := b.asked()
	view := b.Interaction(page)
	if view["page"] != "add_factor" || !slices.Contains(list(view["add"]), any("passkey")) {
		t.Fatalf("%v", view)
	}
	a := b.post("/factor/add", page, "add", "passkey")
	if code := b.errorOn(a.Header.Get("Location")); code != "passkey_needs_script" {
		t.Errorf("%q", code)
	}
	page = a.Header.Get("Location")
	a = b.post("/factor/add", page, "add", "passkey", "credential", key.Create(b.Interaction(page)["passkey"]))
	if a.Location().Path != "/recovery-codes" {
		t.Fatalf("%d %s %q", a.Status, a.Location(), b.errorOn(a.Header.Get("Location")))
	}
	a = b.post("/factor/recovery-codes", a.Header.Get("Location"))
	claims := Claims(Str(b.Token(Redeem(a.Query("code"))).JSON()["id_token"]))
	if fmt.Sprint(claims["amr"]) != "[pwd swk user mfa]" {
		t.Errorf("%d %s %v", a.Status, a.Location(), claims)
	}
	page = b.openAccount()
	a = b.post("/account/passkeys/remove", page, "passkey", Base64URL(key.ID))
	if code := b.errorOn(a.Header.Get("Location")); code != "passkey_required" || r.Count(`SELECT count(*) FROM passkeys`) != 1 {
		t.Errorf("it is removed against the policy: %q", code)
	}
}

func TestAnAccountLinkMakesAPasskeyWhereThereIsNoFactor(t *testing.T) {
	t.Parallel()
	r := start(t)
	b, token, key := r.browser(), r.link("a token"), NewAuthenticator()
	page := b.openLink(token)
	tampered := strings.ReplaceAll(key.Create(b.Interaction(page)["passkey"]), "A", "B")
	a := b.post("/new-password", page, "add", "passkey", "credential", tampered)
	if code := b.errorOn(a.Header.Get("Location")); code != "passkey_refused" {
		t.Errorf("%q", code)
	}
	page = b.openLink(token) // which is not spent by that
	a = b.post("/new-password", page, "add", "passkey", "credential", key.Create(b.Interaction(page)["passkey"]))
	to := a.Header.Get("Location")
	if view := b.Interaction(to); view["page"] != "login" || view["done"] != "passkey_added" || view["username"] != "alice" {
		t.Fatalf("%v", view)
	}
	if a = b.byPasskey(to, key.Get(b.Interaction(to)["passkey"])); a.Location().Path != "/account" {
		t.Errorf("it does not sign in: %s", a.Location())
	}
	if !strings.HasPrefix(b.openLink(token), UIOrigin+"/link?") {
		t.Error("the link is good twice")
	}
	page = b.openLink(r.link("another token"))
	if view := b.Interaction(page); view["page"] != "new_password" || view["passkey"] != nil {
		t.Errorf("a link gets around a factor: %v", view)
	}
	other := NewAuthenticator()
	options := map[string]any{"challenge": "x", "rp": map[string]any{"id": "ui.example.org"}, "user": map[string]any{"id": "x"}}
	a = b.post("/new-password", page, "credential", other.Create(options))
	if a.Status != 400 || r.Count(`SELECT count(*) FROM passkeys`) != 1 {
		t.Errorf("%d %s", a.Status, a.Location())
	}
}

func TestAPasskeyIsOfferedOnceAfterAPassword(t *testing.T) {
	t.Parallel()
	r := start(t)
	offered := func(b *browser, changes ...string) Answer {
		page := b.Authorize(AuthParams(changes...)).Header.Get("Location")
		return b.post("/login", page, "username", "alice", "password", Password, "can_make_passkey", "yes")
	}
	if a := r.browser().Login(r.browser().Authorize(AuthParams()).Location(), "alice", Password); a.Location().Path == "/offer-passkey" {
		t.Error("without a script there is an offer")
	}
	b := r.browser()
	a := offered(b)
	page := a.Header.Get("Location")
	if view := b.Interaction(page); view["page"] != "offer_passkey" || view["passkey"] == nil {
		t.Fatalf("%v", view)
	}
	before := r.Count(`SELECT extract(epoch FROM updated_at)::bigint FROM users WHERE username = 'alice'`)
	r.Exec(`SELECT pg_sleep(1)`)
	if a = b.post("/offer-passkey", page, "later", "yes"); a.Query("code") == "" {
		t.Errorf("%d %s", a.Status, a.Location())
	}
	if r.Count(`SELECT extract(epoch FROM updated_at)::bigint FROM users WHERE username = 'alice'`) != before {
		t.Error("relying parties are told that something of alice changed")
	}
	if a = offered(r.browser()); a.Query("code") == "" {
		t.Errorf("it is offered again at once: %s", a.Location())
	}
	r.Later(31 * 24 * time.Hour)
	b, key := r.browser(), NewAuthenticator()
	page = offered(b).Header.Get("Location")
	a = b.post("/offer-passkey", page, "add", "passkey", "credential", key.Create(b.Interaction(page)["passkey"]))
	if a.Location().Path != "/recovery-codes" {
		t.Fatalf("%d %s %v", a.Status, a.Location(), b.Interaction(a.Header.Get("Location")))
	}
	if a = b.post("/factor/recovery-codes", a.Header.Get("Location")); a.Query("code") == "" {
		t.Errorf("%d %s", a.Status, a.Location())
	}
	if a := offered(r.browser()); a.Location().Path != "/factor" {
		t.Errorf("it is offered to who has one: %s", a.Location())
	}
}
