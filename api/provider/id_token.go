package provider

import (
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// signIDToken returns an ID token for the user, client and grant of t, with what comes with it.
func (p *Provider) signIDToken(ring *keys.Ring, t oidc.IDToken, now time.Time) (string, error) {
	t.Issuer, t.Subject, t.IssuedAt, t.Expiry = p.Issuer, p.subject(t.Client, t.User.Sub), now, now.Add(p.IDTokenTTL)
	return ring.Sign(t.Client.IDTokenSignedResponseAlg, oidc.IDTokenType, t.Claims(), now)
}
