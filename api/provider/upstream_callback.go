package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/outgoing"
	"gatehouse/api/store"
)

var upstreamAnswerParams = []string{"state", "code", "iss", "error"}

// UpstreamCallback is where an upstream sends the browser back to (RFC 6749 §4.1.2).
func (p *Provider) UpstreamCallback(ctx context.Context, r Request) Answer {
	now := p.now()
	params, _ := oidc.ParseParams(r.Params, upstreamAnswerParams)
	j, w, end, refusal := p.openJourney(ctx, r, params["state"], now)
	if refusal != nil {
		return *refusal
	}
	a := p.endJourney(ctx, r, j, w, params, now)
	a.Cookies = append(end, a.Cookies...)
	return a
}

// endJourney goes on with the request that the journey was made for.
func (p *Provider) endJourney(ctx context.Context, r Request, j journey, w loginPage, params oidc.Params, now time.Time) Answer {
	client, refusal, err := p.stillRegistered(ctx, w.Request)
	switch {
	case err != nil:
		return p.failedLogin(ctx, w, err)
	case refusal != nil:
		return *refusal
	}
	if w.Client != nil { // what the cookies had no room for
		w.Client = viewOfClient(client, w.Request.RedirectURI)
	}
	u, err := p.upstreamNamed(ctx, j.Upstream)
	switch {
	case u != nil && err != nil:
		return p.failedUpstream(ctx, w, u, err)
	case err != nil:
		return p.failedLogin(ctx, w, err)
	case u == nil: // disabled or removed meanwhile
		return p.backFromUpstream(ctx, w, j.Upstream, 502, upstreamFailed)
	}
	b := callback{r: r, journey: j, page: w, client: client, upstream: u, now: now}
	b.person, err = p.askUpstream(ctx, b, params)
	switch {
	case errors.Is(err, errDenied):
		return p.backFromUpstream(ctx, w, u.DisplayName, 303, upstreamDenied)
	case errors.Is(err, errNotFresh):
		p.tell(ctx, oidc.UpstreamSignInFailed{Upstream: u.Name, Error: err.Error()})
		return p.backFromUpstream(ctx, w, u.DisplayName, 403, upstreamNotFresh)
	case err != nil:
		return p.failedUpstream(ctx, w, u, err)
	}
	if w.Links != nil {
		return p.linkFrom(ctx, b)
	}
	a, err := p.signInFrom(ctx, b)
	if errors.Is(err, errUserChanged) { // made in parallel, or changed or disabled since: try again, once
		a, err = p.signInFrom(ctx, b)
	}
	switch {
	case errors.Is(err, errUserChanged):
		return p.backFromUpstream(ctx, w, u.DisplayName, 403, upstreamUnknownAccount)
	case err != nil:
		return p.failedLogin(ctx, w, err)
	}
	return a
}

// callback is a person who comes back from an upstream: what is known when it is decided whose account it is.
type callback struct {
	r        Request
	journey  journey
	page     loginPage // that the journey began at
	client   *oidc.Client
	upstream *oidc.Upstream
	person   authn.UpstreamPerson
	now      time.Time
}

// account returns the account that they signed in with there.
func (b callback) account() store.UpstreamAccount {
	return store.UpstreamAccount{Upstream: b.upstream.Name, Issuer: b.upstream.Issuer, Sub: b.person.Sub,
		Label: b.person.Label()}
}

var errDenied = errors.New("the person did not sign in there")

// askUpstream returns who signed in at the upstream, within the time that any request of ours may take.
func (p *Provider) askUpstream(ctx context.Context, b callback, params oidc.Params) (authn.UpstreamPerson, error) {
	u, j := b.upstream, b.journey
	ctx, cancel := context.WithTimeout(ctx, outgoing.Patience)
	defer cancel()
	if err := p.upstreams.CheckIssuer(ctx, u, params["iss"]); err != nil {
		return authn.UpstreamPerson{}, err
	}
	switch params["error"] {
	case "":
	case oidc.AccessDenied:
		return authn.UpstreamPerson{}, errDenied
	case oidc.TemporarilyUnavailable, oidc.ServerError:
		return authn.UpstreamPerson{}, fmt.Errorf("%w: it says %s", authn.ErrUpstreamUnavailable, params["error"])
	default:
		return authn.UpstreamPerson{}, fmt.Errorf("%w: it says %.100q", authn.ErrUpstreamFailed, params["error"])
	}
	if params["code"] == "" {
		return authn.UpstreamPerson{}, fmt.Errorf("%w: there is no code in it", authn.ErrUpstreamFailed)
	}
	release, err := p.perSite.Acquire(ctx, authn.EndSite(b.r.Addr), "upstream "+u.Name)
	if err != nil {
		return authn.UpstreamPerson{}, fmt.Errorf("%w in time for all who come from %s at once",
			authn.ErrUpstreamUnavailable, b.r.Addr)
	}
	defer release()
	person, err := p.upstreams.Redeem(ctx, u, authn.UpstreamAnswer{RedirectURI: p.callbackOf(u), Code: params["code"],
		Nonce: j.Nonce, Verifier: j.Verifier})
	if len(person.LeftOut) > 0 {
		p.tell(ctx, oidc.UpstreamClaimsLeftOut{Upstream: u.Name, LeftOut: person.LeftOut})
	}
	if err == nil && !b.justLinked(person.Sub) && !j.Page.Request.FreshEnough(person.AuthTime, j.Sent, b.now, skew) {
		err = fmt.Errorf("%w: a fresh sign-in was asked for, and it says that the last one was at %s", errNotFresh, said(person.AuthTime))
	}
	return person, err
}

