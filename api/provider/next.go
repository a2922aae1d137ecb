package provider

import (
	"context"
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
	starts    *newSession // of a sign-in just now; it is saved together with what follows
	sid       string      // the session it is about, so that no other counts; "" for any
	consented bool        // on the consent page, just now
	wanted    *newToken   // to make once the account page opens
	cookies   []Cookie    // for the answer, whatever it is
	now       time.Time
}

// nextAtBrowser loads who is signed in at the browser, and goes on. Without our cookie no statement is run.
func (p *Provider) nextAtBrowser(ctx context.Context, v visit) (Answer, error) {
	cookie := v.r.Cookies[SessionCookie]
	if cookie == "" {
		return p.next(ctx, v)
	}
	standing, err := p.store.LoadStanding(ctx, oidc.Digest(cookie), v.client, v.now)
	switch {
	case err != nil:
		return Answer{}, err
	case standing.Session == nil:
		v.r.forget(SessionCookie)
	case v.sid == "" || v.sid == standing.Session.SID: // else somebody else has signed in since
		v.standing = standing
		v.standing.Subject = p.subject(v.client, standing.User.Sub)
	}
	return p.next(ctx, v)
}

// next does what follows from all that was gathered. Endpoints gather and come back here: it has the only switch on a
// step, so that a new one is added here, and a step that is not named issues nothing. Errors are for the endpoint to
// answer, which knows where the browser can try again; errUserChanged is one.
func (p *Provider) next(ctx context.Context, v visit) (Answer, error) {
	step, refusal := p.decide(v.req, v.client, v.standing.Standing, v.consented, v.now)
	if refusal != nil {
		if err := p.start(ctx, &v, store.Issue{}); err != nil {
			return Answer{}, err
		}
		return p.respondError(ctx, v.r, v.req, refusal, v.cookies...), nil
	}
	switch step {
	case oidc.SignIn:
		return p.askSignIn(ctx, v), nil
	case oidc.AskConsent:
		return p.askConsent(ctx, v)
	case oidc.IssueCode:
		return p.finish(ctx, v)
	default:
		return p.refuseStep(ctx, v, step), nil
	}
}

// finish gives a request what it was made for.
func (p *Provider) finish(ctx context.Context, v visit) (Answer, error) {
	switch {
	case v.req.Account:
		return p.openAccount(ctx, v)
	case v.req.UserCode != "":
		return p.allowDevice(ctx, v)
	}
	return p.issue(ctx, v)
}

// refuseStep answers where next does not know a step, which is a fault of ours: nothing is saved or issued.
func (p *Provider) refuseStep(ctx context.Context, v visit, step oidc.Step) Answer {
	p.tell(ctx, oidc.StepUnknown{Step: int(step), ClientID: v.req.ClientID})
	refusal := &oidc.Error{Code: oidc.ServerError, Description: "the request cannot be continued"}
	return p.respondError(ctx, v.r, v.req, refusal, v.cookies...)
}
