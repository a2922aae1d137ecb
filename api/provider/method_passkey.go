package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// The codes of the login page about passkeys, beside those of authn.BadPasskey.
const (
	passkeyUnknown  = "passkey_unknown"
	passkeyAnswered = "passkey_answered"
)

// provePasskey verifies what the authenticator has answered on the login page, which says itself whose it is (WebAuthn §7.2). Nothing is
// written before it has counted, so there is nothing to throttle.
func (p *Provider) provePasskey(ctx context.Context, r Request, client *oidc.Client, now time.Time) (proven, error) {
	answer, ok := passkeyAnswer(r)
	if p.passkeys == nil || !ok || answer == "" {
		return proven{}, notProven{status: 400, code: pageInvalidRequest}
	}
	assertion, err := authn.ReadAssertion(answer)
	if err != nil {
		return proven{}, p.notByPasskey(ctx, unknownUsername, err)
	}
	challenge := challengeOf(r)
	once := p.onceAnswered(r, challenge, now)
	candidate, err := p.store.LoadPasskey(ctx, assertion.CredentialID(), once.SHA256, client, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		p.tell(ctx, oidc.PasskeyRefused{Username: unknownUsername, Error: passkeyUnknown, Why: "there is no such passkey"})
		return proven{}, notProven{status: 401, code: passkeyUnknown, unknown: assertion.CredentialID()}
	case err != nil:
		return proven{}, err
	}
	user := &candidate.User
	if authn.UserOfHandle(assertion.UserHandle()) != user.ID { // required where nobody said before who it is (§7.2, step 6)
		return proven{}, p.notByPasskey(ctx, user.Username, authn.BadPasskey{Code: authn.PasskeyRefused, Why: "the user handle is another's"})
	}
	used, err := p.verifyPasskey(ctx, assertion, challenge, user, candidate.Passkey)
	switch {
	case err != nil:
		return proven{}, p.notByPasskey(ctx, user.Username, err)
	case candidate.Answered:
		return proven{}, p.notByPasskey(ctx, user.Username, answeredBefore)
	case candidate.WhyNot != "":
		return proven{}, p.mayNotAct(ctx, user, candidate.WhyNot, oidc.SignInRefused{ClientID: client.ClientID})
	}
	return proven{user: user, consented: candidate.Consented, allowed: candidate.Allowed, enrolled: candidate.Enrolled,
		amr: oidc.PasskeyAMR(candidate.Passkey.HardwareProtected), cookies: []Cookie{p.factorCookie(r, user)},
		passkey: &store.UsedPasskey{CredentialID: candidate.Passkey.CredentialID, SignCount: used.SignCount, Challenge: once}}, nil
}

// unknownUsername stands in the log for somebody of whom there is no row.
const unknownUsername = "(unknown)"

// verifyPasskey does so, and tells of a counter that went back.
func (p *Provider) verifyPasskey(
	ctx context.Context, a authn.Assertion, challenge [32]byte, u *oidc.User, k oidc.Passkey,
) (authn.UsedPasskey, error) {
	used, err := p.passkeys.Verify(a, challenge, u, k)
	var bad authn.BadPasskey
	if used.WentBack || errors.As(err, &bad) && bad.Code == authn.PasskeyMayBeCopied {
		p.tell(ctx, oidc.PasskeyCounterWentBack{Username: u.Username, Passkey: k.Name, Synced: k.Synced})
	}
	return used, err
}

// notByPasskey returns why nobody is signed in; err itself where it is no BadPasskey.
func (p *Provider) notByPasskey(ctx context.Context, username string, err error) error {
	if code := p.refusedPasskey(ctx, username, err); code != "" {
		return notProven{status: 401, code: code}
	}
	return err
}
