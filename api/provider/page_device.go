package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// devicePage asks for the code that a device shows (RFC 8628 §3.3). It is bound to no browser, for the UI has it at an
// address of its own.
type devicePage struct {
	pending  `json:"-"`
	UserCode string  `json:"uc,omitempty"` // as it was typed
	Error    failure `json:"f"`
}

type deviceView struct {
	common
	UserCode string       `json:"user_code,omitempty"`
	Error    *failureView `json:"error,omitempty"`
}

func (*devicePage) name() string { return "device" }

func (w *devicePage) view(_ context.Context, _ *Provider, c common) (any, error) {
	e := c.failed(w.Error)
	return deviceView{common: c, UserCode: w.UserCode, Error: e}, nil
}

// pageUnknownUserCode is the error of the device page for a code that no device waits with.
const pageUnknownUserCode = "unknown_user_code"

// Device takes the user code that a person types on the device page (RFC 8628 §3.3). What the device asks for goes on as any
// authorization request does, sealed, but the person is always asked, and nobody is sent to a redirect URI.
func (p *Provider) Device(ctx context.Context, r Request) Answer {
	now := p.now()
	if !p.fromUI(r) {
		return *p.refuseForm(ctx, r, "device", 403, pageOriginRefused, pending{})
	}
	params, _ := oidc.ParseParams(r.Params, []string{"user_code"})
	userCode, ok := oidc.ReadUserCode(params["user_code"])
	if !ok {
		return p.askUserCode(ctx, clip(params["user_code"]), 303, pageUnknownUserCode, 0)
	}
	asked, wait, err := p.findDevice(ctx, r, userCode, now)
	switch {
	case wait > 0:
		p.tell(ctx, oidc.UserCodesThrottled{Seconds: wait.Seconds()})
		return p.askUserCode(ctx, userCode, 429, tooManyAttempts, wait)
	case errors.Is(err, store.ErrNotFound):
		p.tell(ctx, oidc.UserCodeUnknown{})
		return p.askUserCode(ctx, userCode, 303, pageUnknownUserCode, 0)
	case err != nil:
		return p.failedDevice(ctx, userCode, err)
	}

	client, err := p.clientNamed(ctx, []string{asked.ClientID})
	switch {
	case err != nil:
		return p.failedDevice(ctx, userCode, err)
	case client == nil || client.Disabled() || !client.MayUse(oidc.GrantDeviceCode):
		return p.errorPage(ctx, 400, pageUnknownClient, nil)
	case !now.Before(asked.ExpiresAt):
		return p.errorPage(ctx, 400, oidc.ExpiredToken, viewOfClient(client, ""))
	}
	req := oidc.AuthorizeRequest{ClientID: client.ClientID, Scope: asked.Scope, Resources: asked.Resources, MaxAge: client.DefaultMaxAge,
		UserCode: userCode, At: now}
	a, err := p.nextAtBrowser(ctx, visit{r: r, req: req, client: client, now: now})
	if err != nil {
		return p.failedDevice(ctx, userCode, err)
	}
	return a
}

// findDevice returns what waits with the user code; wait is for those who have guessed too often.
func (p *Provider) findDevice(ctx context.Context, r Request, userCode string, now time.Time) (
	asked store.DeviceRequest, wait time.Duration, err error) {
	bucket := authn.UserCodeBucket(p.bucketKey, r.Addr, p.deviceOf(r).UserID)
	limits := bucket.Limits()
	guesses := store.Guesses{Bucket: int32(bucket), Burst: limits.Burst, Leak: limits.Leak}
	var failures float32
	asked, failures, err = p.store.FindDeviceCode(ctx, p.userCodeDigest(userCode), guesses, now)
	return asked, authn.Wait([]authn.State{{Bucket: bucket, Failures: failures, UpdatedAt: now}}, now), err
}

// askUserCode leads back to the device page with a reason.
func (p *Provider) askUserCode(
	ctx context.Context, typed string, status int, code string, wait time.Duration,
) Answer {
	w := devicePage{UserCode: typed, Error: p.failureOf(ctx, code, wait)}
	return Answer{Status: status, Location: p.address(&w), RetryAfter: wait, Error: code,
		Script: &ScriptAnswer{max(status, 400), oauthErrorBody{Error: code}}}
}

// failedDevice keeps the code where another try may do.
func (p *Provider) failedDevice(ctx context.Context, userCode string, err error) Answer {
	return p.keepForm(ctx, nil, err, func(status int, code string, wait time.Duration) Answer {
		return p.askUserCode(ctx, userCode, status, code, wait)
	})
}

// allowDevice saves that the person allows what a device asks for; the device learns of it at its next poll.
func (p *Provider) allowDevice(ctx context.Context, v visit) (Answer, error) {
	userCode, asked := p.userCodeDigest(v.req.UserCode), store.DeviceRequest{ClientID: v.client.ClientID, Scope: v.req.Scope,
		Resources: v.req.Resources}
	signedIn, waiting, err := p.store.AllowDevice(ctx, userCode, asked, v.req.Services(v.client), v.standing.Session.SID,
		p.idleEnd(v.standing.SeenAt, v.now), v.now)
	switch {
	case err != nil:
		return Answer{}, err
	case !signedIn:
		return Answer{}, errSessionEnded
	case !waiting:
		return p.errorPage(ctx, 400, oidc.ExpiredToken, viewOfClient(v.client, "")), nil
	}
	return p.deviceDone(ctx, v.client, v.standing.User.Username, true), nil
}

// denyDevice saves that the person does not.
func (p *Provider) denyDevice(ctx context.Context, w consentPage, client *oidc.Client, now time.Time) (Answer, error) {
	asked := store.DeviceRequest{ClientID: client.ClientID, Scope: w.Request.Scope}
	switch err := p.store.DenyDevice(ctx, p.userCodeDigest(w.Request.UserCode), asked, now); {
	case errors.Is(err, store.ErrNotFound):
		return p.errorPage(ctx, 400, oidc.ExpiredToken, viewOfClient(client, "")), nil
	case err != nil:
		return Answer{}, err
	}
	return p.deviceDone(ctx, client, w.User.Username, false), nil
}
