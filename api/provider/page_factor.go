package provider

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// factorPage asks a person who has signed in for one more proof of who they are. It is good for one session in one browser.
type factorPage struct {
	pending `json:"-"`
	SID     string     `json:"s"`
	User    *userView  `json:"u"`
	UserID  string     `json:"i"`
	Ways    []oidc.Way `json:"w"`
	Method  oidc.Way   `json:"m"` // that the page asks for
	Wanted  *newToken  `json:"nt,omitempty"`
	Link    *link      `json:"lk,omitempty"` // to make once they have proven it
	Error   failure    `json:"f,omitzero"`
}

type factorView struct {
	common
	User   *userView    `json:"user"`
	Method oidc.Way     `json:"method"`
	Ways   []oidc.Way   `json:"ways"`
	Cancel bool         `json:"cancel,omitempty"` // the application can be told that the person did not want to
	Error  *failureView `json:"error,omitempty"`

	Passkey json.RawMessage `json:"passkey,omitempty"` // for navigator.credentials.get
}

// The codes of the factor page.
const (
	wrongCode         = "wrong_code"
	wrongRecoveryCode = "wrong_recovery_code"
	clockOff          = "clock_off"
	totpUnreadable    = "totp_unreadable"
	factorRemoved     = "factor_removed"
)

func (*factorPage) name() string { return "factor" }

func (w *factorPage) view(ctx context.Context, p *Provider, c common) (any, error) {
	e := c.failed(w.Error)
	view := factorView{common: c, User: w.User, Method: w.Method, Ways: w.Ways, Cancel: w.Request.RedirectURI != "", Error: e}
	if w.Method == oidc.ByPasskey && p.passkeys != nil {
		keys, err := p.store.ListOwnPasskeys(ctx, w.SID, c.now)
		if err != nil {
			return nil, err
		}
		view.Passkey = p.passkeys.RequestOptions(challengeOn(c.Request), keys...)
	}
	return view, nil
}

// askFactor leads to the page, which asks for the best of the ways there are.
func (p *Provider) askFactor(ctx context.Context, v visit) (Answer, error) {
	ways, _ := v.req.Ways(v.client, v.standing.Standing, v.now)
	w := factorPage{pending: p.pendingOf(&v), SID: v.standing.Session.SID, User: viewOfUser(v.standing.User), UserID: v.standing.User.ID,
		Ways: ways, Method: ways[0], Wanted: v.wanted, Link: v.link}
	if v.done == factorRemoved {
		w.Error = p.failureOf(ctx, factorRemoved, 0)
	}
	return redirect(p.address(&w), v.cookies...), nil
}

// Factor takes the form of that page: a code, or the way that the person would rather take.
func (p *Provider) Factor(ctx context.Context, r Request) Answer {
	now := p.now()
	var w factorPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	w.Error = failure{}
	typed, bad := oidc.ParseParams(r.Params, []string{"method", "code"})
	client, refusal, err := p.stillRegistered(ctx, w.Request)
	switch {
	case err != nil:
		return p.failedFactor(ctx, w, err)
	case refusal != nil:
		return *refusal
	case len(bad) > 0:
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	case r.Params.Get("cancel") != "" && w.Request.RedirectURI != "":
		return p.cancelSignIn(ctx, r, w.pending, client)
	case r.Params.Get("account") == "other": // whoever signs in next at this browser is not held up by who did not go on
		return p.askAnother(r, loginPage{pending: w.pending}, false)
	case r.Params.Get("credential") == "" && typed["method"] != "":
		return p.chooseWay(ctx, w, oidc.Way(typed["method"]))
	}
	// A client that hangs up does not escape the throttle: its attempt is finished and counted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Patience)
	defer cancel()
	var a Answer
	if r.Params.Get("credential") != "" {
		a, err = p.tryPasskey(ctx, r, w, client, now)
	} else {
		a, err = p.tryCode(ctx, r, w, client, typed["code"], now)
	}
	var not notProven
	switch {
	case errors.As(err, &not):
		return p.backToFactor(ctx, w, not.status, not.code, not.wait)
	case err != nil:
		return p.failedFactor(ctx, w, err)
	}
	return a
}

// chooseWay shows the page for another way.
func (p *Provider) chooseWay(ctx context.Context, w factorPage, way oidc.Way) Answer {
	if !slices.Contains(w.Ways, way) {
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	}
	w.Method = way
	return redirect(p.address(&w))
}

