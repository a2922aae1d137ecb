package apitest

import (
	"bufio"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

// SMTP is a small SMTP server, which answers as a test wants it to.
type SMTP struct {
	listener net.Listener

	mu sync.Mutex
	// Answer returns what is answered to a command, such as "451 later"; "" for what a server says when all is well. The command "." is
	// the end of a mail.
	answer func(command string) string
	mails  []ReceivedMail
}

// ReceivedMail is one that the server took.
type ReceivedMail struct {
	From, To string // of the envelope
	Header   netmail.Header
	Subject  string
	Text     string
	Raw      string
}

// StartSMTP starts a server that runs until the test ends.
func StartSMTP(t interface {
	Helper()
	Fatal(...any)
	Cleanup(func())
}) *SMTP {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &SMTP{listener: listener}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

// Port is that of 127.0.0.1.
func (s *SMTP) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Settings has mail leave by the server.
func (s *SMTP) Settings(settings *provider.Settings) {
	settings.Mail = oidc.MailSettings{Host: "127.0.0.1", Port: s.Port(), TLS: oidc.MailPlain,
		From: "Gatehouse <no-reply@example.org>"}
}

// Answers sets what is answered from now on.
func (s *SMTP) Answers(answer func(command string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// Mails returns what the server took so far.
func (s *SMTP) Mails() []ReceivedMail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]ReceivedMail(nil), s.mails...)
}

// WaitForMail returns the mails to an address when there are n.
func (r *Rig) WaitForMail(s *SMTP, to string, n int) (found []ReceivedMail) {
	r.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		found = nil
		for _, m := range s.Mails() {
			if m.To == to {
				found = append(found, m)
			}
		}
		if len(found) >= n {
			return found
		}
		if time.Now().After(end) {
			r.Fatalf("%d mails to %s, want %d", len(found), to, n)
		}
	}
}

func (s *SMTP) answered(command string) string {
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	if answer != nil {
		return answer(command)
	}
	return ""
}

func (s *SMTP) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	say := func(command, well string) (went bool) {
		text := s.answered(command)
		if text == "" {
			text = well
		}
		_, _ = io.WriteString(c, text+"\r\n")
		return text == well
	}
	say("", "220 mail.example.org ESMTP")
	var m ReceivedMail
	for {
		command, err := in.ReadString('\n')
		if err != nil {
			return
		}
		command = strings.TrimRight(command, "\r\n")
		switch verb, rest, _ := strings.Cut(command, ":"); strings.ToUpper(strings.Fields(verb + " ")[0]) {
		case "EHLO":
			say(command, "250-mail.example.org\r\n250-8BITMIME\r\n250 PIPELINING")
		case "MAIL":
			m = ReceivedMail{From: strings.Trim(strings.Fields(rest)[0], "<>")}
			say(command, "250 ok")
		case "RCPT":
			m.To = strings.Trim(rest, "<>")
			say(command, "250 ok")
		case "DATA":
			if !say(command, "354 go on") {
				continue
			}
			if m.Raw, err = readMail(in); err != nil {
				return
			}
			if say(".", "250 taken") {
				s.take(m)
			}
		case "QUIT":
			say(command, "221 bye")
			return
		default:
			say(command, "250 ok")
		}
	}
}

func readMail(in *bufio.Reader) (raw string, err error) {
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		if text == ".\r\n" {
			return raw, nil
		}
		raw += strings.TrimPrefix(text, ".")
	}
}

func (s *SMTP) take(m ReceivedMail) {
	if parsed, err := netmail.ReadMessage(strings.NewReader(m.Raw)); err == nil {
		m.Header = parsed.Header
		m.Subject, _ = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
		text, _ := io.ReadAll(quotedprintable.NewReader(parsed.Body))
		m.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
}
