package provider

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// elsewhere is an account at an upstream that somebody who is invited has just signed in with, and that belongs to nobody here.
type elsewhere struct {
	Link       link   `json:"l"`
	Email      string `json:"e,omitempty"` // verified there
	Name       string `json:"n,omitempty"`
	GivenName  string `json:"g,omitempty"`
	FamilyName string `json:"f,omitempty"`
}

func (e *elsewhere) view() *linkView {
	if e == nil {
		return nil
	}
	return e.Link.view()
}

func (l *link) account() store.UpstreamAccount {
	return store.UpstreamAccount{Upstream: l.Upstream, Issuer: l.Issuer, Sub: l.Sub, Label: l.Label}
}

// The codes of why nobody is made of an account at an upstream. They begin as all do that are about one.
const (
	upstreamOtherAddress = "upstream_other_address" // the invitation is for one address
	upstreamOtherDomain  = "upstream_other_domain"  // the upstream is for some domains
)

// upstreamsFor returns the upstreams that an invitation lets somebody make an account with: those that may have its address.
func (p *Provider) upstreamsFor(ctx context.Context, w *acceptInvitationPage, i store.Invitation) (views []upstreamView) {
	if w.Elsewhere != nil || !slices.Contains(i.Methods, store.InvitedToUpstream) {
		return nil
	}
	list, err := p.store.Upstreams(ctx)
	if err != nil {
		p.tell(ctx, oidc.UpstreamsNotLoaded{Error: err.Error()})
	}
	for _, u := range list {
		if i.Email == "" || u.Admits(i.Email, true) {
			views = append(views, upstreamView{u.Name, u.DisplayName, u.Issuer})
		}
	}
	return views
}

// invitedVisit is one for the account page, before which the groups of an invitation are joined.
func invitedVisit(r Request, token []byte, now time.Time) visit {
	v := accountVisit(r, nil, now)
	v.req.Invitation = token
	return v
}

// acceptAtUpstream sends the browser to the upstream that was chosen on the page of an invitation. Nothing is spent until it comes back.
func (p *Provider) acceptAtUpstream(
	ctx context.Context, r Request, w acceptInvitationPage, i store.Invitation, upstream string, now time.Time,
) Answer {
	v := invitedVisit(r, w.Token, now)
	v.req.LoginHint = i.Email
	login := loginPage{pending: p.pendingOf(&v), Invited: true}
	a := p.sendToUpstreamNamed(ctx, v.r, login, upstream, now)
	a.Cookies = append(a.Cookies, v.cookies...)
	return a
}

// backToInvitationFrom leads back to the page that the journey began at. Who got that far has proven the code of its mail.
func (p *Provider) backToInvitationFrom(ctx context.Context, w loginPage, displayName string, status int, code string) Answer {
	back := acceptInvitationPage{Token: w.Request.Invitation, Proven: true, Upstream: displayName, EndedAt: w.EndedAt}
	back.Browser = w.Browser
	return p.backToInvitation(ctx, back, status, code, 0)
}

// acceptFromUpstream has an invitation make a user of an account that belongs to nobody; nil: it does not. Who said on its page that they
// come with this account are made at once, if what they would be called is free, and told why if they are not. Who said that they have an
// account here are asked first, unless the upstream makes users by itself: they may only have to link it.
func (p *Provider) acceptFromUpstream(ctx context.Context, b callback) (*Answer, error) {
	i, err := p.loadInvitation(ctx, store.Digest(b.page.Request.Invitation), b.now)
	problem := invitationProblem(i, err, b.now)
	if problem == "" && err != nil {
		return nil, err
	}
	if problem == "" && !slices.Contains(i.Methods, store.InvitedToUpstream) {
		problem = invitationSpent // by this method
	}
	refused := b.whyNotInvited(i)
	switch {
	case !b.page.Invited && (problem != "" || refused != ""):
		return nil, nil
	case problem != "":
		a := p.badLink(ctx, "", problem)
		return &a, nil
	case refused != "":
		p.tell(ctx, oidc.UpstreamSignInFailed{Upstream: b.upstream.Name, Error: refused})
		a := p.backFromUpstream(ctx, b.page, b.upstream.DisplayName, 303, refused)
		return &a, nil
	}
	w := b.elsewhere(i)
	if !b.page.Invited && !b.upstream.CreatesUsers {
		a := redirect(p.address(&w))
		return &a, nil
	}
	code := p.refusedName(ctx, w.Username, w.Name, &err)
	var a *Answer
	switch {
	case code != "":
		a, err = p.refuseElsewhere(ctx, w, code, b.now)
	case err != nil:
		return nil, err
	default:
		a, err = p.makeElsewhere(ctx, b.r, w, b.now)
	}
	if a == nil && err == nil {
		err = errUserChanged // they are there now
	}
	return a, err
}

// whyNotInvited returns the code of why an invitation makes nobody of the account, "" if it may.
func (b callback) whyNotInvited(i store.Invitation) string {
	switch {
	case i.Email != "" && (!b.person.EmailVerified || oidc.LowerASCII(b.person.Email) != oidc.LowerASCII(i.Email)):
		return upstreamOtherAddress
	case !b.upstream.Admits(b.person.Email, b.person.EmailVerified):
		return upstreamOtherDomain
	}
	return ""
}

