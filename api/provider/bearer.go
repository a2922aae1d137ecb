package provider

import (
	"context"
	"slices"
	"strings"

	"gatehouse/api/oidc"
)

// presentedToken reads the token of a request (RFC 6750 §2.1, RFC 9449 §7.1), or RFC 6750 §2.2 where there is no header;
// never §2.3, since addresses are logged and kept. scheme is the token type as which it was sent, "" where there is no
// token.
func presentedToken(r Request) (token, scheme string) {
	given, token, _ := strings.Cut(r.Authorization, " ")
	for _, scheme := range []string{"Bearer", "DPoP"} {
		if strings.EqualFold(given, scheme) {
			return strings.TrimSpace(token), scheme
		}
	}
	params, _ := oidc.ParseParams(r.Params, []string{"access_token"})
	if r.Method == "POST" && r.Authorization == "" && params["access_token"] != "" {
		return params["access_token"], "Bearer"
	}
	return "", ""
}

// sentTwice reports whether a request has more than one access token, which nobody should have to choose from (RFC 6750 §2, §3.1).
func sentTwice(r Request, scheme string) bool {
	values := slices.DeleteFunc(slices.Clone(r.Params["access_token"]), func(v string) bool { return v == "" })
	inHeader := 0
	if scheme != "" && r.Authorization != "" {
		inHeader = 1
	}
	return inHeader+len(values) > 1
}

// bearer reads RFC 6750 §2.1 for tokens that are no access tokens of ours.
func bearer(r Request) (token string, found bool) {
	token, scheme := presentedToken(r)
	return token, scheme == "Bearer"
}

// askForBearer answers a request that has no token at all (RFC 6750 §3.1).
func (p *Provider) askForBearer(description string) Answer {
	return Answer{Status: 401, Challenge: `Bearer realm="` + p.Issuer + `"`, JSON: oauthErrorBody{oidc.InvalidToken, description}}
}

// refuseToken answers as RFC 6750 §3.1 and RFC 9449 §7.1 have it; scheme is that of the request, or the one in which the
// token should have come.
func (p *Provider) refuseToken(ctx context.Context, scheme string, status int, code, why string) Answer {
	if code != oidc.UseDPoPNonce {
		p.tell(ctx, oidc.AccessTokenRefused{Error: code, Why: why})
	}
	description := "the access token is expired, revoked or not valid"
	if code != oidc.InvalidToken {
		description = why
	}
	challenge := scheme + ` realm="` + p.Issuer + `", error="` + code + `", error_description="` + description + `"`
	if scheme == "DPoP" {
		challenge += `, algs="` + strings.Join(oidc.SigningAlgs, " ") + `"`
	}
	return Answer{Status: status, JSON: oauthErrorBody{code, description}, Challenge: challenge}
}

// lacksScope answers a request whose token is good, and has not the scope that this takes, which the challenge names (RFC 6750 §3, §3.1).
func (p *Provider) lacksScope(ctx context.Context, scheme, scope, why string) Answer {
	a := p.refuseToken(ctx, scheme, 403, oidc.InsufficientScope, why)
	a.Challenge += `, scope="` + scope + `"`
	return a
}

// sentAs is the reason, for the log, of refusing a token that was sent in the scheme of another type.
func sentAs(tokenType, scheme string) string {
	return "a token of type " + tokenType + " was sent as " + scheme
}
