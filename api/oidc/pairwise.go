package oidc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
)

// SubjectPairwise is the subject_type of a client that gets a sub of its own for each person (OpenID Connect Core §8).
const SubjectPairwise = "pairwise"

// SubjectOf returns the sub of a user at the client: sub as it is, or one made for the client's sector (OpenID Connect Core
// §8.1).
func (c *Client) SubjectOf(sub string, salt []byte) string {
	if c.SubjectType != SubjectPairwise {
		return sub
	}
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(c.sector() + "\x00" + sub))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// sector returns the host that pairwise subjects are made for; the database requires a sector_identifier_uri of a client with
// several.
func (c *Client) sector() string {
	uri := c.SectorIdentifierURI
	if uri == "" && len(c.RedirectURIs) > 0 {
		uri = c.RedirectURIs[0]
	}
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}
