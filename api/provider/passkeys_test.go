package provider_test

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
)

// accountBy opens the account page of alice, who signs in with a passkey of hers.
func (b *browser) accountBy(key *Authenticator) string {
	b.Helper()
	to := b.Do("GET", "/account", nil).Header.Get("Location")
	if MustParse(to).Path == "/login" {
		to = b.byPasskey(to, key.Get(b.Interaction(to)["passkey"])).Header.Get("Location")
	}
	if MustParse(to).Path != "/account" {
		b.Fatalf("no account page: %s", to)
	}
	return to
}

// addPasskey has alice make a passkey on the account page.
func (b *browser) addPasskey(key *Authenticator) {
	b.Helper()
	page := b.openAccount()
	a := b.post("/account/passkeys", page, "add", "passkey", "credential", key.Create(b.Interaction(page)["passkey_options"]))
	if to := a.Header.Get("Location"); a.Location().Path == "/recovery-codes" {
		if codes := list(b.Interaction(to)["codes"]); len(codes) != 10 {
			b.Fatalf("%d recovery codes", len(codes))
		}
		a = b.post("/factor/recovery-codes", to)
	}
	if done := b.Interaction(a.Header.Get("Location"))["done"]; done != "passkey_added" {
		b.Fatalf("no passkey: %d %s: %v", a.Status, a.Location().Path, done)
	}
}

// withPasskey is a rig where alice has a passkey.
func withPasskey(t *testing.T, change ...func(*provider.Settings)) (*rig, *Authenticator) {
	t.Helper()
	r, key := start(t, change...), NewAuthenticator()
	r.browser().addPasskey(key)
	return r, key
}

// loginPage begins a sign-in.
func (b *browser) loginPage() string { return b.Authorize(AuthParams()).Header.Get("Location") }

// byPasskey posts the answer of an authenticator on the login page at location.
func (b *browser) byPasskey(location, answer string) Answer {
	return b.post("/login", location, "method", "passkey", "credential", answer)
}

func TestAPasskeyAloneSignsInAndCountsAsTwoFactors(t *testing.T) {
	t.Parallel()
	r, key := withPasskey(t)
	b := r.browser()
	page := b.loginPage()
	options, _ := b.Interaction(page)["passkey"].(map[string]any)
	if options["rpId"] != "ui.example.org" || options["userVerification"] != "required" || options["allowCredentials"] != nil {
		t.Errorf("%v", options)
	}
	a := b.byPasskey(page, key.Get(options))
	tokens := b.Token(Redeem(a.Query("code"))).JSON()
	claims := Claims(Str(tokens["id_token"]))
	amr, _ := claims["amr"].([]any)
	if a.Status != 303 || claims["sub"] == nil || !slices.Equal(amr, []any{"swk", "user", "mfa"}) {
		t.Fatalf("%d %s: %v", a.Status, a.Location(), claims)
	}
	again := b.Authorize(AuthParams("prompt", "login")).Header.Get("Location")
	if known, _ := b.Interaction(again)["known"].(map[string]any); Str(known["username"]) != "alice" {
		t.Errorf("the browser does not know them: %v", known)
	}
	if n := r.Count(`SELECT count(*) FROM passkeys WHERE used_at IS NOT NULL AND synced AND rp_id = 'ui.example.org'`); n != 1 {
		t.Error("its use is not noted")
	}
	if handle := r.Count(`SELECT count(*) FROM users WHERE username = 'alice' AND uuid_send(id) = $1`, key.Handle); handle != 1 {
		t.Errorf("the user handle is %x", key.Handle)
	}
}

func TestAKeyThatAnAdministratorHasSeenIsHardware(t *testing.T) {
	t.Parallel()
	r := start(t)
	key := NewAuthenticator()
	key.Flags = UserPresent | UserVerified
	r.browser().addPasskey(key)
	r.Exec(`UPDATE passkeys SET hardware_protected = true`)
	b := r.browser()
	page := b.loginPage()
	a := b.byPasskey(page, key.Get(b.Interaction(page)["passkey"]))
	amr, _ := Claims(Str(b.Token(Redeem(a.Query("code"))).JSON()["id_token"]))["amr"].([]any)
	if !slices.Equal(amr, []any{"hwk", "user", "mfa"}) {
		t.Errorf("%v", amr)
	}
}

