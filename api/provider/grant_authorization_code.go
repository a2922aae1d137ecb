package provider

import (
	"context"
	"errors"
	"log/slog"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// grantAuthorizationCode redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.6).
func (p *Provider) grantAuthorizationCode(ctx context.Context, r Request, c *oidc.Client, ask tokenRequest) Answer {
	params := ask.params
	for _, name := range []string{"code", "redirect_uri"} {
		if params[name] == "" {
			return p.refuseGrant(r, c, oidc.InvalidRequest, name+" is missing", "")
		}
	}
	challenge, ok := "", true
	if verifier := params["code_verifier"]; verifier != "" {
		challenge, ok = oidc.ChallengeOf(verifier)
	}
	if !ok {
		return p.refuseGrant(r, c, oidc.InvalidGrant, "code_verifier must be 43 to 128 unreserved characters", "")
	}
	if _, err := p.keyRing(); err != nil { // before the code is spent
		return p.failed(r, err)
	}

	refreshToken := randomSecret()
	redemption := p.redemption(params["code"], c, refreshToken, ask)
	redemption.RedirectURI, redemption.CodeChallenge = params["redirect_uri"], challenge
	g, u, err := p.store.RedeemCode(ctx, redemption, ask.now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		misfit, err := p.store.RefuseCode(ctx, redemption, ask.now)
		if err != nil {
			return p.failed(r, err)
		}
		if misfit.Revoked {
			slog.Warn("a code was used again: what it had got is revoked", "request_id", r.ID, "client_id", c.ClientID)
		}
		return p.refuseMisfit(r, c, misfit, "the code is not valid: unknown, expired, used before, or made for another request")
	case err != nil:
		return p.failed(r, err)
	}
	return p.issueTokens(r, c, &u, &g, ask, g.Scope, refreshToken)
}

// redemption is what a client asks for that has a code, of whichever grant.
func (p *Provider) redemption(code string, c *oidc.Client, refreshToken string, ask tokenRequest) store.Redemption {
	return store.Redemption{Code: digest(code), ClientID: c.ClientID, AllowedGroups: c.AllowedGroups, Bound: ask.bound,
		RefreshToken: digest(refreshToken), RefreshEnds: ask.now.Add(p.RefreshIdle), OfflineEnds: ask.now.Add(p.RefreshMax)}
}
