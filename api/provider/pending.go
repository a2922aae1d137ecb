package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// pending is what all pages have in common of what they are for. It travels sealed through the browser, so that nothing
// unauthenticated is stored, and the UI neither sees nor can change it. The rest is the page's own: a struct that embeds
// pending.
type pending struct {
	Page    string                 `json:"pg"`
	Browser []byte                 `json:"b,omitempty"` // digest of the cookie of the browser that may post its form; nil for any
	Expires int64                  `json:"x"`           // in Unix seconds; 0 for RequestTTL from when it is sealed
	Request *oidc.AuthorizeRequest `json:"rq,omitempty"`
	Client  *clientView            `json:"c,omitempty"` // in whose name people are there; errors lead back to it
	State   json.RawMessage        `json:"st,omitempty"`
}

func (w *pending) envelope() *pending { return w }

var pendingBox = keys.Box[pending]{Purpose: keys.ForPendingRequests}

// pendingOf returns what pages about a visit have in common. Only this browser may post their forms: v has the cookie to set
// if it is not known yet.
func (p *Provider) pendingOf(v *visit) pending {
	v.cookies = append(v.cookies, p.bindBrowser(&v.r)...)
	w := pending{Request: &v.req, Browser: browserDigest(v.r)}
	if !v.req.Account {
		w.Client = viewOfAsking(v.client, v.req)
	}
	return w
}

// pack returns what all pages have in common, with the page's own state in it.
func (p *Provider) pack(page page) pending {
	w := *page.envelope()
	if w.Expires == 0 {
		w.Expires = p.now().Add(p.RequestTTL).Unix()
	}
	state, err := json.Marshal(page)
	if err != nil {
		panic(err) // strings, numbers and times only
	}
	w.Page, w.State = page.name(), state
	return w
}

// unpack reads the state of w into page; it reports whether w is of that page.
func (w pending) unpack(page page) bool {
	if w.Page != page.name() || json.Unmarshal(w.State, page) != nil {
		return false
	}
	w.State = nil
	*page.envelope() = w
	return true
}

// address returns the URL of the UI's page, with what it is for.
func (p *Provider) address(page page) string {
	w := p.pack(page)
	return p.UIOrigin + "/" + strings.ReplaceAll(w.Page, "_", "-") + "?request=" + pendingBox.Seal(p.sealer, w, nil)
}

// unseal opens the parameter request. problem is the code of what is wrong with it, for the error page; what has expired
// is returned with the problem, so that people can be led back.
func (p *Provider) unseal(r Request, now time.Time) (w pending, problem string) {
	params, bad := oidc.ParseParams(r.Params, []string{"request"})
	w, err := pendingBox.Open(p.sealer, params["request"], nil)
	switch {
	case len(bad) > 0 || err != nil:
		return pending{}, pageAltered
	case now.Unix() >= w.Expires:
		return w, pageExpired
	}
	return w, ""
}

// open reads the form that a page of the UI posts into page: it comes from the UI's origin, and its request is ours, has
// not expired, was made for this page and, where it is bound to one, for this browser. refusal is the answer if not.
func (p *Provider) open(ctx context.Context, r Request, page page, now time.Time) (refusal *Answer) {
	if !p.fromUI(r) {
		return p.refuseForm(ctx, r, page.name(), 403, pageOriginRefused, pending{})
	}
	w, problem := p.unseal(r, now)
	switch {
	case problem != "":
		return p.refuseForm(ctx, r, page.name(), 400, problem, w)
	case w.Browser != nil && !bytes.Equal(w.Browser, browserDigest(r)):
		return p.refuseForm(ctx, r, page.name(), 400, pageForeignBrowser, w)
	case !w.unpack(page):
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
