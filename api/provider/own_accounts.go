package provider

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

const (
	accountLinked   = "account_linked"
	accountUnlinked = "account_unlinked"
	accountTaken    = "account_taken"
)

// linkedView is an account at an upstream that a person signs in with.
type linkedView struct {
	Upstream    string     `json:"upstream"`
	DisplayName string     `json:"display_name"`
	Issuer      string     `json:"issuer,omitempty"` // whose mark it has
	Account     string     `json:"account,omitempty"`
	LinkedAt    time.Time  `json:"linked_at"`
	UsedAt      *time.Time `json:"used_at,omitempty"`
	Last        bool       `json:"last,omitempty"` // nothing else is left to sign in with
}

// linkedOf returns the accounts of a person, and the upstreams where they can link one.
func (p *Provider) linkedOf(ctx context.Context, own store.Own) (linked []linkedView, more []upstreamView) {
	linked, more = []linkedView{}, []upstreamView{}
	upstreams := p.upstreamViews(ctx)
	for _, a := range own.Accounts {
		view := linkedView{Upstream: a.Upstream, DisplayName: a.Upstream, Account: a.Label, LinkedAt: a.LinkedAt, UsedAt: a.UsedAt,
			Last: a.Last}
		if i := slices.IndexFunc(upstreams, func(u upstreamView) bool { return u.Name == a.Upstream }); i >= 0 {
			view.DisplayName, view.Issuer = upstreams[i].DisplayName, upstreams[i].Issuer
		}
		linked = append(linked, view)
	}
	for _, u := range upstreams {
		if !slices.ContainsFunc(own.Accounts, func(a store.OwnUpstreamAccount) bool { return a.Upstream == u.Name }) {
			more = append(more, u)
		}
	}
	return linked, more
}

// ChangeAccounts takes the forms of the account page about accounts at upstreams: link and unlink, each with the name of an upstream.
// A sign-in that is not fresh is asked for again first; then openAccount goes on with what was wanted.
func (p *Provider) ChangeAccounts(ctx context.Context, r Request) Answer {
	now := p.now()
	var w accountPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	w.forget()
	params, bad := oidc.ParseParams(r.Params, []string{"link", "unlink"})
	if len(bad) > 0 || (params["link"] == "") == (params["unlink"] == "") || len(params["link"]+params["unlink"]) > 32 {
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	}
	v := freshAccountVisit(r, w.User.Username, now)
	v.sid, v.req.Links, v.req.Unlinks = w.SID, params["link"], params["unlink"]
	a, err := p.nextAtBrowser(ctx, v)
	if err != nil {
		return p.accountError(ctx, w, err)
	}
	return a
}

// changeAccounts does what the forms of ChangeAccounts asked for; done is false where there is nothing to do, or somebody else has signed
// in than who asked.
func (p *Provider) changeAccounts(ctx context.Context, v visit, w accountPage) (a Answer, done bool, err error) {
	if v.req.LoginHint != v.standing.User.Username || !isFresh(*v.standing.Session, v.now) {
		return Answer{}, false, nil
	}
	switch {
	case v.req.Links != "":
		return p.sendToLink(ctx, v, w), true, nil
	case v.req.Unlinks != "":
		a, err = p.unlinkAccount(ctx, v, w)
		return a, true, err
	}
	return Answer{}, false, nil
}

// sendToLink sends the browser to the upstream whose account is to be linked, where the person chooses which.
func (p *Provider) sendToLink(ctx context.Context, v visit, w accountPage) Answer {
	req := oidc.AuthorizeRequest{Account: true, At: v.now, Prompt: []string{"select_account"}}
	page := loginPage{pending: pending{Request: &req, Browser: w.Browser}, Links: &w}
	return p.sendToUpstreamNamed(ctx, v.r, page, v.req.Links, v.now)
}

// linkFrom makes the account that the person has come back with theirs, while the session lives that they left with.
func (p *Provider) linkFrom(ctx context.Context, b callback) Answer {
	w := b.page.accountPage()
	session, user, err := p.store.LoadSession(ctx, oidc.Digest(b.r.Cookies[SessionCookie]), b.now)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && session.SID != w.SID:
		return p.askSignIn(ctx, accountVisit(b.r, nil, b.now))
	case err != nil:
		return p.accountError(ctx, w, err)
	}
	account := b.account()
	err = p.as(ctx, user.Username, "link account").UseUpstreamAccount(ctx, account, user.Username,
		p.sealTokens(account, b.person.Tokens), b.now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.backToAccount(ctx, w, 303, accountTaken, 0)
	case err != nil:
		return p.accountError(ctx, w, err)
	}
	p.tell(ctx, oidc.UpstreamLinked{Upstream: account.Upstream, Username: user.Username})
	w.Done = accountLinked
	return redirect(p.address(&w))
}

// accountPage returns the account page that a journey began at to link an account there.
func (w loginPage) accountPage() accountPage {
	account := *w.Links
	account.pending = pending{Browser: w.Browser}
	return account
}

func (p *Provider) unlinkAccount(ctx context.Context, v visit, w accountPage) (Answer, error) {
	name := v.req.Unlinks
	other, had, err := p.as(ctx, w.User.Username, "unlink account").UnlinkOwnAccount(ctx, w.SID, v.standing.Session.Cookie, name, v.now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Answer{}, errSessionEnded
	case err != nil:
		return Answer{}, err
	case !other:
		return p.backToAccount(ctx, w, 303, lastWayIn, 0), nil
	case had:
		p.tell(ctx, oidc.UpstreamUnlinked{Upstream: name, Username: w.User.Username})
	}
	w.Done = accountUnlinked // one that another tab has unlinked is gone, too
	return redirect(p.address(&w)), nil
}
