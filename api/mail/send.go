package mail

import (
	"bytes"
	"context"
	"errors"
	"net/textproto"
	"time"
)

// Send sends a mail. When the server has all of it but the last line, handing is called, and what it returns, if that is an error, ends
// the attempt; from then on the server may have taken the mail, whatever becomes of this process. Errors are Failures, and those of
// handing.
func (s *Server) Send(ctx context.Context, m Message, handing func() error) error {
	content, sender, recipient, err := s.compose(m)
	if err != nil {
		return err
	}
	c, err := s.open(ctx)
	if err != nil {
		return err
	}
	err = c.send(ctx, content, sender, recipient, handing)
	if c.usedAt = time.Now(); err == nil || replyCode(err) != 0 {
		s.keep(c)
	} else {
		_ = c.net.Close() // with a QUIT, a server that has half a mail might take it for a whole one
	}
	return err
}

// Check does all but sending a mail, and returns what stands in the way.
func (s *Server) Check(ctx context.Context) error {
	c, err := s.connect(ctx)
	if err == nil {
		c.end()
	}
	return err
}

func (c *conn) send(ctx context.Context, content []byte, sender, recipient string, handing func() error) error {
	before, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	stop := endsWith(before, c.net)
	defer stop()
	c.SkipSMTPUTF8(isASCII(recipient) && isASCII(sender))
	if utf8, _ := c.Extension("SMTPUTF8"); !utf8 && !isASCII(recipient) {
		return Failure{AtRecipient, true, errors.New("the server takes no addresses with such characters (SMTPUTF8)")}
	}
	if err := c.Mail("<" + sender + ">"); err != nil {
		return Failure{Step: AtSender, Err: err}
	}
	if err := c.Rcpt("<" + recipient + ">"); err != nil {
		return Failure{AtRecipient, isFinal(err), err}
	}
	data, err := c.Data()
	if err != nil {
		return Failure{AtContent, isFinal(err), err}
	}
	_, err = data.Write(content)
	if err = errors.Join(err, c.Text.W.Flush()); err != nil {
		return Failure{Step: AtContent, Err: err}
	}
	if err := handing(); err != nil {
		return err
	}
	stop()
	_ = c.net.SetDeadline(time.Now().Add(answerPatience))
	defer context.AfterFunc(ctx, func() { _ = c.net.SetDeadline(time.Now().Add(lastPatience)) })()
	if err := data.Close(); err != nil {
		return Failure{AtTheEnd, isFinal(err), err}
	}
	return nil
}

// replyCode returns the code with which the server refused; 0 where it did not answer.
func replyCode(err error) int {
	var refused *textproto.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}

// isFinal reports whether the server refuses for good (RFC 5321 §4.2.1).
func isFinal(err error) bool { return replyCode(err) >= 500 }

func isASCII(s string) bool {
	return !bytes.ContainsFunc([]byte(s), func(r rune) bool { return r > 0x7e || r < 0x20 })
}

// Advice returns which setting to mend where a server refuses, for whoever runs Gatehouse.
func (f Failure) Advice() string {
	switch f.Step {
	case AtName:
		return "correct the host in GATEHOUSE_SMTP_URL: it has no address"
	case AtConnection:
		return "correct the port in GATEHOUSE_SMTP_URL, start the server, or open the firewall"
	case AtGreeting:
		return "correct GATEHOUSE_SMTP_URL: at that port it must be smtps:// if TLS is spoken from the start, and smtp:// if not"
	case AtTLS:
		return "have the server offer TLS, or correct GATEHOUSE_SMTP_URL: smtps:// is for port 465, smtp:// with STARTTLS for 587"
	case AtCertificate:
		return "write the host in GATEHOUSE_SMTP_URL as the certificate has it; one of your own authority has to be among those that the " +
			"system trusts, or in a file that SSL_CERT_FILE names"
	case AtLogin:
		return "correct the user in GATEHOUSE_SMTP_URL, and GATEHOUSE_SMTP_PASSWORD, what is in GATEHOUSE_SMTP_TOKEN_FILE, or what a token is " +
			"asked for with (GATEHOUSE_SMTP_TOKEN_URL and those beside it)"
	case AtSender:
		return "set GATEHOUSE_MAIL_FROM to an address for which this user may send"
	case AtRecipient:
		return "the server does not take this recipient: try another, or let this user send to others than its own"
	case AtContent, AtTheEnd:
		return "ask whoever runs the server why it does not take the mail"
	}
	return ""
}
