package provider

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// Revoke is the revocation endpoint (RFC 7009). Revoking either token ends the grant and with it all its tokens (§2.1
// allows it), so that signing an application out leaves nothing behind. A token that is unknown or another client's is a
// quiet success (§2.2).
func (p *Provider) Revoke(ctx context.Context, r Request) Answer {
	client, params, refusal := p.fromClient(ctx, r, "revoke", oidc.AboutTokenParams)
	switch {
	case refusal != nil:
		return *refusal
	case params["token"] == "":
		return p.refuse(ctx, "revoke", client.ClientID, &oidc.Error{Code: oidc.InvalidRequest, Description: "token is missing"})
	}
	claims, why, err := p.verifyAccessToken(params["token"])
	switch {
	case err != nil:
	case why == "" && (claims.GrantID == "" || claims.SubjectID != ""): // it has no grant, or another client's
		if claims.ClientID == client.ClientID {
			err = p.store.RevokeToken(ctx, claims.ID, time.Unix(claims.Expiry, 0).Add(oidc.Leeway))
		}
	case why == "":
		err = p.store.RevokeGrant(ctx, claims.GrantID, client.ClientID, p.now())
	default:
		err = p.revokeRefreshToken(ctx, client, oidc.RefreshSecret(params["token"]), p.now())
	}
	if err != nil {
		return p.failed(ctx, err)
	}
	return Answer{Status: 200}
}
