package authn

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// RFC 6238 appendix B has eight digits for SHA-1; six are the last six.
func TestOneTimeCodesAreThoseOfRFC6238(t *testing.T) {
	t.Parallel()
	secret := TOTP("12345678901234567890")
	if got := secret.String(); got != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
		t.Errorf("in base32 %s", got)
	}
	for seconds, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924",
		2000000000: "279037", 20000000000: "353130"} {
		now := time.Unix(seconds, 0)
		for _, typed := range []string{code, code[:3] + " " + code[3:], " " + code + "\n", code[:3] + "-" + code[3:]} {
			if step, far, ok := secret.Check(typed, now); !ok || far != 0 || step != seconds/30 {
				t.Errorf("%q at %d: step %d, %d away, %v", typed, seconds, step, far, ok)
			}
		}
		for _, typed := range []string{"", code[:5], code + "0", "x" + code[1:], "٠" + code[1:], strings.Repeat(" ", 100) + code} {
			if _, _, ok := secret.Check(typed, now); ok {
				t.Errorf("%q is right", typed)
			}
		}
	}
}

func TestACodeOfAFarStepIsToldByItsDistance(t *testing.T) {
	t.Parallel()
	secret, now := TOTP("12345678901234567890"), time.Unix(1111111111, 0)
	for steps, want := range map[int]struct {
		far int
		ok  bool
	}{0: {0, true}, 1: {0, true}, -1: {0, true}, 2: {2, true}, -2: {-2, true}, 20: {20, true}, -20: {-20, true},
		21: {0, false}, -21: {0, false}} {
		code := secret.at(now.Unix()/30 + int64(steps))
		step, far, ok := secret.Check(code, now)
		if ok != want.ok || far != want.far || ok && step != now.Unix()/30+int64(steps) {
			t.Errorf("%d steps: step %d, %d away, %v", steps, step, far, ok)
		}
	}
}

func TestTheAddressOfAnAppSaysWhoseCodesTheyAre(t *testing.T) {
	t.Parallel()
	got := TOTP("12345678901234567890").URI("Universität: Rechner & mehr", "alice@example.org")
	const want = "otpauth://totp/Universit%C3%A4t%20%20Rechner%20%26%20mehr:alice%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" +
		"&issuer=Universit%C3%A4t%20%20Rechner%20%26%20mehr"
	if got != want {
		t.Errorf("%s\n%s", got, want)
	}
	if a, b := NewTOTP(), NewTOTP(); len(a) != 20 || a.String() == b.String() {
		t.Error("secrets are not 160 random bits")
	}
}

func TestRecoveryCodesHave50BitsAndAreForgivingToType(t *testing.T) {
	t.Parallel()
	source := rand.NewChaCha8([32]byte{1})
	seen := map[rune]bool{}
	for range 1000 {
		var random [32]byte
		_, _ = source.Read(random[:])
		code := RecoveryCode(random)
		if len(code) != 11 || code[5] != '-' || strings.ContainsAny(code, "01lo") || IsOneTimeCode(code) {
			t.Fatal(code)
		}
		for _, r := range code {
			seen[r] = true
		}
	}
	if len(seen) != 33 {
		t.Errorf("%d characters, want 32 and the dash", len(seen))
	}
	digest, ok := RecoveryDigest("ab2de-fghij", "a user")
	if !ok {
		t.Fatal("it cannot be read")
	}
	for _, typed := range []string{"AB2DE-FGHIJ", "ab2defghij", " ab2de fghij ", "ab2de – fghij", "ab2de\tfghij\n",
		"ab2de-fghlj", "ab2de-fgh1j"} {
		if got, ok := RecoveryDigest(typed, "a user"); !ok || got != digest {
			t.Errorf("%q is another code", typed)
		}
	}
	for _, typed := range []string{"", "ab2de-fghi", "ab2de-fghijk", "ab2de-fghi0", "123456", "ab2de/fghij",
		strings.Repeat("-", 100) + "ab2defghij"} {
		if _, ok := RecoveryDigest(typed, "a user"); ok {
			t.Errorf("%q can be one", typed)
		}
	}
	if other, _ := RecoveryDigest("ab2de-fghij", "another user"); other == digest {
		t.Error("two people with one code have one digest")
	}
}

// A right code is one of three in a million; see CodeBuckets.
func TestOneTimeCodesCannotBeGuessedInYears(t *testing.T) {
	t.Parallel()
	for kind, perDay := range map[Kind]int{ByCodePair: 48, ByCode: 144, ByCodeDevice: 96} {
		s, now, attempts := State{Bucket: Bucket(kind) << digestBits, UpdatedAt: noon}, noon, 0
		for ; now.Before(noon.AddDate(0, 0, 10)); now = now.Add(time.Minute) {
			wait := Wait([]State{s}, now)
			if wait > 30*time.Minute {
				t.Fatalf("kind %d: %v to wait", kind, wait)
			}
			if wait == 0 {
				s.Failures, s.UpdatedAt = afterFailure(s, now), now
				attempts++
			}
		}
		burst := int(s.Bucket.Limits().Burst)
		if attempts < perDay*9 || attempts > perDay*10+burst {
			t.Errorf("kind %d: %d guesses in ten days, want %d and then %d a day", kind, attempts, burst, perDay)
		}
		if years := 1_000_000 / 3 / float64(perDay) / 365; years < 6 {
			t.Errorf("kind %d: guessed in %.1f years", kind, years)
		}
	}
}

func TestAKnownBrowserHasABucketOfItsOwnForCodes(t *testing.T) {
	t.Parallel()
	key := [32]byte{1}
	flood := CodeBuckets(key, "alice", home, "")
	if len(flood) != 2 || flood[0].Kind() != ByCodePair || flood[1].Kind() != ByCode {
		t.Errorf("%v", flood)
	}
	if own := CodeBuckets(key, "alice", home, "a device"); len(own) != 1 || own[0].Kind() != ByCodeDevice {
		t.Errorf("%v", own)
	}
	elsewhere := RecoveryCodeBuckets(key, "alice", home, "")
	if own := RecoveryCodeBuckets(key, "alice", home.Next(), ""); len(own) != 1 || own[0] == elsewhere[0] {
		t.Errorf("whoever guesses recovery codes elsewhere is in the way: %v", own)
	}
	if got := AfterSuccess(flood); len(got) != 1 || got[0] != flood[0] {
		t.Errorf("a success empties %v, and with the account's bucket whoever guesses could start again", got)
	}
}
