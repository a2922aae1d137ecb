package provider

import (
	"bytes"
	"context"
	"time"

	"gatehouse/api/oidc"
)

// open reads the form that a page of the UI posts into page: it comes from the UI's origin, and its request is ours, has
// not expired, was made for this page and for this browser. refusal is the answer if not.
func (p *Provider) open(ctx context.Context, r Request, page page, now time.Time) (refusal *Answer) {
	if !p.fromUI(r) {
		return p.refuseForm(ctx, r, page.name(), 403, pageOriginRefused, pending{})
	}
	w, problem := p.unseal(r, now)
	switch {
	case problem != "":
		return p.refuseForm(ctx, r, page.name(), 400, problem, w)
	case w.Page != page.name():
		return p.refuseForm(ctx, r, page.name(), 400, pageAltered, pending{Page: w.Page})
	case !pageNamed(page.name()).anyone && (w.Browser == nil || !bytes.Equal(w.Browser, browserDigest(r))):
		return p.refuseForm(ctx, r, page.name(), 400, pageForeignBrowser, w)
	case !w.readState(page):
		return p.refuseForm(ctx, r, page.name(), 400, pageAltered, pending{Page: w.Page})
	}
	return nil
}

// refuseForm leads to the error page, and from there to where w came from, as far as that is known.
func (p *Provider) refuseForm(ctx context.Context, r Request, page string, status int, code string, w pending) *Answer {
	p.tell(ctx, oidc.FormRefused{Page: page, Error: code, Origin: r.Origin})
	a := p.showError(ctx, status,
		errorPage{pending: pending{Client: w.Client}, Error: failure{Code: code}, TryAgain: p.anew(w.Page)})
	return &a
}

// fromUI reports whether the UI's page posts a form. Browsers send Origin with every POST (Fetch §3.2). Only a client that
// is no browser sends neither Origin nor Fetch Metadata, and it has no cookies that could be abused.
func (p *Provider) fromUI(r Request) bool {
	return r.Origin == p.UIOrigin || r.Origin == "" && r.FetchSite == ""
}
