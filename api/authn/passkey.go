package authn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"gatehouse/api/oidc"
)

// Passkeys are the ceremonies of WebAuthn Level 3 for one relying party ID, at one origin. What they return for the browser is JSON for
// PublicKeyCredential.parseCreationOptionsFromJSON and parseRequestOptionsFromJSON: nobody on the way knows a field of it.
type Passkeys struct {
	rp *webauthn.WebAuthn
}

// maxPasskeyAnswer is in bytes. An answer to get is some 1500, one to create with a key of RSA and a statement of the maker some 6000.
const maxPasskeyAnswer = 16 << 10

// NewPasskeys returns nil where there can be none: an address of the Internet Protocol is no relying party ID (WebAuthn §5.1.2). name is
// what people call the deployment.
func NewPasskeys(rpID, origin, name string) *Passkeys {
	rp, err := webauthn.New(&webauthn.Config{
		RPID: rpID, RPDisplayName: name, RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired},
		// Programs between the browser and the authenticator add outputs of their own.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil
	}
	return &Passkeys{rp}
}

// RPID returns the relying party ID.
func (p *Passkeys) RPID() string { return p.rp.Config.RPID }

// BadPasskey is why an answer is refused.
type BadPasskey struct {
	Code string
	Why  string // for the log
}

// The codes of BadPasskey.
const (
	PasskeyRefused         = "passkey_refused"          // it is not what was asked for, or not signed by the key
	PasskeyNotVerified     = "passkey_not_verified"     // the authenticator did not ask who is there
	PasskeyNotDiscoverable = "passkey_not_discoverable" // it would not be offered without a username
	PasskeyMayBeCopied     = "passkey_may_be_copied"    // its counter went back although it cannot be in two places
)

func (e BadPasskey) Error() string { return e.Code + ": " + e.Why }

// person is whose passkeys they are, as the library asks.
type person struct {
	handle []byte
	user   *oidc.User
	keys   []webauthn.Credential
}

func (u person) WebAuthnID() []byte                         { return u.handle }
func (u person) WebAuthnName() string                       { return u.user.Username }
func (u person) WebAuthnDisplayName() string                { return u.user.DisplayName() }
func (u person) WebAuthnCredentials() []webauthn.Credential { return u.keys }

func personOf(u *oidc.User, keys ...oidc.Passkey) (person, error) {
	id, err := uuid.Parse(u.ID)
	p := person{handle: id[:], user: u}
	for _, k := range keys {
		p.keys = append(p.keys, webauthn.Credential{ID: k.CredentialID, PublicKey: k.PublicKey, Transport: transportsOf(k),
			Flags:         webauthn.CredentialFlags{BackupEligible: k.Synced},
			Authenticator: webauthn.Authenticator{SignCount: uint32(k.SignCount)}})
	}
	return p, err
}

func transportsOf(k oidc.Passkey) (list []protocol.AuthenticatorTransport) {
	for _, t := range k.Transports {
		list = append(list, protocol.AuthenticatorTransport(t))
	}
	return list
}

// UserOfHandle returns the ID of the user that an authenticator names; "" if it names none. The handle is the row's ID: it is random, never
// changes and tells nothing (WebAuthn §14.6.1).
func UserOfHandle(handle []byte) string {
	id, err := uuid.FromBytes(handle)
	if err != nil {
		return ""
	}
	return id.String()
}

// RequestOptions returns what navigator.credentials.get is asked with: for one of keys, or with none for any that the browser can offer.
func (p *Passkeys) RequestOptions(challenge [32]byte, keys ...oidc.Passkey) json.RawMessage {
	options := protocol.PublicKeyCredentialRequestOptions{Challenge: challenge[:], RelyingPartyID: p.RPID(),
		Timeout: int(p.rp.Config.Timeouts.Login.Timeout.Milliseconds()), UserVerification: protocol.VerificationRequired,
		AllowedCredentials: descriptorsOf(keys)}
	return marshal(options)
}

// CreationOptions returns what navigator.credentials.create is asked with, for u, who has keys already.
func (p *Passkeys) CreationOptions(challenge [32]byte, u *oidc.User, keys ...oidc.Passkey) (json.RawMessage, error) {
	who, err := personOf(u)
	if err != nil {
		return nil, err
	}
	created, _, err := p.rp.BeginRegistration(who, withChallenge(challenge), webauthn.WithExclusions(descriptorsOf(keys)),
		webauthn.WithCredentialParameters(passkeyAlgorithms), webauthn.WithExtensions(webauthn.WithExtensionCredProps()))
	if err != nil {
		return nil, err
	}
	return marshal(created.Response), nil
}

func withChallenge(challenge [32]byte) webauthn.RegistrationOption {
	return func(o *protocol.PublicKeyCredentialCreationOptions) error {
		o.Challenge = challenge[:]
		return nil
	}
}

// passkeyAlgorithms are those that authenticators have, the preferred first (WebAuthn §5.4, pubKeyCredParams).
var passkeyAlgorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

func descriptorsOf(keys []oidc.Passkey) (list []protocol.CredentialDescriptor) {
	for _, k := range keys {
		list = append(list, protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: k.CredentialID,
			Transport: transportsOf(k)})
	}
	return list
}

// AllAccepted returns what PublicKeyCredential.signalAllAcceptedCredentials is told: browsers stop offering what is not in keys.
func (p *Passkeys) AllAccepted(userID string, keys []oidc.Passkey) json.RawMessage {
	who, err := personOf(&oidc.User{ID: userID}, keys...)
	if err != nil {
		return nil
	}
	ids := []protocol.URLEncodedBase64{}
	for _, k := range keys {
		ids = append(ids, k.CredentialID)
	}
	return marshal(protocol.SignalAllAcceptedCredentials{AllAcceptedCredentialIDs: ids, RPID: p.RPID(), UserID: who.handle})
}

