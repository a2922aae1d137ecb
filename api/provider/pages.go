package provider

import (
	"context"
	"errors"
	"strings"
	"time"

	"gatehouse/api/store"
)

// page is a screen of the UI. Each is a type in a page_<name>.go, which embeds pending and whose other fields are its
// state: it is sealed and opened by that type, so that no page can read what another is for.
type page interface {
	name() string
	envelope() *pending
	// view returns what the page shows, for GET /interaction. store.ErrNotFound: what it was made for has ended.
	view(ctx context.Context, p *Provider, c common) (any, error)
}

// action is where a form or a button of a page leads.
type action struct {
	name string // of the field of the view that has the address
	path string
	run  func(*Provider, context.Context, Request) Answer // takes what is posted; nil where path is an endpoint of its own
}

// pageLine is a page of the table.
type pageLine struct {
	page    page
	anew    string // the path where people get a new one; "" where only an application can send them there again
	actions []action
	anyone  bool // whose form any browser may post: something else says whose it is
}

// pages is the table of the pages there are. The API's routes of their forms follow from it; lib/contract.ts and the file
// names of pages/ in the UI are held to it by a test.
func pages() []pageLine {
	return []pageLine{
		{page: new(loginPage), actions: []action{{"action", "/login", (*Provider).Login},
			{"upstream_action", "/login/upstream", (*Provider).LoginUpstream}}},
		{page: new(selectAccountPage), actions: []action{{"action", "/select-account", (*Provider).SelectAccount}}},
		{page: new(refusedPage), actions: []action{{"action", "/refused", (*Provider).Refused}}},
		{page: new(notSignedInPage), actions: []action{{"action", "/not-signed-in", (*Provider).NotSignedIn}}},
		{page: new(termsPage), actions: []action{{"action", "/terms", (*Provider).Terms}}},
		{page: new(consentPage), actions: []action{{"action", "/consent", (*Provider).Consent}}},
		{page: new(devicePage), actions: []action{{"action", "/device", (*Provider).Device}}},
		{page: new(deviceDonePage)},
		{page: new(accountPage), anew: "/account", actions: []action{{"action", "/account/tokens", (*Provider).AddToken},
			{"revoke_action", "/account/tokens/revoke", (*Provider).RevokeToken},
			{"password_action", "/account/password", (*Provider).ChangePassword},
			{"totp_action", "/account/totp", (*Provider).ChangeTOTP},
			{"end_session_action", "/account/sessions/end", (*Provider).EndSession},
			{"add_passkey_action", "/account/passkeys", (*Provider).AddPasskey},
			{"rename_passkey_action", "/account/passkeys/rename", (*Provider).RenamePasskey},
			{"remove_passkey_action", "/account/passkeys/remove", (*Provider).RemovePasskey},
			{"withdraw_action", "/account/consents/withdraw", (*Provider).WithdrawConsent},
			{"accounts_action", "/account/linked", (*Provider).ChangeAccounts},
			{"profile_action", "/account/profile", (*Provider).ChangeProfile},
			{"email_action", "/account/email", (*Provider).ChangeEmail},
			{"adopt_action", "/account/adopt", (*Provider).AdoptAccount},
			{"data_action", "/account/data", (*Provider).DownloadData}, {"logout_action", "/logout", nil}}},
		{page: new(logoutPage), anew: "/logout", anyone: true, // of the session that is in it
			actions: []action{{"action", "/logout/confirm", (*Provider).LogoutConfirm}}},
		{page: new(signedOutPage)},
		{page: new(errorPage)},
		{page: new(linkPage), anyone: true, actions: []action{{"action", "/link", (*Provider).Link}}},
		{page: new(acceptInvitationPage), actions: []action{{"action", "/invitation", (*Provider).AcceptInvitation}}},
		{page: new(joinPage), anyone: true, actions: []action{{"action", "/join", (*Provider).Join}}},
		{page: new(joinNamePage), actions: []action{{"action", "/join/name", (*Provider).JoinName}}},
		{page: new(joinPhrasePage), actions: []action{{"action", "/join/phrase", (*Provider).JoinPhrase}}},
		{page: new(projectorPage), anyone: true},
		{page: new(factorPage), actions: []action{{"action", "/factor", (*Provider).Factor}}},
		{page: new(addFactorPage), actions: []action{{"action", "/factor/add", (*Provider).AddFactor}}},
		{page: new(totpPage), anew: "/account", actions: []action{{"action", "/factor/totp", (*Provider).TOTP}}},
		{page: new(recoveryCodesPage), anew: "/account", actions: []action{{"action", "/factor/recovery-codes", (*Provider).RecoveryCodes}}},
		{page: new(newPasswordPage), actions: []action{{"action", "/new-password", (*Provider).NewPassword}}},
		{page: new(forgotPasswordPage), actions: []action{{"action", "/forgot-password", (*Provider).ForgotPassword}}},
		{page: new(signUpPage), actions: []action{{"action", "/sign-up", (*Provider).SignUp}}},
		{page: new(offerPasskeyPage), actions: []action{{"action", "/offer-passkey", (*Provider).OfferPasskey}}},
	}
}

