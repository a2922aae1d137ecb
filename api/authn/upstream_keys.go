package authn

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

// Limits of a key set. The time that an RSA key takes grows with the square of its length: one of a million bits, which is a
// small document, takes ten seconds, which nothing can interrupt.
const (
	maxKeys    = 50
	maxModulus = 1400 // characters of JSON: 8,192 bits in base64url
)

// boundedKeys removes from a key set (RFC 7517 §5) the keys that take too long to verify with.
type boundedKeys struct{ inner http.RoundTripper }

func (b boundedKeys) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.inner.RoundTrip(r)
	if err != nil || res.StatusCode != http.StatusOK {
		return res, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	var set struct {
		Keys []map[string]json.RawMessage `json:"keys"` // a map, since names are case-sensitive
	}
	kept := []map[string]json.RawMessage{}
	if json.Unmarshal(body, &set) == nil {
		for _, key := range set.Keys {
			if len(key["n"]) <= maxModulus && len(kept) < maxKeys {
				kept = append(kept, key)
			}
		}
	}
	if body, err = json.Marshal(map[string]any{"keys": kept}); err != nil {
		return nil, err
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return res, nil
}