// elsewhere returns the page that asks who came back what they want to be called: as the invitation suggests, else as they are there.
func (b callback) elsewhere(i store.Invitation) acceptInvitationPage {
	u, person, account := b.upstream, b.person, b.account()
	e := elsewhere{Link: link{u.Name, u.DisplayName, account.Issuer, account.Sub, account.Label},
		Name: person.Name, GivenName: person.GivenName, FamilyName: person.FamilyName}
	if person.EmailVerified {
		e.Email = oidc.LowerASCII(person.Email)
	}
	w := acceptInvitationPage{Token: b.page.Request.Invitation, Username: i.Username, Name: i.Name, Proven: true, Elsewhere: &e}
	w.Browser = b.page.Browser
	if w.Username == "" {
		w.Username = u.Username(person.Username, person.Email)
	}
	if w.Name == "" {
		w.Name = person.Name
	}
	return w
}

// acceptElsewhere makes the account with the name that was chosen, and sends the browser to the upstream once more, from where the session
// and the tokens come.
func (p *Provider) acceptElsewhere(ctx context.Context, r Request, w acceptInvitationPage, now time.Time) Answer {
	u, err := p.upstreamNamed(ctx, w.Elsewhere.Link.Upstream)
	switch {
	case errors.Is(err, authn.ErrUpstreamFailed), err == nil && (u == nil || u.Issuer != w.Elsewhere.Link.Issuer):
		w.Upstream, w.Elsewhere = w.Elsewhere.Link.DisplayName, nil // disabled or replaced meanwhile
		return p.backToInvitation(ctx, w, 502, upstreamFailed, 0)
	case err != nil:
		return p.failedInvitation(ctx, w, err)
	}
	refused, err := p.makeElsewhere(ctx, r, w, now)
	if err != nil {
		return p.failedInvitation(ctx, w, err)
	} else if refused != nil {
		return *refused
	}
	v := invitedVisit(r, w.Token, now)
	v.req.LoginHint = w.Elsewhere.Link.Label
	return p.sendToUpstream(ctx, r, loginPage{pending: p.pendingOf(&v)}, u, now)
}

// makeElsewhere saves the user. refused is the answer where that cannot be; nil without an error: the account is somebody's now, of this or
// of another tab.
func (p *Provider) makeElsewhere(ctx context.Context, r Request, w acceptInvitationPage, now time.Time) (refused *Answer, err error) {
	e, token := w.Elsewhere, store.Digest(w.Token)
	user := store.NewUpstreamUser{Username: w.Username, Name: w.Name, Email: e.Email}
	if w.Name == e.Name {
		user.GivenName, user.FamilyName = e.GivenName, e.FamilyName
	}
	i, err := p.loadInvitation(ctx, token, now)
	if err == nil {
		err = p.as(ctx, w.Username, "accept invitation").
			AcceptByUpstream(ctx, token, e.Link.account(), user, p.administration(), now)
	}
	if err == nil {
		p.tell(ctx, oidc.InvitationAccepted{Username: w.Username, InvitationID: i.ID, How: store.InvitedToUpstream})
		p.tell(ctx, oidc.UserCreated{Upstream: e.Link.Upstream, Username: w.Username})
		return nil, nil
	}
	return p.notMadeElsewhere(ctx, r, w, err, now)
}

// notMadeElsewhere returns what answers err of it.
func (p *Provider) notMadeElsewhere(
	ctx context.Context, r Request, w acceptInvitationPage, err error, now time.Time,
) (refused *Answer, _ error) {
	var refusal store.Refusal
	if !errors.Is(err, store.ErrNotFound) && !errors.As(err, &refusal) {
		return nil, err
	}
	if code := codeOfName(err); code != "" {
		return p.refuseElsewhere(ctx, w, code, now)
	}
	if linked, err := p.isLinked(ctx, w.Elsewhere, now); linked || err != nil {
		return nil, err
	} else if refusal.Constraint != "" {
		return nil, refusal
	}
	i, err := p.loadInvitation(ctx, store.Digest(w.Token), now)
	problem := invitationProblem(i, err, now)
	switch {
	case problem == "" && err != nil:
		return nil, err
	case problem == "" && slices.Contains(i.Methods, store.InvitedToUpstream): // then it is that the address is somebody's here
		a := p.linkElsewhere(ctx, invitedVisit(r, w.Token, now), w)
		return &a, nil
	case problem == "":
		problem = invitationSpent
	}
	a := p.badLink(ctx, "", problem)
	return &a, nil
}

// refuseElsewhere asks for another name; nil: they are there by now, of another tab, and it is theirs.
func (p *Provider) refuseElsewhere(ctx context.Context, w acceptInvitationPage, code string, now time.Time) (*Answer, error) {
	if linked, err := p.isLinked(ctx, w.Elsewhere, now); linked || err != nil {
		return nil, err
	}
	a := p.backToInvitation(ctx, w, 303, code, 0)
	return &a, nil
}

func (p *Provider) isLinked(ctx context.Context, e *elsewhere, now time.Time) (bool, error) {
	c, err := p.store.LoadUpstreamCandidate(ctx, e.Link.account(), "", &oidc.Client{}, now)
	return c.Linked, err
}

// linkElsewhere asks who has an account here to sign in with it, which links the other and accepts the invitation.
func (p *Provider) linkElsewhere(ctx context.Context, v visit, w acceptInvitationPage) Answer {
	p.tell(ctx, oidc.UpstreamAccountUnknown{Upstream: w.Elsewhere.Link.Upstream})
	login := loginPage{pending: p.pendingOf(&v), Link: &w.Elsewhere.Link}
	a := redirect(p.address(&login))
	a.Cookies = append(a.Cookies, v.cookies...)
	return a
}
