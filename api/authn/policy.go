package authn

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckNewPassword returns why username may not have password, as a sentence for whoever chose it, or nil. Whatever sets a
// password calls it first. The rules are those of NIST SP 800-63B §5.1.1.2: at least 8 characters, and none of the passwords that
// attackers try first. It requires no digits or signs: they make passwords worse.
func CheckNewPassword(password, username string) error {
	switch {
	case len(password) > MaxPassword:
		return errors.New("the password must have at most 1,024 bytes")
	case !utf8.ValidString(password):
		return errors.New("the password is not UTF-8 text")
	case strings.ContainsFunc(password, unicode.IsControl):
		return errors.New("the password has a control character, which cannot be typed into a login form")
	case utf8.RuneCountInString(password) < 8:
		return errors.New("the password must have at least 8 characters")
	case username != "" && strings.EqualFold(password, username):
		return errors.New("the password must not be the username")
	case isCommon(password):
		return errors.New("the password is among those that attackers try first")
	}
	return nil
}

func isCommon(password string) bool {
	lower := strings.ToLower(password)
	return common[lower] || strings.Count(lower, lower[:1]) == len(lower) // aaaaaaaa, 11111111
}

// common has the most frequent passwords of at least 8 characters in published leaks, and the names in front of the form.
var common = func() map[string]bool {
	words := make(map[string]bool)
	for word := range strings.FieldsSeq(`
		00000001 01234567 0123456789 0987654321 11223344 1122334455 12121212 123123123 12341234 12344321 1234567a
		12345678 123456789 1234567890 12345678910 123456789a 123456789q 12345679 1234abcd 123qweasd 123qweasdzxc
		1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 21436587 87654321 88888888 987654321 9876543210
		a1234567 a12345678 a123456789 aa123456 aa12345678 abc12345 abcd1234 abcdefgh abcdefg1 access14 admin123 admin1234
		administrator asdasdasd asdf1234 asdfasdf asdfghjk asdfghjkl asdfjkl; azertyuiop baseball basketball bigdaddy
		butterfly caroline changeme changeme1 charlie1 chocolate computer corvette danielle dragon123 einstein elephant
		football football1 freedom1 gatehouse gatehouse1 gfhjkm123 guinness hello123 iloveyou iloveyou1 internet jennifer
		jessica1 jonathan jordan23 jupyter1 jupyterhub jupyterlab letmein1 letmein123 liverpool liverpool1 lovelove
		maverick melissa1 mercedes michael1 michelle midnight monkey123 mountain mustang1 myspace1 nicholas notebook
		p@ssw0rd p@ssword passw0rd passw0rd1 password password! password1 password1! password12 password123
		password1234 passwort passwort1 pokemon1 princess princess1 q1w2e3r4 q1w2e3r4t5 qazwsx123 qazwsxedc qwer1234 qwerasdf
		qwerqwer qwert123 qwerty12 qwerty123 qwerty1234 qwerty12345 qwertyui qwertyuiop qweasdzxc rockyou1 samantha scorpion
		secret123 security spiderman starwars steelers sunshine sunshine1 superman superman1 test1234 testtest trustno1
		victoria welcome1 welcome123 whatever william1 zaq12wsx zaq1zaq1 zxcvbnm1 zxcvbnm123 zxcvbnm, zzzzzzzz`) {
		words[word] = true
	}
	return words
}()
