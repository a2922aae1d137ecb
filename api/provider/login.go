package provider

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
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

var errUserChanged = errors.New("the user was changed while the password was checked")

// checkPassword loads the user, has the password verified unless the throttle says to wait, and signs him in.
func (p *Provider) checkPassword(ctx context.Context, r Request, w pending, client *oidc.Client, username, password string) (Answer, error) {
	now := p.now()
	device := p.knownDevice(r, username)
	buckets := authn.Buckets(p.bucketKey, username, r.Addr, device)
	busy, leave := p.trying.Enter(buckets)
	defer leave()
	candidate, err := p.store.LoadCandidate(ctx, username, client, numbers(buckets))
	if err != nil {
		return Answer{}, err
	}

	if wait := authn.Wait(busy(throttleStates(candidate.Failures)), now); wait > 0 {
		slog.Warn("sign-in throttled", "request_id", r.ID, "addr", r.Addr, "username", knownUsername(candidate), "seconds", wait.Seconds())
		return p.tryAgain(r, w, 429, "too_many_attempts", wait, now), nil
	}
	ok, upgraded, err := p.passwords.Verify(ctx, candidate.PasswordHash, password)
	switch {
	case errors.Is(err, authn.ErrBusy):
		return p.tryAgain(r, w, 503, oidc.TemporarilyUnavailable, retryAfter, now), nil
	case err != nil:
		return Answer{}, err
	case !ok:
		slog.Warn("sign-in failed", "request_id", r.ID, "addr", r.Addr, "username", knownUsername(candidate))
		err := p.store.RecordFailure(ctx, numbers(buckets), authn.Leaks(), authn.Mosts(), p.now())
		return p.tryAgain(r, w, 401, invalidCredentials, 0, now), err
	}
	if device == "" {
		device = randomSecret()
	}
	who := proven{user: candidate.User, consented: candidate.Consented, allowed: candidate.Allowed, amr: []string{"pwd"},
		verified: candidate.PasswordHash, upgraded: upgraded, reset: numbers(authn.AfterSuccess(buckets)),
		cookies: []Cookie{{Name: DeviceCookie, Value: p.deviceCookie(candidate.User.Username, device), MaxAge: deviceCookieAge}}}
	return p.signIn(ctx, r, w, client, who)
}

// proven is a person who has proved who he is, in whichever way.
type proven struct {
	user      *oidc.User
	consented []string  // what he allowed the client earlier
	allowed   bool      // to use the client
	amr       []string  // RFC 8176
	authTime  time.Time // when, if not now

	verified string // the password hash that was verified, "" if no password was asked for
	upgraded string // what replaces it, "" for nothing
	reset    []int32
	cookies  []Cookie
}

// newSession is the session of somebody who has just signed in, to be saved with what the request gets.
type newSession struct {
	store.NewSession
	cookie  string   // the secret of NewSession.Cookie
	cookies []Cookie // that the method of the sign-in sets
}

// signIn goes on with the request of a person who has proven who they are. errUserChanged: not any more, and nothing was saved.
func (p *Provider) signIn(ctx context.Context, r Request, w pending, client *oidc.Client, who proven) (Answer, error) {
	now := p.now().Truncate(time.Microsecond) // what Postgres keeps of it
	if who.authTime.IsZero() {
		who.authTime = now
	}
	w.Request.At = who.authTime // a sign-in that was asked for has happened
	cookie := randomSecret()
	session := store.NewSession{
		Session: oidc.Session{SID: newID(), Cookie: digest(cookie), AuthTime: who.authTime, AMR: who.amr}, StartedAt: now,
		UserID: who.user.ID, OldCookie: digest(r.Cookies[SessionCookie]),
		ExpiresAt: now.Add(min(p.SessionIdle, p.SessionMax)), EndsAt: now.Add(p.SessionMax),
		Upgraded: who.upgraded, Verified: who.verified, Reset: who.reset,
	}
	standing := oidc.Standing{Session: &session.Session, User: who.user, Subject: p.subject(client, who.user.Sub),
		Consented: who.consented, Allowed: who.allowed}
	v := visit{r: r, req: *w.Request, client: client, standing: store.Standing{Standing: standing}, now: now,
		starts: &newSession{session, cookie, who.cookies}, wanted: w.NewToken}
	if w.Link == nil {
		return p.next(ctx, v)
	}
	if err := p.startSession(ctx, &v, store.Issue{}); err != nil {
		return Answer{}, err
	}
	a := p.saveLink(ctx, v.r, w, who.user, now)
	a.Cookies = append(a.Cookies, v.cookies...)
	return a, nil
}

// startSession saves the session of a visit with what the request gets, in one statement, and notes the cookies that go with it.
// store.ErrUsed: the session has started, but the request has had its answer before.
func (p *Provider) startSession(ctx context.Context, v *visit, toSave store.Issue) error {
	s := v.starts
	s.Issue = toSave
	err := p.store.StartSession(ctx, s.NewSession)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errUserChanged
	case err != nil && !errors.Is(err, store.ErrUsed):
		return err
	}
	p.tell(v.r, oidc.SignedIn{Username: v.standing.User.Username, SID: s.SID, ClientID: v.client.ClientID, AMR: s.AMR})
	v.cookies = append(s.cookies, v.r.give(SessionCookie, s.cookie))
	v.cookies = append(v.cookies, p.noteState(&v.r)...)
	return err
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
