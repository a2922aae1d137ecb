package provider

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Userinfo is the UserInfo endpoint (OpenID Connect Core §5.3). The grant is checked each time, so that a token of a user
// who was disabled, signed out or revoked is refused at once.
func (p *Provider) Userinfo(ctx context.Context, r Request) Answer {
	now := p.now()
	token, scheme := presentedToken(r)
	switch {
	case sentTwice(r, scheme):
		return p.refuseToken(ctx, cmp.Or(scheme, "Bearer"), 400, oidc.InvalidRequest, "the access token was sent more than once")
	case scheme == "":
		return p.askForBearer("send the access token as Authorization: Bearer")
	}
	return p.withNonce(r, p.userinfo(ctx, r, token, scheme, now), now)
}

func (p *Provider) userinfo(ctx context.Context, r Request, token, scheme string, now time.Time) Answer {
	if t, user, is, err := p.personalAccessToken(ctx, token, nil, now); is {
		return p.userinfoOf(ctx, scheme, t, &user, err)
	}
	claims, why, err := p.verifyAccessToken(token)
	if err == nil && why == "" {
		why = claims.CheckUserinfo(p.Issuer)
	}
	switch {
	case err != nil:
		return p.failed(ctx, err)
	case why != "":
		return p.refuseToken(ctx, scheme, 401, oidc.InvalidToken, why)
	case !oidc.HasScope(claims.Scope, "openid"):
		return p.lacksScope(ctx, scheme, "openid", "the scope openid was not granted")
	}
	use := useOf(&claims)
	if refused := p.checkPossession(ctx, r, &claims, token, scheme, &use, now); refused != nil {
		return *refused
	}

	owner, why, err := p.loadTokenOwner(ctx, &claims, use, now)
	switch {
	case why == store.ProofUsed:
		return p.refuseToken(ctx, scheme, 401, oidc.InvalidDPoPProof, "DPoP proof: its jti was used before")
	case errors.Is(err, store.ErrNotFound):
		return p.refuseToken(ctx, scheme, 401, oidc.InvalidToken, why)
	case err != nil:
		return p.failed(ctx, err)
	}
	out := owner.client.UserinfoClaims(&owner.User, claims.Subject, claims.Scope, owner.Claims.Userinfo)
	return p.answerUserinfo(ctx, owner.client, out, now)
}

// answerUserinfo answers in JSON, or in a JWT for a client that is registered for one (OpenID Connect Core §5.3.2).
func (p *Provider) answerUserinfo(ctx context.Context, c *oidc.Client, claims map[string]any, now time.Time) Answer {
	if c.UserinfoSignedResponseAlg == "" {
		return Answer{Status: 200, JSON: claims}
	}
	ring, err := p.keyRing()
	var signed string
	if err == nil {
		claims["iss"], claims["aud"] = p.Issuer, c.ClientID
		signed, err = ring.Sign(c.UserinfoSignedResponseAlg, oidc.IDTokenType, claims, now)
	}
	if err != nil {
		return p.failed(ctx, err)
	}
	return Answer{Status: 200, Raw: []byte(signed), Type: "application/jwt"}
}

// checkPossession refuses a token that is bound to a key without a proof of that key, and any other in another scheme than
// Bearer (RFC 9449 §7.1). It adds the proof to use, so that the statement that checks the grant spends it.
func (p *Provider) checkPossession(
	ctx context.Context, r Request, claims *oidc.AccessTokenClaims, token, scheme string, use *store.TokenUse, now time.Time,
) *Answer {
	refuse := func(code, why string) *Answer {
		a := p.refuseToken(ctx, claims.TokenType(), 401, code, why)
		if claims.JKT() != "" {
			a.DPoPNonce = p.nonce(now)
		}
		return &a
	}
	if scheme != claims.TokenType() {
		return refuse(oidc.InvalidToken, sentAs(claims.TokenType(), scheme))
	}
	if claims.JKT() == "" {
		return nil
	}
	client, err := p.issuedTo(ctx, claims)
	switch {
	case err != nil:
		a := p.failed(ctx, err)
		return &a
	case client == nil:
		return refuse(oidc.InvalidToken, unknownClient)
	}
	jkt, proof, refused := p.proofOf(r, client, token, now)
	switch {
	case refused != nil:
		return refuse(refused.Code, refused.Description)
	case jkt != claims.JKT():
		return refuse(oidc.InvalidToken, "no DPoP proof, or one of another key")
	}
	use.Proof = proofJTI(jkt, proof)
	return nil
}
