package provider

import (
	"context"
	"errors"
	"strings"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// provePassword loads the user, and has the password verified unless the throttle says to wait.
func (p *Provider) provePassword(ctx context.Context, r Request, client *oidc.Client, now time.Time) (proven, error) {
	username, password := strings.ToLower(strings.TrimSpace(r.Params.Get("username"))), r.Params["password"]
	switch {
	case len(password) > 1:
		return proven{}, notProven{status: 400, code: pageInvalidRequest}
	case len(username) > 254 || len(password) == 0:
		return proven{}, notProven{status: 401, code: invalidCredentials}
	}
	device := "" // the name of the browser, if they signed in at it before
	if known := p.deviceOf(r); known.Username == username {
		device = known.Name
	}
	buckets := authn.Buckets(p.bucketKey, username, r.Addr, device)
	withOthers, end := p.attempts.Begin(buckets)
	defer end()
	candidate, err := p.store.LoadCandidate(ctx, username, client, numbers(buckets))
	if err != nil {
		return proven{}, err
	}
	if wait := authn.Wait(withOthers(throttleStates(candidate.Failures)), now); wait > 0 {
		p.tell(ctx, oidc.SignInThrottled{Username: knownUsername(candidate), Seconds: wait.Seconds()})
		return proven{}, notProven{429, tooManyAttempts, wait}
	}
	ok, upgraded, err := p.passwords.Verify(ctx, candidate.PasswordHash, password[0])
	switch {
	case errors.Is(err, authn.ErrBusy):
		return proven{}, notProven{503, oidc.TemporarilyUnavailable, retryAfter}
	case err != nil:
		return proven{}, err
	case !ok:
		p.tell(ctx, oidc.SignInFailed{Username: knownUsername(candidate)})
		if err := p.recordFailure(ctx, buckets, now); err != nil {
			return proven{}, err
		}
		return proven{}, notProven{status: 401, code: invalidCredentials}
	}
	if device == "" {
		device = randomSecret()
	}
	return proven{user: candidate.User, consented: candidate.Consented, allowed: candidate.Allowed,
		verified: candidate.PasswordHash, upgraded: upgraded, reset: numbers(authn.AfterSuccess(buckets)),
		cookies: []Cookie{p.deviceCookie(device, candidate.User.Username)}}, nil
}

func (p *Provider) offerPassword(context.Context) ([]authenticationMethod, error) {
	return []authenticationMethod{{Method: "password", DisplayName: p.Name}}, nil
}

// knownUsername returns what is safe to log: what somebody typed for an account that does not exist may be a password.
func knownUsername(c store.Candidate) string {
	if c.User == nil {
		return "(unknown)"
	}
	return c.User.Username
}
