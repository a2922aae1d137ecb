package authn

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/frequency"
)

// MinPassword is how many characters a password has at least, whatever an operator says (NIST SP 800-63B §5.1.1.2).
const MinPassword = 8

// BadPassword is why a new password is refused: a code for pages, and a sentence for whoever chose it.
type BadPassword struct {
	Code string // password_too_short, password_too_long, password_unreadable, password_is_name or password_common
	why  string
}

func (e BadPassword) Error() string { return e.why }

// NewPassword is a password that somebody wants to have.
type NewPassword struct {
	Password string
	Username string
	Email    string
	Min      int // characters; MinPassword if that is more
}

// Check returns a BadPassword if the user may not have the password, else nil. Whatever sets a password calls it first. The rules are
// those of NIST SP 800-63B §5.1.1.2: a least length, and none of the passwords that attackers try first. It requires no digits or
// signs: they make passwords worse.
func (n NewPassword) Check() error {
	least := max(n.Min, MinPassword)
	switch {
	case len(n.Password) > MaxPassword:
		return BadPassword{"password_too_long", "the password must have at most 1,024 bytes"}
	case !utf8.ValidString(n.Password):
		return BadPassword{"password_unreadable", "the password is not UTF-8 text"}
	case strings.ContainsFunc(n.Password, unicode.IsControl):
		return BadPassword{"password_unreadable", "the password has a control character, which cannot be typed into a login form"}
	case utf8.RuneCountInString(n.Password) < least:
		return BadPassword{"password_too_short", fmt.Sprintf("the password must have at least %d characters", least)}
	case n.isName():
		return BadPassword{"password_is_name", "the password must be neither the username nor the e-mail address"}
	case n.isCommon():
		return BadPassword{"password_common", "the password is among those that attackers try first"}
	}
	return nil
}

// isName: whoever knows a name, or an address in part, tries it first.
func (n NewPassword) isName() bool {
	local, _, _ := strings.Cut(n.Email, "@")
	for _, name := range []string{n.Username, n.Email, local} {
		if name != "" && strings.EqualFold(strings.TrimSpace(n.Password), name) {
			return true
		}
	}
	return false
}

// isCommon reports whether the password, or what is left of it without the digits and signs around it, is in lists of leaked ones or
// is a name that is known here; or whether it only repeats or counts.
func (n NewPassword) isCommon() bool {
	lower := strings.ToLower(n.Password)
	core := strings.TrimFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) })
	local, _, _ := strings.Cut(strings.ToLower(n.Email), "@")
	for _, word := range []string{lower, core, unleet(lower), unleet(core)} {
		if leaked()[word] || word == strings.ToLower(n.Username) || word == local && local != "" || slices.Contains(ofThisPlace, word) {
			return true
		}
	}
	return repeats(lower) || counts(lower)
}

// ofThisPlace are the names in front of the form.
var ofThisPlace = []string{"gatehouse", "jupyter", "jupyterhub", "jupyterlab", "notebook", "passwort", "administrator"}

// Leaked returns the passwords of published leaks, in lower case.
func Leaked() map[string]bool { return leaked() }

var leaked = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for _, word := range frequency.FrequencyLists["passwords"] {
		words[word] = true
	}
	return words
})

// unleet undoes the signs that people write for letters.
var unleet = strings.NewReplacer("@", "a", "4", "a", "0", "o", "3", "e", "$", "s", "5", "s", "1", "i", "!", "i", "7", "t").Replace

// repeats reports whether a few characters come again and again.
func repeats(text string) bool {
	for unit := 1; unit <= 4; unit++ {
		if len(text) > unit && text[unit:] == text[:len(text)-unit] {
			return true
		}
	}
	return false
}

// counts reports whether each character follows from the one before, as in 23456789 and hgfedcba.
func counts(text string) bool {
	for _, step := range []int{1, -1} {
		follows := true
		for i := 1; i < len(text); i++ {
			follows = follows && int(text[i])-int(text[i-1]) == step
		}
		if follows {
			return true
		}
	}
	return false
}
