package authn

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

var (
	subSyntax     = regexp.MustCompile(`^[ -~]{1,255}$`)                        // OpenID Connect Core §2
	addressSyntax = regexp.MustCompile(`^[^@\s\p{C}\p{Z}]+@[^@\s\p{C}\p{Z}]+$`) // as users.email
	amrSyntax     = regexp.MustCompile(`^[!-~]{1,32}$`)
)

// bounded drops what the tables and the log would not accept. Without a subject it fails.
func (p UpstreamPerson) bounded() (UpstreamPerson, error) {
	if !subSyntax.MatchString(p.Sub) {
		return UpstreamPerson{}, fmt.Errorf("%w: it names no subject (sub) of 1 to 255 ASCII characters", ErrUpstreamFailed)
	}
	if !addressSyntax.MatchString(p.Email) || len(p.Email) > 254 {
		if p.Email != "" {
			p.LeftOut = append(p.LeftOut, "email, which is no address")
		}
		p.Email, p.EmailVerified = "", false
	}
	for _, text := range []*string{&p.Name, &p.GivenName, &p.FamilyName, &p.Username} {
		*text = boundedText(*text)
	}
	return p, nil
}

func boundedText(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > 100 {
		s = string(runes[:100])
	}
	return strings.TrimSpace(s)
}

// boundedAMR returns amr if it follows RFC 8176 §1, and an empty list otherwise.
func boundedAMR(list []any) []string {
	amr := []string{}
	for _, value := range list {
		word, _ := value.(string)
		if !amrSyntax.MatchString(word) || len(list) > 10 {
			return []string{}
		}
		amr = append(amr, word)
	}
	return amr
}

// Label returns the name of the account for whoever is about to connect it. An address is shown only if it is verified, and
// nothing else that looks like one: people would take an account with their own address for theirs, whoever made it.
func (p UpstreamPerson) Label() string {
	if p.EmailVerified {
		return p.Email
	}
	for _, text := range []string{p.Username, p.Name} {
		if text != "" && !strings.ContainsAny(text, "@\uff20\ufe6b") { // nor its wide and small forms
			return text
		}
	}
	return p.Sub[:min(len(p.Sub), 100)]
}
