package provider

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// factorProof is one more factor that the person of a visit has just proven. It is saved together with what follows.
type factorProof struct {
	store.FactorProof
	way    oidc.Way
	save   func(context.Context, store.FactorProof) error // store.ErrNotFound: it was spent before
	cookie Cookie
}

// errSpent is the error of a proof that was good once, or whose session has ended since.
var errSpent = errors.New("the proof is spent")

// saveProof saves what the person of a visit has proven, together with what the request gets. It returns store.ErrUsed where that is
// done but the request has had its answer.
func (p *Provider) saveProof(ctx context.Context, v *visit, toSave store.Issue) error {
	proof := v.proves
	proof.Issue = toSave
	err := proof.save(ctx, proof.FactorProof)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errSpent
	case err != nil && !errors.Is(err, store.ErrUsed):
		return err
	}
	v.proves = nil
	user := v.standing.User.Username
	p.tell(ctx, oidc.FactorProven{Username: user, ClientID: v.client.ClientID, SID: proof.SID, Way: string(proof.way)})
	if proof.way == oidc.ByRecoveryCode {
		p.tell(ctx, oidc.RecoveryCodeUsed{Username: user, Left: v.standing.Enrolled.RecoveryCodes - 1})
	}
	v.cookies = append(v.cookies, proof.cookie)
	return err
}

// codeAttempt is a code that somebody has typed, and whose it should be.
type codeAttempt struct {
	way          oidc.Way
	code         string
	user, userID string
	buckets      []authn.Bucket
	place        store.Place
	now          time.Time
}

// wayOf returns which kind of code was typed, whichever the page asked for: the two look different. What is neither, or of a kind that
// the person does not have, is held to be of the kind that was asked for.
func wayOf(code string, w factorPage) oidc.Way {
	way := w.Method
	switch {
	case authn.IsOneTimeCode(code):
		way = oidc.ByTOTP
	case authn.IsRecoveryCode(code):
		way = oidc.ByRecoveryCode
	}
	if !slices.Contains(w.Ways, way) {
		return w.Method
	}
	return way
}

// checkCode returns what spends a code that is right; else a notProven. Of a code of a far step the person is told only where that is of
// no use to whoever guesses: see authn.TOTP.Check.
func (p *Provider) checkCode(
	ctx context.Context, t codeAttempt, sealed []byte,
) (save func(context.Context, store.FactorProof) error, err error) {
	if t.way == oidc.ByRecoveryCode {
		digest, ok := authn.RecoveryDigest(t.code, t.userID)
		if !ok {
			return nil, notProven{status: 303, code: wrongRecoveryCode}
		}
		return func(ctx context.Context, f store.FactorProof) error {
			return p.store.ProveRecoveryCode(ctx, f, digest, t.now)
		}, nil
	}
	if t.way != oidc.ByTOTP { // that of a passkey, which has no code
		return nil, notProven{status: 303, code: wrongCode}
	}
	secret, err := p.openTOTP(t.userID, sealed)
	if err != nil {
		p.tell(ctx, oidc.TOTPUnreadable{Username: t.user, Error: err.Error()})
		return nil, notProven{status: 303, code: totpUnreadable}
	}
	step, far, ok := secret.Check(t.code, t.now)
	switch {
	case ok && far < 0:
		return nil, notProven{status: 303, code: clockOff}
	case !ok || far > 0:
		return nil, notProven{status: 303, code: wrongCode}
	}
	return func(ctx context.Context, f store.FactorProof) error {
		return p.store.ProveTOTP(ctx, f, sealed, step, t.now)
	}, nil
}

// refuseFactor counts a code that is not good, and returns why: err, or that it was spent before, which is no other answer.
func (p *Provider) refuseFactor(ctx context.Context, t codeAttempt, err error) error {
	var not notProven
	switch {
	case errors.As(err, &not) && not.code == totpUnreadable:
		return err // it was not looked at
	case not.code == "":
		not = notProven{status: 303, code: wrongCode}
		if t.way == oidc.ByRecoveryCode {
			not.code = wrongRecoveryCode
		}
	}
	p.tell(ctx, oidc.FactorRefused{Username: t.user, Way: string(t.way)})
	if err := p.recordFailure(ctx, store.FailedSignIn{Place: t.place, UserID: t.userID, Why: store.WrongCode}, t.buckets, t.now); err != nil {
		return err
	}
	return not
}

// factorDevice returns the name of a browser that has proven a second factor of this person before; "" for any other. One that only
// knows the password has no name here: whoever has that could have as many as they like.
func (p *Provider) factorDevice(r Request, userID string) string {
	if known := p.deviceOf(r); known.Factor && known.UserID == userID {
		return known.Name
	}
	return ""
}

// factorCookie returns the cookie that makes the browser known for it.
func (p *Provider) factorCookie(r Request, u *oidc.User) Cookie {
	known := p.deviceOf(r)
	if known.UserID != u.ID {
		known = newDevice(randomSecret(), u.Username, u)
	}
	known.Factor = true
	return p.deviceCookie(known)
}

// sealTOTP seals a secret for its person alone.
func (p *Provider) sealTOTP(userID string, secret authn.TOTP) []byte {
	return p.sealer.Seal(keys.ForTOTPSecrets, secret, []byte(userID))
}

func (p *Provider) openTOTP(userID string, sealed []byte) (authn.TOTP, error) {
	return p.sealer.Open(keys.ForTOTPSecrets, sealed, []byte(userID))
}

// resealTOTP seals under the first encryption key what is sealed under another, once after the start: the keys change with a restart, and
// the others may then be removed. What cannot be opened stays as it is; whoever types a code for it is told.
func (p *Provider) resealTOTP(ctx context.Context) error {
	if p.resealed.Load() {
		return nil
	}
	err := p.store.ResealTOTP(ctx, p.sealer.CurrentPrefix(), func(t store.SealedTOTP) []byte {
		secret, err := p.openTOTP(t.UserID, t.Secret)
		if err != nil {
			return nil
		}
		return p.sealTOTP(t.UserID, secret)
	})
	p.resealed.Store(err == nil)
	return err
}
