package oidc

import (
	"slices"
	"strings"
	"time"
)

// GrantDeviceCode is the grant type of a device without a browser (RFC 8628 §3.4).
const GrantDeviceCode = "urn:ietf:params:oauth:grant-type:device_code"

// Error codes of RFC 8628 §3.5.
const (
	AuthorizationPending = "authorization_pending"
	SlowDown             = "slow_down"
	ExpiredToken         = "expired_token"
)

const (
	// DeviceCodeTTL is how long a device waits for somebody to find the page, sign in and compare the code.
	DeviceCodeTTL = 10 * time.Minute
	// DevicePollInterval is the default of RFC 8628 §3.2; slow_down adds as much each time (§3.5).
	DevicePollInterval = 5 * time.Second
)

// DeviceAuthorizationParams are the parameters of the device authorization endpoint that are read (RFC 8628 §3.1).
var DeviceAuthorizationParams = append([]string{"scope", "code_challenge", "code_challenge_method"}, ClientParams...)

// DeviceAuthorization is the answer of the device authorization endpoint (RFC 8628 §3.2).
type DeviceAuthorization struct {
	DeviceCode              string `json:"device_code"`
	UserCode                string `json:"user_code"`
	VerificationURI         string `json:"verification_uri"`
	VerificationURIComplete string `json:"verification_uri_complete"`
	ExpiresIn               int    `json:"expires_in"` // seconds
	Interval                int    `json:"interval"`   // seconds
}

// ParseDeviceAuthorization returns the scope that a device of client c may ask for, and the resources of the parameter of that name,
// nil for none.
func ParseDeviceAuthorization(p Params, named []string, c *Client, issuer string) (scope string, resources []string, refusal *Error) {
	if !c.MayUse(GrantDeviceCode) {
		return "", nil, refuse(UnauthorizedClient, "the client is not registered for the grant type "+GrantDeviceCode)
	}
	if e := checkLengths(p, c); e != nil {
		return "", nil, e
	}
	if p["code_challenge"] != "" || p["code_challenge_method"] != "" { // RFC 8628 has none, and who sends one relies on it
		if e := checkChallenge(p["code_challenge"], p["code_challenge_method"]); e != nil {
			return "", nil, e
		}
	}
	services, e := c.ReadResources(named, issuer)
	if e != nil {
		return "", nil, e
	}
	scope = grantableScope(p["scope"], c, services...)
	return scope, grantedResources(services, issuer, scope), checkScope(p["scope"], scope, c)
}

// UserCodeLetters are those of RFC 8628 §6.1: no vowels, so that no words result, and none that look alike.
const UserCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

// userCodeLength is in letters: 34 bits, which are enough given the limits on guesses and on codes
// (docs/decisions/0011-bounds-of-the-device-flow.md).
const userCodeLength = 8

// NewUserCode returns a code such as WDJB-MJHT. pick returns a uniformly random number below its argument.
func NewUserCode(pick func(below int) int) string {
	letters := make([]byte, userCodeLength)
	for i := range letters {
		letters[i] = UserCodeLetters[pick(len(UserCodeLetters))]
	}
	return formatUserCode(string(letters))
}

func formatUserCode(letters string) string {
	return letters[:userCodeLength/2] + "-" + letters[userCodeLength/2:]
}

// ReadUserCode returns the code that somebody typed, whatever the case, the spaces and the dashes (RFC 8628 §6.1); ok is false
// for what cannot be one.
func ReadUserCode(typed string) (code string, ok bool) {
	if len(typed) > 64 {
		return "", false
	}
	letters := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \u00a0-\u2010\u2011\u2012\u2013\u2014_.", r) { // what people, phones and word processors insert
			return -1
		}
		return r
	}, strings.ToUpper(typed))
	outside := func(r rune) bool { return !strings.ContainsRune(UserCodeLetters, r) }
	if len(letters) != userCodeLength || slices.ContainsFunc([]rune(letters), outside) {
		return "", false
	}
	return formatUserCode(letters), true
}
