package authn

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// claimSet has the claims of an ID token or of userinfo by their exact names (RFC 7519 §4): encoding/json takes EMAIL_VERIFIED for
// email_verified, too, and at some upstreams people may have claims of their own.
type claimSet map[string]json.RawMessage

// oidcClaims are read from the ID token and, where it lacks some, from userinfo (OpenID Connect Core §5.1).
type oidcClaims struct {
	Email         string
	EmailVerified bool
	Name          string
	GivenName     string
	FamilyName    string
	Username      string
	AMR           []string
	ACR           string
	AuthTime      time.Time
}

// text returns a claim that has to be text, "" where there is none; ok is false for one of another type.
func (s claimSet) text(name string) (text string, ok bool) {
	raw, there := s[name]
	ok = !there || json.Unmarshal(raw, &text) == nil
	return text, ok
}

// read reads a claim that a sign-in can do without; one of another type is added to leftOut.
func (s claimSet) read(name string, into any, leftOut *[]string) {
	if raw, there := s[name]; there && json.Unmarshal(raw, into) != nil {
		*leftOut = append(*leftOut, name)
	}
}

// optional reads the claims that a sign-in can do without. Those of another type are left out and named.
func (s claimSet) optional() (c oidcClaims, leftOut []string) {
	read := func(name string, into any) { s.read(name, into, &leftOut) }
	read("email", &c.Email)
	read("name", &c.Name)
	read("given_name", &c.GivenName)
	read("family_name", &c.FamilyName)
	read("preferred_username", &c.Username)
	var amr []any
	read("amr", &amr)
	c.AMR = boundedAMR(amr)
	if read("acr", &c.ACR); len(c.ACR) > 255 {
		c.ACR = ""
	}
	var seconds float64
	read("auth_time", &seconds)
	if seconds > 0 && seconds < 1<<40 {
		c.AuthTime = time.Unix(int64(seconds), 0)
	}
	var verified any
	read("email_verified", &verified)
	switch verified {
	case true, "true": // some send text
		c.EmailVerified = true
	case false, "false", nil:
	default:
		leftOut = append(leftOut, "email_verified")
	}
	return c, leftOut
}

// complete adds what is missing from userinfo. An address and whether it is verified come from the same source.
func (c *oidcClaims) complete(more oidcClaims) {
	if c.Email == "" {
		c.Email, c.EmailVerified = more.Email, more.EmailVerified
	}
	for _, field := range []struct {
		to   *string
		from string
	}{{&c.Name, more.Name}, {&c.GivenName, more.GivenName}, {&c.FamilyName, more.FamilyName}, {&c.Username, more.Username}} {
		if *field.to == "" {
			*field.to = field.from
		}
	}
}

// checkSubject refuses userinfo about another person than sub, or with a sub that is no text (OpenID Connect Core §5.3.2).
func (s claimSet) checkSubject(sub string) error {
	switch is, ok := s.text("sub"); {
	case !ok:
		return fmt.Errorf("%w: its userinfo has a sub that is no text: %.50s", ErrUpstreamFailed, s["sub"])
	case is != sub:
		return fmt.Errorf("%w: its userinfo is about another person (sub)", ErrUpstreamFailed)
	}
	return nil
}

// isJWT reports whether a body looks like a signed JWT in its compact form (RFC 7515 §3.1).
func isJWT(body string) bool { return strings.Count(body, ".") == 2 && !strings.HasPrefix(body, "{") }
