package provider_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// codeOf is the one-time code of a secret in base32 at a time (RFC 6238), apart from the code that is tested.
func codeOf(secret string, at time.Time) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// account opens the account page of alice, who is asked for her password, and returns its address.
func (b *browser) account() string {
	a := b.Do("GET", "/account", nil)
	if a.Location().Path == "/login" {
		a = b.Login(a.Location(), "alice", Password)
	}
	return a.Header.Get("Location")
}

// enrols sets up one-time codes for alice at the browser, and returns the secret and the recovery codes.
func (b *browser) enrols(t *testing.T) (secret string, recovery []string) {
	t.Helper()
	page := b.post("/account/totp", b.account(), "add", "totp").Header.Get("Location")
	view := b.Interaction(page)
	secret = Str(view["secret"])
	if view["page"] != "totp" || secret == "" {
		t.Fatalf("no page with a secret: %v", view)
	}
	a := b.post("/factor/totp", page, "code", codeOf(secret, b.rig.Now()))
	view = b.Interaction(a.Header.Get("Location"))
	for _, code := range list(view["codes"]) {
		recovery = append(recovery, Str(code))
	}
	if len(recovery) != 10 {
		t.Fatalf("%d %v", a.Status, view)
	}
	return secret, recovery
}

func list(v any) []any { l, _ := v.([]any); return l }

// asked signs alice in with her password at a request, and returns the address of the page that follows.
func (b *browser) asked(changes ...string) string {
	return b.Login(b.Authorize(AuthParams(changes...)).Location(), "alice", Password).Header.Get("Location")
}

// cancels presses Cancel on the page at location.
func (b *browser) cancels(t *testing.T, path, location string) {
	t.Helper()
	if a := b.post(path, location, "cancel", "yes"); a.Query("error") != "access_denied" {
		t.Errorf("cancelled: %s", a.Location())
	}
}

// types sends a code from the page factor.
func (b *browser) types(location, code string) Answer {
	return b.post("/factor", location, "code", code)
}

