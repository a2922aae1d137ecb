package provider

import (
	"context"
	"errors"
	"slices"
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
	case len(username) > maxUsername || len(password) == 0:
		return proven{}, notProven{status: 401, code: invalidCredentials}
	}
	known := p.deviceOf(r) // the browser, if they signed in at it before: whose it is, only the row can tell
	if known.Username != username {
		known = knownDevice{}
	}
	device, waited := known.Name, p.hasWaited(r, now)
	buckets := authn.Buckets(p.bucketKey, username, r.Addr, "", waited)
	either := buckets
	if device != "" {
		either = append(authn.Buckets(p.bucketKey, username, r.Addr, device, waited), buckets...)
		slices.Sort(either)
	}
	withOthers, end := p.attempts.Begin(either)
	defer end()
	candidate, err := p.store.LoadCandidate(ctx, username, client, numbers(either), now)
	if err != nil {
		return proven{}, err
	}
	if candidate.User == nil || candidate.User.ID != known.UserID {
		device = ""
	}
	buckets = authn.Buckets(p.bucketKey, username, r.Addr, device, waited)
	states := slices.DeleteFunc(withOthers(throttleStates(candidate.Failures)),
		func(s authn.State) bool { return !slices.Contains(buckets, s.Bucket) })
	if wait := authn.Wait(states, now); wait > 0 {
		p.tell(ctx, oidc.SignInThrottled{Username: knownUsername(candidate), Seconds: wait.Seconds()})
		return proven{}, notProven{status: 429, code: tooManyAttempts, wait: wait, cookies: p.ticketCookies(r, wait, now)}
	}
	asks := authn.Caller{Site: authn.EndSite(r.Addr), Known: device != ""}
	ok, upgraded, err := p.passwords.Verify(ctx, asks, candidate.PasswordHash, password[0])
	switch {
	case errors.Is(err, authn.ErrBusy):
		return proven{}, notProven{status: 503, code: oidc.TemporarilyUnavailable, wait: retryAfter}
	case err != nil:
		return proven{}, err
	case !ok || candidate.WhyNot != "": // the right password counts as a wrong one then: no attempt is free
		refusal := p.refusePassword(ctx, candidate, client, ok)
		f := failedSignIn(ctx, r, client, candidate.User, store.WrongPassword)
		if ok {
			f.Why = candidate.WhyNot
		}
		if err := p.recordFailure(ctx, f, p.withOtherName(buckets, candidate.User, username, r, device), now); err != nil {
			return proven{}, err
		}
		return proven{}, refusal
	}
	buckets = p.withOtherName(buckets, candidate.User, username, r, device)
	factor := device != "" && known.Factor
	if device == "" {
		device = randomSecret()
	}
	known = newDevice(device, username, candidate.User)
	known.Factor = factor
	return proven{user: candidate.User, consented: candidate.Consented, allowed: candidate.Allowed,
		enrolled: candidate.Enrolled,
		verified: candidate.PasswordHash, upgraded: upgraded, reset: numbers(authn.AfterSuccess(buckets)),
		cookies: []Cookie{p.deviceCookie(known)}}, nil
}

// refusePassword tells why nobody is signed in, and returns what the page says of it: who has the right password learns that the
// account may not be used, and nobody else does.
func (p *Provider) refusePassword(ctx context.Context, c store.Candidate, client *oidc.Client, right bool) notProven {
	if right {
		not := p.mayNotAct(ctx, c.User, c.WhyNot, oidc.SignInRefused{ClientID: client.ClientID})
		if not.code == workshopEnded {
			not.ended = &c
		}
		return not
	}
	p.tell(ctx, oidc.SignInFailed{Username: knownUsername(c), ClientID: client.ClientID, Disabled: c.WhyNot == store.UserDisabled,
		Expired: c.WhyNot == store.UserExpired})
	return notProven{status: 401, code: invalidCredentials}
}

// withOtherName adds the buckets of the other name that u can sign in with, the username or the verified address: somebody who
// guesses has no more attempts with two names than with one.
func (p *Provider) withOtherName(buckets []authn.Bucket, u *oidc.User, typed string, r Request, device string) []authn.Bucket {
	if u == nil {
		return buckets
	}
	other := u.Username
	if other == typed && u.EmailVerified {
		other = strings.ToLower(u.Email)
	}
	if other == typed {
		return buckets
	}
	all := append(authn.Buckets(p.bucketKey, other, r.Addr, device, p.hasWaited(r, p.now())), buckets...)
	slices.Sort(all)
	return slices.Compact(all)
}

// maxUsername is in bytes: 255 characters.
const maxUsername = 1020

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