// Each is an answer that does not count, with what the page says of it. WebAuthn Level 3 §7.2.
func TestAnAnswerOfAPasskeyThatIsNotWhatWasAskedForIsRefused(t *testing.T) {
	t.Parallel()
	r, good := withPasskey(t)
	r.Exec(`INSERT INTO users (username, password) SELECT 'carol', password FROM users WHERE username = 'alice'`)
	other := NewAuthenticator()
	for name, c := range map[string]struct {
		change func(a *Authenticator)
		answer func(a *Authenticator, options map[string]any) string
		code   string
	}{
		"another challenge": {code: "passkey_refused", answer: func(a *Authenticator, o map[string]any) string {
			o["challenge"] = base64.RawURLEncoding.EncodeToString(make([]byte, 32))
			return a.Get(o)
		}},
		"that of another page": {code: "passkey_refused", answer: func(a *Authenticator, _ map[string]any) string {
			b := r.browser()
			return a.Get(b.Interaction(b.loginPage())["passkey"])
		}},
		"another origin":     {code: "passkey_refused", change: func(a *Authenticator) { a.Origin = "https://ui.example.com" }},
		"the API's origin":   {code: "passkey_refused", change: func(a *Authenticator) { a.Origin = r.Issuer }},
		"a parent's origin":  {code: "passkey_refused", change: func(a *Authenticator) { a.Origin = "https://example.org" }},
		"an app's origin":    {code: "passkey_refused", change: func(a *Authenticator) { a.Origin = "android:apk-key-hash:x" }},
		"another RP ID":      {code: "passkey_refused", change: func(a *Authenticator) { a.RPID = "example.org" }},
		"nobody there":       {code: "passkey_refused", change: func(a *Authenticator) { a.Flags &^= UserPresent }},
		"nobody verified":    {code: "passkey_not_verified", change: func(a *Authenticator) { a.Flags &^= UserVerified }},
		"no longer synced":   {code: "passkey_refused", change: func(a *Authenticator) { a.Flags &^= BackupEligible | BackedUp }},
		"no user handle":     {code: "passkey_refused", change: func(a *Authenticator) { a.Handle = nil }},
		"another's handle":   {code: "passkey_refused", change: func(a *Authenticator) { a.Handle = make([]byte, 16) }},
		"a handle of a name": {code: "passkey_refused", change: func(a *Authenticator) { a.Handle = []byte("alice") }},
		"another key":        {code: "passkey_refused", change: func(a *Authenticator) { a.Key = other.Key }},
		"an unknown one":     {code: "passkey_unknown", change: func(a *Authenticator) { a.ID = other.ID }},
		"in a frame": {code: "passkey_refused", change: func(a *Authenticator) {
			a.Change = func(data map[string]any) { data["crossOrigin"], data["topOrigin"] = true, "https://evil.example" }
		}},
		"one to create": {code: "passkey_refused", change: func(a *Authenticator) {
			a.Change = func(data map[string]any) { data["type"] = "webauthn.create" }
		}},
		"tampered with": {code: "passkey_refused", answer: func(a *Authenticator, o map[string]any) string {
			return strings.Replace(a.Get(o), `"signature":"`, `"signature":"AAAA`, 1)
		}},
		"too long": {code: "passkey_refused", answer: func(a *Authenticator, o map[string]any) string {
			return strings.TrimSuffix(a.Get(o), "}") + `,"x":"` + strings.Repeat("x", 17<<10) + `"}`
		}},
		"no JSON":       {code: "passkey_refused", answer: func(*Authenticator, map[string]any) string { return "{" }},
		"deeply nested": {code: "passkey_refused", answer: func(*Authenticator, map[string]any) string { return strings.Repeat("[", 15000) }},
		"empty":         {code: "passkey_refused", answer: func(*Authenticator, map[string]any) string { return "{}" }},
	} {
		key := *good
		if c.change != nil {
			c.change(&key)
		}
		if c.answer == nil {
			c.answer = func(a *Authenticator, o map[string]any) string { return a.Get(o) }
		}
		b := r.browser()
		page := b.loginPage()
		options, _ := b.Interaction(page)["passkey"].(map[string]any)
		a := b.byPasskey(page, c.answer(&key, options))
		to := a.Header.Get("Location")
		if code := b.errorOn(to); a.Status != 303 || code != c.code {
			t.Errorf("%s: %d %s: %q", name, a.Status, a.Location(), code)
		}
		if (b.Interaction(to)["unknown_passkey"] != nil) != (c.code == "passkey_unknown") {
			t.Errorf("%s: %v", name, b.Interaction(to)["unknown_passkey"])
		}
		if b.isSignedIn() {
			t.Errorf("%s signs in", name)
		}
		if a = b.byPasskey(to, good.Get(b.Interaction(to)["passkey"])); a.Query("code") == "" {
			t.Errorf("after %s the right one does not count: %s", name, a.Location())
		}
	}
}

