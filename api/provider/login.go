package provider

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// deviceCookieAge is how long a browser counts as known to an account; Chromium keeps no cookie longer.
const deviceCookieAge = 400 * 24 * time.Hour

// Login takes the credentials that the login page posts. What is to be done after comes from the sealed request alone.
func (p *Provider) Login(ctx context.Context, r Request) Answer {
	now := p.now()
	w, refusal := p.open(r, "login", now)
	if refusal != nil {
		return *refusal
	}
	typed, bad := oidc.ParseParams(r.Params, []string{"username"})
	password := r.Params["password"]
	if len(bad) > 0 || len(password) > 1 {
		return p.errorPage(r, 400, pageInvalidRequest, w.Client)
	}
	w.Username, w.Upstream = typed["username"], ""
	client, refusal, err := p.stillRegistered(ctx, r, w)
	switch {
	case err != nil:
		return p.failedLogin(r, w, err, now)
	case refusal != nil:
		return *refusal
	case r.Params.Get("cancel") != "" && w.Request.RedirectURI != "":
		return p.respondError(r, *w.Request, &oidc.Error{Code: oidc.AccessDenied, Description: "the person did not sign in"})
	}

	username := strings.ToLower(strings.TrimSpace(typed["username"]))
	if len(username) > 254 || len(password) == 0 {
		return p.tryAgain(r, w, 401, invalidCredentials, 0, now)
	}
	// A client that hangs up does not escape the throttle: its attempt is finished and counted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginPatience)
	defer cancel()
	result, err := p.checkPassword(ctx, r, w, client, username, password[0])
	if errors.Is(err, errUserChanged) { // a sign-in in parallel upgraded the hash, or the user was disabled: look again, once
		result, err = p.checkPassword(ctx, r, w, client, username, password[0])
	}
	switch {
	case errors.Is(err, errUserChanged):
		return p.tryAgain(r, w, 401, invalidCredentials, 0, now)
	case err != nil:
		return p.failedLogin(r, w, err, now)
	}
	return result
}

// failedLogin keeps the form where another try may do, so that nobody has to start over.
func (p *Provider) failedLogin(r Request, w pending, err error, now time.Time) Answer {
	code, status, wait := p.classify(r, err)
	if status != 503 {
		return p.errorPage(r, status, code, w.Client)
	}
	return p.tryAgain(r, w, status, code, wait, now)
}

const (
	invalidCredentials = "invalid_credentials"
	loginPatience      = 10 * time.Second
)

// checkPassword loads the user, has the password verified unless the throttle says to wait, and signs him in.
func (p *Provider) checkPassword(ctx context.Context, r Request, w pending, client *oidc.Client, username, password string) (Answer, error) {
	now := p.now()
	device := p.knownDevice(r, username)
	buckets := authn.Buckets(p.bucketKey, username, r.Addr, device)
	withOthers, end := p.attempts.Begin(buckets)
	defer end()
	candidate, err := p.store.LoadCandidate(ctx, username, client, numbers(buckets))
	if err != nil {
		return Answer{}, err
	}

	if wait := authn.Wait(withOthers(throttleStates(candidate.Failures)), now); wait > 0 {
		p.tell(r, oidc.SignInThrottled{Username: knownUsername(candidate), Seconds: wait.Seconds()})
		return p.tryAgain(r, w, 429, "too_many_attempts", wait, now), nil
	}
	ok, upgraded, err := p.passwords.Verify(ctx, candidate.PasswordHash, password)
	switch {
	case errors.Is(err, authn.ErrBusy):
		return p.tryAgain(r, w, 503, oidc.TemporarilyUnavailable, retryAfter, now), nil
	case err != nil:
		return Answer{}, err
	case !ok:
		p.tell(r, oidc.SignInFailed{Username: knownUsername(candidate)})
		err := p.recordFailure(ctx, buckets)
		return p.tryAgain(r, w, 401, invalidCredentials, 0, now), err
	}
	if device == "" {
		device = randomSecret()
	}
	who := proven{user: candidate.User, consented: candidate.Consented, allowed: candidate.Allowed, amr: []string{"pwd"},
		verified: candidate.PasswordHash, upgraded: upgraded, reset: numbers(authn.AfterSuccess(buckets)),
		cookies: []Cookie{{Name: DeviceCookie, Value: p.deviceCookie(candidate.User.Username, device), MaxAge: deviceCookieAge}}}
	v := p.signIn(r, w, client, who)
	if w.Link != nil {
		return p.signInAndLink(ctx, v, w)
	}
	return p.next(ctx, v)
}

