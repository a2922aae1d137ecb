package config

import (
	"strings"
	"testing"

	"gatehouse/api/oidc"
)

func TestAMailServerIsAnAddressWithoutAPassword(t *testing.T) {
	from, password := "GATEHOUSE_MAIL_FROM=Ünï <no-reply@example.org>", "GATEHOUSE_SMTP_PASSWORD=hunter2 @:/"
	for url, want := range map[string]oidc.MailSettings{
		"smtp://u%40x@Mail.example.org": {Host: "mail.example.org", Port: 587, TLS: oidc.MailSTARTTLS, Username: "u@x", Password: "hunter2 @:/"},
		"smtps://u@mail.example.org":    {Host: "mail.example.org", Port: 465, TLS: oidc.MailTLS, Username: "u", Password: "hunter2 @:/"},
	} {
		c, err := Load(base("GATEHOUSE_SMTP_URL="+url, from, password))
		want.From = "=?utf-8?q?=C3=9Cn=C3=AF?= <no-reply@example.org>"
		if err != nil || c.Mail != want {
			t.Errorf("%s: %+v, %v", url, c.Mail, err)
		}
	}
	for url, want := range map[string]oidc.MailSettings{
		"smtp://localhost":                  {Host: "localhost", Port: 25, TLS: oidc.MailPlain},
		"smtp://[::1]:2525":                 {Host: "::1", Port: 2525, TLS: oidc.MailPlain},
		"smtp://relay.internal:25":          {Host: "relay.internal", Port: 25, TLS: oidc.MailSTARTTLS},
		"smtp://relay.internal:25?tls=off":  {Host: "relay.internal", Port: 25, TLS: oidc.MailPlain},
		"smtps://relay.internal:2465/":      {Host: "relay.internal", Port: 2465, TLS: oidc.MailTLS},
		"smtp://localhost.example.org:1025": {Host: "localhost.example.org", Port: 1025, TLS: oidc.MailSTARTTLS},
	} {
		c, err := Load(base("GATEHOUSE_SMTP_URL="+url, "GATEHOUSE_MAIL_FROM=no-reply@example.org"))
		want.From = "<no-reply@example.org>"
		if err != nil || c.Mail != want {
			t.Errorf("%s: %+v, %v", url, c.Mail, err)
		}
	}
	for line, want := range map[string]string{
		"GATEHOUSE_SMTP_TOKEN_URL=http://op.example.org/token":     "must be an address such as https://",
		"GATEHOUSE_SMTP_TOKEN_URL=https://u:p@op.example.org/":     "must be an address such as https://",
		"GATEHOUSE_SMTP_URL=mail.example.org":                      "must be an address such as smtp://",
		"GATEHOUSE_SMTP_URL=http://mail.example.org":               "must be an address such as smtp://",
		"GATEHOUSE_SMTP_URL=smtp://u:hunter2@mail.example.org":     "must have no password: that belongs into GATEHOUSE_SMTP_PASSWORD",
		"GATEHOUSE_SMTP_URL=smtp://u@mail.example.org?tls=off":     "must have no user with tls=off",
		"GATEHOUSE_SMTP_URL=smtp://mail.example.org?verify=none":   "must have nothing behind the port",
		"GATEHOUSE_SMTP_URL=smtps://mail.example.org?tls=off":      "must have nothing behind the port",
		"GATEHOUSE_SMTP_URL=smtp://mail.example.org:70000":         "has a port that is none",
		"GATEHOUSE_SMTP_URL=smtp://u@mail.example.org":             "has a user without a password",
		"GATEHOUSE_MAIL_FROM=nobody":                               "must be an address such as no-reply@example.org",
		"GATEHOUSE_MAIL_FROM=a@x.example\x00":                      "must be an address such as no-reply@example.org",
		"GATEHOUSE_SMTP_PASSWORD=hunter2":                          "GATEHOUSE_SMTP_URL has no user",
		"GATEHOUSE_SMTP_PASSWORD=hunter2 GATEHOUSE_SMTP_URL=unset": "GATEHOUSE_SMTP_URL is not set although",
	} {
		lines := []string{"GATEHOUSE_SMTP_URL=smtp://localhost", "GATEHOUSE_MAIL_FROM=no-reply@example.org", line}
		if strings.HasSuffix(line, "=unset") {
			lines = []string{"GATEHOUSE_SMTP_PASSWORD=hunter2"}
		}
		_, err := Load(base(lines...))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// A token is had from an endpoint with all that it takes, or not at all.
func TestATokenForMailTakesItsVariables(t *testing.T) {
	t.Parallel()
	const at, id, secret = "GATEHOUSE_SMTP_TOKEN_URL=https://op.example.org/token", "GATEHOUSE_SMTP_CLIENT_ID=mailer",
		"GATEHOUSE_SMTP_CLIENT_SECRET=hunter2"
	for _, test := range []struct {
		lines []string
		want  string
	}{
		{[]string{at, id, secret, "GATEHOUSE_SMTP_SCOPE=smtp.send"}, ""},
		{[]string{at, id, "GATEHOUSE_SMTP_REFRESH_TOKEN=hunter2"}, ""},
		{[]string{"GATEHOUSE_SMTP_TOKEN_URL=http://localhost:8000/token", id, secret}, ""},
		{[]string{at, secret}, "GATEHOUSE_SMTP_CLIENT_ID is not set although"},
		{[]string{at, id}, "takes GATEHOUSE_SMTP_CLIENT_SECRET, GATEHOUSE_SMTP_REFRESH_TOKEN, or both"},
		{[]string{id, secret}, "GATEHOUSE_SMTP_TOKEN_URL is not set although"},
		{[]string{at, id, secret, "GATEHOUSE_SMTP_PASSWORD=hunter2"}, "GATEHOUSE_SMTP_TOKEN_URL excludes"},
		{[]string{"GATEHOUSE_SMTP_URL=smtp://mail.example.org", at, id, secret}, "GATEHOUSE_SMTP_URL has no user"},
	} {
		lines := append([]string{"GATEHOUSE_MAIL_FROM=no-reply@example.org"}, test.lines...)
		if !strings.Contains(test.lines[0], "SMTP_URL") {
			lines = append(lines, "GATEHOUSE_SMTP_URL=smtp://u@mail.example.org")
		}
		_, err := Load(base(lines...))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) ||
			err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v: %v", test.lines, err)
		}
	}
}