func TestAPasskeyOfSomebodyDisabledOrRemovedDoesNotCount(t *testing.T) {
	t.Parallel()
	r, key := withPasskey(t)
	b := r.browser()
	page := b.loginPage()
	r.Exec(`UPDATE users SET disabled_at = now() WHERE username = 'alice'`)
	a := b.byPasskey(page, key.Get(b.Interaction(page)["passkey"]))
	if code := b.errorOn(a.LeadsTo()); a.Status != 403 || code != "account_disabled" {
		t.Errorf("disabled: %q", code)
	}
	r.Exec(`UPDATE users SET disabled_at = NULL WHERE username = 'alice'`)
	r.Exec(`DELETE FROM passkeys`)
	page = a.LeadsTo()
	a = b.byPasskey(page, key.Get(b.Interaction(page)["passkey"]))
	if code := b.errorOn(a.Header.Get("Location")); code != "passkey_unknown" {
		t.Errorf("removed: %q", code)
	}
}

func TestAChallengeIsAnsweredOnceOfManyAtOnce(t *testing.T) {
	t.Parallel()
	r, key := withPasskey(t)
	b := r.browser()
	page := b.loginPage()
	answer := key.Get(b.Interaction(page)["passkey"])
	var wait sync.WaitGroup
	codes := make([]string, 50)
	for i := range codes {
		wait.Go(func() {
			a := b.byPasskey(page, answer)
			if codes[i] = b.errorOn(a.Header.Get("Location")); a.Query("code") != "" {
				codes[i] = "signed in"
			}
		})
	}
	wait.Wait()
	slices.Sort(codes)
	if got := slices.Compact(codes); !slices.Equal(got, []string{"passkey_answered", "signed in"}) {
		t.Errorf("%v", got)
	}
	if n := r.Count(`SELECT count(*) FROM sessions WHERE amr[1] = 'swk'`); n != 1 {
		t.Errorf("%d sessions", n)
	}
	if a := b.byPasskey(page, key.Get(b.Interaction(page)["passkey"])); b.errorOn(a.Header.Get("Location")) != "passkey_answered" {
		t.Error("a second answer to a challenge counts")
	}
}

func TestTheAnswerOfAnotherBrowserDoesNotCount(t *testing.T) {
	t.Parallel()
	r, key := withPasskey(t)
	victim, attacker := r.browser(), r.browser()
	page := victim.loginPage()
	answer := key.Get(victim.Interaction(page)["passkey"])
	attacker.loginPage()
	a := attacker.byPasskey(page, answer)
	if code := attacker.errorOn(a.LeadsTo()); a.Status != 400 || code != "request_from_another_browser" {
		t.Errorf("%d %q", a.Status, code)
	}
	u, _ := url.Parse(page)
	form := url.Values{"request": {u.Query().Get("request")}, "method": {"passkey"}, "credential": {answer}}
	if a := victim.Do("POST", "/login", form, "Origin", "https://evil.example"); a.Status != 403 {
		t.Errorf("from another site: %d", a.Status)
	}
}

