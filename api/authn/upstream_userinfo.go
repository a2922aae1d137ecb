package authn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	relying "github.com/coreos/go-oidc/v3/oidc"

	"gatehouse/api/oidc"
)

// userinfoPatience is how long userinfo may take: a sign-in can do without it.
const userinfoPatience = 2 * time.Second

// userinfo returns the claims at the userinfo endpoint about sub (OpenID Connect Core §5.3), which come as JSON or as a signed JWT.
// What cannot be had, or not be used, is no reason to sign nobody in: missing says why there are none. Only userinfo about somebody
// else is an error.
func (s *Upstreams) userinfo(
	ctx context.Context, u *oidc.Upstream, e *endpoints, bearer, sub string,
) (claims claimSet, missing, err error) {
	ctx, cancel := context.WithTimeout(ctx, userinfoPatience)
	defer cancel()
	body, err := s.get(ctx, "userinfo", e.userinfo, bearer, "application/json, application/jwt")
	if err != nil {
		return nil, err, nil
	}
	text := strings.TrimSpace(string(body))
	if isJWT(text) {
		claims, missing, err = s.signedUserinfo(ctx, u, e, text)
	} else if json.Unmarshal(body, &claims) != nil || claims == nil {
		missing = errors.New("its userinfo is neither JSON nor a signed JWT")
	}
	switch _, there := claims["sub"]; {
	case missing != nil || err != nil:
		return nil, missing, err
	case !there:
		return nil, errors.New("its userinfo has no sub"), nil
	}
	return claims, nil, claims.checkSubject(sub)
}

// signedUserinfo verifies a signed answer with the upstream's keys. It need not have iss and aud, but those that are there have to be
// right (OpenID Connect Core §5.3.2).
func (s *Upstreams) signedUserinfo(
	ctx context.Context, u *oidc.Upstream, e *endpoints, jwt string,
) (claims claimSet, missing, err error) {
	token, err := e.provider.Verifier(&relying.Config{SkipClientIDCheck: true, SkipExpiryCheck: true, SkipIssuerCheck: true,
		SupportedSigningAlgs: algorithms}).Verify(ctx, jwt)
	switch {
	case err != nil && strings.Contains(err.Error(), ".sub of type"): // by then the signature has been verified
		return nil, nil, fmt.Errorf("%w: its userinfo has a sub that is no text", ErrUpstreamFailed)
	case err != nil:
		return nil, fmt.Errorf("its signed userinfo: %.200s", err.Error()), nil
	case token.Issuer != "" && token.Issuer != u.Issuer:
		return nil, fmt.Errorf("its signed userinfo is of another issuer (iss %.100q)", token.Issuer), nil
	case len(token.Audience) > 0 && !slices.Contains(token.Audience, u.ClientID):
		return nil, fmt.Errorf("its signed userinfo is for another client (aud %.100q)", token.Audience), nil
	case !token.Expiry.IsZero() && token.Expiry.Unix() > 0 && token.Expiry.Before(s.now()):
		return nil, errors.New("its signed userinfo has expired"), nil
	}
	return claims, nil, token.Claims(&claims)
}
