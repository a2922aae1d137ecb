package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// A Box seals values of type T, which must be encodable as JSON, as text for a URL, a cookie or a token.
type Box[T any] struct{ Purpose Purpose }

// Seal returns value sealed, in base64url. aad is authenticated, not contained: Open needs it again.
func (b Box[T]) Seal(s *Sealer, value T, aad []byte) string {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false) // a character rather than six
	if err := encoder.Encode(value); err != nil {
		panic(err) // a type that JSON cannot encode
	}
	return s.sealText(b.Purpose, bytes.TrimSuffix(plain.Bytes(), []byte("\n")), aad)
}

// Open returns the value that Seal was given together with aad, or ErrSealed.
func (b Box[T]) Open(s *Sealer, text string, aad []byte) (value T, err error) {
	plain, err := s.openText(b.Purpose, text, aad)
	if err != nil {
		return value, err
	}
	var opened T
	if json.Unmarshal(plain, &opened) != nil {
		return value, ErrSealed
	}
	return opened, nil
}

// sealText is Seal in base64url.
func (s *Sealer) sealText(purpose Purpose, plaintext, aad []byte) string {
	return base64.RawURLEncoding.EncodeToString(s.Seal(purpose, plaintext, aad))
}

// openText returns the plaintext that sealText was given for the same purpose and aad, or ErrSealed.
func (s *Sealer) openText(purpose Purpose, text string, aad []byte) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrSealed
	}
	return s.Open(purpose, sealed, aad)
}