// WebAuthn Level 3 §6.1.1.
func TestACounterThatGoesBackIsToldAndRefusedWhereThereCanBeNoCopy(t *testing.T) {
	t.Parallel()
	for _, synced := range []bool{true, false} {
		r, key := start(t), NewAuthenticator()
		if !synced {
			key.Flags = UserPresent | UserVerified
		}
		r.browser().addPasskey(key)
		for _, use := range []struct {
			count uint32
			code  string
		}{{0, ""}, {5, ""}, {4, "passkey_may_be_copied"}, {0, "passkey_may_be_copied"}, {6, ""}} {
			key.Count = use.count
			b := r.browser()
			page := b.loginPage()
			a := b.byPasskey(page, key.Get(b.Interaction(page)["passkey"]))
			want := use.code
			if synced {
				want = ""
			}
			if code := b.errorOn(a.Header.Get("Location")); (a.Query("code") == "") != (want != "") || code != want && want != "" {
				t.Errorf("synced %t, %d: %s %q", synced, use.count, a.Location(), code)
			}
		}
	}
}

func TestPeopleNameAndRemoveTheirPasskeys(t *testing.T) {
	t.Parallel()
	r, first := withPasskey(t)
	b, second := r.browser(), NewAuthenticator()
	page := b.accountBy(first)
	options, _ := b.Interaction(page)["passkey_options"].(map[string]any)
	excluded, _ := options["excludeCredentials"].([]any)
	selection, _ := options["authenticatorSelection"].(map[string]any)
	if len(excluded) != 1 || selection["residentKey"] != "required" || selection["userVerification"] != "required" ||
		options["attestation"] != "none" {
		t.Errorf("%v", options)
	}
	b.addPasskey(second)
	id := base64.RawURLEncoding.EncodeToString(first.ID)
	a := b.post("/account/passkeys/rename", page, "passkey", id, "name", " my phone ")
	view := b.Interaction(a.Header.Get("Location"))
	list, _ := view["passkeys"].([]any)
	if len(list) != 2 || list[0].(map[string]any)["name"] != "my phone" || list[0].(map[string]any)["synced"] != true ||
		list[1].(map[string]any)["name"] != "Go-http-client" || view["done"] != "passkey_renamed" {
		t.Errorf("%v", view)
	}
	for _, name := range []string{"", "  ", strings.Repeat("é", 101), "a\nb"} {
		a := b.post("/account/passkeys/rename", page, "passkey", id, "name", name)
		if code := b.errorOn(a.Header.Get("Location")); code != "invalid_passkey_name" {
			t.Errorf("%q: %q", name, code)
		}
	}
	a = b.post("/account/passkeys/remove", page, "passkey", id)
	view = b.Interaction(a.Header.Get("Location"))
	accepted, _ := view["accepted_passkeys"].(map[string]any)
	ids, _ := accepted["allAcceptedCredentialIds"].([]any)
	if list, _ := view["passkeys"].([]any); len(list) != 1 || len(ids) != 1 || accepted["rpId"] != "ui.example.org" {
		t.Errorf("%v", view)
	}
	if n := r.Count(`SELECT count(*) FROM passkeys WHERE credential_id = $1`, second.ID); n != 1 {
		t.Error("the other one was removed")
	}
}

