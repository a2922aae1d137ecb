package provider_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
)

// aPasskey of alice, of which no browser has the key.
const aPasskey = `INSERT INTO passkeys (credential_id, user_id, rp_id, name, public_key)
	SELECT 'k', id, 'ui.example.org', 'key', 'x' FROM users WHERE username = 'alice'`

// setUp opens the page that sets up one-time codes, and returns its address and secret.
func (b *browser) setUp() (page, secret string) {
	page = b.post("/account/totp", b.account(), "add", "totp").Header.Get("Location")
	return page, Str(b.Interaction(page)["secret"])
}

// proves signs alice in at an application with her password and a code.
func (b *browser) proves(secret string) Answer {
	return b.types(b.asked(), codeOf(secret, b.rig.Now()))
}

func TestSettingUpSavesNothingBeforeTheFirstCodeAndSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	b := r.browser()
	page, secret := b.setUp()
	view := b.Interaction(page)
	qr, _ := view["qr"].(map[string]any)
	uri := Str(view["uri"])
	if len(secret) != 32 || !strings.HasPrefix(uri, "otpauth://totp/Gatehouse:alice?secret="+secret+"&") || Str(qr["path"]) == "" {
		t.Fatalf("%v", view)
	}
	for code, want := range map[string]string{"": "wrong_code", "12345": "wrong_code", "abcdef": "wrong_code",
		codeOf(secret, r.Now().Add(5*time.Minute)): "clock_off", codeOf(secret, r.Now().Add(-5*time.Minute)): "clock_off",
		codeOf(secret, r.Now().Add(time.Hour)): "wrong_code"} {
		if a := b.post("/factor/totp", page, "code", code); b.errorOn(a.Header.Get("Location")) != want {
			t.Errorf("%q: %d %s, want %s", code, a.Status, b.errorOn(a.Header.Get("Location")), want)
		}
	}
	if a := r.browser().post("/factor/totp", page, "code", codeOf(secret, r.Now())); a.Status != 400 {
		t.Errorf("another browser: %d", a.Status)
	}
	if a := b.post("/factor/totp", page, "cancel", "yes"); a.Location().Path != "/account" {
		t.Errorf("cancelled: %s", a.Location())
	}
	if n := r.Count(`SELECT (SELECT count(*) FROM totp_secrets) + (SELECT count(*) FROM recovery_codes)`); n != 0 {
		t.Errorf("%d rows are there already", n)
	}
	a := b.post("/factor/totp", page, "code", codeOf(secret, r.Now()))
	if codes := list(b.Interaction(a.Header.Get("Location"))["codes"]); len(codes) != 10 {
		t.Errorf("%d %v", a.Status, codes)
	}
	if codes := b.Interaction(a.Header.Get("Location"))["codes"]; codes != nil {
		t.Errorf("they are shown again: %v", codes)
	}
	on := b.post("/factor/recovery-codes", a.Header.Get("Location")).Header.Get("Location")
	view = b.Interaction(on)
	totp, _ := view["totp"].(map[string]any)
	if view["page"] != "account" || view["done"] != "totp_added" || totp["created_at"] == nil || view["recovery_codes"] != 10.0 {
		t.Errorf("%v", view)
	}
	if stored := r.Count(`SELECT count(*) FROM totp_secrets WHERE position(convert_to($1, 'UTF8') IN secret) > 0`, secret); stored != 0 {
		t.Error("the secret is stored as it is")
	}
}

func TestOfTwoTabsThatSetUpCodesOneWinsAndTheOtherSaysSo(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	b := r.browser()
	one, first := b.setUp()
	two, second := b.setUp()
	b.post("/factor/totp", one, "code", codeOf(first, r.Now()))
	view := b.Interaction(two)
	if view["secret"] != nil || b.errorOn(two) != "totp_there_already" {
		t.Errorf("the other tab shows %v", view)
	}
	a := b.post("/factor/totp", two, "code", codeOf(second, r.Now()))
	if a.Location().Path != "/account" || b.errorOn(a.Header.Get("Location")) != "totp_there_already" {
		t.Errorf("it gets %d %s", a.Status, a.Location())
	}
	if a := b.post("/account/totp", b.account(), "add", "totp"); b.errorOn(a.Header.Get("Location")) != "totp_there_already" {
		t.Errorf("the button of an account page of before: %s", a.Location())
	}
	r.Later(time.Minute)
	if a := r.browser().proves(first); a.Query("code") == "" {
		t.Errorf("the first does not count: %s", a.Location())
	}

	r.Exec(`DELETE FROM totp_secrets`)
	var wait sync.WaitGroup
	var lock sync.Mutex
	won := 0
	for range 20 {
		page, secret := b.setUp()
		wait.Go(func() {
			for range 50 {
				a := b.post("/factor/totp", page, "code", codeOf(secret, r.Now()))
				if a.Status == 503 {
					time.Sleep(20 * time.Millisecond)
					continue
				}
				lock.Lock()
				defer lock.Unlock()
				if a.Location().Path == "/recovery-codes" {
					won++
				}
				return
			}
		})
	}
	if wait.Wait(); won != 1 || r.Count(`SELECT count(*) FROM recovery_codes`) != 10 {
		t.Errorf("%d of many at once won", won)
	}
}

