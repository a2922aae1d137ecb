package provider

import (
	"gatehouse/api/oidc"
)

// subject returns the subject identifier by which the client knows a user (OpenID Connect Core §8).
func (p *Provider) subject(c *oidc.Client, sub string) string {
	var salt []byte
	if loaded := p.salt.Load(); loaded != nil {
		salt = *loaded
	}
	return c.SubjectOf(sub, salt)
}