func TestTheLastWayInIsNotRemoved(t *testing.T) {
	t.Parallel()
	r, first := withPasskey(t)
	second := NewAuthenticator()
	b := r.browser()
	page := b.accountBy(first)
	b.addPasskey(second)
	r.Exec(`BEGIN; SET LOCAL gatehouse.keep_sessions = on; UPDATE users SET password = NULL WHERE username = 'alice'; COMMIT`)
	var wait sync.WaitGroup
	for _, key := range []*Authenticator{first, second} { // in two tabs at once
		wait.Go(func() {
			b.post("/account/passkeys/remove", page, "passkey", base64.RawURLEncoding.EncodeToString(key.ID))
		})
	}
	wait.Wait()
	if n := r.Count(`SELECT count(*) FROM passkeys`); n != 1 {
		t.Fatalf("%d passkeys are left", n)
	}
	for _, key := range []*Authenticator{first, second} {
		a := b.post("/account/passkeys/remove", page, "passkey", base64.RawURLEncoding.EncodeToString(key.ID))
		if code := b.errorOn(a.Header.Get("Location")); r.Count(`SELECT count(*) FROM passkeys`) != 1 || code != "" && code != "last_way_in" {
			t.Errorf("%q", code)
		}
	}
	r.Exec(`INSERT INTO upstreams (name, issuer, client_id) VALUES ('uni', 'https://op.example.org', 'us')`)
	r.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) VALUES ('uni', 'https://op.example.org', '1', 'alice')`)
	for _, key := range []*Authenticator{first, second} {
		b.post("/account/passkeys/remove", page, "passkey", base64.RawURLEncoding.EncodeToString(key.ID))
	}
	if n := r.Count(`SELECT count(*) FROM passkeys`); n != 0 {
		t.Error("it stays although they can sign in elsewhere")
	}
}

// Each is what an authenticator may not answer when it has made one. WebAuthn Level 3 §7.1.
func TestAPasskeyIsMadeOnTheAccountPageAlone(t *testing.T) {
	t.Parallel()
	r, known := withPasskey(t)
	bob := r.browser()
	r.Exec(`INSERT INTO users (username, password) SELECT 'bob', password FROM users WHERE username = 'alice'`)
	bob.Login(bob.Do("GET", "/account", nil).Location(), "bob", Password)
	for name, c := range map[string]struct {
		change func(a *Authenticator)
		answer func(a *Authenticator, options map[string]any) string
		code   string
	}{
		"no answer": {code: "passkey_needs_script", answer: func(*Authenticator, map[string]any) string { return "" }},
		"another challenge": {code: "passkey_refused", answer: func(a *Authenticator, o map[string]any) string {
			o["challenge"] = base64.RawURLEncoding.EncodeToString(make([]byte, 32))
			return a.Create(o)
		}},
		"that of bob's page": {code: "passkey_refused", answer: func(a *Authenticator, _ map[string]any) string {
			return a.Create(bob.Interaction(bob.Do("GET", "/account", nil).Header.Get("Location"))["passkey_options"])
		}},
		"another origin":  {code: "passkey_refused", change: func(a *Authenticator) { a.Origin = "https://ui.example.com" }},
		"another RP ID":   {code: "passkey_refused", change: func(a *Authenticator) { a.RPID = "example.org" }},
		"nobody verified": {code: "passkey_not_verified", change: func(a *Authenticator) { a.Flags &^= UserVerified }},
		"one to get": {code: "passkey_refused", change: func(a *Authenticator) {
			a.Change = func(data map[string]any) { data["type"] = "webauthn.get" }
		}},
		"the authenticator does not keep it": {code: "passkey_not_discoverable", answer: func(a *Authenticator, o map[string]any) string {
			return strings.Replace(a.Create(o), `"clientExtensionResults":{}`, `"clientExtensionResults":{"credProps":{"rk":false}}`, 1)
		}},
		"a key that is there": {code: "passkey_exists", change: func(a *Authenticator) { a.ID = known.ID }},
		"an ID that is too long": {code: "passkey_refused", change: func(a *Authenticator) {
			a.ID = make([]byte, 1024)
		}},
		"CBOR that is nested deeply": {code: "passkey_refused", answer: func(a *Authenticator, o map[string]any) string {
			deep := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("\x81", 9000)))
			head, _, _ := strings.Cut(a.Create(o), `"attestationObject":"`)
			_, tail, _ := strings.Cut(a.Create(o), `","authenticatorData"`)
			return head + `"attestationObject":"` + deep + `","authenticatorData"` + tail
		}},
		"too long": {code: "passkey_refused", answer: func(a *Authenticator, o map[string]any) string {
			return strings.TrimSuffix(a.Create(o), "}") + `,"x":"` + strings.Repeat("x", 17<<10) + `"}`
		}},
	} {
		key := NewAuthenticator()
		if c.change != nil {
			c.change(key)
		}
		if c.answer == nil {
			c.answer = func(a *Authenticator, o map[string]any) string { return a.Create(o) }
		}
		b := r.browser()
		page := b.accountBy(known)
		options, _ := b.Interaction(page)["passkey_options"].(map[string]any)
		a := b.post("/account/passkeys", page, "add", "passkey", "credential", c.answer(key, options))
		if code := b.errorOn(a.Header.Get("Location")); a.Status != 303 || code != c.code {
			t.Errorf("%s: %d %s: %q", name, a.Status, a.Location(), code)
		}
		if n := r.Count(`SELECT count(*) FROM passkeys`); n != 1 {
			t.Fatalf("%s: there are %d passkeys", name, n)
		}
	}
}

