package provider

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Userinfo is the UserInfo endpoint (OpenID Connect Core §5.3). The grant is looked at each time, so that a token of a user who was
// disabled, signed out or revoked is refused at once.
func (p *Provider) Userinfo(ctx context.Context, r Request) Answer {
	now := p.now()
	token, found := bearerToken(r)
	if !found {
		return Answer{Status: 401, Challenge: `Bearer realm="` + p.Issuer + `"`,
			JSON: oauthErrorBody{oidc.InvalidToken, "send the access token as Authorization: Bearer"}}
	}
	if t, user, is, err := p.personalAccessToken(ctx, token, nil, now); is {
		return p.userinfoOf(r, t, &user, err)
	}
	claims, why, err := p.verifyAccessToken(token)
	if err != nil {
		return p.failed(r, err)
	}
	if why != "" {
		return p.refuseToken(r, 401, oidc.InvalidToken, why)
	}
	if !oidc.HasScope(claims.Scope, "openid") {
		return p.refuseToken(r, 403, oidc.InsufficientScope, "the scope openid was not granted")
	}
	user, why, err := p.store.LoadGrantUser(ctx, claims.GrantID, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.refuseToken(r, 401, oidc.InvalidToken, why)
	case err != nil:
		return p.failed(r, err)
	}
	client, err := p.clientNamed(ctx, []string{claims.ClientID})
	switch {
	case err != nil:
		return p.failed(r, err)
	case client == nil:
		return p.refuseToken(r, 401, oidc.InvalidToken, "unknown client")
	}
	out := oidc.ReleaseClaims(&user, claims.Scope, client.ReleasedClaims)
	out["sub"] = user.Sub
	return Answer{Status: 200, JSON: out}
}

// bearerToken reads RFC 6750 §2.1, or §2.2 where there is no header; never §2.3, since addresses are logged and kept.
func bearerToken(r Request) (token string, found bool) {
	scheme, token, ok := strings.Cut(r.Authorization, " ")
	if ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token), true
	}
	params, _ := oidc.ParseParams(r.Params, []string{"access_token"})
	return params["access_token"], r.Method == "POST" && r.Authorization == "" && params["access_token"] != ""
}

// verifyAccessToken checks what the token itself says; why is for the log if it is refused.
func (p *Provider) verifyAccessToken(token string) (claims oidc.AccessTokenClaims, why string, err error) {
	ring, err := p.keyRing()
	if err != nil {
		return claims, "", err
	}
	typ, plain, err := ring.Verify(token, p.now())
	switch {
	case err != nil:
		return claims, "signature or form", nil
	case typ != oidc.AccessTokenType:
		return claims, "not an access token", nil
	case json.Unmarshal(plain, &claims) != nil:
		return claims, "claims", nil
	}
	return claims, claims.Check(p.Issuer, p.now()), nil
}

// refuseToken answers as RFC 6750 §3.1 has it.
func (p *Provider) refuseToken(r Request, status int, code, why string) Answer {
	slog.Info("access token refused", "request_id", r.ID, "error", code, "why", why)
	description := "the access token is expired, revoked or not valid"
	if code == oidc.InsufficientScope {
		description = why
	}
	return Answer{Status: status, JSON: oauthErrorBody{code, description},
		Challenge: `Bearer realm="` + p.Issuer + `", error="` + code + `", error_description="` + description + `"`}
}