func TestACodeIsAskedForAfterThePasswordAndGoodOnce(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	first := r.browser()
	secret, _ := first.enrols(t)
	if code := first.Authorize(AuthParams()).Query("code"); code == "" {
		t.Error("the code that set them up does not count for the session")
	}

	b := r.browser()
	page := b.asked()
	view := b.Interaction(page)
	if view["page"] != "factor" || view["method"] != "totp" || fmt.Sprint(view["ways"]) != "[totp recovery_code]" || view["cancel"] != true {
		t.Fatalf("%v", view)
	}
	if a := b.Authorize(AuthParams()); a.Location().Path != "/factor" {
		t.Errorf("without the code another request gets %s", a.Location())
	}
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "login_required" {
		t.Errorf("prompt=none: %s", a.Location())
	}
	if got := b.account(); MustParse(got).Path != "/factor" {
		t.Errorf("the account page: %s", got)
	}
	if a := b.types(page, codeOf(secret, r.Now())); b.errorOn(a.Header.Get("Location")) != "wrong_code" {
		t.Errorf("the code that set them up is good again: %d %s", a.Status, a.Location())
	}
	r.Later(30 * time.Second)
	code := codeOf(secret, r.Now())
	a := b.types(page, code[:3]+" "+code[3:])
	if a.Query("code") == "" || a.Query("state") == "" {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	tokens := b.Token(Redeem(a.Query("code"))).JSON()
	if claims := Claims(Str(tokens["id_token"])); fmt.Sprint(claims["amr"]) != "[pwd otp mfa]" || claims["acr"] != "mfa" {
		t.Errorf("amr %v, acr %v", claims["amr"], claims["acr"])
	}
	other := r.browser()
	page = other.asked()
	if a := other.types(page, code); other.errorOn(a.Header.Get("Location")) != "wrong_code" {
		t.Errorf("replayed elsewhere: %d %s", a.Status, a.Location())
	}
	if a := other.types(page, codeOf(secret, r.Now().Add(30*time.Second))); a.Query("code") == "" {
		t.Errorf("the next one, half a minute early: %s", a.Location())
	}
	if a := other.Authorize(AuthParams()); a.Query("code") == "" {
		t.Errorf("single sign-on asks again: %s", a.Location())
	}
}

func TestWhatIsNoCodeOfTheirsHasItsSentence(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	secret, _ := r.browser().enrols(t)
	r.Later(time.Hour)
	for _, test := range []struct{ name, code, want string }{
		{"nothing", "", "wrong_code"},
		{"letters", "hello", "wrong_code"},
		{"too long", strings.Repeat("1", 5000), "wrong_code"},
		{"a clock that is five minutes slow", codeOf(secret, r.Now().Add(-5*time.Minute)), "clock_off"},
		{"a code that is yet to come tells whoever guesses nothing", codeOf(secret, r.Now().Add(5*time.Minute)), "wrong_code"},
		{"half an hour off", codeOf(secret, r.Now().Add(-30*time.Minute)), "wrong_code"},
		{"a recovery code of nobody", "abcde-fghij", "wrong_recovery_code"},
	} {
		b := r.browser()
		if a := b.types(b.asked(), test.code); a.Status != 303 || b.errorOn(a.Header.Get("Location")) != test.want {
			t.Errorf("%s: %d %s, want %s", test.name, a.Status, b.errorOn(a.Header.Get("Location")), test.want)
		}
		r.Exec(`DELETE FROM login_throttle`)
	}
	r.Exec(`UPDATE recovery_codes SET spent_at = now()`)
	if b := r.browser(); b.errorOn(b.types(b.asked(), "abcde-fghij").Header.Get("Location")) != "wrong_code" {
		t.Error("what looks like a recovery code is one to somebody who has none left")
	}
	if n := r.Count(`SELECT count(*) FROM sessions WHERE 'otp' = ANY (amr)`); n != 1 {
		t.Errorf("%d sessions have proven it", n)
	}
}

func TestTheFactorPageIsForItsBrowserItsSessionAndItsPerson(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	secret, _ := r.browser().enrols(t)
	r.Later(time.Minute)
	code := codeOf(secret, r.Now())
	b := r.browser()
	page := b.asked()
	if a := r.browser().types(page, code); a.Status != 400 {
		t.Errorf("another browser: %d", a.Status)
	}
	form := url.Values{"request": {MustParse(page).Query().Get("request")}, "code": {code}}
	if a := b.Do("POST", "/factor", form, "Origin", "https://evil.example"); a.Status != 403 {
		t.Errorf("another site: %d", a.Status)
	}
	if a := b.post("/login", page, "username", "alice", "password", Password); a.Status != 400 {
		t.Errorf("the request of this page at another: %d", a.Status)
	}
	if a := b.post("/factor", page, "code", code, "code", code); a.Status != 400 {
		t.Errorf("two codes: %d", a.Status)
	}
	if a := b.post("/factor", page, "method", "passkey"); a.Status != 400 {
		t.Errorf("a way that there is not: %d", a.Status)
	}
	other := b.post("/factor", page, "method", "recovery_code").Header.Get("Location")
	if view := b.Interaction(other); view["method"] != "recovery_code" {
		t.Errorf("another way: %v", view)
	}
	b.cancels(t, "/factor", page)
	other = b.post("/factor", page, "account", "other").Header.Get("Location")
	if view := b.Interaction(other); view["page"] != "login" || view["username"] != nil {
		t.Errorf("another account: %v", view)
	}

	b.asked("prompt", "login") // again, in another tab: the session of the first page is replaced
	if a := b.types(page, code); a.Location().Path != "/login" || b.Interaction(a.Header.Get("Location"))["done"] != "sign_in_ended" {
		t.Errorf("its session has ended: %s", a.Location())
	}
	if n := r.Count(`SELECT count(*) FROM totp_secrets WHERE used_at IS NOT NULL`); n != 0 {
		t.Error("a code was spent")
	}
}

// race has n browsers, which have all signed in, send a form at once, and returns how many were let through.
func race(r *rig, n int, code string) (won int) {
	var wait sync.WaitGroup
	var lock sync.Mutex
	for range n {
		b := r.browser()
		page := b.asked()
		wait.Go(func() {
			for range 50 { // 503 is for another try
				r.Exec(`DELETE FROM login_throttle`)
				a := b.types(page, code)
				if a.Status == 503 || a.Status == 429 {
					time.Sleep(20 * time.Millisecond)
					continue
				}
				lock.Lock()
				defer lock.Unlock()
				if a.Query("code") != "" {
					won++
				}
				return
			}
		})
	}
	wait.Wait()
	return won
}

func TestOfManyWhoTypeACodeAtOnceOneWins(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock()
	secret, recovery := r.browser().enrols(t)
	r.Later(time.Minute)
	if won := race(r, 50, codeOf(secret, r.Now())); won != 1 {
		t.Errorf("a one-time code let %d through", won)
	}
	if won := race(r, 50, strings.ToUpper(recovery[3])); won != 1 {
		t.Errorf("a recovery code let %d through", won)
	}
	if n := r.Count(`SELECT count(*) FROM recovery_codes WHERE spent_at IS NOT NULL`); n != 1 {
		t.Errorf("%d recovery codes are spent", n)
	}
}

// Somebody who knows the password opened the account page before its owner set up codes: its forms are good for nothing any more.
func TestAnAccountPageThatWasOpenedBeforeAFactorWasSetUpAsksForIt(t *testing.T) {
	t.Parallel()
	r := start(t)
	thief, owner := r.browser(), r.browser()
	page := thief.account()
	owner.enrols(t)
	for path, form := range map[string][]string{
		"/account/tokens":        {"name", "mine", "scope", "openid", "days", "30"},
		"/account/tokens/revoke": {"revoke", "1"},
		"/account/passkeys":      {"credential", "{}"},
		"/account/totp":          {"remove", "totp"},
		"/account/linked":        {"unlink", "google"},
		"/account/profile":       {"name", "mine"},
		"/account/data":          {},

		"/account/consents/withdraw": {"withdraw", "spa"},
	} {
		if a := thief.post(path, page, form...); a.Location().Path != "/factor" {
			t.Errorf("%s: %d %s", path, a.Status, a.Location())
		}
	}
	r.Exec(`DELETE FROM totp_secrets`)
	r.Exec(`UPDATE groups SET mfa = true`)
	r.WaitForNotify()
	if a := thief.post("/account/tokens", page, "name", "mine", "scope", "openid", "days", "30"); a.Location().Path != "/add-factor" {
		t.Errorf("a group asks for a factor: %d %s", a.Status, a.Location())
	}
}
