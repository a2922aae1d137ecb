// Package mail sends mail: what it says is in templates, which are files, and it leaves by the one SMTP server that the operator names.
// It alone imports go-mail.
package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"gatehouse/api/oidc"
)

// How long a server may take.
const (
	Patience       = 30 * time.Second // from the first packet until it has read the mail
	answerPatience = 10 * time.Minute // to say that it takes it (RFC 5321 §4.5.3.2.6)
	lastPatience   = 10 * time.Second // for that, when the process is to end
	idlePatience   = 10 * time.Second // how long a connection is kept for the next mail
	maxReply       = 128 << 10        // bytes of a reply, or of what the server says while TLS begins
)

// Server is the SMTP server that mail leaves by.
type Server struct {
	settings oidc.MailSettings
	idle     chan *conn
	roots    *x509.CertPool // nil for those of the system

	// Tokens has access tokens to log in with (XOAUTH2); nil where a file or a password is the way.
	Tokens Tokens
}

// Tokens are where access tokens come from.
type Tokens interface {
	Token(ctx context.Context) (string, error)
	Forget(token string) // that the server did not take
}

// NewServer returns the server that settings name. Nothing is sent to it yet.
func NewServer(settings oidc.MailSettings) *Server {
	return &Server{settings: settings, idle: make(chan *conn, 4)}
}

// conn is a connection at which a mail can be sent.
type conn struct {
	*smtp.Client
	net    net.Conn
	usedAt time.Time
}

// Step is what a server refused, or where it was not reached.
type Step string

// The steps of a mail, in their order.
const (
	AtName        Step = "name"        // of the server: it is not known
	AtConnection  Step = "connection"  // to its port
	AtGreeting    Step = "greeting"    // it does not speak SMTP
	AtTLS         Step = "TLS"         // it offers none
	AtCertificate Step = "certificate" // which is not to be trusted
	AtLogin       Step = "login"
	AtSender      Step = "sender"
	AtRecipient   Step = "recipient"
	AtContent     Step = "content"
	AtTheEnd      Step = "end" // it has the whole mail and did not say whether it takes it
)

// Failure is why a mail was not sent.
type Failure struct {
	Step  Step
	Final bool // another attempt is of no use
	Err   error
}

func (f Failure) Error() string {
	var refused *textproto.Error
	if errors.As(f.Err, &refused) {
		return fmt.Sprintf("%s: %d %s", f.Step, refused.Code, refused.Msg)
	}
	return string(f.Step) + ": " + f.Err.Error()
}

func (f Failure) Unwrap() error { return f.Err }

// MayHaveBeenSent reports whether the server has the whole mail, and did not say what it does with it.
func (f Failure) MayHaveBeenSent() bool { return f.Step == AtTheEnd && replyCode(f.Err) == 0 }

// connect opens a connection and logs in.
func (s *Server) connect(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	address := net.JoinHostPort(s.settings.Host, strconv.Itoa(s.settings.Port))
	plain, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, Failure{Step: stepOfDial(err), Err: err}
	}
	plain = &bounded{Conn: plain}
	c, err := s.begin(ctx, plain)
	if err != nil {
		_ = plain.Close()
		return nil, err
	}
	return c, nil
}

func stepOfDial(err error) Step {
	if errors.As(err, new(*net.DNSError)) {
		return AtName
	}
	return AtConnection
}

// bounded is a connection at which the server may say no more than maxReply before we say something: what reads replies keeps all of one,
// and copies it for each line of it (RFC 5321 §4.5.3.1.5 has lines of 512 octets, and no limit of their number).
type bounded struct {
	net.Conn
	said atomic.Int64
}

func (b *bounded) Read(p []byte) (n int, err error) {
	if b.said.Load() <= maxReply {
		n, err = b.Conn.Read(p)
	}
	if b.said.Add(int64(n)) > maxReply { // and from now on, as bufio forgets an error that comes after a part of a line
		return 0, errTooLong
	}
	return n, err
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.said.Load() > maxReply { // what would be read next is the rest of that
		return 0, errTooLong
	}
	b.said.Store(0)
	return b.Conn.Write(p)
}

var errTooLong = fmt.Errorf("it says more than %d bytes at once", maxReply)

