package provider

import (
	"context"
	"errors"
	"log/slog"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
)

// grantTokenExchange gives a client the access token that its user has at an upstream, for one of ours (RFC 8693 §2; Keycloak calls it
// internal to external). Which upstreams is said in the client's row.
func (p *Provider) grantTokenExchange(ctx context.Context, r Request, c *oidc.Client, ask tokenRequest) Answer {
	params := ask.params
	refused := oidc.CheckExchange(params)
	for _, target := range []string{"audience", "resource"} {
		if refused == nil && len(r.Params[target]) > 0 {
			refused = oidc.RefuseTarget(target)
		}
	}
	if refused == nil {
		refused = c.MayExchange(params["requested_issuer"])
	}
	if refused != nil {
		return p.refuseGrant(r, c, refused.Code, refused.Description, refused.Log)
	}
	subject, why, err := p.verifyAccessToken(params["subject_token"])
	if err == nil && why == "" && subject.ClientID != c.ClientID {
		why = "issued to client " + subject.ClientID
	}
	if err == nil && why != "" {
		return p.refuseSubjectToken(r, c, why)
	}
	var upstream *oidc.Upstream
	if err == nil {
		upstream, err = p.upstreamNamed(ctx, params["requested_issuer"])
	}
	switch {
	case err != nil:
		return p.failed(r, err)
	case upstream == nil:
		return p.refuseGrant(r, c, oidc.InvalidTarget, "requested_issuer is not an upstream that can be used",
			"no such row in upstreams, or disabled_at is set")
	}

	found, err := p.livingUpstreamTokens(ctx, upstream, subject.GrantID)
	var token []byte
	if err == nil {
		token, err = p.openUpstreamToken(upstream, found, found.AccessToken)
	}
	var dead deadGrant
	var refusal *oidc.Error
	switch {
	case errors.As(err, &dead):
		return p.refuseSubjectToken(r, c, string(dead))
	case errors.As(err, &refusal):
		return p.refuseGrant(r, c, refusal.Code, refusal.Description, refusal.Log)
	case errors.Is(err, authn.ErrUpstreamUnavailable), errors.Is(err, authn.ErrUpstreamFailed):
		slog.Error("no token of an upstream", "request_id", r.ID, "client_id", c.ClientID, "upstream", upstream.Name, "error", err)
		return Answer{Status: 503, RetryAfter: retryAfter, JSON: oauthErrorBody{oidc.TemporarilyUnavailable, "the upstream does not answer"}}
	case err != nil:
		return p.failed(r, err)
	}
	slog.Info("gave out a token of an upstream", "request_id", r.ID, "client_id", c.ClientID, "username", found.Username,
		"upstream", found.Upstream)
	out := oidc.ExchangeResponse{AccessToken: string(token), IssuedTokenType: oidc.AccessTokenTypeURI, TokenType: "Bearer", Scope: found.Scope}
	if found.ExpiresAt != nil {
		out.ExpiresIn = int(found.ExpiresAt.Sub(p.now()).Seconds())
	}
	return Answer{Status: 200, JSON: out}
}

// refuseSubjectToken: whatever is wrong with it is invalid_request (RFC 8693 §2.2.2).
func (p *Provider) refuseSubjectToken(r Request, c *oidc.Client, why string) Answer {
	return p.refuseGrant(r, c, oidc.InvalidRequest, "subject_token is not a living access token of this client", "subject_token: "+why)
}
