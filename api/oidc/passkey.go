package oidc

import "time"

// Passkey is a public key that a person signs in with (WebAuthn Level 3 §4, credential record).
type Passkey struct {
	CredentialID      []byte
	RPID              string
	PublicKey         []byte // COSE_Key (RFC 9052 §7)
	SignCount         int64
	Synced            bool // it may be copied to other devices
	HardwareProtected bool
	AAGUID            string // "" where it is not known
	Transports        []string
	Name              string
	CreatedAt         time.Time
	UsedAt            *time.Time
}
