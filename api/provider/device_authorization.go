package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// DeviceAuthorization is the device authorization endpoint (RFC 8628 §3.1): a device without a browser gets a code to poll
// with, and one for a person to type on the device page.
func (p *Provider) DeviceAuthorization(ctx context.Context, r Request) Answer {
	now := p.now()
	client, params, refusal := p.fromClient(ctx, r, "device authorization", oidc.DeviceAuthorizationParams)
	if refusal != nil {
		return *refusal
	}
	scope, resources, refused := oidc.ParseDeviceAuthorization(params, r.Params["resource"], client, p.Issuer)
	if refused != nil {
		return p.refuse(ctx, "device authorization", client.ClientID, refused)
	}

	deviceCode, userCode := randomSecret(), oidc.NewUserCode(randomBelow)
	err := p.store.SaveDeviceCode(ctx, store.DeviceCode{
		Device: oidc.Digest(deviceCode), User: p.userCodeDigest(userCode),
		Network: p.sealer.Derive(keys.ForDeviceNetworks, []byte(authn.EndSite(r.Addr))),
		GrantID: newID(), ClientID: client.ClientID, Scope: scope, Resources: resources, Challenge: params["code_challenge"],
		Offline:   oidc.HasScope(scope, oidc.OfflineAccess),
		ExpiresAt: now.Add(oidc.DeviceCodeTTL),
	}, now)
	switch {
	case errors.Is(err, store.ErrManyDeviceCodesHere):
		return p.noRoomForDevice(ctx, client, 429, oidc.SlowDown,
			"too many devices of this network wait for somebody to sign in", err)
	case errors.Is(err, store.ErrManyDeviceCodes):
		return p.noRoomForDevice(ctx, client, 503, oidc.TemporarilyUnavailable,
			"too many devices wait for somebody to sign in", err)
	case err != nil:
		return p.failed(ctx, err)
	}
	page := p.UIOrigin + "/device"
	return Answer{Status: 200, JSON: oidc.DeviceAuthorization{
		DeviceCode: deviceCode, UserCode: userCode, VerificationURI: page, VerificationURIComplete: page + "?user_code=" + userCode,
		ExpiresIn: int(oidc.DeviceCodeTTL.Seconds()), Interval: int(oidc.DevicePollInterval.Seconds()),
	}}
}

// deviceRetryAfter is after how long there may be room again: people answer, and codes expire.
const deviceRetryAfter = 15 * time.Second

// noRoomForDevice refuses a request without a fault, for a while.
func (p *Provider) noRoomForDevice(
	ctx context.Context, c *oidc.Client, status int, code, description string, why error,
) Answer {
	a := p.refuse(ctx, "device authorization", c.ClientID,
		&oidc.Error{Code: code, Description: description + "; try again in a moment", Log: why.Error()})
	a.Status, a.RetryAfter = status, deviceRetryAfter
	return a
}

// userCodeDigest returns how a user code is stored: keyed, since a mere digest of eight letters could be reversed by trying
// all.
func (p *Provider) userCodeDigest(userCode string) store.Digest {
	return p.sealer.Derive(keys.ForUserCodes, []byte(userCode))
}
