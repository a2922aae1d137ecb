// Package keys holds the secrets of Gatehouse itself: the configured encryption keys, and the signing keys kept under them. It
// alone imports jwx (docs/decisions/0001-jwx-behind-keys.md).
package keys

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"
)

// ErrSealed is the only error of Open: the value was altered, cut short, or sealed for another purpose or under a key that is not
// configured.
var ErrSealed = errors.New("sealed value cannot be opened")

const (
	sealVersion = 1
	keyIDSize   = 4
	sealHeader  = 1 + keyIDSize // version, key id
	sealPrefix  = sealHeader + chacha20poly1305.NonceSizeX

	// SealOverhead is how many bytes longer than its plaintext a sealed value is.
	SealOverhead = sealPrefix + chacha20poly1305.Overhead
)

// Sealer encrypts and authenticates under the configured keys: the first encrypts, all decrypt. Each purpose has keys of
// its own (HKDF-SHA256, RFC 5869), so that what was sealed for one is refused by every other.
type Sealer struct {
	masters  []master
	purposes sync.Map // Purpose → *purposeKeys
}

type master struct {
	key [32]byte
	id  [keyIDSize]byte // names the key to open with; derived, so it reveals nothing
}

type purposeKeys struct {
	aeads  []cipher.AEAD // in the order of masters
	derive []byte
	nonces []byte // what SealSame derives nonces with
}

// NewSealer returns a Sealer with the keys of GATEHOUSE_ENCRYPTION_KEY, in their order.
func NewSealer(keys [][32]byte) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, errors.New("GATEHOUSE_ENCRYPTION_KEY is empty: make a key with openssl rand -base64 32")
	}
	s := &Sealer{}
	for i, key := range keys {
		if key == ([32]byte{}) {
			return nil, errors.New("GATEHOUSE_ENCRYPTION_KEY: a key is all zeros: make one with openssl rand -base64 32")
		}
		if slices.Contains(keys[:i], key) {
			return nil, errors.New("GATEHOUSE_ENCRYPTION_KEY has the same key twice: leave one out")
		}
		m := master{key: key}
		copy(m.id[:], expand(key, "gatehouse key id"))
		s.masters = append(s.masters, m)
	}
	return s, nil
}

// Seal returns version (1 byte), key id (4), nonce (24), ciphertext and tag (XChaCha20-Poly1305, whose nonces may be random for
// any number of values). aad is authenticated, not contained: Open needs it again.
func (s *Sealer) Seal(purpose Purpose, plaintext, aad []byte) []byte {
	var nonce [chacha20poly1305.NonceSizeX]byte
	rand.Read(nonce[:]) // never fails (Go 1.24)
	return s.seal(purpose, nonce, plaintext, aad)
}

// SealSame is a deterministic Seal: equal arguments have equal results, on every replica, until the first key changes. Its nonce
// is the first 192 bits of an HMAC-SHA256 of aad and plaintext, under a key of the purpose that has no other use: a synthetic IV,
// as in RFC 5297. Two plaintexts must never share a nonce; here they do with no higher probability than random nonces. Two sealed
// values reveal whether they are equal, so it is for plaintexts with a secret in them, and not for what could be guessed.
func (s *Sealer) SealSame(purpose Purpose, plaintext, aad []byte) []byte {
	mac := hmac.New(sha256.New, s.of(purpose).nonces)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(aad)))) // where one ends and the other begins
	mac.Write(aad)
	mac.Write(plaintext)
	return s.seal(purpose, [chacha20poly1305.NonceSizeX]byte(mac.Sum(nil)), plaintext, aad)
}

func (s *Sealer) seal(purpose Purpose, nonce [chacha20poly1305.NonceSizeX]byte, plaintext, aad []byte) []byte {
	out := make([]byte, sealPrefix, SealOverhead+len(plaintext))
	out[0] = sealVersion
	copy(out[1:], s.masters[0].id[:])
	copy(out[sealHeader:], nonce[:])
	return s.of(purpose).aeads[0].Seal(out, nonce[:], plaintext, sealedAAD(out, aad))
}

// Open returns the plaintext that was sealed for the same purpose and aad, or ErrSealed.
func (s *Sealer) Open(purpose Purpose, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < SealOverhead || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	id := [keyIDSize]byte(sealed[1:sealHeader])
	for i, m := range s.masters {
		if m.id != id {
			continue
		}
		plaintext, err := s.of(purpose).aeads[i].Open(nil, sealed[sealHeader:sealPrefix], sealed[sealPrefix:], sealedAAD(sealed, aad))
		if err == nil {
			return plaintext, nil
		}
	}
	return nil, ErrSealed
}

// IsCurrent reports whether a value says that it was sealed under the first configured key.
func (s *Sealer) IsCurrent(sealed []byte) bool {
	return len(sealed) >= SealOverhead && [keyIDSize]byte(sealed[1:sealHeader]) == s.masters[0].id
}

// CurrentPrefix returns what every value begins with that was sealed under the first configured key.
func (s *Sealer) CurrentPrefix() []byte { return append([]byte{sealVersion}, s.masters[0].id[:]...) }

// Derive returns the HMAC-SHA256 of input under the purpose's key of the first configured key: the same on every replica, until
// the first key changes.
func (s *Sealer) Derive(purpose Purpose, input []byte) [32]byte {
	mac := hmac.New(sha256.New, s.of(purpose).derive)
	mac.Write(input)
	var out [32]byte
	mac.Sum(out[:0])
	return out
}

func (s *Sealer) of(purpose Purpose) *purposeKeys {
	if known, ok := s.purposes.Load(purpose); ok {
		return known.(*purposeKeys)
	}
	k := &purposeKeys{derive: expand(s.masters[0].key, "gatehouse derive "+string(purpose)),
		nonces: expand(s.masters[0].key, "gatehouse nonces "+string(purpose))}
	for _, m := range s.masters {
		aead, err := chacha20poly1305.NewX(expand(m.key, "gatehouse seal "+string(purpose)))
		if err != nil {
			panic(err) // only for a key that is not 32 bytes
		}
		k.aeads = append(k.aeads, aead)
	}
	known, _ := s.purposes.LoadOrStore(purpose, k)
	return known.(*purposeKeys)
}

func sealedAAD(sealed, aad []byte) []byte {
	return append(append(make([]byte, 0, sealHeader+len(aad)), sealed[:sealHeader]...), aad...)
}

// expand needs no salt: a configured key is 256 random bits already (RFC 5869 §3.1).
func expand(key [32]byte, info string) []byte {
	out, err := hkdf.Key(sha256.New, key[:], nil, info, 32)
	if err != nil {
		panic(err) // only for lengths above 8,160 bytes
	}
	return out
}