// begin greets the server, encrypts and logs in.
func (s *Server) begin(ctx context.Context, plain net.Conn) (*conn, error) {
	defer endsWith(ctx, plain)()
	config := &tls.Config{ServerName: s.settings.Host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	used := plain
	if s.settings.TLS == oidc.MailTLS {
		encrypted := tls.Client(plain, config)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, Failure{Step: stepOfTLS(err), Err: err}
		}
		used = encrypted
	}
	client, err := smtp.NewClient(used, s.settings.Host)
	if err != nil {
		return nil, Failure{Step: AtGreeting, Err: err}
	}
	if err := client.Hello(cmp.Or(s.settings.Helo, "localhost")); err != nil {
		return nil, Failure{Step: AtGreeting, Err: err}
	}
	if s.settings.TLS == oidc.MailSTARTTLS {
		if offered, _ := client.Extension("STARTTLS"); !offered {
			return nil, Failure{Step: AtTLS, Err: errors.New("it does not offer STARTTLS")}
		}
		if err := client.StartTLS(config); err != nil {
			return nil, Failure{Step: stepOfTLS(err), Err: err}
		}
	}
	if err := s.logIn(ctx, client); err != nil {
		return nil, Failure{Step: AtLogin, Err: err}
	}
	return &conn{client, plain, time.Now()}, nil
}

func stepOfTLS(err error) Step {
	if errors.As(err, new(*tls.CertificateVerificationError)) {
		return AtCertificate
	}
	return AtTLS
}

// logIn proves who we are, by a token if there is one, else by a password; without either it does nothing. The file of the token is read
// each time, as somebody renews it.
func (s *Server) logIn(ctx context.Context, client *smtp.Client) error {
	if s.settings.Username == "" {
		return nil
	}
	offered, mechanisms := client.Extension("AUTH")
	has := func(mechanism string) bool { return strings.Contains(" "+mechanisms+" ", " "+mechanism+" ") }
	switch {
	case !offered:
		return errors.New("it offers no login")
	case s.Tokens != nil || s.settings.TokenFile != "":
		if !has("XOAUTH2") {
			return fmt.Errorf("it does not offer XOAUTH2, only %s", mechanisms)
		}
		if s.Tokens != nil {
			return s.logInByToken(ctx, client)
		}
		token, err := os.ReadFile(s.settings.TokenFile)
		if err != nil {
			return err
		}
		return client.Auth(smtp.XOAuth2Auth(s.settings.Username, strings.TrimSpace(string(token))))
	case has("PLAIN"):
		return client.Auth(smtp.PlainAuth("", s.settings.Username, s.settings.Password, s.settings.Host, false))
	case has("LOGIN"):
		return client.Auth(smtp.LoginAuth(s.settings.Username, s.settings.Password, s.settings.Host, false))
	}
	return fmt.Errorf("it offers neither PLAIN nor LOGIN, only %s", mechanisms)
}

func (s *Server) logInByToken(ctx context.Context, client *smtp.Client) error {
	token, err := s.Tokens.Token(ctx)
	if err != nil {
		return err
	}
	if err = client.Auth(smtp.XOAuth2Auth(s.settings.Username, token)); err != nil {
		s.Tokens.Forget(token)
	}
	return err
}

// endsWith has what is under way on a connection fail when ctx ends or has a deadline. The result stops that.
func endsWith(ctx context.Context, c net.Conn) (stop func()) {
	if deadline, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(deadline)
	}
	stopped := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	return func() { stopped() }
}

// CloseIdle closes connections that nobody has used for a while, or all.
func (s *Server) CloseIdle(all bool) {
	for range cap(s.idle) {
		select {
		case c := <-s.idle:
			if !all && time.Since(c.usedAt) < idlePatience {
				s.keep(c)
				continue
			}
			c.end()
		default:
			return
		}
	}
}

// end says goodbye, for which it waits for a second at most.
func (c *conn) end() {
	_ = c.net.SetDeadline(time.Now().Add(time.Second))
	_ = c.Quit()
	_ = c.net.Close()
}

// keep keeps a connection for the next mail.
func (s *Server) keep(c *conn) {
	select {
	case s.idle <- c:
	default:
		c.end()
	}
}

// open returns a connection at which a mail can begin.
func (s *Server) open(ctx context.Context) (*conn, error) {
	for {
		select {
		case c := <-s.idle:
			if time.Since(c.usedAt) < idlePatience && c.ready() {
				return c, nil
			}
			c.end()
		default:
			return s.connect(ctx)
		}
	}
}

// ready reports whether the server still listens.
func (c *conn) ready() bool {
	_ = c.net.SetDeadline(time.Now().Add(5 * time.Second))
	return c.Reset() == nil
}
