package apitest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
)

// Flags of the authenticator data (WebAuthn §6.1).
const (
	UserPresent    = 1 << 0
	UserVerified   = 1 << 2
	BackupEligible = 1 << 3
	BackedUp       = 1 << 4
	attestedData   = 1 << 6
)

// Authenticator is one passkey in software, with the browser that speaks to it. What it gets wrong is for a test to set.
type Authenticator struct {
	ID     []byte
	Handle []byte // whose passkey it is, once it was created
	Key    *ecdsa.PrivateKey
	Flags  byte
	Count  uint32 // is in the next answer
	Origin string
	RPID   string // "" for the one that is asked for

	// Change has the last word on what is signed as the client's data.
	Change func(clientData map[string]any)
}

// NewAuthenticator returns one that is synced and verifies who uses it.
func NewAuthenticator() *Authenticator {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a := &Authenticator{ID: make([]byte, 32), Key: key, Flags: UserPresent | UserVerified | BackupEligible | BackedUp, Origin: UIOrigin}
	_, _ = rand.Read(a.ID)
	return a
}

// Base64URL is how browsers and forms write bytes.
func Base64URL(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// clientData is what the browser says of a ceremony (WebAuthn §5.8.1).
func (a *Authenticator) clientData(kind string, options map[string]any) []byte {
	data := map[string]any{"type": kind, "challenge": options["challenge"], "origin": a.Origin, "crossOrigin": false}
	if a.Change != nil {
		a.Change(data)
	}
	text, _ := json.Marshal(data)
	return text
}

// data is the authenticator's (WebAuthn §6.1).
func (a *Authenticator) data(rpID string, flags byte, attested []byte) []byte {
	if a.RPID != "" {
		rpID = a.RPID
	}
	hash := sha256.Sum256([]byte(rpID))
	return slices.Concat(hash[:], []byte{flags}, binary.BigEndian.AppendUint32(nil, a.Count), attested)
}

// Create answers the options of navigator.credentials.create.
func (a *Authenticator) Create(options any) string {
	o, _ := options.(map[string]any)
	rp, _ := o["rp"].(map[string]any)
	user, _ := o["user"].(map[string]any)
	a.Handle, _ = base64.RawURLEncoding.DecodeString(Str(user["id"]))
	point, _ := a.Key.PublicKey.Bytes() // uncompressed: 4, x, y
	key := slices.Concat([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}, point[1:33], []byte{0x22, 0x58, 32}, point[33:])
	attested := slices.Concat(make([]byte, 16), binary.BigEndian.AppendUint16(nil, uint16(len(a.ID))), a.ID, key)
	data := a.data(Str(rp["id"]), a.Flags|attestedData, attested)
	object := slices.Concat([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData"),
		binary.BigEndian.AppendUint16([]byte{0x59}, uint16(len(data))), data)
	return a.answer(map[string]any{"clientDataJSON": Base64URL(a.clientData("webauthn.create", o)), "attestationObject": Base64URL(object),
		"authenticatorData": Base64URL(data), "publicKeyAlgorithm": -7, "transports": []string{"internal", "hybrid"}})
}

// Get answers the options of navigator.credentials.get.
func (a *Authenticator) Get(options any) string {
	o, _ := options.(map[string]any)
	clientData := a.clientData("webauthn.get", o)
	data := a.data(Str(o["rpId"]), a.Flags, nil)
	hash := sha256.Sum256(clientData)
	signed := sha256.Sum256(slices.Concat(data, hash[:]))
	signature, _ := ecdsa.SignASN1(rand.Reader, a.Key, signed[:])
	return a.answer(map[string]any{"clientDataJSON": Base64URL(clientData), "authenticatorData": Base64URL(data),
		"signature": Base64URL(signature), "userHandle": Base64URL(a.Handle)})
}

func (a *Authenticator) answer(response map[string]any) string {
	text, _ := json.Marshal(map[string]any{"id": Base64URL(a.ID), "rawId": Base64URL(a.ID), "type": "public-key",
		"authenticatorAttachment": "platform", "clientExtensionResults": map[string]any{}, "response": maps.Clone(response)})
	return string(text)
}
