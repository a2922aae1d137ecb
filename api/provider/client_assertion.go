package provider

import (
	"context"
	"encoding/json"
	"errors"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// readAssertion reads which client claims to have signed a client assertion (RFC 7523 §2.2); proves checks it with that
// client's keys.
func readAssertion(_ string, params oidc.Params) ([]credentials, bool) {
	if !assertionParams(params) {
		return nil, false
	}
	var unverified oidc.ClientAssertion
	claims, err := keys.Peek(params["client_assertion"])
	if err != nil || params["client_assertion_type"] != oidc.AssertionTypeJWT || json.Unmarshal(claims, &unverified) != nil {
		return nil, true
	}
	return []credentials{{id: unverified.Subject, assertion: params["client_assertion"]}}, true
}

// unfitAssertion is why an assertion does not count that the client's key has signed: the client may know, too.
type unfitAssertion string

func (e unfitAssertion) Error() string { return string(e) }

// checkAssertion verifies a client assertion and spends its jti; why is what is wrong with it, for the log.
func (p *Provider) checkAssertion(ctx context.Context, r Request, c *oidc.Client, assertion string) (why string, err error) {
	var a oidc.ClientAssertion
	typ, claims, err := p.verifyOf(ctx, c, assertion, c.SigningAlgsOf(c.TokenEndpointAuthSigningAlg))
	switch {
	case err != nil:
		why = err.Error()
	case !oidc.IsAssertionType(typ):
		why = "typ is that of another kind of JWT"
	case json.Unmarshal(claims, &a) != nil:
		why = "the claims are not those of an assertion"
	default:
		if unfit := a.Check(c, p.Issuer, p.Issuer+r.Path, p.now()); unfit != "" {
			return "", unfitAssertion(unfit)
		}
	}
	if why != "" {
		return "sent a client_assertion that does not count: " + why, nil
	}
	err = p.store.UseOnce(ctx, store.JTI{SHA256: jtiDigest("client assertion", c.ClientID, a.ID), MadeAt: wholeSecond(a.IssuedAt),
		ExpiresAt: a.Expiry.Time().Add(oidc.Leeway)})
	if errors.Is(err, store.ErrUsed) {
		return "sent a client_assertion whose jti was used before, or may have been in what Postgres lost in a crash or failover", nil
	}
	return "", err
}

func assertionParams(params oidc.Params) bool {
	return params["client_assertion"] != "" || params["client_assertion_type"] != ""
}
