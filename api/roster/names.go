package roster

import (
	"regexp"
	"strings"
)

// The rules that usernames may follow (set_username_rule in the migration).
const (
	Unix  = "unix"
	Email = "email"
	Open  = "open"
)

// letters are those that no accent is taken from, in the letters that are read for them.
var letters = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i", "ħ", "h")

var unfit = regexp.MustCompile(`[^a-z0-9_.-]+`)

// Suggest returns what a person is called under a rule: what the roster says, else the first part of the address, else the name; mended
// where it does not fit, the same way each time. It is empty where nothing is left to make a name of.
func Suggest(p Person, rule string) string {
	for _, from := range []string{p.Username, p.Email, given(p)} {
		if fit := Fit(from, rule); fit != "" {
			return fit
		}
	}
	return ""
}

// given returns the name as it stands in many addresses.
func given(p Person) string {
	if p.GivenName != "" && p.FamilyName != "" {
		return p.GivenName + "." + p.FamilyName
	}
	return p.Name
}

// Fit returns a username that follows a rule: under unix without accents, with what is before the @ of an address, with a point for
// what does not fit, and a u before a digit.
func Fit(from, rule string) string {
	from = strings.ToLower(strings.TrimSpace(from))
	switch {
	case rule == Open && len([]rune(from)) <= 255, rule == Email && addresses.MatchString(from) && len(from) <= 254:
		return from
	}
	from, _, _ = strings.Cut(from, "@")
	from = strings.Trim(unfit.ReplaceAllString(withoutMarks(letters.Replace(from)), "."), ".-")
	if from != "" && from[0] >= '0' && from[0] <= '9' {
		from = "u" + from
	}
	if len(from) > maxUnix {
		from = strings.TrimRight(from[:maxUnix], ".-")
	}
	return from
}

const maxUnix = 32

var addresses = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)
