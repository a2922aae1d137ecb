package mail

import (
	"bytes"
	"errors"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// Message is a mail to one person.
type Message struct {
	ID      string // the same in each attempt, so that servers and readers know it again
	To      string
	Subject string
	Text    string
	Date    time.Time
}

// compose returns the mail as it is sent, and the addresses of its envelope. A recipient that is no address is a Failure that is final.
func (s *Server) compose(m Message) (content []byte, sender, recipient string, err error) {
	from, err := netmail.ParseAddress(s.settings.From)
	if err != nil {
		return nil, "", "", Failure{Step: AtSender, Err: err}
	}
	if sender, err = Address(from.Address); err != nil {
		return nil, "", "", Failure{Step: AtSender, Err: err}
	}
	if recipient, err = Address(m.To); err != nil {
		return nil, "", "", Failure{AtRecipient, true, err}
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	msg.FromMailAddress(&netmail.Address{Name: line(from.Name), Address: sender})
	msg.ToMailAddress(&netmail.Address{Address: recipient})
	msg.Subject(line(m.Subject))
	_, domain, _ := strings.Cut(sender, "@")
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetDateWithValue(m.Date)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // so that nobody's absence answers it (RFC 3834 §5)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, "", "", Failure{AtContent, true, err}
	}
	return b.Bytes(), sender, recipient, nil
}

var errNoAddress = errors.New("it is no address")

// Address returns an address as SMTP has it: its domain in ASCII (RFC 5891). It must be one without a name, comments or quotes.
func Address(text string) (string, error) {
	parsed, err := netmail.ParseAddress(text)
	if err != nil || parsed.Address != text || parsed.Name != "" || strings.ContainsFunc(text, notInAddress) {
		return "", errNoAddress
	}
	at := strings.LastIndexByte(text, '@')
	domain, err := idna.Lookup.ToASCII(text[at+1:])
	if err != nil || at > 64 || len(domain) > 253 || strings.ContainsAny(domain, "[]:") { // RFC 5321 §4.5.3.1
		return "", errNoAddress
	}
	return text[:at+1] + domain, nil
}

// notInAddress is what has a meaning of its own in a line of SMTP, or cannot be seen.
func notInAddress(r rune) bool {
	return strings.ContainsRune(`<>"\,;:()[]`, r) || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// line returns text as one line, in which nothing controls how it is shown.
func line(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " ")))
}
