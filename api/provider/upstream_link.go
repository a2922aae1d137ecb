package provider

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// link is an account at an upstream that belongs to nobody here yet. Whoever signs in with their password, in the browser
// that came from there, makes it theirs. It has no tokens: those come with the next sign-in there.
type link struct {
	Upstream    string `json:"u"`
	DisplayName string `json:"d"`
	Issuer      string `json:"i"`
	Sub         string `json:"s"`
	Label       string `json:"l"`
}

// linkView is what the login page shows of it.
type linkView struct {
	Upstream string `json:"upstream"`
	Account  string `json:"account"`
}

func (l *link) view() *linkView {
	if l == nil {
		return nil
	}
	return &linkView{l.DisplayName, l.Label}
}

// askLink leads to the login page, where the person says who they are here.
func (p *Provider) askLink(ctx context.Context, b callback) Answer {
	w, u, a := b.page, b.upstream, b.account()
	p.tell(ctx, oidc.UpstreamAccountUnknown{Upstream: u.Name})
	w.Link = &link{u.Name, u.DisplayName, a.Issuer, a.Sub, a.Label}
	return redirect(p.address(&w))
}

// signInAndLink starts the session of a person who has just given their password, makes the account theirs, and sends them
// there once more, so that their tokens are here at once. What follows is decided when they come back.
//
// Whoever has a factor proves it first: a password alone links nothing.
func (p *Provider) signInAndLink(ctx context.Context, v visit, w loginPage) (Answer, error) {
	if ways, wished := v.req.Ways(v.client, v.standing.Standing, v.now); ways != nil && !wished {
		v.link = w.Link
		return p.next(ctx, v)
	}
	if err := p.start(ctx, &v, store.Issue{}); err != nil {
		return Answer{}, err
	}
	a := p.saveLink(ctx, v.r, w, v.standing.User, v.now)
	a.Cookies = append(a.Cookies, v.cookies...)
	return a, nil
}

// saveLink is the part of it after the session has started.
func (p *Provider) saveLink(ctx context.Context, r Request, w loginPage, user *oidc.User, now time.Time) Answer {
	err := p.makeLink(ctx, *w.Link, user, now)
	switch {
	case errors.Is(err, store.ErrNotFound): // it has become another user's
		name := w.Link.DisplayName
		w.Link = nil
		return p.backFromUpstream(ctx, w, name, 403, upstreamUnknownAccount)
	case err != nil:
		return p.failedLogin(ctx, w, err)
	}
	return p.sendToUpstreamNamed(ctx, r, w, w.Link.Upstream, now)
}

func (p *Provider) makeLink(ctx context.Context, l link, user *oidc.User, now time.Time) error {
	account := store.UpstreamAccount{Upstream: l.Upstream, Issuer: l.Issuer, Sub: l.Sub, Label: l.Label}
	err := p.as(ctx, user.Username, "link account").LinkUpstreamAccount(ctx, account, user.Username, now)
	if err == nil {
		p.tell(ctx, oidc.UpstreamLinked{Upstream: l.Upstream, Username: user.Username})
	}
	return err
}

// linkAndGoOn makes the link of a visit whose person has just proven their factor. It does not send them there once more: the session
// that would start then has not proven it. The tokens come with the next sign-in there.
func (p *Provider) linkAndGoOn(ctx context.Context, v visit) (Answer, error) {
	l := *v.link
	v.link = nil
	err := p.makeLink(ctx, l, v.standing.User, v.now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		a := p.backFromUpstream(ctx, loginPage{pending: p.pendingOf(&v), Wanted: v.wanted}, l.DisplayName, 403, upstreamUnknownAccount)
		a.Cookies = append(a.Cookies, v.cookies...)
		return a, nil
	case err != nil:
		return Answer{}, err
	}
	return p.next(ctx, v)
}
