package authn

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
)

const (
	totpDigits = 6
	totpPeriod = 30 // seconds of a step

	// totpTolerance is how many steps a code may be early or late: the clocks differ a little, and people type (RFC 6238 §5.2 recommends
	// one).
	totpTolerance = 1
	// totpFar is up to how many steps away a code says that it is the clock: ten minutes.
	totpFar = 20
)

// TOTP is the secret of somebody's one-time codes (RFC 6238), with SHA-1, six digits and steps of 30 seconds: some authenticator apps
// know nothing else, and HMAC needs no hash that is free of collisions.
type TOTP []byte

// NewTOTP returns a random secret of 160 bits (RFC 4226 §4, R6).
func NewTOTP() TOTP {
	t := make(TOTP, 20)
	_, _ = rand.Read(t) // never fails: crypto/rand
	return t
}

// String returns the secret in base32, as people type it into an app.
func (t TOTP) String() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(t)
}

// URI returns what the app reads from the QR code: whose codes they are, at whom.
func (t TOTP) URI(issuer, account string) string {
	issuer = strings.ReplaceAll(issuer, ":", " ") // which separates the two
	// Steps, digits and SHA-1 are what apps take where nothing is said of them; some cannot read an address that says them.
	return "otpauth://totp/" + escape(issuer) + ":" + escape(account) + "?secret=" + t.String() + "&issuer=" + escape(issuer)
}

// escape leaves no sign that a URI has a use for, and no plus, which some apps show.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// at returns the code of a step (RFC 4226 §5.3).
func (t TOTP) at(step int64) string {
	mac := hmac.New(sha1.New, t)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, value%1_000_000)
}

// Check returns the step that a code is of: one that may be spent at now (far 0), or one that is further off, of which far is how many
// steps, below zero for one of the past. ok is false for a code that is of no step within ten minutes. The same work is done for every
// code of six digits, so that the time it takes says nothing.
//
// A code of a far step signs nobody in. Whoever makes the secret right now may be told of any; at a sign-in only of those of the past,
// where the clock of the device is slow. They are never good again, and say nothing about those to come. Of a code that is still to come
// nothing is said: whoever guesses would learn from one guess whether it is among the next twenty, and only had to wait.
func (t TOTP) Check(typed string, now time.Time) (step int64, far int, ok bool) {
	code := digitsOf(typed)
	current := now.Unix() / totpPeriod
	if len(code) != totpDigits {
		return 0, 0, false
	}
	for distance := totpFar; distance >= 0; distance-- { // the nearest is the last to count
		for _, d := range []int{distance, -distance} {
			if subtle.ConstantTimeCompare([]byte(t.at(current+int64(d))), []byte(code)) == 1 {
				step, far, ok = current+int64(d), d, true
			}
		}
	}
	if -totpTolerance <= far && far <= totpTolerance {
		far = 0
	}
	return step, far, ok
}

// IsOneTimeCode reports whether what was typed has the form of a one-time code, which no recovery code has.
func IsOneTimeCode(typed string) bool { return len(digitsOf(typed)) == totpDigits }

// digitsOf leaves out the blanks that apps show in the middle; "" for what is no number.
func digitsOf(typed string) string {
	if len(typed) > 64 {
		return ""
	}
	code := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return r
	}, typed)
	if strings.Trim(code, "0123456789") != "" {
		return ""
	}
	return code
}
