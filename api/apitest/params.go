package apitest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
)

// AuthParams is a good request of client "web"; changes are name, value pairs, "" removes one.
func AuthParams(changes ...string) url.Values {
	sum := sha256.Sum256([]byte(Verifier))
	v := url.Values{"client_id": {"web"}, "redirect_uri": {Callback}, "response_type": {"code"}, "scope": {"openid profile email groups"},
		"state": {"st"}, "nonce": {"no"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			v.Del(changes[i])
		} else {
			v.Set(changes[i], changes[i+1])
		}
	}
	return v
}

// SPAParams is a good request of client "spa".
func SPAParams(changes ...string) url.Values {
	return AuthParams(append([]string{"client_id", "spa", "redirect_uri", "https://spa.example.org/cb"}, changes...)...)
}

// Redeem is a request to /token for a code of AuthParams; changes are name, value pairs.
func Redeem(code string, changes ...string) url.Values {
	v := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {Callback}, "code_verifier": {Verifier}}
	for i := 0; i < len(changes); i += 2 {
		v.Set(changes[i], changes[i+1])
	}
	return v
}

// Refresh is a request to /token for a refresh token; changes are name, value pairs.
func Refresh(token string, changes ...string) url.Values {
	v := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	for i := 0; i < len(changes); i += 2 {
		v.Set(changes[i], changes[i+1])
	}
	return v
}

// Claims decodes a JWT without verifying it.
func Claims(token string) (out map[string]any) {
	part, _ := base64.RawURLEncoding.DecodeString(strings.Split(token+"..", ".")[1])
	_ = json.Unmarshal(part, &out)
	return out
}

// Str is v if it is a string, else "".
func Str(v any) string { s, _ := v.(string); return s }

// Basic is the header of client_secret_basic.
func Basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// MustParse is for addresses that are written down.
func MustParse(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}
