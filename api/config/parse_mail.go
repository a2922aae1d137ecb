package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"gatehouse/api/oidc"
)

// smtpURL accepts smtp:// and smtps://, with a user and without a password, which would be printed and logged with the address.
func smtpURL(c *Config, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" {
		return errors.New("must be an address such as smtp://user@mail.example.org:587 or smtps://user@mail.example.org:465")
	}
	_, hasPassword := u.User.Password()
	off := u.RawQuery == "tls=off" && u.Scheme == "smtp"
	port, portErr := strconv.Atoi(u.Port())
	switch {
	case hasPassword:
		return errors.New("must have no password: that belongs into GATEHOUSE_SMTP_PASSWORD")
	case strings.Trim(u.Path, "/") != "" || u.Fragment != "" || u.RawQuery != "" && !off:
		return errors.New("must have nothing behind the port but ?tls=off, for a server of your own network that has no TLS")
	case u.Port() != "" && (portErr != nil || port < 1 || port > 65535):
		return fmt.Errorf("has a port that is none: %q", u.Port())
	case off && u.User != nil:
		return errors.New("must have no user with tls=off: the password would be for everybody to read")
	}
	m := &c.Mail
	m.Host, m.Username = strings.ToLower(u.Hostname()), u.User.Username()
	switch {
	case u.Scheme == "smtps":
		m.TLS, m.Port = oidc.MailTLS, 465
	case off || oidc.IsLoopback(m.Host):
		m.TLS, m.Port = oidc.MailPlain, 25
	default:
		m.TLS, m.Port = oidc.MailSTARTTLS, 587
	}
	if port > 0 {
		m.Port = port
	}
	return nil
}

// tokenURL accepts https, and http on this machine.
func tokenURL(c *Config, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.User != nil || u.Fragment != "" || u.Hostname() == "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !oidc.IsLoopback(u.Hostname())) {
		return errors.New("must be an address such as https://login.microsoftonline.com/TENANT/oauth2/v2.0/token")
	}
	c.Mail.TokenURL = value
	return nil
}

func mailFrom(c *Config, value string) error {
	address, err := mail.ParseAddress(value)
	if err != nil || strings.ContainsFunc(value, unicode.IsControl) {
		return fmt.Errorf("must be an address such as no-reply@example.org or Example University <no-reply@example.org>, not %q", value)
	}
	c.Mail.From = address.String()
	return nil
}

// mailDisagrees returns what mail lacks, or what it has without being sent; nil if it is whole.
func (c *Config) mailDisagrees() error {
	m := c.Mail
	switch {
	case m.Host == "" && m != (oidc.MailSettings{}):
		return errors.New("GATEHOUSE_SMTP_URL is not set although other variables of mail are: set it, or remove those")
	case m.Host == "":
		return nil
	case m.From == "":
		return errors.New("GATEHOUSE_MAIL_FROM is not set although GATEHOUSE_SMTP_URL is: set it to the address that mail is from")
	case m.Password != "" && m.TokenFile != "":
		return errors.New("GATEHOUSE_SMTP_PASSWORD and GATEHOUSE_SMTP_TOKEN_FILE exclude each other: remove one")
	case m.TokenURL != "" && (m.Password != "" || m.TokenFile != ""):
		return errors.New("GATEHOUSE_SMTP_TOKEN_URL excludes GATEHOUSE_SMTP_PASSWORD and GATEHOUSE_SMTP_TOKEN_FILE: remove it, or those")
	case m.TokenURL == "" && m.ClientID+m.ClientSecret+m.RefreshToken+m.TokenScope != "":
		return errors.New("GATEHOUSE_SMTP_TOKEN_URL is not set although variables are with which a token is had there: set it, or remove those")
	case m.TokenURL != "" && m.ClientID == "":
		return errors.New("GATEHOUSE_SMTP_CLIENT_ID is not set although GATEHOUSE_SMTP_TOKEN_URL is: set it")
	case m.TokenURL != "" && m.RefreshToken == "" && m.ClientSecret == "":
		return errors.New("GATEHOUSE_SMTP_TOKEN_URL takes GATEHOUSE_SMTP_CLIENT_SECRET, GATEHOUSE_SMTP_REFRESH_TOKEN, or both")
	case m.Username == "" && (m.Password != "" || m.TokenFile != "" || m.TokenURL != ""):
		return errors.New("GATEHOUSE_SMTP_URL has no user, whom the password or token is of: write smtp://user@host")
	case m.Username != "" && m.Password == "" && m.TokenFile == "" && m.TokenURL == "":
		return errors.New("GATEHOUSE_SMTP_URL has a user without a password: set GATEHOUSE_SMTP_PASSWORD, GATEHOUSE_SMTP_TOKEN_FILE or " +
			"GATEHOUSE_SMTP_TOKEN_URL")
	}
	return nil
}
