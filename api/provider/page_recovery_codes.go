package provider

import (
	"context"
	"strconv"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// recoveryCodesPage shows recovery codes once, right after they were made, and goes on to where the person was going.
type recoveryCodesPage struct {
	pending `json:"-"`
	SID     string    `json:"s"`
	User    *userView `json:"u"`
	UserID  string    `json:"i"`
	Seed    string    `json:"se"` // of the codes; random
	Wanted  *newToken `json:"nt,omitempty"`
	Done    string    `json:"dn,omitempty"` // what has led here
}

type recoveryCodesView struct {
	common
	User  *userView `json:"user"`
	Codes []string  `json:"codes,omitempty"` // none once they were shown
}

// newCodes are recovery codes that a person gets.
type newCodes struct {
	seed    string
	digests [][]byte
}

// newRecoveryCodes makes codes for somebody who sets up a factor; none where they have some left. Whoever saves a first factor of any
// kind saves these with it, and then shows them (showRecoveryCodes).
func (p *Provider) newRecoveryCodes(e oidc.Enrolled, userID string) (c newCodes) {
	if e.RecoveryCodes > 0 {
		return c
	}
	return p.makeRecoveryCodes(userID)
}

func (p *Provider) makeRecoveryCodes(userID string) (c newCodes) {
	c.seed = randomSecret()
	for _, code := range p.recoveryCodes(c.seed) {
		digest, _ := authn.RecoveryDigest(code, userID) // it is one
		c.digests = append(c.digests, digest[:])
	}
	return c
}

// recoveryCodes returns the codes of a seed. They are derived, so that the address of the page that shows them has the seed, sealed, and
// none of them.
func (p *Provider) recoveryCodes(seed string) (codes []string) {
	for i := range authn.RecoveryCodes {
		codes = append(codes, authn.RecoveryCode(p.sealer.Derive(keys.ForRecoveryCodes, []byte(strconv.Itoa(i)+" "+seed))))
	}
	return codes
}

func (*recoveryCodesPage) name() string { return "recovery_codes" }

func (w *recoveryCodesPage) view(ctx context.Context, p *Provider, c common) (any, error) {
	codes := p.recoveryCodes(w.Seed)
	digest, _ := authn.RecoveryDigest(codes[0], w.UserID) // it is one
	shows, err := p.store.ShowRecoveryCodes(ctx, w.SID, digest, c.now.Add(-showWithin), c.now)
	if err != nil {
		return nil, err
	}
	if !shows {
		codes = nil
	}
	return recoveryCodesView{common: c, User: w.User, Codes: codes}, nil
}

// showRecoveryCodes leads to the page of codes that were saved a moment ago; from there the visit goes on.
func (p *Provider) showRecoveryCodes(ctx context.Context, v visit, c newCodes) Answer {
	p.tell(ctx, oidc.RecoveryCodesMade{Username: v.standing.User.Username})
	w := recoveryCodesPage{pending: p.pendingOf(&v), SID: v.standing.Session.SID, User: viewOfUser(v.standing.User),
		UserID: v.standing.User.ID, Seed: c.seed, Wanted: v.wanted, Done: v.done}
	return redirect(p.address(&w), v.cookies...)
}

// RecoveryCodes takes the button with which the person goes on.
func (p *Provider) RecoveryCodes(ctx context.Context, r Request) Answer {
	now := p.now()
	var w recoveryCodesPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	client, refusal, err := p.stillRegistered(ctx, w.Request)
	switch {
	case err != nil:
		return p.failedPage(ctx, err, p.address(&w))
	case refusal != nil:
		return *refusal
	}
	a, err := p.nextAtBrowser(ctx, visit{r: r, req: *w.Request, client: client, sid: w.SID, wanted: w.Wanted, done: w.Done, now: now})
	if err != nil {
		return p.failedPage(ctx, err, p.address(&w))
	}
	return a
}