func TestAPasskeyNeedsAFreshSignIn(t *testing.T) {
	t.Parallel()
	r, key := withPasskey(t)
	b := r.browser()
	page := b.accountBy(key)
	answer := NewAuthenticator().Create(b.Interaction(page)["passkey_options"])
	r.Later(16 * time.Minute)
	if b.Interaction(page)["passkey_options"] != nil {
		t.Error("there are options for a sign-in that is not fresh")
	}
	id := base64.RawURLEncoding.EncodeToString(key.ID)
	for _, form := range [][]string{{"/account/passkeys", answer}, {"/account/passkeys/remove", id}, {"/account/passkeys/rename", id}} {
		a := b.post(form[0], page, "passkey", form[1], "credential", form[1], "name", "x")
		if a.Location().Path != "/login" || b.Interaction(a.Header.Get("Location"))["username"] != "alice" {
			t.Errorf("%s: %d %s", form[0], a.Status, a.Location())
		}
		to := a.Header.Get("Location")
		if a = b.byPasskey(to, key.Get(b.Interaction(to)["passkey"])); a.Location().Path != "/account" {
			t.Errorf("%s leads to %s", form[0], a.Location())
		}
		r.Later(16 * time.Minute)
		page = b.openAccount()
	}
	if n := r.Count(`SELECT count(*) FROM passkeys WHERE name <> 'x'`); n != 1 {
		t.Errorf("%d passkeys", n)
	}
}

func TestNobodyHasMoreThanTwentyPasskeys(t *testing.T) {
	t.Parallel()
	r, key := withPasskey(t)
	r.Exec(`INSERT INTO passkeys (credential_id, user_id, rp_id, name, public_key)
		SELECT i::text::bytea, user_id, rp_id, name, public_key FROM passkeys, generate_series(2, 18) AS i`)
	b := r.browser()
	b.accountBy(key)
	var wait sync.WaitGroup
	for range 6 { // in tabs of their own
		wait.Go(func() {
			page := b.openAccount()
			b.post("/account/passkeys", page, "credential", NewAuthenticator().Create(b.Interaction(page)["passkey_options"]))
		})
	}
	wait.Wait()
	if n := r.Count(`SELECT count(*) FROM passkeys`); n != 20 {
		t.Errorf("%d passkeys", n)
	}
	page := b.openAccount()
	a := b.post("/account/passkeys", page, "credential", NewAuthenticator().Create(b.Interaction(page)["passkey_options"]))
	if code := b.errorOn(a.Header.Get("Location")); code != "too_many_passkeys" {
		t.Errorf("%q", code)
	}
}

func TestAnAddressOfTheInternetProtocolHasNoPasskeys(t *testing.T) {
	t.Parallel()
	r := start(t, func(s *provider.Settings) { s.UIOrigin = "http://127.0.0.1:4001" })
	b := r.browser()
	u, _ := url.Parse(b.loginPage())
	view := b.Do("GET", "/interaction", url.Values{"request": {u.Query().Get("request")}}).JSON()
	if view["page"] != "login" || view["passkey"] != nil {
		t.Errorf("%v", view)
	}
}