// Unknown returns what PublicKeyCredential.signalUnknownCredential is told of a passkey that there is none of.
func (p *Passkeys) Unknown(credentialID []byte) json.RawMessage {
	return marshal(protocol.SignalUnknownCredential{CredentialID: credentialID, RPID: p.RPID()})
}

// Assertion is what an authenticator answers to RequestOptions, read and not yet verified.
type Assertion struct {
	parsed *protocol.ParsedCredentialAssertionData
}

// CredentialID says which passkey it is of.
func (a Assertion) CredentialID() []byte { return a.parsed.RawID }

// UserHandle says whose that is; nil where the authenticator does not say.
func (a Assertion) UserHandle() []byte { return a.parsed.Response.UserHandle }

// ReadAssertion reads what PublicKeyCredential.toJSON made of an answer to RequestOptions. The error is a BadPasskey.
func ReadAssertion(answer string) (Assertion, error) {
	if len(answer) > maxPasskeyAnswer {
		return Assertion{}, BadPasskey{PasskeyRefused, "the answer is too long"}
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return Assertion{}, badPasskey(err)
	}
	return Assertion{parsed}, nil
}

// UsedPasskey is what a verified assertion says of its passkey.
type UsedPasskey struct {
	SignCount int64
	WentBack  bool // the counter
}

// Verify checks an assertion for challenge by key k of u (WebAuthn §7.2). The error is a BadPasskey. That the counter of a passkey which is
// synced went back is no error: its copies count for themselves, if they do at all (WebAuthn §6.1.1).
func (p *Passkeys) Verify(a Assertion, challenge [32]byte, u *oidc.User, k oidc.Passkey) (UsedPasskey, error) {
	who, err := personOf(u, k)
	if err != nil {
		return UsedPasskey{}, err
	}
	session := webauthn.SessionData{Challenge: protocol.URLEncodedBase64(challenge[:]).String(), UserID: who.handle,
		RelyingPartyID: p.RPID(), UserVerification: protocol.VerificationRequired}
	if !a.parsed.Response.AuthenticatorData.Flags.HasUserVerified() {
		return UsedPasskey{}, BadPasskey{PasskeyNotVerified, "the authenticator did not verify the user"}
	}
	used, err := p.rp.ValidateLogin(who, session, a.parsed)
	if err != nil {
		return UsedPasskey{}, badPasskey(err)
	}
	count := int64(a.parsed.Response.AuthenticatorData.Counter)
	if used.Authenticator.CloneWarning && !k.Synced {
		return UsedPasskey{}, BadPasskey{PasskeyMayBeCopied, fmt.Sprintf("the counter was %d and is %d", k.SignCount, count)}
	}
	return UsedPasskey{SignCount: count, WentBack: used.Authenticator.CloneWarning}, nil
}

// Create checks the answer to CreationOptions with challenge for u (WebAuthn §7.1), and returns the passkey, without a name. The error is a
// BadPasskey.
func (p *Passkeys) Create(answer string, challenge [32]byte, u *oidc.User) (oidc.Passkey, error) {
	if len(answer) > maxPasskeyAnswer {
		return oidc.Passkey{}, BadPasskey{PasskeyRefused, "the answer is too long"}
	}
	who, err := personOf(u)
	if err != nil {
		return oidc.Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return oidc.Passkey{}, badPasskey(err)
	}
	if !parsed.Response.AttestationObject.AuthData.Flags.HasUserVerified() {
		return oidc.Passkey{}, BadPasskey{PasskeyNotVerified, "the authenticator did not verify the user"}
	}
	made, err := p.rp.CreateCredential(who, webauthn.SessionData{Challenge: protocol.URLEncodedBase64(challenge[:]).String(),
		UserID: who.handle, RelyingPartyID: p.RPID(), UserVerification: protocol.VerificationRequired, CredParams: passkeyAlgorithms}, parsed)
	if err != nil {
		return oidc.Passkey{}, badPasskey(err)
	}
	if rk := made.Extensions.RK; rk != nil && !*rk {
		return oidc.Passkey{}, BadPasskey{PasskeyNotDiscoverable, "the authenticator does not keep it (credProps.rk)"}
	}
	k := oidc.Passkey{CredentialID: made.ID, RPID: p.RPID(), PublicKey: made.PublicKey, SignCount: int64(made.Authenticator.SignCount),
		Synced: made.Flags.BackupEligible}
	if id, err := uuid.FromBytes(made.Authenticator.AAGUID); err == nil && id != uuid.Nil {
		k.AAGUID = id.String()
	}
	for _, t := range made.Transport {
		if slices.Contains(transports, string(t)) && !slices.Contains(k.Transports, string(t)) {
			k.Transports = append(k.Transports, string(t))
		}
	}
	return k, nil
}

// transports are those that a browser can make something of (WebAuthn §5.8.4).
var transports = []string{"ble", "hybrid", "internal", "nfc", "smart-card", "usb"}

// badPasskey returns an error of the library as one of ours, with all that it has to say.
func badPasskey(err error) BadPasskey {
	why := err.Error()
	var e *protocol.Error
	if errors.As(err, &e) {
		why = e.Details
		if e.DevInfo != "" {
			why += ": " + e.DevInfo
		}
	}
	return BadPasskey{PasskeyRefused, why[:min(len(why), 500)]}
}

func marshal(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers and bytes only
	}
	return bytes.TrimSpace(text)
}
