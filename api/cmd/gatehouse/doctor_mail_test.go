package main

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/api/apitest"
)

func TestDoctorSaysWhichLineOfMailToMend(t *testing.T) {
	t.Parallel()
	server := apitest.StartSMTP(t)
	key := "GATEHOUSE_ENCRYPTION_KEY=" + strings.Repeat("0f", 32)
	common := []string{"GATEHOUSE_ISSUER=http://localhost:1", "GATEHOUSE_UI_ORIGIN=http://localhost:1", key}
	s := newShell(t, common...)
	line := func(args ...string) (found string) {
		t.Helper()
		_, stdout, stderr := s.run("", append([]string{"doctor"}, args...)...)
		for text := range strings.Lines(stdout) {
			if strings.Contains(text, " mail ") {
				found += strings.TrimSpace(text)
			}
		}
		if found == "" {
			t.Fatalf("nothing about mail in\n%s%s", stdout, stderr)
		}
		return found
	}
	if got := line(); got != "ok   mail     none is sent: GATEHOUSE_SMTP_URL is not set" {
		t.Error(got)
	}
	const unset = "fail mail     GATEHOUSE_SMTP_URL is not set: set it to the server that mail leaves by (docs/mail.md)"
	if got := line("--mail", "ada@example.org"); got != unset {
		t.Error(got)
	}
	url := fmt.Sprintf("GATEHOUSE_SMTP_URL=smtp://127.0.0.1:%d", server.Port())
	where := fmt.Sprintf("127.0.0.1 port %d (plain)", server.Port())
	s.env = append(s.env, url, "GATEHOUSE_MAIL_FROM=no-reply@example.org")
	if got := line(); got != "ok   mail     "+where+" takes mail of ours" || len(server.Mails()) != 0 {
		t.Error(got)
	}
	if got := line("--mail", "ada@example.org"); !strings.HasPrefix(got, "ok   mail     "+where+" took a test mail to ada@example.org") ||
		len(server.Mails()) != 1 || server.Mails()[0].Subject != "Test mail of Gatehouse" {
		t.Errorf("%s; %v", got, server.Mails())
	}
	for _, c := range []struct{ command, answer, want string }{
		{"MAIL", "553 not your address", "sender: 553 not your address: set GATEHOUSE_MAIL_FROM to an address for which this user may send"},
		{"RCPT", "550 no such person", "recipient: 550 no such person: the server does not take this recipient"},
		{".", "554 looks like spam", "end: 554 looks like spam: ask whoever runs the server"},
	} {
		server.Answers(func(command string) string {
			if strings.HasPrefix(command, c.command) {
				return c.answer
			}
			return ""
		})
		if got := line("--mail", "ada@example.org"); !strings.HasPrefix(got, "fail mail     "+where+": "+c.want) {
			t.Errorf("%s: %s", c.command, got)
		}
	}
	s.env = append(s.env, "GATEHOUSE_MAIL_TEMPLATES=/nowhere")
	if got := line(); !strings.HasPrefix(got, "fail mail     GATEHOUSE_MAIL_TEMPLATES cannot be read") {
		t.Error(got)
	}
}
