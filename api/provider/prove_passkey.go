package provider

import (
	"bytes"
	"context"
	"errors"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// tryPasskey verifies what the authenticator has answered on the factor page, for a passkey of the person whose session it is, and goes on;
// a notProven if it does not count. Nobody guesses a signature: there is nothing to throttle.
func (p *Provider) tryPasskey(ctx context.Context, r Request, w factorPage, client *oidc.Client, now time.Time) (Answer, error) {
	answer, ok := passkeyAnswer(r)
	if p.passkeys == nil || !ok {
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client), nil
	}
	assertion, err := authn.ReadAssertion(answer)
	if err != nil {
		return Answer{}, p.notByPasskey(ctx, w.User.Username, err)
	}
	challenge := challengeOf(r)
	once := p.onceAnswered(r, challenge, now)
	cookie := oidc.Digest(r.Cookies[SessionCookie])
	attempt, err := p.store.LoadPasskeyAttempt(ctx, cookie, client, assertion.CredentialID(), once.SHA256, now)
	if err != nil {
		return Answer{}, err
	}
	v := visit{r: r, req: *w.Request, client: client, standing: attempt.Standing, wanted: w.Wanted, link: w.Link, now: now}
	if elsewhere, err := p.unlessAsked(ctx, &v, w, oidc.ByPasskey); elsewhere != nil || err != nil {
		return orNothing(elsewhere), err
	}
	user := v.standing.User
	if attempt.Passkey == nil { // nobody's, or another's
		return Answer{}, p.notByPasskey(ctx, user.Username, authn.BadPasskey{Code: passkeyUnknown, Why: "they have no such passkey"})
	}
	used, err := p.verifyPasskey(ctx, assertion, challenge, user, *attempt.Passkey)
	switch {
	case err != nil:
		return Answer{}, p.notByPasskey(ctx, user.Username, err)
	case attempt.Answered:
		return Answer{}, p.notByPasskey(ctx, user.Username, answeredBefore)
	}
	uses := store.UsedPasskey{CredentialID: bytes.Clone(assertion.CredentialID()), SignCount: used.SignCount, Challenge: once}
	v.proves = &factorProof{way: oidc.ByPasskey, cookie: p.factorCookie(r, user),
		FactorProof: store.FactorProof{Place: placeOf(ctx, r, client), SID: w.SID, Cookie: cookie,
			AMR: oidc.PasskeyAMR(attempt.Passkey.HardwareProtected)},
		save: func(ctx context.Context, f store.FactorProof) error { return p.store.ProvePasskey(ctx, f, uses, now) }}
	a, err := p.afterProof(ctx, v)
	if errors.Is(err, errSpent) {
		return Answer{}, p.notByPasskey(ctx, user.Username, answeredBefore)
	}
	return a, err
}

var answeredBefore = authn.BadPasskey{Code: passkeyAnswered, Why: "the challenge was answered before"}
