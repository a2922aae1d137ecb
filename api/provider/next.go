package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// visit is an authorization request and the person at the browser: what a door has gathered. All doors lead to next.
type visit struct {
	r         Request
	req       oidc.AuthorizeRequest
	client    *oidc.Client
	standing  store.Standing
	consented bool        // they have just pressed the button of the consent page
	starts    *newSession // they have just proven who they are; nil where the session was there before
	now       time.Time

	wanted *newToken // to be made as soon as the account page opens; nil for none

	cookies []Cookie // to set, whatever the answer is
}

// next is the hall of the sign-in: it decides what follows for a visit, and does it. It has the only switch on a step in the program,
// and a step that it does not name gets nothing. An error is one that the door answers, in its own way; nothing was saved then.
func (p *Provider) next(ctx context.Context, v visit) (Answer, error) {
	step, refused := p.decide(v.req, v.client, v.standing.Standing, v.consented, v.now)
	if refused != nil {
		return p.answerSignedIn(ctx, &v, func() Answer { return p.respondError(v.r, v.req, refused, v.cookies...) })
	}
	switch step {
	case oidc.SignIn:
		return p.answerSignedIn(ctx, &v, func() Answer { return p.askSignIn(ctx, v) })
	case oidc.AskConsent:
		return p.answerSignedIn(ctx, &v, func() Answer { return p.askConsent(v) })
	case oidc.IssueCode:
		return p.grant(ctx, &v)
	default:
		p.tell(v.r, oidc.StepUnknown{Step: int(step), ClientID: v.req.ClientID})
		return p.respondError(v.r, v.req, &oidc.Error{Code: oidc.ServerError, Description: "request " + v.r.ID}), nil
	}
}

// answerSignedIn starts the session of whoever has just signed in, with nothing for the request yet, and answers.
func (p *Provider) answerSignedIn(ctx context.Context, v *visit, answer func() Answer) (Answer, error) {
	if err := p.save(ctx, v, store.Issue{}); err != nil {
		return Answer{}, err
	}
	return answer(), nil
}

// grant gives the request what it asks for: the account page, tokens for a device, or what a relying party gets.
func (p *Provider) grant(ctx context.Context, v *visit) (Answer, error) {
	switch {
	case v.req.Account:
		return p.answerSignedIn(ctx, v, func() Answer { return p.openAccount(ctx, *v) })
	case v.req.UserCode != "":
		return p.allowDevice(ctx, *v)
	}
	return p.issue(ctx, v)
}

// issue saves what a relying party gets for the session, and sends it there.
func (p *Provider) issue(ctx context.Context, v *visit) (Answer, error) {
	fields, toSave, err := p.prepare(v.req, v.client, v.standing.Standing, v.now)
	if err == nil {
		err = p.save(ctx, v, toSave)
	}
	switch {
	case errors.Is(err, store.ErrNotFound): // the session ended a moment ago
		return p.askSignIn(ctx, *v), nil
	case errors.Is(err, store.ErrUsed):
		return p.respondError(v.r, v.req, errPushedUsed, v.cookies...), nil
	case err != nil:
		return Answer{}, err
	}
	return p.respond(v.r, v.req, fields, v.cookies...), nil
}

// errPushedUsed: a pushed request has one answer (RFC 9126 §4, FAPI 2.0 Security Profile §5.3.2.2).
var errPushedUsed = &oidc.Error{Code: oidc.InvalidRequestURI, Description: "the pushed request has had its answer"}

// save stores in one statement what a visit leads to: of a sign-in its session, and of either what the request gets. ErrNotFound: the
// session has ended. ErrUsed: the request has had its answer before. errUserChanged: the user did, while they signed in.
func (p *Provider) save(ctx context.Context, v *visit, toSave store.Issue) error {
	if v.starts != nil {
		return p.startSession(ctx, v, toSave)
	}
	if toSave.ClientID == "" {
		return nil
	}
	var consented []string
	if v.consented {
		consented = v.req.AsksFor()
	}
	return p.store.SaveIssue(ctx, v.standing.Session.SID, toSave, consented, p.touch(v.standing.SeenAt, v.now), v.now)
}

// touch returns the new idle end of a session that was last seen at seen: zero while the old one is recent enough,
// so that most sign-ons cost no durable write.
func (p *Provider) touch(seen, now time.Time) time.Time {
	if now.Sub(seen) < p.SessionIdle/10 {
		return time.Time{}
	}
	return now.Add(p.SessionIdle)
}