// stillRegistered loads the client of a pending request; it may have been removed or changed since the request was sealed.
func (p *Provider) stillRegistered(ctx context.Context, r Request, w pending) (*oidc.Client, *Answer, error) {
	if w.Request.Account {
		return accountClient, nil, nil
	}
	client, err := p.clientNamed(ctx, []string{w.Request.ClientID})
	var a Answer
	switch {
	case err != nil:
		return nil, nil, err
	case client == nil || client.Disabled:
		a = p.errorPage(r, 400, pageUnknownClient, nil)
	case w.Request.UserCode == "" && !client.HasRedirectURI(w.Request.RedirectURI):
		a = p.errorPage(r, 400, pageInvalidRedirect, viewOfClient(client))
	default:
		return client, nil, nil
	}
	return nil, &a, nil
}

// tryAgain leads back to the login form with a reason. A client that asks for JSON gets the status and, as the original example
// did, {"detail":"Invalid credentials"}.
func (p *Provider) tryAgain(r Request, w pending, status int, code string, wait time.Duration, now time.Time) Answer {
	if r.WantsJSON {
		detail := map[int]string{401: "Invalid credentials", 429: "Too many attempts", 503: "Temporarily unavailable"}[status]
		return Answer{Status: status, RetryAfter: wait, JSON: map[string]string{"detail": detail}}
	}
	w.Error, w.RetryAfter, w.RequestID = code, int(wait.Seconds()), r.ID
	a := redirect(p.page(w, now))
	if status != 401 {
		a.Status, a.RetryAfter = status, wait
	}
	return a
}

// knownUsername is safe to log: what somebody typed for an account that does not exist may be a password.
func knownUsername(c store.Candidate) string {
	if c.User == nil {
		return "(unknown)"
	}
	return c.User.Username
}

const devicePurpose = "known device"

// deviceCookie says, sealed, that this browser, named by device, signed in as username.
func (p *Provider) deviceCookie(username, device string) string {
	return base64.RawURLEncoding.EncodeToString(p.sealer.Seal(devicePurpose, []byte(device+" "+username), nil))
}

// knownDevice names the browser if username signed in at it before, else "".
func (p *Provider) knownDevice(r Request, username string) string {
	device, name := p.knownBrowser(r)
	if name != username {
		return ""
	}
	return device
}

// knownBrowser names the browser and who signed in at it last; both are "" for a new one.
func (p *Provider) knownBrowser(r Request) (device, username string) {
	sealed, err := base64.RawURLEncoding.DecodeString(r.Cookies[DeviceCookie])
	if err != nil || len(sealed) == 0 {
		return "", ""
	}
	plain, err := p.sealer.Open(devicePurpose, sealed, nil)
	if err != nil {
		return "", ""
	}
	device, username, _ = strings.Cut(string(plain), " ")
	return device, username
}

func numbers(buckets []authn.Bucket) []int32 {
	list := make([]int32, len(buckets))
	for i, b := range buckets {
		list[i] = int32(b)
	}
	return list
}

func throttleStates(rows []store.Failures) []authn.State {
	list := make([]authn.State, len(rows))
	for i, f := range rows {
		list[i] = authn.State{Bucket: authn.Bucket(f.Bucket), Failures: f.Count, UpdatedAt: f.UpdatedAt}
	}
	return list
}
