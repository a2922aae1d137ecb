package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// visit is an authorization request under way: what an endpoint has gathered, for next to say what follows from it.
type visit struct {
	r         Request
	req       oidc.AuthorizeRequest
	client    *oidc.Client
	standing  store.Standing
	starts    *newSession  // of a sign-in just now; it is saved together with what follows
	sid       string       // the session it is about, so that no other counts; "" for any
	consented bool         // on the consent page, just now
	wanted    *newToken    // to make once the account page opens
	proves    *factorProof // one more factor, just now; it is saved together with what follows
	link      *link        // to make once the person has proven all that is asked for
	// instead is done where the account page would open or a factor has to be set up: once all that is asked for is proven, and fresh.
	instead func(context.Context, visit) (Answer, error)
	done    string   // what was done just now, or not, for the page that follows to say
	cookies []Cookie // for the answer, whatever it is
	now     time.Time
}

// nextAtBrowser loads who is signed in at the browser, and goes on. Without our cookie no statement is run.
func (p *Provider) nextAtBrowser(ctx context.Context, v visit) (Answer, error) {
	if err := p.loadStanding(ctx, &v); err != nil {
		return Answer{}, err
	}
	return p.next(ctx, v)
}

// loadStanding loads who is signed in at the browser of a visit.
func (p *Provider) loadStanding(ctx context.Context, v *visit) error {
	cookie := v.r.Cookies[SessionCookie]
	if cookie == "" {
		return nil
	}
	standing, err := p.store.LoadStanding(ctx, oidc.Digest(cookie), v.client, v.now)
	switch {
	case err != nil:
		return err
	case standing.Session == nil:
		v.r.forget(SessionCookie)
	case v.sid == "" || v.sid == standing.Session.SID: // else somebody else has signed in since
		v.standing = standing
		v.standing.Subject = p.subject(v.client, standing.User.Sub)
	}
	return nil
}

// next decides what follows from all that was gathered, and has it done. Endpoints gather and come back here. Errors are
// for the endpoint to answer, which knows where the browser can try again; errUserChanged is one.
func (p *Provider) next(ctx context.Context, v visit) (Answer, error) {
	var err error
	if v.client, err = p.withPolicy(ctx, v.client); err != nil {
		return Answer{}, err
	}
	step, refusal := p.decide(v.req, v.client, v.standing.Standing, v.consented, v.now)
	if refusal != nil {
		if err := p.start(ctx, &v, store.Issue{}); err != nil {
			return Answer{}, err
		}
		return p.respondError(ctx, v.r, v.req, refusal, v.cookies...), nil
	}
	a, err := p.take(ctx, v, step)
	if errors.Is(err, errSessionEnded) {
		return p.askSignInAfter(ctx, v, signInEnded), nil
	}
	return a, err
}

// withPolicy returns the client with what the deployment asks for, where it stands for the account page: nothing is registered of that.
func (p *Provider) withPolicy(ctx context.Context, c *oidc.Client) (*oidc.Client, error) {
	if c != noClient {
		return c, nil
	}
	return p.accountClient(ctx)
}

// errSessionEnded is the error of a step whose session was alive a moment ago.
var errSessionEnded = errors.New("the session has ended")

// take takes a step. It has the only switch on one, so that a new one is added here, and a step that is not named saves
// and issues nothing.
func (p *Provider) take(ctx context.Context, v visit, step oidc.Step) (Answer, error) {
	var then func(context.Context, visit) (Answer, error)
	switch step {
	case oidc.SignIn:
		return p.askSignIn(ctx, v), nil
	case oidc.IssueCode:
		return p.issue(ctx, v) // in whose statement a session starts, too
	case oidc.AskFactor:
		then = p.askFactor
	case oidc.AddFactor:
		then = p.askAddFactor
	case oidc.AskNewPassword:
		then = p.askNewPassword
	case oidc.ChooseAccount:
		then = p.askAccount
	case oidc.SayRefused:
		then = p.sayRefused
	case oidc.AskTerms:
		then = p.askTerms
	case oidc.AskConsent:
		then = p.askConsent
	case oidc.AllowDevice:
		then = p.allowDevice
	case oidc.OpenAccount:
		then = p.openAccount
	case oidc.OfferPasskey:
		then = p.offerPasskey
	default:
		return p.refuseStep(ctx, v, step), nil
	}
	if err := p.start(ctx, &v, store.Issue{}); err != nil {
		return Answer{}, err
	}
	return then(ctx, v)
}

// refuseStep answers where next does not know a step, which is a fault of ours: nothing is saved or issued.
func (p *Provider) refuseStep(ctx context.Context, v visit, step oidc.Step) Answer {
	p.tell(ctx, oidc.StepUnknown{Step: int(step), ClientID: v.req.ClientID})
	refusal := &oidc.Error{Code: oidc.ServerError, Description: "the request cannot be continued"}
	return p.respondError(ctx, v.r, v.req, refusal, v.cookies...)
}
