package provider

import (
	"context"
	"errors"
	"strings"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// linkPage takes the token of an account link from the fragment of its address, which no server sees, and posts it. It is bound to no
// browser, for the UI has it at that address.
type linkPage struct {
	pending `json:"-"`
	Error   failure `json:"f"`
}

type linkPageView struct {
	common
	Error *failureView `json:"error,omitempty"`
}

func (*linkPage) name() string { return "link" }

func (w *linkPage) view(_ context.Context, _ *Provider, c common) (any, error) {
	e := c.failed(w.Error)
	return linkPageView{common: c, Error: e}, nil
}

// The codes of the link page: why an address is no good.
const (
	linkUnknown = "link_unknown"
	linkSpent   = "link_spent"
	linkExpired = "link_expired"
)

// Link opens an account link or an invitation: where it is good, the page with which it is used. Nothing is spent, so that a program that
// looks at addresses in mail does no harm.
func (p *Provider) Link(ctx context.Context, r Request) Answer {
	if !p.fromUI(r) {
		return *p.refuseForm(ctx, r, "link", 403, pageOriginRefused, pending{})
	}
	params, _ := oidc.ParseParams(r.Params, []string{"link"})
	if strings.HasPrefix(params["link"], resetLinkPrefix) {
		return p.proveResetByLink(ctx, r, params["link"])
	}
	token := oidc.Digest(params["link"])
	now := p.now()
	link, err := p.store.LoadAccountLink(ctx, token, now)
	if errors.Is(err, store.ErrNotFound) {
		return p.openInvitation(ctx, r, token, now)
	}
	if problem := linkProblem(link, err, now); problem != "" {
		return p.badLink(ctx, link.Username, problem)
	}
	if err != nil {
		return p.failedPage(ctx, err, "")
	}
	w := newPasswordPage{User: &userView{Username: link.Username, Name: link.Name}, Link: token[:]}
	cookies := p.bindBrowser(&r)
	w.Browser = browserDigest(r)
	a := redirect(p.address(&w))
	a.Cookies = cookies
	return a
}

// linkProblem returns the code of why a link that was loaded is not good, "" if it is or err is another than that there is none.
func linkProblem(l store.AccountLink, err error, now time.Time) string {
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && l.WhyNot != "":
		return linkUnknown
	case err != nil:
		return ""
	case l.SpentAt != nil:
		return linkSpent
	case !now.Before(l.ExpiresAt):
		return linkExpired
	}
	return ""
}

// badLink leads to the page that says why an address is no good; username is whose it is, "" if it is nobody's.
func (p *Provider) badLink(ctx context.Context, username, code string) Answer {
	p.tell(ctx, oidc.AccountLinkRefused{Username: username, Error: code})
	w := linkPage{Error: p.failureOf(ctx, code, 0)}
	a := redirect(p.address(&w))
	a.Error = code
	return a
}
