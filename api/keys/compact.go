package keys

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// compact has the parts of a JWS in compact serialization; nothing of it is verified yet (RFC 7515 §3.1).
type compact struct {
	header
	signed             string // what the signature is over
	payload, signature []byte
}

type header struct {
	Alg  string          `json:"alg"`
	KID  string          `json:"kid"`
	Typ  string          `json:"typ"`
	JWK  json.RawMessage `json:"jwk,omitempty"`
	Crit json.RawMessage `json:"crit,omitempty"`
	B64  json.RawMessage `json:"b64,omitempty"`
}

// parseCompact splits a token of at most limit bytes. It refuses crit and b64: we understand no extension (RFC 7515 §4.1.11, RFC
// 7797 §6).
func parseCompact(token string, most int) (c compact, ok bool) {
	end := strings.LastIndexByte(token, '.')
	if len(token) > most || end < 0 {
		return c, false
	}
	c.signed = token[:end]
	head, body, ok := strings.Cut(c.signed, ".")
	plain, ok1 := decode(head)
	var ok2, ok3 bool
	c.payload, ok2 = decode(body)
	c.signature, ok3 = decode(token[end+1:])
	return c, ok && ok1 && ok2 && ok3 && json.Unmarshal(plain, &c.header) == nil && c.Crit == nil && c.B64 == nil
}

// strict refuses padding and stray bits, so that each token has only one encoding (RFC 7515 §2).
var strict = base64.RawURLEncoding.Strict()

func decode(part string) ([]byte, bool) {
	if strings.ContainsAny(part, "\r\n") { // encoding/base64 skips them
		return nil, false
	}
	raw, err := strict.DecodeString(part)
	return raw, err == nil
}