// PagePaths returns the paths of the pages at the UI's origin.
func PagePaths() (paths []string) {
	for _, line := range pages() {
		paths = append(paths, pathOf(line.page))
	}
	return paths
}

// pathOf returns the path of a page at the UI's origin.
func pathOf(p page) string { return "/" + strings.ReplaceAll(p.name(), "_", "-") }

// pageNamed returns a page with nothing in it yet; nil where there is none of that name.
func pageNamed(name string) *pageLine {
	for _, line := range pages() {
		if line.page.name() == name {
			return &line
		}
	}
	return nil
}

// anew returns where people get a new page of that name; "" for nowhere.
func (p *Provider) anew(name string) string {
	if line := pageNamed(name); line != nil && line.anew != "" {
		return p.Issuer + line.anew
	}
	return ""
}

// Form is where a page of the UI posts to.
type Form struct {
	Path string
	Run  func(context.Context, Request) Answer
}

// Forms returns the endpoints of all pages.
func (p *Provider) Forms() (forms []Form) {
	for _, line := range pages() {
		for _, a := range line.actions {
			if a.run != nil {
				forms = append(forms, Form{a.path, func(ctx context.Context, r Request) Answer { return a.run(p, ctx, r) }})
			}
		}
	}
	return forms
}

// common is what every page is told; the view of a page embeds it.
type common struct {
	Page      string      `json:"page"`
	Request   string      `json:"request,omitempty"` // for pages with a form
	Action    string      `json:"action,omitempty"`
	Client    *clientView `json:"client,omitempty"`
	UILocales []string    `json:"ui_locales,omitempty"`
	ExpiresIn int64       `json:"expires_in,omitempty"` // seconds in which a form can be sent
	RequestID string      `json:"request_id"`

	actions map[string]string // addresses by the names of the table
	now     time.Time
}

func (p *Provider) commonOf(ctx context.Context, r Request, line *pageLine, w pending, now time.Time) common {
	c := common{Page: line.page.name(), Client: w.Client, RequestID: requestOf(ctx).id, actions: map[string]string{}, now: now}
	for _, a := range line.actions {
		c.actions[a.name] = p.Issuer + a.path
	}
	if c.Action = c.actions["action"]; c.Action != "" {
		c.Request, c.ExpiresIn = r.Params.Get("request"), w.Expires-now.Unix()
	}
	if w.Request != nil {
		c.UILocales = w.Request.UILocales
	}
	return c
}

// failure is what went wrong before a page was shown, in the request with that ID.
type failure struct {
	Code      string `json:"e"`
	Until     int64  `json:"u,omitempty"` // in Unix seconds, when another try may do; 0: not known
	RequestID string `json:"id,omitempty"`
}

func (p *Provider) failureOf(ctx context.Context, code string, wait time.Duration) failure {
	f := failure{Code: code, RequestID: requestOf(ctx).id}
	if wait > 0 {
		f.Until = p.now().Add(wait + time.Second - 1).Unix()
	}
	return f
}

type failureView struct {
	Code       string `json:"code"`
	RetryAfter int    `json:"retry_after,omitempty"` // seconds
	Upstream   string `json:"upstream,omitempty"`    // what people call the one that it is about
	Times      int    `json:"times,omitempty"`       // how often it went wrong in a row

	EndedAt *time.Time `json:"ended_at,omitempty"` // the account that it is about
}

// failed returns what a page says of f, and names the request of f rather than the one that shows it; nil: there is nothing to say, or
// no longer, to those who waited.
func (c *common) failed(f failure) *failureView {
	view := failureView{Code: f.Code}
	if f.Until != 0 {
		view.RetryAfter = int(f.Until - c.now.Unix())
	}
	if f.Code == "" || f.Until != 0 && view.RetryAfter <= 0 {
		return nil
	}
	if f.RequestID != "" {
		c.RequestID = f.RequestID
	}
	return &view
}

// Interaction tells the UI what to show for the opaque request that it was sent, without a cookie.
func (p *Provider) Interaction(ctx context.Context, r Request) Answer {
	now := p.now()
	w, problem := p.unseal(r, now)
	if problem == "" {
		line := pageNamed(w.Page)
		if line != nil && w.readState(line.page) {
			view, err := line.page.view(ctx, p, p.commonOf(ctx, r, line, w, now))
			switch {
			case err == nil:
				return Answer{Status: 200, JSON: view}
			case !errors.Is(err, store.ErrNotFound):
				return p.failed(ctx, err)
			}
			problem = pageExpired
		} else {
			problem = pageAltered
		}
	}
	e := errorPage{pending: pending{Client: w.Client}, Error: failure{Code: problem}, TryAgain: p.anew(w.Page)}
	view, _ := e.view(ctx, p, p.commonOf(ctx, r, &pageLine{page: &e}, e.pending, now))
	return Answer{Status: 400, JSON: view}
}
