package provider

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// pending is what a page of the UI is for. It travels sealed through the browser, so that nothing unauthenticated is stored,
// and the UI neither sees nor can change it.
type pending struct {
	Page       string                 `json:"pg"` // login, consent, device, device_done, logout, account, signed_out, error
	Request    *oidc.AuthorizeRequest `json:"rq,omitempty"`
	Browser    []byte                 `json:"b,omitempty"` // digest of the browser's cookie
	Expires    int64                  `json:"x"`
	Client     *clientView            `json:"c,omitempty"`
	User       *userView              `json:"u,omitempty"`
	SID        string                 `json:"s,omitempty"`  // whose consent, logout or account it is
	Username   string                 `json:"un,omitempty"` // typed before
	Error      string                 `json:"e,omitempty"`
	Upstream   string                 `json:"up,omitempty"` // that the error is about, as people call it
	Link       *link                  `json:"lk,omitempty"` // to make once the person has signed in with his password
	RetryAfter int                    `json:"ra,omitempty"` // seconds
	Allowed    bool                   `json:"al,omitempty"` // what became of a device's request
	ReturnTo   string                 `json:"rt,omitempty"`
	UILocales  []string               `json:"l,omitempty"` // of a logout; else they are in Request
	TryAgain   string                 `json:"ta,omitempty"`
	NewToken   *newToken              `json:"nt,omitempty"` // to make after the sign-in
	TokenID    string                 `json:"ti,omitempty"` // made a moment ago: shown once
	RequestID  string                 `json:"id,omitempty"`
}

// clientView is what people are shown of a client, in the names of OpenID Connect Dynamic Client Registration §2.
type clientView struct {
	Name      string `json:"name"`
	URI       string `json:"uri,omitempty"`
	LogoURI   string `json:"logo_uri,omitempty"`
	PolicyURI string `json:"policy_uri,omitempty"`
	TOSURI    string `json:"tos_uri,omitempty"`
}

type userView struct {
	Username string `json:"username"`
	Name     string `json:"name"`
}

func viewOfClient(c *oidc.Client) *clientView {
	if c == nil {
		return nil
	}
	return &clientView{Name: c.DisplayName(), URI: c.Home(), LogoURI: c.LogoURI, PolicyURI: c.PolicyURI, TOSURI: c.TOSURI}
}

// viewOfAsking is viewOfClient for a page that asks for something in the client's name. What a client that registered itself calls its home
// is worth nothing there: people see where its metadata are, or where the answer goes.
func viewOfAsking(c *oidc.Client, req oidc.AuthorizeRequest) *clientView {
	view := viewOfClient(c)
	switch c.Registration {
	case "":
	case oidc.RegistrationDocument:
		view.URI = oidc.Origin(c.ClientID)
	default:
		view.URI = oidc.Origin(req.RedirectURI)
	}
	return view
}

func viewOfUser(u *oidc.User) *userView { return &userView{u.Username, u.DisplayName()} }

const pendingPurpose = "pending request"

// page gives the address of the UI's page for a pending request.
func (p *Provider) page(w pending, now time.Time) string {
	if w.Expires == 0 {
		w.Expires = now.Add(p.RequestTTL).Unix()
	}
	plain, err := json.Marshal(w)
	if err != nil {
		panic(err) // strings and numbers only
	}
	path := strings.ReplaceAll(w.Page, "_", "-")
	return p.UIOrigin + "/" + path + "?request=" + base64.RawURLEncoding.EncodeToString(p.sealer.Seal(pendingPurpose, plain, nil))
}

// errorPage answers with the true status and leads a person to the UI's page for it.
func (p *Provider) errorPage(r Request, status int, code string, c *clientView) Answer {
	return p.showError(r, status, pending{Error: code, Client: c})
}

func (p *Provider) showError(r Request, status int, w pending) Answer {
	if r.WantsJSON {
		return Answer{Status: status, JSON: oauthErrorBody{w.Error, "request " + r.ID}}
	}
	w.Page, w.RequestID = "error", r.ID
	return Answer{Status: status, Location: p.page(w, p.now())}
}

// The error codes of pages; the UI has words for each.
const (
	pageUnknownClient     = "unknown_client"
	pageInvalidRedirect   = "invalid_redirect_uri"
	pageInvalidRequest    = "invalid_request"
	pageInvalidRequestURI = "invalid_request_uri"
	pageExpired           = "request_expired"
	pageAltered           = "request_altered"
	pageForeignBrowser    = "request_from_another_browser"
	pageOriginRefused     = "origin_refused"
)

// unseal opens the request parameter; problem is the page code of what is wrong with it. An expired one is given all the same.
func (p *Provider) unseal(r Request, now time.Time) (w pending, problem string) {
	params, bad := oidc.ParseParams(r.Params, []string{"request"})
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(params["request"])
	if len(bad) > 0 || err != nil || len(sealed) == 0 {
		return w, pageAltered
	}
	plain, err := p.sealer.Open(pendingPurpose, sealed, nil)
	if err != nil || json.Unmarshal(plain, &w) != nil {
		return pending{}, pageAltered
	}
	if now.Unix() >= w.Expires {
		return w, pageExpired
	}
	return w, ""
}

