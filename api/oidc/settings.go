package oidc

import (
	"cmp"
	"net/url"
	"time"
)

// Settings are what an operator decides about the protocol. The table in api/config/variables.go has the variable of each, with
// its default, its bounds and its meaning.
type Settings struct {
	Issuer          string // an origin
	UIOrigin        string
	Name            string // what people call this deployment
	CodeTTL         time.Duration
	AccessTokenTTL  time.Duration
	IDTokenTTL      time.Duration
	RequestTTL      time.Duration // of a pending sign-in
	SessionIdle     time.Duration
	SessionMax      time.Duration
	RefreshIdle     time.Duration
	RefreshMax      time.Duration
	RefreshGrace    time.Duration
	KeyRotation     time.Duration
	KeyPublishAhead time.Duration
	SignInsKept     time.Duration // rows of sign_ins
	AuditKept       time.Duration // rows of audit
	PasswordMin     int           // characters of a new password
	PasskeyRPID     string        // "" for the host of UIOrigin
	UIFormerOrigin  string        // where the pages were before they moved; "" where they did not
	ResponseTypes   []ResponseType
	PrivateHosts    []string // hosts that requests of ours may reach although their addresses are private

	SessionManagement bool   // OpenID Connect Session Management 1.0; see docs/decisions/0018-session-management-is-off-by-default.md
	Registration      string // RegistrationOff or "", RegistrationToken, RegistrationOpen
	ClientIDDocuments bool   // a client_id may be the address of the client's metadata

	Mail MailSettings

	AdminGroup    string // whose members may do all by the admin API; "": there is none
	ReaderGroup   string // whose members may look there
	HelpDeskGroup string // whose members may help people there who have no role
	AdminACR      string // what their sign-ins have to reach
}

// LetsClientsRegister reports whether there is a registration endpoint.
func (s *Settings) LetsClientsRegister() bool {
	return s.Registration == RegistrationToken || s.Registration == RegistrationOpen
}

// RPID returns what passkeys are good for (WebAuthn §4, relying party identifier).
func (s *Settings) RPID() string {
	ui, err := url.Parse(s.UIOrigin)
	if err != nil {
		return s.PasskeyRPID
	}
	return cmp.Or(s.PasskeyRPID, ui.Hostname())
}

// MailSettings are how mail leaves, and who it is from. Without a host there is none.
type MailSettings struct {
	Host     string
	Port     int
	TLS      MailEncryption
	Helo     string // what we call ourselves
	Username string // "": no login
	Password string
	// TokenURL is where an access token for Username is had, with the other four; "" for nowhere. Without a refresh token it is had with
	// client credentials.
	TokenURL, ClientID, ClientSecret, RefreshToken, TokenScope string

	TokenFile string // has an access token for Username (XOAUTH2), in place of Password; somebody renews it
	From      string // an address, with a name or without (RFC 5322 §3.4)
	Templates string // a folder, "" for none
}

// MailEncryption is how a connection to the SMTP server is encrypted.
type MailEncryption string

// How a connection is encrypted.
const (
	MailSTARTTLS MailEncryption = "starttls"
	MailTLS      MailEncryption = "tls" // from the start (RFC 8314)
	MailPlain    MailEncryption = "plain"
)

// SendsMail reports whether there is a server that mail leaves by.
func (s *Settings) SendsMail() bool { return s.Mail.Host != "" }
