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
	standing, err := p.standing(ctx, r, client, now)
	if err != nil {
		return p.failedDevice(r, userCode, err, now)
	}

	req := oidc.AuthorizeRequest{ClientID: client.ClientID, Scope: asked.Scope, MaxAge: client.DefaultMaxAge, UserCode: userCode, At: now}
	step, refusal := req.Decide(client, standing.Standing, false, now)
	switch {
	case refusal != nil:
		return p.respondError(r, req, refusal)
	case step == oidc.SignIn:
		return p.askSignIn(r, req, client, now)
	}
	return p.askConsent(r, req, client, standing.Standing, now)
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

// answerDevice saves what the person pressed on the consent page of a device's request; the device learns of it at its next poll.
func (p *Provider) answerDevice(ctx context.Context, r Request, w pending, client *oidc.Client, allowed bool, touch, now time.Time) Answer {
	userCode, asked := p.userCodeDigest(w.Request.UserCode), store.DeviceRequest{ClientID: client.ClientID, Scope: w.Request.Scope}
	signedIn, waiting, err := true, true, error(nil)
	if allowed {
		signedIn, waiting, err = p.store.AllowDevice(ctx, userCode, asked, w.SID, touch, now)
	} else if err = p.store.DenyDevice(ctx, userCode, asked, now); errors.Is(err, store.ErrNotFound) {
		waiting, err = false, nil
	}
	switch {
	case err != nil:
		return p.failedPage(r, err, p.page(w, now))
	case !signedIn: // the session ended a moment ago
		return p.askSignIn(r, *w.Request, client, now)
	case !waiting:
		return p.errorPage(r, 400, oidc.ExpiredToken, viewOfClient(client))
	}
	slog.Info("device answered", "request_id", r.ID, "client_id", client.ClientID, "username", w.User.Username, "allowed", allowed)
	return redirect(p.page(pending{Page: "device_done", Client: viewOfClient(client), Allowed: allowed}, now))
}
