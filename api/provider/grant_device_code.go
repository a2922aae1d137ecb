package provider

import (
	"context"
	"errors"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// grantDeviceCode answers a device that polls (RFC 8628 §3.4, §3.5).
func (p *Provider) grantDeviceCode(ctx context.Context, c *oidc.Client, req tokenRequest) Answer {
	if req.params["device_code"] == "" {
		return p.refuseGrant(ctx, c, oidc.InvalidRequest, "device_code is missing", "")
	}
	challenge, ok := challengeIn(req.params)
	if !ok {
		return p.refuseGrant(ctx, c, oidc.InvalidGrant, notAVerifier, "")
	}
	if _, err := p.keyRing(); err != nil { // before the code is spent
		return p.failed(ctx, err)
	}

	refresh := oidc.RefreshToken{Secret: randomBytes()}
	deviceCode := oidc.Digest(req.params["device_code"])
	g, u, err := p.store.RedeemDeviceCode(ctx, deviceCode, challenge, req.restriction, p.newGrant(c, refresh, req), req.now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		refusal, err := p.store.PollDeviceCode(ctx, deviceCode, challenge, c.ClientID, req.restriction, req.now)
		if err != nil {
			return p.failed(ctx, err)
		}
		return p.refuseDevice(ctx, c, refusal)
	case err != nil:
		return p.failed(ctx, err)
	}
	return p.issueFirstTokens(ctx, c, &u, &g, req, refresh)
}

// refuseDevice answers with the code of RFC 8628 §3.5 for why there is no token (yet).
func (p *Provider) refuseDevice(ctx context.Context, c *oidc.Client, refused store.RefusedGrant) Answer {
	switch refused.Reason {
	case store.DevicePending: // the answer to most polls: not for the log
		return Answer{Status: 400, JSON: oauthErrorBody{oidc.AuthorizationPending, "nobody has answered yet"}}
	case store.DeviceTooSoon:
		return p.refuseGrant(ctx, c, oidc.SlowDown, "wait 5 seconds longer between requests", "")
	case store.DeviceDenied:
		return p.refuseGrant(ctx, c, oidc.AccessDenied, "the person did not allow it", "")
	case oidc.ResourceTooWide:
		return p.refuseGrant(ctx, c, oidc.InvalidTarget, "resource is not one that was granted", "")
	case store.DeviceExpired:
		return p.refuseGrant(ctx, c, oidc.ExpiredToken, "the device code has expired; ask for a new one", "")
	}
	if refused.Revoked {
		p.tell(ctx, oidc.DeviceCodeReplayed{ClientID: c.ClientID})
	}
	return p.refuseGrant(ctx, c, oidc.InvalidGrant,
		"the device code is not valid: unknown, used before, of another code_verifier, or the person may no longer sign in", refused.Reason)
}