func TestARecoveryCodeGetsInOnceAndNewOnesReplaceAll(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	secret, recovery := r.browser().enrols(t)
	b := r.browser()
	page := b.post("/factor", b.asked(), "method", "recovery_code").Header.Get("Location")
	a := b.types(page, strings.ToUpper(strings.ReplaceAll(recovery[0], "-", " ")))
	if a.Query("code") == "" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	tokens := b.Token(Redeem(a.Query("code"))).JSON()
	if claims := Claims(Str(tokens["id_token"])); fmt.Sprint(claims["amr"]) != "[pwd otp mfa]" {
		t.Errorf("amr %v", claims["amr"])
	}
	other := r.browser()
	if a := other.types(other.asked(), recovery[0]); other.errorOn(a.Header.Get("Location")) != "wrong_recovery_code" {
		t.Errorf("a second time: %d %s", a.Status, a.Location())
	}
	account := b.account()
	if view := b.Interaction(account); view["recovery_codes"] != 9.0 {
		t.Errorf("%v are left", view["recovery_codes"])
	}
	view := b.Interaction(b.post("/account/totp", account, "recovery_codes", "new").Header.Get("Location"))
	fresh := list(view["codes"])
	if len(fresh) != 10 || r.Count(`SELECT count(*) FROM recovery_codes WHERE spent_at IS NULL`) != 10 {
		t.Fatalf("%v", view)
	}
	if a := other.types(other.asked("prompt", "login"), recovery[1]); other.errorOn(a.Header.Get("Location")) != "wrong_recovery_code" {
		t.Errorf("one of before: %d %s", a.Status, a.Location())
	}
	if a := other.types(other.asked("prompt", "login"), Str(fresh[9])); a.Query("code") == "" {
		t.Errorf("a new one: %d %s", a.Status, a.Location())
	}
	r.Later(time.Minute)
	if a := r.browser().proves(secret); a.Query("code") == "" {
		t.Errorf("one-time codes do not count any more: %s", a.Location())
	}
}

