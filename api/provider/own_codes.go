package provider

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// ChangeTOTP takes the forms of the account page about one-time codes and recovery codes: add=totp, remove=totp and recovery_codes=new.
// A sign-in that is not fresh is asked for again first, and a factor that the session has not proven.
func (p *Provider) ChangeTOTP(ctx context.Context, r Request) Answer {
	now := p.now()
	var w accountPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	w.forget()
	params, bad := oidc.ParseParams(r.Params, []string{"add", "remove", "recovery_codes"})
	v := freshAccountVisit(r, w.User.Username, now)
	v.sid = w.SID
	switch {
	case len(bad) > 0:
	case params["add"] == string(oidc.ByTOTP):
		v.req.Adds = oidc.ByTOTP
		v.instead = p.addTOTP(w)
	case params["remove"] == string(oidc.ByTOTP):
		v.instead = p.removeTOTP(w)
	case params["recovery_codes"] == "new":
		v.instead = p.replaceRecoveryCodes(w)
	}
	if v.instead == nil {
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	}
	a, err := p.nextAtBrowser(ctx, v)
	if err != nil {
		return p.accountError(ctx, w, err)
	}
	return a
}

func (p *Provider) addTOTP(w accountPage) func(context.Context, visit) (Answer, error) {
	return func(ctx context.Context, v visit) (Answer, error) {
		if v.standing.Enrolled.TOTP { // another tab was faster
			return p.backToAccount(ctx, w, 303, totpThereAlready, 0), nil
		}
		return p.askTOTP(v), nil
	}
}

// removeTOTP removes the secret, unless something asks for a factor that the person would then not have. It is never the last way in: a
// code is worth nothing without a password or an upstream.
func (p *Provider) removeTOTP(w accountPage) func(context.Context, visit) (Answer, error) {
	return func(ctx context.Context, v visit) (Answer, error) {
		without := v.standing.Standing
		session := *without.Session
		session.AMR = slices.DeleteFunc(slices.Clone(session.AMR), func(method string) bool { return method == oidc.AMROneTimeCode })
		without.Session, without.Enrolled.TOTP = &session, false
		if ways, _ := v.req.Ways(v.client, without, v.now); ways == nil && len(v.req.Unmet(v.client, without, v.now)) > 0 {
			return p.backToAccount(ctx, w, 303, totpRequired, 0), nil
		}
		removed, err := p.as(ctx, w.User.Username, "remove one-time codes").RemoveTOTP(ctx, w.SID, v.standing.Session.Cookie, v.now)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return Answer{}, errSessionEnded
		case err != nil:
			return Answer{}, err
		case removed:
			p.tell(ctx, oidc.FactorRemoved{Username: w.User.Username, Factor: string(oidc.ByTOTP)})
		}
		w.Done = totpRemoved // one that another tab has removed is gone, too
		return redirect(p.address(&w)), nil
	}
}

func (p *Provider) replaceRecoveryCodes(w accountPage) func(context.Context, visit) (Answer, error) {
	return func(ctx context.Context, v visit) (Answer, error) {
		codes := p.makeRecoveryCodes(v.standing.User.ID)
		replaced, err := p.as(ctx, v.standing.User.Username, "replace recovery codes").ReplaceRecoveryCodes(ctx, w.SID,
			v.standing.Session.Cookie, codes.digests, v.now)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return Answer{}, errSessionEnded
		case err != nil:
			return Answer{}, err
		case !replaced: // they have removed their last factor, and its codes
			return redirect(p.address(&w)), nil
		}
		v.instead = nil
		return p.showRecoveryCodes(ctx, v, codes), nil
	}
}

// totpState is what the account page says of one-time codes.
type totpState struct {
	CreatedAt time.Time  `json:"created_at"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
}

func viewsOfFactors(f store.Factors) (totp *totpState, recoveryCodes *int) {
	if f.TOTPSince != nil {
		totp = &totpState{*f.TOTPSince, f.TOTPUsedAt}
	}
	if totp != nil || f.Passkeys > 0 {
		recoveryCodes = &f.RecoveryCodes
	}
	return totp, recoveryCodes
}
