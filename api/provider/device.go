package provider

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// pageUnknownUserCode is the error of the device page for a code that no device waits with.
const pageUnknownUserCode = "unknown_user_code"

// Device takes the user code that a person types on the device page (RFC 8628 §3.3). What the device asks for goes on as any
// authorization request does, sealed, but the person is always asked, and nobody is sent to a redirect URI.
func (p *Provider) Device(ctx context.Context, r Request) Answer {
	now := p.now()
	if !p.fromUI(r) {
		slog.Warn("form refused", "request_id", r.ID, "page", "device", "error", pageOriginRefused, "origin", r.Origin)
		return p.errorPage(r, 403, pageOriginRefused, nil)
	}
	params, _ := oidc.ParseParams(r.Params, []string{"user_code"})
	userCode, ok := oidc.ReadUserCode(params["user_code"])
	if !ok {
		return p.askUserCode(r, clip(params["user_code"]), 303, pageUnknownUserCode, 0, now)
	}
	asked, wait, err := p.findDevice(ctx, r, userCode, now)
	switch {
	case wait > 0:
		slog.Warn("user codes throttled", "request_id", r.ID, "addr", r.Addr, "seconds", wait.Seconds())
		return p.askUserCode(r, userCode, 429, "too_many_attempts", wait, now)
	case errors.Is(err, store.ErrNotFound):
		slog.Warn("unknown user code", "request_id", r.ID, "addr", r.Addr)
		return p.askUserCode(r, userCode, 303, pageUnknownUserCode, 0, now)
	case err != nil:
		return p.failedDevice(r, userCode, err, now)
	}

	client, err := p.clientNamed(ctx, []string{asked.ClientID})
	switch {
	case err != nil:
		return p.failedDevice(r, userCode, err, now)
	case client == nil || client.Disabled || !client.MayUse(oidc.GrantDeviceCode):
		return p.errorPage(r, 400, pageUnknownClient, nil)
	case !now.Before(asked.ExpiresAt):
		return p.errorPage(r, 400, oidc.ExpiredToken, viewOfClient(client))
	}
	standing, err := p.standing(ctx, &r, client, now)
	if err != nil {
		return p.failedDevice(r, userCode, err, now)
	}
	req := oidc.AuthorizeRequest{ClientID: client.ClientID, Scope: asked.Scope, MaxAge: client.DefaultMaxAge, UserCode: userCode, At: now}
	a, err := p.next(ctx, visit{r: r, req: req, client: client, standing: standing, now: now})
	if err != nil {
		return p.failedDevice(r, userCode, err, now)
	}
	return a
}

// findDevice looks for what waits with the user code; wait is for those who have guessed too often.
func (p *Provider) findDevice(ctx context.Context, r Request, userCode string, now time.Time) (store.DeviceRequest, time.Duration, error) {
	_, username := p.knownBrowser(r)
	bucket := authn.UserCodeBucket(p.bucketKey, r.Addr, username)
	burst, leak := bucket.Limits()
	guesses := store.Guesses{Bucket: int32(bucket), Burst: burst, Leak: leak}
	asked, failures, err := p.store.FindDeviceCode(ctx, p.userCodeDigest(userCode), guesses, now)
	return asked, authn.Wait([]authn.State{{Bucket: bucket, Failures: failures, UpdatedAt: now}}, now), err
}

// askUserCode leads back to the device page with a reason.
func (p *Provider) askUserCode(r Request, typed string, status int, code string, wait time.Duration, now time.Time) Answer {
	if r.WantsJSON {
		return Answer{Status: max(status, 400), RetryAfter: wait, JSON: oauthErrorBody{Error: code}}
	}
	w := pending{Page: "device", Request: &oidc.AuthorizeRequest{UserCode: typed},
		Error: code, RetryAfter: int(wait.Seconds()), RequestID: r.ID}
	return Answer{Status: status, Location: p.page(w, now), RetryAfter: wait}
}

// failedDevice keeps the code where another try may do.
func (p *Provider) failedDevice(r Request, userCode string, err error, now time.Time) Answer {
	code, status, wait := p.classify(r, err)
	if status != 503 {
		return p.errorPage(r, status, code, nil)
	}
	return p.askUserCode(r, userCode, status, code, wait, now)
}

// allowDevice saves that the person pressed the button of the consent page; the device learns of it at its next poll.
func (p *Provider) allowDevice(ctx context.Context, v visit) (Answer, error) {
	userCode, asked := p.userCodeDigest(v.req.UserCode), store.DeviceRequest{ClientID: v.client.ClientID, Scope: v.req.Scope}
	signedIn, waiting, err := p.store.AllowDevice(ctx, userCode, asked, v.standing.Session.SID, p.touch(v.standing.SeenAt, v.now), v.now)
	switch {
	case err != nil:
		return Answer{}, err
	case !signedIn: // the session ended a moment ago
		return p.askSignIn(ctx, v), nil
	}
	return p.answeredDevice(v.r, v.client, v.standing.User.Username, true, waiting, v.now), nil
}

// denyDevice saves that they pressed the other one.
func (p *Provider) denyDevice(ctx context.Context, r Request, w pending, client *oidc.Client, now time.Time) Answer {
	asked := store.DeviceRequest{ClientID: client.ClientID, Scope: w.Request.Scope}
	err := p.store.DenyDevice(ctx, p.userCodeDigest(w.Request.UserCode), asked, now)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return p.failedPage(r, err, p.page(w, now))
	}
	return p.answeredDevice(r, client, w.User.Username, false, err == nil, now)
}

// answeredDevice says what became of a device's request: it has its answer, unless it does not wait for one any more.
func (p *Provider) answeredDevice(r Request, client *oidc.Client, username string, allowed, waiting bool, now time.Time) Answer {
	if !waiting {
		return p.errorPage(r, 400, oidc.ExpiredToken, viewOfClient(client))
	}
	slog.Info("device answered", "request_id", r.ID, "client_id", client.ClientID, "username", username, "allowed", allowed)
	return redirect(p.page(pending{Page: "device_done", Client: viewOfClient(client), Allowed: allowed}, now))
}
