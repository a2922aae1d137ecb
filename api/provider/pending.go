package provider

import (
	"encoding/json"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// pending is what all pages have in common of what they are for. It travels sealed through the browser, so that nothing
// unauthenticated is stored, and the UI neither sees nor can change it. The rest is the page's own: a struct that embeds
// pending.
type pending struct {
	Page    string                 `json:"pg"`
	Browser []byte                 `json:"b,omitempty"` // digest of the cookie of the browser that may post its form
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
		w.Client = viewOfClient(v.client, v.req.RedirectURI)
	}
	return w
}

// withState returns what all pages have in common, with the page's own state in it.
func (p *Provider) withState(page page) pending {
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

// readState reads the state of w into page; it reports whether w is of that page.
func (w pending) readState(page page) bool {
	if w.Page != page.name() || json.Unmarshal(w.State, page) != nil {
		return false
	}
	w.State = nil
	*page.envelope() = w
	return true
}

// address returns the URL of the UI's page, with what it is for.
func (p *Provider) address(page page) string {
	w := p.withState(page)
	return p.UIOrigin + pathOf(page) + "?request=" + pendingBox.Seal(p.sealer, w, nil)
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
