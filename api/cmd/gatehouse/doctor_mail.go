package main

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/api/admin"
	"gatehouse/api/mail"
)

// examineMail connects to the SMTP server and logs in, sends a test mail if somebody wants one, and looks for mail that was given up.
func examineMail(ctx context.Context, p patient) []finding {
	if !p.cfg.SendsMail() {
		if p.mailTo != "" {
			return bad("GATEHOUSE_SMTP_URL is not set: set it to the server that mail leaves by (docs/mail.md)")
		}
		return good("none is sent: GATEHOUSE_SMTP_URL is not set")
	}
	server := fmt.Sprintf("%s port %d (%s)", p.cfg.Mail.Host, p.cfg.Mail.Port, p.cfg.Mail.TLS)
	served, err := p.provider()
	if err == nil {
		err = served.ExamineMail(ctx, p.mailTo)
	}
	var f mail.Failure
	switch {
	case errors.As(err, &f):
		return bad("%s: %v: %s", server, f, f.Advice())
	case err != nil:
		return bad("%s", unfold(err.Error()))
	}
	findings := good("%s takes mail of ours", server)
	if p.mailTo != "" {
		findings = good("%s took a test mail to %s: look whether it is there, and not among spam", server, p.mailTo)
	}
	list, err := p.admin.ListMail(ctx, admin.ListMail{Paging: admin.Paging{Limit: 1}, State: "given_up"})
	if err == nil && len(list.Items) > 0 {
		findings = append(findings, finding{"warn", "there is mail that was given up within a week: gatehouse mail list --state given_up"})
	}
	return findings
}