// open checks a form that a page of the UI posts: it comes from the UI's origin, its request is ours, not expired,
// made for this page and, where it is bound to one, by this browser. refusal is the answer if not.
func (p *Provider) open(r Request, page string, now time.Time) (w pending, refusal *Answer) {
	fail := func(status int, code string, c *clientView) (pending, *Answer) {
		p.tell(r, oidc.FormRefused{Page: page, Error: code, Origin: r.Origin})
		a := p.showError(r, status, pending{Error: code, Client: c, TryAgain: p.startOver(w)})
		return pending{}, &a
	}
	if !p.fromUI(r) {
		return fail(403, pageOriginRefused, nil)
	}
	w, problem := p.unseal(r, now)
	switch {
	case problem != "":
		return fail(400, problem, w.Client)
	case w.Page != page:
		return fail(400, pageAltered, nil)
	case w.Browser != nil && !bytes.Equal(w.Browser, browserDigest(r)):
		return fail(400, pageForeignBrowser, w.Client)
	}
	return w, nil
}

// startOver is where a person who is on a page for himself, not for a client, gets a new one.
func (p *Provider) startOver(w pending) string {
	if w.Page == "account" {
		return p.Issuer + "/account"
	}
	return ""
}

// fromUI checks Origin, which browsers send with every POST (Fetch §3.2), against the UI's. Only a client that is no browser
// sends neither Origin nor Fetch Metadata, and such a one has no cookies that could be abused.
func (p *Provider) fromUI(r Request) bool {
	return r.Origin == p.UIOrigin || r.Origin == "" && r.FetchSite == ""
}

// browserDigest is what a pending request keeps of the browser's cookie.
func browserDigest(r Request) []byte {
	d := digest(r.Cookies[BrowserCookie])
	return d[:]
}

// interaction is what the UI shows; see docs/architecture.md.
type interaction struct {
	Page      string            `json:"page"`
	Request   string            `json:"request,omitempty"`
	Action    string            `json:"action,omitempty"`
	Client    *clientView       `json:"client,omitempty"`
	User      *userView         `json:"user,omitempty"`
	Username  string            `json:"username,omitempty"`
	Scopes    []string          `json:"scopes,omitempty"`
	UserCode  string            `json:"user_code,omitempty"`
	Allowed   *bool             `json:"allowed,omitempty"`
	Error     *interactionError `json:"error,omitempty"`
	ReturnTo  string            `json:"return_to,omitempty"`
	TryAgain  string            `json:"try_again,omitempty"`
	UILocales []string          `json:"ui_locales,omitempty"`
	RequestID string            `json:"request_id"`
	*accountView
	Upstreams      []upstreamView `json:"upstreams,omitempty"`
	UpstreamAction string         `json:"upstream_action,omitempty"`
	Cancel         bool           `json:"cancel,omitempty"` // the application can be told that the person did not want to
	Link           *linkView      `json:"link,omitempty"`
}

type interactionError struct {
	Code       string `json:"code"`
	RetryAfter int    `json:"retry_after,omitempty"` // seconds
	Upstream   string `json:"upstream,omitempty"`
}

// pageActions is where the form of a page is posted to.
var pageActions = map[string]string{"login": "/login", "consent": "/consent", "device": "/device", "logout": "/logout/confirm", "account": "/account/tokens"}

// Interaction tells the UI what to show for the opaque request that it was given, without a cookie.
func (p *Provider) Interaction(ctx context.Context, r Request) Answer {
	now := p.now()
	w, problem := p.unseal(r, now)
	var account *accountView
	if problem == "" && w.Page == "account" {
		var err error
		account, err = p.viewAccount(ctx, w, now)
		switch {
		case errors.Is(err, store.ErrNotFound): // the session has ended
			problem = pageExpired
		case err != nil:
			return p.failed(r, err)
		}
	}
	status := 200
	if problem != "" {
		status, w = 400, pending{Page: "error", Error: problem, Client: w.Client, TryAgain: p.startOver(w)}
	}
	view := interaction{Page: w.Page, Client: w.Client, User: w.User, Username: w.Username, ReturnTo: w.ReturnTo, TryAgain: w.TryAgain,
		UILocales: w.UILocales, RequestID: orElse(w.RequestID, r.ID), accountView: account}
	if w.Error != "" {
		view.Error = &interactionError{w.Error, w.RetryAfter, w.Upstream}
	}
	if action := pageActions[w.Page]; action != "" {
		view.Action, view.Request = p.Issuer+action, r.Params.Get("request")
	}
	if w.Request != nil {
		view.UILocales = w.Request.UILocales
		view.Scopes = w.Request.AsksFor()
		view.UserCode = w.Request.UserCode
	}
	if w.Page == "device_done" {
		view.Allowed = &w.Allowed
	}
	if w.Page == "login" {
		view.Link = w.Link.view()
		view.Cancel = w.Request.RedirectURI != ""
		if view.Upstreams = p.upstreamViews(ctx, r); view.Upstreams != nil {
			view.UpstreamAction = p.Issuer + "/login/upstream"
		}
	}
	if account != nil {
		view.Scopes = tokenScopes
	}
	if w.Client != nil && (w.Page == "error" || w.Page == "signed_out") { // nothing to do here: the way back
		view.ReturnTo = w.Client.URI
	}
	return Answer{Status: status, JSON: view}
}