// errNotFresh: the person is asked again on the login page, where their password does. Being sent there once more would get the same
// answer.
var errNotFresh = errors.New("the upstream does not say that the person signed in just now")

func said(authTime time.Time) string {
	if authTime.IsZero() {
		return "a time that it does not say (auth_time)"
	}
	return authTime.String()
}

// justLinked reports whether the person of that sub gave their password here on the way, when they made the account theirs.
func (b callback) justLinked(sub string) bool {
	return b.journey.Linked != "" && b.journey.Linked == sub
}

// signInFrom finds out whose account it is and signs them in. The rules are those of
// docs/decisions/0012-linking-upstream-accounts.md.
func (p *Provider) signInFrom(ctx context.Context, b callback) (Answer, error) {
	u, person, account, address := b.upstream, b.person, b.account(), ""
	if u.Vouches(person.Email, person.EmailVerified) {
		address = person.Email
	}
	candidate, err := p.store.LoadUpstreamCandidate(ctx, account, address, b.client, b.now)
	switch {
	case err != nil:
		return Answer{}, err
	case candidate.WhyNot != "":
		not := p.mayNotAct(ctx, candidate.User, candidate.WhyNot, oidc.SignInRefused{ClientID: b.client.ClientID, Upstream: u.Name})
		b.page.EndedAt = not.endedAt
		return p.backFromUpstream(ctx, b.page, u.DisplayName, not.status, "upstream_"+not.code), nil
	case candidate.User == nil:
		return p.ofNobody(ctx, b)
	}
	upstream := p.store
	if !candidate.Linked {
		upstream = p.as(ctx, "upstream:"+u.Name, "link account by address")
	}
	err = upstream.UseUpstreamAccount(ctx, account, candidate.User.Username, p.sealTokens(account, person.Tokens), b.now)
	switch {
	case errors.Is(err, store.ErrNotFound) && !candidate.Linked: // the person with that address has another account there
		return p.askLink(ctx, b), nil
	case errors.Is(err, store.ErrNotFound):
		return Answer{}, errUserChanged
	case err != nil:
		return Answer{}, err
	}
	if !candidate.Linked {
		p.tell(ctx, oidc.UpstreamLinked{Upstream: u.Name, Username: candidate.User.Username, ByEmail: true})
	}
	who := proven{user: candidate.User, consented: candidate.Consented, allowed: candidate.Allowed,
		enrolled: candidate.Enrolled, amr: u.AMR(person.ACR, person.AMR)}
	switch {
	case b.justLinked(person.Sub):
		who.authTime = b.journey.Sent
	case person.AuthTime.IsZero():
		who.authTime = oidc.AuthTimeUnknown
	case person.AuthTime.Before(b.now):
		who.authTime = person.AuthTime
	}
	return p.next(ctx, p.signIn(b.r, b.page, b.client, who, b.now))
}

// ofNobody goes on with an account that belongs to nobody: an invitation or the upstream's row may make a user of it, else whoever has an
// account here makes it theirs.
func (p *Provider) ofNobody(ctx context.Context, b callback) (Answer, error) {
	if b.page.Request.Invitation != nil {
		if a, err := p.acceptFromUpstream(ctx, b); a != nil || err != nil {
			return orNothing(a), err
		}
	}
	if b.upstream.MayCreate(b.person.Email, b.person.EmailVerified) {
		return p.createUser(ctx, b)
	}
	return p.askLink(ctx, b), nil
}

// createUser makes a user of an account that belongs to nobody, unless the name or the address is somebody's here, then it may be
// theirs, or the name is none that the upstream may give.
func (p *Provider) createUser(ctx context.Context, b callback) (Answer, error) {
	person, account := b.person, b.account()
	user := store.NewUpstreamUser{Username: b.upstream.Username(person.Username, person.Email), Pattern: b.upstream.UsernamePattern,
		Name: person.Name, GivenName: person.GivenName, FamilyName: person.FamilyName}
	if person.EmailVerified {
		user.Email = oidc.LowerASCII(person.Email)
	}
	if user.Username == "" {
		return p.askLink(ctx, b), nil
	}
	switch err := p.as(ctx, "upstream:"+b.upstream.Name, "add user").CreateUpstreamUser(ctx, account, user, b.now); {
	case errors.Is(err, store.ErrNotFound):
		candidate, err := p.store.LoadUpstreamCandidate(ctx, account, "", &oidc.Client{}, b.now)
		if err == nil && candidate.Linked { // by another tab
			err = errUserChanged
		}
		return p.askLink(ctx, b), err
	case err != nil:
		return Answer{}, err
	}
	p.tell(ctx, oidc.UserCreated{Upstream: b.upstream.Name, Username: user.Username})
	return Answer{}, errUserChanged // they are there now
}