func TestCodesAreChangedFromAFreshSignInThatHasProvenThem(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	thief := r.browser() // who has the password, and was there before the codes were set up
	early, theirs := thief.setUp()
	thiefs := thief.account()

	b := r.browser()
	account := b.account()
	r.Later(16 * time.Minute)
	a := b.post("/account/totp", account, "add", "totp")
	if a.Location().Path != "/login" || b.Interaction(a.Header.Get("Location"))["username"] != "alice" {
		t.Fatalf("an old sign-in adds: %s", a.Location())
	}
	a = b.Login(a.Location(), "alice", Password)
	page := a.Header.Get("Location")
	secret := Str(b.Interaction(page)["secret"])
	if secret == "" { // it goes on with what was pressed
		t.Fatalf("%s", a.Location())
	}
	r.Later(-16 * time.Minute)
	b.post("/factor/totp", page, "code", codeOf(secret, r.Now()))

	for what, a := range map[string]Answer{
		"a page that was open":          thief.post("/factor/totp", early, "code", codeOf(theirs, r.Now())),
		"the button for one-time codes": thief.post("/account/totp", thiefs, "add", "totp"),
		"the button that removes them":  thief.post("/account/totp", thiefs, "remove", "totp"),
		"the button for recovery codes": thief.post("/account/totp", thiefs, "recovery_codes", "new"),
		"the account page":              thief.Do("GET", "/account", nil),
	} {
		if p := a.Location().Path; p != "/factor" && p != "/account" || p == "/account" && thief.errorOn(a.Header.Get("Location")) == "" {
			t.Errorf("%s: %d %s", what, a.Status, a.Location())
		}
	}
	if r.Count(`SELECT count(*) FROM totp_secrets WHERE created_at = $1`, r.Now().Truncate(time.Microsecond)) != 1 ||
		r.Count(`SELECT count(*) FROM sessions WHERE 'otp' = ANY (amr)`) != 1 {
		t.Error("whoever has the password alone has changed something")
	}
	r.Later(time.Minute)
	owner := r.browser()
	if a := owner.proves(secret); a.Query("code") == "" {
		t.Fatalf("the owner's code: %s", a.Location())
	}
	a = owner.post("/account/totp", owner.account(), "remove", "totp")
	view := owner.Interaction(a.Header.Get("Location"))
	if view["done"] != "totp_removed" || view["totp"] != nil || view["recovery_codes"] != nil {
		t.Errorf("%v", view)
	}
	if n := r.Count(`SELECT (SELECT count(*) FROM totp_secrets) + (SELECT count(*) FROM recovery_codes)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if other := r.browser(); MustParse(other.asked()).Query().Get("code") == "" {
		t.Error("a code is asked for that nobody has")
	}
}

func TestWhoHasToHaveAFactorIsLedThroughMakingOneAndCannotRemoveIt(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	r.Exec(`UPDATE groups SET mfa = true, mfa_from = now() - interval '1 day' WHERE name = (
		SELECT group_name FROM group_members WHERE username = 'alice' ORDER BY 1 LIMIT 1)`)
	r.WaitForNotify()
	b := r.browser()
	page := b.asked("state", "of the request")
	view := b.Interaction(page)
	if view["page"] != "add_factor" || view["by"] != "group" || Str(view["name"]) == "" || view["since"] == nil ||
		fmt.Sprint(view["add"]) != "[passkey totp]" || view["cancel"] != true {
		t.Fatalf("%v", view)
	}
	b.cancels(t, "/factor/add", page)
	if a := b.post("/factor/add", page, "add", "sms"); a.Status != 400 {
		t.Errorf("what is not there: %d", a.Status)
	}
	if a := r.browser().post("/factor/add", page, "add", "totp"); a.Status != 400 {
		t.Errorf("another browser: %d", a.Status)
	}
	page = b.post("/factor/add", page, "add", "totp").Header.Get("Location")
	secret := Str(b.Interaction(page)["secret"])
	a := b.post("/factor/totp", page, "code", codeOf(secret, r.Now()))
	codes := a.Header.Get("Location")
	if b.Interaction(codes)["page"] != "recovery_codes" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	a = b.post("/factor/recovery-codes", codes)
	if a.Query("code") == "" || a.Query("state") != "of the request" {
		t.Fatalf("it does not go on: %s", a.Location())
	}
	if claims := Claims(Str(b.Token(Redeem(a.Query("code"))).JSON()["id_token"])); claims["acr"] != "mfa" {
		t.Errorf("acr %v", claims["acr"])
	}
	a = b.post("/account/totp", b.account(), "remove", "totp")
	if b.errorOn(a.Header.Get("Location")) != "totp_required" || r.Count(`SELECT count(*) FROM totp_secrets`) != 1 {
		t.Errorf("removed under a policy: %d %s", a.Status, a.Location())
	}
	r.Exec(aPasskey)
	a = b.post("/account/totp", b.account(), "remove", "totp")
	if b.Interaction(a.Header.Get("Location"))["done"] != "totp_removed" || r.Count(`SELECT count(*) FROM recovery_codes`) != 10 {
		t.Errorf("beside a passkey: %d %s", a.Status, a.Location())
	}
}

func TestWhoeverHasAFactorProvesItBeforeAPolicyHasThemAddAnother(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	secret, _ := r.browser().enrols(t)
	r.Exec(`UPDATE clients SET min_acr = 'phr' WHERE client_id = 'web'`)
	r.WaitForNotify()
	r.Later(time.Minute)
	b := r.browser()
	page := b.asked()
	if view := b.Interaction(page); view["page"] != "factor" {
		t.Fatalf("a password alone gets %v", view["page"])
	}
	a := b.types(page, codeOf(secret, r.Now()))
	view := b.Interaction(a.Header.Get("Location"))
	if view["page"] != "add_factor" || fmt.Sprint(view["add"]) != "[passkey]" || view["by"] != "client" {
		t.Errorf("%v", view)
	}
}

func TestAFactorThatIsRemovedWhileItIsUsedHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	secret, _ := r.browser().enrols(t)
	r.Later(time.Minute)
	b := r.browser()
	page := b.asked()
	r.Exec(aPasskey)
	r.Exec(`DELETE FROM totp_secrets`)
	a := b.types(page, codeOf(secret, r.Now()))
	view := b.Interaction(a.Header.Get("Location"))
	if why := b.errorOn(a.Header.Get("Location")); why != "factor_removed" || fmt.Sprint(view["ways"]) != "[passkey recovery_code]" {
		t.Errorf("%v", view)
	}
	r.Exec(`DELETE FROM passkeys`)
	if a := b.types(a.Header.Get("Location"), "abcde-fghij"); a.Query("code") == "" {
		t.Errorf("there is nothing to ask for any more: %d %s", a.Status, a.Location())
	}
	page = b.asked("prompt", "login")
	if MustParse(page).Query().Get("code") == "" {
		t.Errorf("%s", page)
	}
}

// Not parallel: it takes the log.
func TestGuessesAtCodesAreBoundedAndTheOwnerGetsIn(t *testing.T) {
	r := start(t)
	r.StopClock()
	log := TakeLog(t)
	owner := r.browser()
	secret, recovery := owner.enrols(t)
	r.Later(time.Minute)
	if a := owner.types(owner.asked("prompt", "login"), codeOf(secret, r.Now())); a.Query("code") == "" {
		t.Fatalf("%s", a.Location())
	}
	r.Later(time.Minute)

	wrong := func(b *browser, page string) string { return b.errorOn(b.types(page, "000000").Header.Get("Location")) }
	thief := r.browser()
	page := thief.asked()
	for i := range 5 {
		if got := wrong(thief, page); got != "wrong_code" {
			t.Fatalf("guess %d: %s", i+1, got)
		}
	}
	a := thief.types(page, codeOf(secret, r.Now()))
	if a.Status != 429 || thief.errorOn(a.LeadsTo()) != "too_many_attempts" || a.Header.Get("Retry-After") != "1800" {
		t.Errorf("the sixth: %d %s %s", a.Status, a.Location(), a.Header.Get("Retry-After"))
	}
	again := r.browser() // each sign-in with the password brings a new cookie, which is no new bucket
	for range 3 {
		if a := again.types(again.asked("prompt", "login"), "000000"); a.Status != 429 {
			t.Errorf("another browser of the same address: %d", a.Status)
		}
	}
	if !strings.Contains(log.String(), `"factor_throttled"`) || strings.Contains(log.String(), "000000") {
		t.Errorf("the log has %s", log.String())
	}
	if a := owner.types(owner.asked("prompt", "login"), codeOf(secret, r.Now())); a.Query("code") == "" {
		t.Errorf("the owner, at a browser that has proven it before: %d %s", a.Status, a.Location())
	}
	elsewhere := r.browser()
	if a := elsewhere.types(elsewhere.asked(), recovery[0]); a.Query("code") == "" {
		t.Errorf("the owner, with a recovery code: %d %s", a.Status, a.Location())
	}
	r.Later(30 * time.Minute)
	if got := wrong(thief, thief.asked("prompt", "login")); got != "wrong_code" {
		t.Errorf("half an hour later: %s", got)
	}
}

func TestGuessesAllAtOnceAreCountedBeforeTheyFail(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	r.browser().enrols(t)
	b := r.browser()
	page := b.asked()
	var wait sync.WaitGroup
	var lock sync.Mutex
	looked := 0
	for i := range 50 {
		wait.Go(func() {
			a := b.types(page, fmt.Sprintf("%06d", i))
			lock.Lock()
			defer lock.Unlock()
			if a.Status == 303 {
				looked++
			}
		})
	}
	if wait.Wait(); looked > 5*Replicas() {
		t.Errorf("%d of 50 guesses at once were looked at", looked)
	}
}

func TestCodesAreGoodAtEveryReplicaAndUnderTheNextEncryptionKey(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	secret, recovery := r.browser().enrols(t)
	first := r.Issuer
	r.Seals = append([][32]byte{{7}}, r.Seals...)
	second := httptest.NewUnstartedServer(nil)
	r.Serve(second, authn.NewPasswords(2, 64))
	r.Later(time.Minute)
	b := r.browser()
	b.Issuer = first
	page := b.asked()
	if a := b.types(page, codeOf(secret, r.Now())); a.Query("code") == "" {
		t.Fatalf("%s", a.Location())
	}
	b.Issuer = "http://" + second.Listener.Addr().String()
	other := r.browser()
	other.Issuer = b.Issuer
	page = other.asked()
	if a := other.types(page, codeOf(secret, r.Now())); other.errorOn(a.Header.Get("Location")) != "wrong_code" {
		t.Errorf("spent at one replica, good at another: %s", a.Location())
	}
	if err := r.Provider.ResealTOTP(t.Context()); err != nil {
		t.Fatal(err)
	}

	r.Seals = r.Seals[:1] // the old key is gone
	third := httptest.NewUnstartedServer(nil)
	r.Exec(`DELETE FROM signing_keys`)
	r.Serve(third, authn.NewPasswords(2, 64))
	r.Later(time.Minute)
	last := r.browser()
	last.Issuer = "http://" + third.Listener.Addr().String()
	if a := last.types(last.asked(), codeOf(secret, r.Now())); a.Query("code") == "" {
		t.Errorf("after the rotation: %s", a.Location())
	}
	r.Exec(`UPDATE totp_secrets SET secret = secret || '\x00'`)
	page = last.asked("prompt", "login")
	if a := last.types(page, codeOf(secret, r.Now())); last.errorOn(a.Header.Get("Location")) != "totp_unreadable" {
		t.Errorf("a secret that cannot be opened: %s", a.Location())
	}
	if a := last.types(page, recovery[2]); a.Query("code") == "" {
		t.Errorf("a recovery code: %s", a.Location())
	}
}
