package provider

import (
	"context"
	"errors"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// grantTokenExchange exchanges an access token of ours (RFC 8693 §2): for one that another service accepts, as the client's
// rows in exchange_policies allow, or with requested_issuer, a parameter of Keycloak's, for the one that its user has at an
// upstream.
func (p *Provider) grantTokenExchange(ctx context.Context, c *oidc.Client, req tokenRequest) Answer {
	refused := oidc.CheckExchange(req.params)
	if refused == nil && c.Public() {
		refused = &oidc.Error{Code: oidc.UnauthorizedClient, Description: "a client without a secret or key cannot exchange tokens"}
	}
	if refused != nil {
		return p.refuseGrant(ctx, c, refused.Code, refused.Description, refused.Log)
	}
	subject, why, err := p.verifyAccessToken(req.params["subject_token"])
	switch {
	case err != nil:
		return p.failed(ctx, err)
	case why == "" && subject.GrantID == "":
		why = "issued to a client, not for a person"
	case why == "" && subject.Expiry <= req.now.Unix(): // the new token would expire with it
		why = "expired"
	}
	if why == "" {
		why = subject.KeyProblem(c, req.restriction.JKT)
	}
	if why != "" {
		return p.refuseSubjectToken(ctx, c, why)
	}
	if req.params["requested_issuer"] != "" {
		return p.exchangeAtUpstream(ctx, c, req, subject)
	}
	return p.exchangeForService(ctx, c, req, &subject)
}

// exchangeAtUpstream answers with the access token that the user has at an upstream. The client's row lists the upstreams
// that it may name.
func (p *Provider) exchangeAtUpstream(
	ctx context.Context, c *oidc.Client, req tokenRequest, subject oidc.AccessTokenClaims,
) Answer {
	if refusal := p.refuseExchangeAtUpstream(ctx, c, req, subject); refusal != nil {
		return *refusal
	}
	upstream, err := p.upstreamNamed(ctx, req.params["requested_issuer"])
	switch {
	case err != nil:
		return p.failed(ctx, err)
	case upstream == nil:
		return p.refuseGrant(ctx, c, oidc.InvalidTarget, "requested_issuer is not an upstream that can be used",
			"no such row in upstreams, or disabled_at is set")
	}

	found, err := p.usableUpstreamTokens(ctx, upstream, subject.GrantID)
	var token []byte
	if err == nil {
		token, err = p.openUpstreamToken(upstream, found, found.AccessToken)
	}
	var ended grantEnded
	var refusal *oidc.Error
	switch {
	case errors.As(err, &ended):
		return p.refuseSubjectToken(ctx, c, string(ended))
	case errors.As(err, &refusal):
		return p.refuseGrant(ctx, c, refusal.Code, refusal.Description, refusal.Log)
	case errors.Is(err, authn.ErrUpstreamUnavailable), errors.Is(err, authn.ErrUpstreamFailed):
		p.tell(ctx, oidc.UpstreamTokenUnavailable{ClientID: c.ClientID, Upstream: upstream.Name, Error: err.Error()})
		return Answer{Status: 503, RetryAfter: retryAfter,
			JSON: oauthErrorBody{oidc.TemporarilyUnavailable, "the upstream does not answer"}}
	case err != nil:
		return p.failed(ctx, err)
	}
	p.tell(ctx, oidc.UpstreamTokenIssued{ClientID: c.ClientID, Username: found.Username, Upstream: found.Upstream})
	out := oidc.ExchangeResponse{AccessToken: string(token), IssuedTokenType: oidc.AccessTokenTypeURI, TokenType: "Bearer",
		Scope: found.Scope}
	if found.ExpiresAt != nil {
		out.ExpiresIn = int(found.ExpiresAt.Sub(p.now()).Seconds())
	}
	return Answer{Status: 200, JSON: out}
}

// refuseExchangeAtUpstream returns the answer to a request that asks for what the client may not have, or for what there is
// not, whatever the upstream; nil for any other.
func (p *Provider) refuseExchangeAtUpstream(
	ctx context.Context, c *oidc.Client, req tokenRequest, subject oidc.AccessTokenClaims,
) *Answer {
	refused := c.MayExchange(req.params["requested_issuer"])
	for _, name := range []string{"audience", "resource"} {
		if refused == nil && len(req.all[name]) > 0 {
			refused = &oidc.Error{Code: oidc.InvalidTarget, Description: name + " has no place beside requested_issuer"}
		}
	}
	var a Answer
	switch {
	case refused != nil:
		a = p.refuseGrant(ctx, c, refused.Code, refused.Description, refused.Log)
	case req.params["actor_token"] != "":
		a = p.refuseGrant(ctx, c, oidc.InvalidRequest, "actor_token has no place beside requested_issuer", "")
	case subject.ClientID != c.ClientID:
		a = p.refuseSubjectToken(ctx, c, "issued to client "+subject.ClientID)
	case subject.SubjectID != "":
		a = p.refuseSubjectToken(ctx, c, "got by an exchange")
	default:
		return nil
	}
	return &a
}

// exchangeForService answers with an access token for another service. It belongs to the grant of the subject token, and
// expires no later than that.
func (p *Provider) exchangeForService(
	ctx context.Context, c *oidc.Client, req tokenRequest, subject *oidc.AccessTokenClaims,
) Answer {
	target, refused := oidc.ExchangeTarget(req.all["audience"], req.all["resource"])
	if refused != nil {
		return p.refuseGrant(ctx, c, refused.Code, refused.Description, refused.Log)
	}
	actor, why, err := p.actorOf(ctx, c, req)
	var subjectClient *oidc.Client
	if err == nil {
		subjectClient, err = p.issuedTo(ctx, subject)
	}
	switch {
	case err != nil:
		return p.failed(ctx, err)
	case subjectClient == nil: // which need not be the grant's: the token may have been got by an exchange
		return p.refuseSubjectToken(ctx, c, unknownClient)
	case why != "":
		return p.refuseGrant(ctx, c, oidc.InvalidRequest,
			"actor_token is not a living access token of this client", "actor_token: "+why)
	}
	x, why, err := p.store.LoadExchange(ctx, useOf(subject), c, target, req.now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.refuseSubjectToken(ctx, c, why)
	case err != nil:
		return p.failed(ctx, err)
	case !x.Allowed:
		return p.refuseGrant(ctx, c, oidc.AccessDenied, "the person is not in a group that may use this client", "")
	}
	if why := (&oidc.Grant{AMR: x.AMR}).Refused(c, &x.User, req.now); why != "" {
		return p.refuseGrant(ctx, c, oidc.AccessDenied, "the person signed in with less than is asked for here", why)
	}
	scope, act, refused := x.Policy.Decide(c, subject, actor, req.params["scope"])
	if refused != nil {
		if x.Policy == nil {
			refused.Log = oidc.ExplainPolicy(c, target, subject, req.params["scope"])
		}
		return p.refuseGrant(ctx, c, refused.Code, refused.Description, refused.Log)
	}
	if refused = c.RefuseService(target, &x.User, x.AMR); refused != nil {
		code := refused.Code
		if code == oidc.InvalidGrant { // no grant was sent
			code = oidc.AccessDenied
		}
		return p.refuseGrant(ctx, c, code, refused.Description, refused.Log)
	}
	return p.issueExchanged(ctx, c, req, subject, x, exchanged{target, scope, act})
}

// exchanged is what an exchange was decided to result in.
type exchanged struct {
	audience string
	scope    string
	actor    *oidc.Actor
}

// issueExchanged answers with a token of the grant of the subject token.
func (p *Provider) issueExchanged(
	ctx context.Context, c *oidc.Client, req tokenRequest, subject *oidc.AccessTokenClaims, x store.Exchange, to exchanged,
) Answer {
	claims := p.accessTokenClaims(c, accessTokenFor{to.scope, req.restriction.JKT, oidc.Audience{to.audience}}, req.now)
	claims.Subject, claims.Actor = p.subject(c, x.Sub), to.actor
	claims.GrantID, claims.SubjectID, claims.AuthTime = subject.GrantID, subject.ID, subject.AuthTime
	claims.ACR = subject.ACR
	claims.Expiry = min(claims.Expiry, subject.Expiry)
	claims.AddUser(c, &x.User)
	ring, err := p.keyRing()
	var token string
	if err == nil {
		token, err = p.signClaims(ring, c, claims, req.now)
	}
	if err != nil {
		return p.failed(ctx, err)
	}
	p.tell(ctx, oidc.TokenExchanged{ClientID: c.ClientID, Username: x.Username, Audience: to.audience,
		Delegation: to.actor != nil})
	return Answer{Status: 200, JSON: oidc.ExchangeResponse{AccessToken: token, IssuedTokenType: oidc.AccessTokenTypeURI,
		TokenType: claims.TokenType(), ExpiresIn: int(claims.Expiry - req.now.Unix()), Scope: to.scope}}
}

// actorOf returns the subject of the actor token, which must be valid and one that this client got, for itself or for a
// user. why is the reason for the log if the token is refused; both are "" where there is none.
func (p *Provider) actorOf(ctx context.Context, c *oidc.Client, req tokenRequest) (actor, why string, err error) {
	if req.params["actor_token"] == "" {
		return "", "", nil
	}
	claims, why, err := p.verifyAccessToken(req.params["actor_token"])
	if err == nil && why == "" && claims.ClientID != c.ClientID {
		why = "issued to client " + claims.ClientID
	}
	if err == nil && why == "" {
		why = claims.KeyProblem(c, req.restriction.JKT)
	}
	if err != nil || why != "" {
		return "", why, err
	}
	_, why, err = p.loadTokenOwner(ctx, &claims, useOf(&claims), req.now)
	if errors.Is(err, store.ErrNotFound) {
		return "", why, nil
	}
	return claims.Subject, "", err
}

// refuseSubjectToken answers invalid_request, whatever is wrong with the subject token (RFC 8693 §2.2.2).
func (p *Provider) refuseSubjectToken(ctx context.Context, c *oidc.Client, why string) Answer {
	return p.refuseGrant(ctx, c, oidc.InvalidRequest,
		"subject_token is not a living access token that this client can exchange", "subject_token: "+why)
}
