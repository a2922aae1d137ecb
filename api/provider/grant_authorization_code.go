package provider

import (
	"context"
	"errors"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// grantAuthorizationCode redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.6).
func (p *Provider) grantAuthorizationCode(ctx context.Context, c *oidc.Client, req tokenRequest) Answer {
	params := req.params
	if params["code"] == "" {
		return p.refuseGrant(ctx, c, oidc.InvalidRequest, "code is missing", "")
	}
	challenge, ok := challengeIn(params)
	if !ok {
		return p.refuseGrant(ctx, c, oidc.InvalidGrant, notAVerifier, "")
	}
	if _, err := p.keyRing(); err != nil { // before the code is spent
		return p.failed(ctx, err)
	}
	code, ok := p.openCode(params["code"])
	if !ok {
		return p.refuseCode(ctx, c, store.RefusedGrant{Reason: "unknown"})
	}
	asked := oidc.AccessTokenRequest{ClientID: c.ClientID, RedirectURI: params["redirect_uri"], CodeChallenge: challenge,
		JKT: req.restriction.JKT, Resources: req.restriction.Resources, Allowed: req.restriction.Allowed}
	why := code.Check(asked, req.now)
	switch {
	case code.ClientID != c.ClientID:
		return p.refuseCode(ctx, c, store.RefusedGrant{Reason: why})
	case why == oidc.RedirectURIMissing:
		return p.refuseGrant(ctx, c, oidc.InvalidRequest, "redirect_uri is missing", "the authorization request had no code_challenge")
	}

	refresh := oidc.RefreshToken{Secret: randomBytes()}
	g, u, err := oidc.Grant{}, oidc.User{}, store.ErrNotFound
	if why == "" {
		g, u, err = p.store.RedeemCode(ctx, code, p.newGrant(c, refresh, req), req.now)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		refusal, err := p.store.RefuseCode(ctx, code, why, code.ProvenBy(asked, c.Public()), req.now)
		if err != nil {
			return p.failed(ctx, err)
		}
		return p.refuseCode(ctx, c, refusal)
	case err != nil:
		return p.failed(ctx, err)
	}
	return p.issueFirstTokens(ctx, c, &u, &g, req, refresh)
}

func (p *Provider) refuseCode(ctx context.Context, c *oidc.Client, refused store.RefusedGrant) Answer {
	if refused.Revoked {
		p.tell(ctx, oidc.CodeReplayed{ClientID: c.ClientID})
	}
	return p.refuseInvalidGrant(ctx, c, refused, "the code is not valid: unknown, expired, used before, or made for another request")
}

const notAVerifier = "code_verifier must be 43 to 128 unreserved characters"

// challengeIn returns the challenge of the verifier that came along, "" if none did; ok is false if it cannot be one.
func challengeIn(params oidc.Params) (challenge string, ok bool) {
	if params["code_verifier"] == "" {
		return "", true
	}
	return oidc.ChallengeOf(params["code_verifier"])
}