// tryCode holds what was typed against what the person has, and goes on if it is right; a notProven if it is not. A wrong code and one
// that is spent get the same answer.
func (p *Provider) tryCode(
	ctx context.Context, r Request, w factorPage, client *oidc.Client, code string, now time.Time,
) (Answer, error) {
	t := codeAttempt{way: wayOf(code, w), code: code, user: w.User.Username, userID: w.UserID,
		place: placeOf(ctx, r, client), now: now}
	device := p.factorDevice(r, w.UserID)
	if t.buckets = authn.CodeBuckets(p.bucketKey, t.user, r.Addr, device); t.way == oidc.ByRecoveryCode {
		t.buckets = authn.RecoveryCodeBuckets(p.bucketKey, t.user, r.Addr, device)
	}
	withOthers, end := p.attempts.Begin(t.buckets)
	defer end()
	cookie := oidc.Digest(r.Cookies[SessionCookie])
	attempt, err := p.store.LoadFactorAttempt(ctx, cookie, client, numbers(t.buckets), now)
	if err != nil {
		return Answer{}, err
	}
	v := visit{r: r, req: *w.Request, client: client, standing: attempt.Standing, wanted: w.Wanted, link: w.Link, now: now}
	if elsewhere, err := p.unlessAsked(ctx, &v, w, t.way); elsewhere != nil || err != nil {
		return orNothing(elsewhere), err
	}
	if wait := authn.Wait(withOthers(throttleStates(attempt.Failures)), now); wait > 0 {
		p.tell(ctx, oidc.FactorThrottled{Username: t.user, Way: string(t.way), Seconds: wait.Seconds()})
		return Answer{}, notProven{status: 429, code: tooManyAttempts, wait: wait}
	}
	proof := store.FactorProof{Place: t.place, SID: w.SID, Cookie: cookie, AMR: []string{oidc.AMROneTimeCode},
		Reset: numbers(authn.AfterSuccess(t.buckets))}
	save, err := p.checkCode(ctx, t, attempt.TOTPSecret)
	if err == nil {
		v.proves = &factorProof{FactorProof: proof, way: t.way, save: save, cookie: p.factorCookie(r, v.standing.User)}
		a, err := p.afterProof(ctx, v)
		if !errors.Is(err, errSpent) {
			return a, err
		}
	}
	return Answer{}, p.refuseFactor(ctx, t, err)
}

// unlessAsked returns the answer where the person of a visit is not, or no longer, to prove a factor in this way.
func (p *Provider) unlessAsked(ctx context.Context, v *visit, w factorPage, way oidc.Way) (*Answer, error) {
	if s := v.standing; s.Session == nil || s.Session.SID != w.SID || s.User.ID != w.UserID { // ended, or somebody else has signed in since
		v.standing = store.Standing{}
		a := p.askSignInAfter(ctx, *v, signInEnded)
		return &a, nil
	}
	v.standing.Subject = p.subject(v.client, v.standing.User.Sub)
	var err error
	if v.client, err = p.withPolicy(ctx, v.client); err != nil {
		return nil, err
	}
	if ways, _ := v.req.Ways(v.client, v.standing.Standing, v.now); slices.Contains(ways, way) {
		return nil, nil
	}
	v.done = factorRemoved // another tab was faster
	a, err := p.next(ctx, *v)
	return &a, err
}

// afterProof goes on with a factor that is proven and not yet saved.
func (p *Provider) afterProof(ctx context.Context, v visit) (Answer, error) {
	session := *v.standing.Session
	session.AMR = withMethods(session.AMR, v.proves.AMR)
	v.standing.Session = &session
	if v.link == nil {
		return p.next(ctx, v)
	}
	if err := p.start(ctx, &v, store.Issue{}); err != nil {
		return Answer{}, err
	}
	return p.linkAndGoOn(ctx, v)
}

// withMethods returns the authentication methods of a session and those that it has from now on, each once.
func withMethods(amr, more []string) []string {
	amr = slices.Clone(amr)
	for _, method := range more {
		if !slices.Contains(amr, method) {
			amr = append(amr, method)
		}
	}
	return amr
}

// backToFactor leads back to the form with a reason.
func (p *Provider) backToFactor(ctx context.Context, w factorPage, status int, code string, wait time.Duration) Answer {
	w.Error = p.failureOf(ctx, code, wait)
	if status == 401 {
		status = 303
	}
	return Answer{Status: status, Location: p.address(&w), RetryAfter: wait, Error: code, UILocales: w.uiLocales()}
}

// failedFactor keeps the form where another try may do.
func (p *Provider) failedFactor(ctx context.Context, w factorPage, err error) Answer {
	return p.keepForm(ctx, w.Client, err, func(status int, code string, wait time.Duration) Answer {
		return p.backToFactor(ctx, w, status, code, wait)
	})
}
