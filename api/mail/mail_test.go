package mail

import (
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

func TestAnAddressIsTakenAsSMTPHasItOrNotAtAll(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ada@example.org":            "ada@example.org",
		"o'brien+x=y@Uni.Example":    "o'brien+x=y@uni.example",
		"ada@bücher.example":         "ada@xn--bcher-kva.example",
		"jörg@example.org":           "jörg@example.org",
		"{a}|b~!#$%&*/?^`@x.example": "{a}|b~!#$%&*/?^`@x.example",

		"":                                     "",
		"ada":                                  "",
		"a>b@example.org":                      "",
		"<ada@example.org>":                    "",
		`"a\"b"@example.org`:                   "",
		"Ada <ada@example.org>":                "",
		"ada@example.org,eve@example.org":      "",
		"ada@example.org\r\nRCPT TO:<e@x.y>":   "",
		"ada@[127.0.0.1]":                      "",
		"ada@exa_mple..org":                    "",
		"a\u202eda@example.org":                "",
		strings.Repeat("a", 65) + "@x.example": "",
	} {
		got, err := Address(text)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

// What a person can write of themselves neither ends a header nor begins one, nor turns the text around.
func TestValuesCannotChangeWhatAMailIs(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "en/test.txt", "Subject: For {{.Name}} of {{.Place}}\n\nHello {{.Name}}.\n.\nBye\n")
	templates, err := LoadTemplates(folder, map[string]string{"Place": "Here"})
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("ä", 900)
	for name, want := range map[string]string{
		"Ada":                           "Ada",
		"Ada\r\nBcc: eve@example.org":   "Ada  Bcc: eve@example.org",
		"Ada\n\n<script>":               "Ada  <script>",
		"Ada \u202egro.elpmaxe \u2028x": "Ada  gro.elpmaxe  x",
		"{{.Place}}":                    "{{.Place}}",
		"\xff\xfe":                      "",
		long:                            strings.Repeat("ä", 500),
		"=?utf-8?q?Bcc=3A?= Łukasz 李 \u0000\u007f": "=?utf-8?q?Bcc=3A?= Łukasz 李",
	} {
		subject, text, err := templates.Fill("test", map[string]string{"Name": name}, "tlh", "en-GB")
		if err != nil {
			t.Fatal(err)
		}
		s := NewServer(oidc.MailSettings{From: "Ünï <no-reply@example.org>"})
		content, sender, recipient, err := s.compose(Message{ID: "1", To: "ada@bücher.example", Subject: subject, Text: text, Date: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		m, err := netmail.ReadMessage(strings.NewReader(string(content)))
		if err != nil {
			t.Fatal(err)
		}
		if subject != "For "+want+" of Here" || m.Header.Get("Bcc") != "" || len(m.Header["To"]) != 1 ||
			sender != "no-reply@example.org" || recipient != "ada@xn--bcher-kva.example" || m.Header.Get("Message-Id") != "<1@example.org>" {
			t.Errorf("%q: %q in\n%s", name, subject, content)
		}
		for line := range strings.SplitSeq(string(content), "\r\n") {
			if len(line) > 998 || strings.Contains(line, "\n") { // RFC 5322 §2.1.1
				t.Errorf("a line of %d bytes: %q", len(line), line)
			}
		}
	}
}

func TestTemplatesAreThereInThreeLanguagesAndThoseOfAnOperatorReplaceThem(t *testing.T) {
	t.Parallel()
	own, err := LoadTemplates("", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"en", "de", "fr"} {
		for _, name := range Names() {
			if own.byLanguage[language][name] == nil {
				t.Errorf("templates/%s/%s.txt is missing", language, name)
			}
		}
	}
	for content, want := range map[string]string{
		"Hello":                             "must begin with a line",
		"Subject: a\nBcc: eve@x.y\n\nHello": "must begin with a line",
		"Subject: {{.Nane}}\n\nHello":       "Nane",
		"Subject: {{\n\nHello":              "not defined",
		"Subject: a\n\n" + strings.Repeat("x", maxTemplate): "more than",
	} {
		folder := t.TempDir()
		write(t, folder, "en/test.txt", content)
		if _, err := LoadTemplates(folder, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v", content, err)
		}
	}
	folder := t.TempDir()
	write(t, folder, "sv/test.txt", "Subject: Prov\n\nHej {{.Name}}\n")
	write(t, folder, "en/unknown.txt", "Subject: x\n\ny")
	if _, err := LoadTemplates(folder, nil); err == nil || !strings.Contains(err.Error(), "en/unknown.txt") {
		t.Errorf("%v", err)
	}
	_, err = LoadTemplates(filepath.Join(folder, "nowhere"), nil)
	if err == nil || !strings.Contains(err.Error(), "GATEHOUSE_MAIL_TEMPLATES") {
		t.Errorf("%v", err)
	}
}

func write(t *testing.T, folder, name, content string) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Each way in which a server is not the one that was meant has its step, so that doctor can say which line to mend.
func TestAFailureNamesItsStep(t *testing.T) {
	t.Parallel()
	// The certificate of httptest is good for example.com and 127.0.0.1.
	trusted := httptest.NewUnstartedServer(nil)
	trusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	trusted.StartTLS()
	defer trusted.Close()
	roots := x509.NewCertPool()
	roots.AddCert(trusted.Certificate())
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	port := func(a net.Addr) int { return a.(*net.TCPAddr).Port }
	plain := speak(t, "220 x\r\n", "250-x\r\n250 AUTH GSSAPI\r\n")
	for _, c := range []struct {
		settings oidc.MailSettings
		roots    *x509.CertPool
		want     Step
	}{
		{oidc.MailSettings{Host: "no-such-host.invalid", Port: 25, TLS: oidc.MailPlain}, nil, AtName},
		{oidc.MailSettings{Host: "127.0.0.1", Port: port(closed.Addr()), TLS: oidc.MailPlain}, nil, AtConnection},
		{oidc.MailSettings{Host: "127.0.0.1", Port: port(trusted.Listener.Addr()), TLS: oidc.MailTLS}, nil, AtCertificate},
		{oidc.MailSettings{Host: "localhost", Port: port(trusted.Listener.Addr()), TLS: oidc.MailTLS}, roots, AtCertificate},
		{oidc.MailSettings{Host: "127.0.0.1", Port: plain, TLS: oidc.MailSTARTTLS}, nil, AtTLS},
		{oidc.MailSettings{Host: "127.0.0.1", Port: plain, TLS: oidc.MailTLS}, nil, AtTLS},
		{oidc.MailSettings{Host: "127.0.0.1", Port: speak(t, "554 go away\r\n"), TLS: oidc.MailPlain}, nil, AtGreeting},
		{oidc.MailSettings{Host: "127.0.0.1", Port: plain, TLS: oidc.MailPlain, Username: "u", Password: "p"}, nil, AtLogin},
	} {
		s := NewServer(c.settings)
		s.roots = c.roots
		var f Failure
		if err := s.Check(t.Context()); !errors.As(err, &f) || f.Step != c.want || f.Advice() == "" {
			t.Errorf("%+v: %v, want %s", c.settings, err, c.want)
		}
	}
}

// A server that never ends its reply, or whoever answers in its place before TLS begins, does not fill the memory.
func TestAReplyWithoutAnEndIsCutShort(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		lines []string
		want  Step
	}{
		"lines of a greeting":         {[]string{strings.Repeat("220-x\r\n", maxReply/7+1)}, AtGreeting},
		"one line":                    {[]string{"220 " + strings.Repeat("x", maxReply)}, AtGreeting},
		"lines about what is offered": {[]string{"220 x\r\n", strings.Repeat("250-x\r\n", maxReply/7+1)}, AtGreeting},
		"a greeting that is long, and an offer that is": {[]string{strings.Repeat("220-x\r\n", maxReply/10) + "220 x\r\n",
			strings.Repeat("250-x\r\n", maxReply/10) + "250 AUTH GSSAPI\r\n"}, AtLogin},
	} {
		err := NewServer(oidc.MailSettings{Host: "127.0.0.1", Port: speak(t, c.lines...), TLS: oidc.MailPlain, Username: "u", Password: "p"}).
			Check(t.Context())
		var f Failure
		if !errors.As(err, &f) || f.Step != c.want || strings.Contains(err.Error(), "says more than") != (c.want == AtGreeting) {
			t.Errorf("%s: %.200v", what, err)
		}
	}
}

// speak starts a server that says its lines, one to each that it hears, the first to whoever comes.
func speak(t *testing.T, lines ...string) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				heard := make([]byte, 4096)
				for _, line := range lines {
					_, _ = c.Write([]byte(line))
					if _, err := c.Read(heard); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}
