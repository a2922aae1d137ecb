package provider

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// tokenDays are the lives of a token that the account page offers.
var tokenDays = []int{7, 30, 90, 365}

// tokenScopes returns what a token of a member of groups can be good for; it is no grant, so it cannot be refreshed.
func (p *Provider) tokenScopes(groups []string) []string {
	scopes := slices.DeleteFunc(oidc.Scopes(), func(s string) bool { return s == oidc.OfflineAccess })
	switch p.AdminRoleOf(groups) {
	case "":
	case oidc.Reader:
		scopes = append(scopes, oidc.AdminRead)
	default:
		scopes = append(scopes, oidc.AdminRead, oidc.AdminWrite)
	}
	return scopes
}

// noClient stands where a client does while a person signs in to open the account page: it is no relying party, is asked
// nothing and allows nothing.
var noClient = &oidc.Client{FirstParty: true}

// accountClient returns it with what the deployment asks for.
func (p *Provider) accountClient(ctx context.Context) (*oidc.Client, error) {
	policy, err := p.store.Policy(ctx)
	return &oidc.Client{FirstParty: true, Policy: policy}, err
}

// Account opens the account page of whoever is signed in at the browser, and asks to sign in where nobody is.
func (p *Provider) Account(ctx context.Context, r Request) Answer {
	a, err := p.nextAtBrowser(ctx, accountVisit(r, nil, p.now()))
	if err != nil {
		return p.failedPage(ctx, err, p.Issuer+"/account")
	}
	return a
}

// accountVisit is for no client: the account page opens, and the token that was wanted is made, if the sign-in is fresh.
func accountVisit(r Request, wanted *newToken, now time.Time) visit {
	v := visit{r: r, req: oidc.AuthorizeRequest{Account: true, At: now}, client: noClient, wanted: wanted, now: now}
	if wanted != nil {
		seconds := int(oidc.FreshSignIn.Seconds())
		v.req.MaxAge, v.req.LoginHint = &seconds, wanted.Username
	}
	return v
}

// accountPage shows a person their personal access tokens. It is good for one session in one browser.
type accountPage struct {
	pending `json:"-"`
	SID     string    `json:"s"`
	User    *userView `json:"u"`
	Error   failure   `json:"f,omitzero"`
	TokenID string    `json:"ti,omitempty"` // made a moment ago: shown once
	Seed    string    `json:"ts,omitempty"` // of its value; random
	Revoked string    `json:"rv,omitempty"` // what the token was called that was revoked a moment ago
	Email   string    `json:"em,omitempty"` // that a code was sent to
	Done    string    `json:"dn,omitempty"` // passwordChanged or sessionEnded, a moment ago
}

// forget leaves nothing to show on the next page but who it is for.
func (w *accountPage) forget() {
	w.Error, w.TokenID, w.Seed, w.Revoked, w.Email, w.Done, w.Expires = failure{}, "", "", "", "", "", 0
}

func (*accountPage) name() string { return "account" }

// openAccount is where a visit for the account page ends, whether or not a sign-in had to come first.
func (p *Provider) openAccount(ctx context.Context, v visit) (Answer, error) {
	if v.instead != nil {
		return v.instead(ctx, v)
	}
	v.cookies = append(v.cookies, p.bindBrowser(&v.r)...)
	session, user := v.standing.Session, v.standing.User
	w := accountPage{pending: pending{Browser: browserDigest(v.r)}, SID: session.SID, User: viewOfUser(user)}
	if v.req.Adds == oidc.ByTOTP && isFresh(*session, v.now) && !v.standing.Enrolled.TOTP {
		return p.askTOTP(v), nil
	}
	if v.req.Invitation != nil {
		client, done, refused, err := p.endInvitation(ctx, v)
		if err != nil {
			return Answer{}, err
		} else if refused != "" {
			w.Error = p.failureOf(ctx, refused, 0)
		}
		v.req.EndsAt, w.Done = client, done
	}
	if to, err := p.endsAt(ctx, v.req.EndsAt); err != nil {
		return Answer{}, err
	} else if to != "" {
		a := redirect(to)
		a.Cookies = append(a.Cookies, v.cookies...)
		return a, nil
	}
	switch v.done {
	case totpThereAlready:
		w.Error = p.failureOf(ctx, v.done, 0)
	case totpAdded, passkeyAdded, workshopJoined:
		w.Done = v.done
	}
	a, done, err := p.changeAccounts(ctx, v, w)
	switch {
	case err != nil:
		return a, err
	case done:
	case v.wanted != nil && v.wanted.Username == user.Username && isFresh(*session, v.now):
		a = p.addToken(ctx, w, *v.wanted, v.now)
	default:
		a = redirect(p.address(&w))
	}
	a.Cookies = append(a.Cookies, v.cookies...)
	return a, nil
}

func isFresh(s oidc.Session, now time.Time) bool { return now.Sub(s.AuthTime) <= oidc.FreshSignIn }

// AddToken takes the form by which a person makes a token. A sign-in that is not fresh is asked for again first.
func (p *Provider) AddToken(ctx context.Context, r Request) Answer {
	now := p.now()
	w, session, user, refusal := p.fromAccountPage(ctx, r, now)
	if refusal != nil {
		return *refusal
	}
	wanted, problem := parseNewToken(r, w.User.Username, p.tokenScopes(user.Groups))
	switch {
	case problem == invalidTokenName:
		return p.backToAccount(ctx, w, 400, problem, 0)
	case problem != "":
		return p.errorPage(ctx, 400, problem, nil)
	case session.SID == "" || user.Username != wanted.Username || !isFresh(session, now):
		return p.askSignIn(ctx, accountVisit(r, &wanted, now))
	}
	return p.addToken(ctx, w, wanted, now)
}

// addToken saves a token for the session of w and leads to the page that shows it.
func (p *Provider) addToken(ctx context.Context, w accountPage, wanted newToken, now time.Time) Answer {
	w.TokenID, w.Seed = newID(), randomSecret()
	err := p.as(ctx, wanted.Username, "add token").AddPersonalAccessToken(ctx, w.SID, store.NewPersonalAccessToken{
		ID: w.TokenID, Digest: oidc.Digest(p.tokenValue(w.TokenID, w.Seed)),
		Name: wanted.Name, Scope: wanted.Scope, ExpiresAt: now.AddDate(0, 0, wanted.Days)}, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		w.TokenID = ""
		return p.backToAccount(ctx, w, 400, tooManyTokens, 0)
	case err != nil:
		w.TokenID = ""
		return p.accountError(ctx, w, err)
	}
	p.tell(ctx, oidc.PersonalAccessTokenCreated{Username: wanted.Username, TokenID: w.TokenID, Scope: wanted.Scope,
		Days: wanted.Days})
	return redirect(p.address(&w))
}

// RevokeToken takes the form by which a person ends a token of their own.
func (p *Provider) RevokeToken(ctx context.Context, r Request) Answer {
	now := p.now()
	w, session, user, refusal := p.fromAccountPage(ctx, r, now)
	switch {
	case refusal != nil:
		return *refusal
	case session.SID == "":
		return p.askSignIn(ctx, accountVisit(r, nil, now))
	}
	params, bad := oidc.ParseParams(r.Params, []string{"revoke"})
	if len(bad) > 0 || params["revoke"] == "" {
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	}
	var err error
	own := p.as(ctx, user.Username, "revoke token")
	if w.Revoked, err = own.RevokePersonalAccessToken(ctx, w.SID, params["revoke"], now); err != nil {
		return p.accountError(ctx, w, err)
	}
	p.tell(ctx, oidc.PersonalAccessTokenRevoked{Username: user.Username})
	return redirect(p.address(&w))
}

// fromAccountPage checks a form of the account page. The session is empty where the one that the page was made for has ended;
// refusal is the answer if the form is not ours or somebody else has signed in since.
func (p *Provider) fromAccountPage(ctx context.Context, r Request,
	now time.Time) (w accountPage, s oidc.Session, u oidc.User, refusal *Answer) {
	if refusal = p.open(ctx, r, &w, now); refusal != nil {
		return w, s, u, refusal
	}
	w.forget()
	v := accountVisit(r, nil, now)
	err := p.loadStanding(ctx, &v)
	switch {
	case err != nil:
		a := p.accountError(ctx, w, err)
		return w, s, u, &a
	case v.standing.Session == nil:
		return w, oidc.Session{}, u, nil
	case v.standing.Session.SID != w.SID:
		a := p.errorPage(ctx, 400, pageForeignBrowser, nil)
		return w, s, u, &a
	}
	return w, *v.standing.Session, *v.standing.User, p.unlessAccountOpens(ctx, w, v)
}

// unlessAccountOpens returns the answer where the account page would not open to the person of a visit any more: somebody else may have
// come with the password alone, before a factor was set up or asked for.
func (p *Provider) unlessAccountOpens(ctx context.Context, w accountPage, v visit) *Answer {
	opens := false
	v.instead = func(ctx context.Context, v visit) (Answer, error) {
		if v.instead = nil; len(v.req.Unmet(v.client, v.standing.Standing, v.now)) > 0 {
			return p.askAddFactor(ctx, v)
		}
		opens = true
		return Answer{}, nil
	}
	a, err := p.next(ctx, v)
	switch {
	case err != nil:
		a = p.accountError(ctx, w, err)
	case opens:
		return nil
	}
	return &a
}

// accountError goes back to the account page where another try may do.
func (p *Provider) accountError(ctx context.Context, w accountPage, err error) Answer {
	return p.keepForm(ctx, nil, err, func(status int, code string, wait time.Duration) Answer {
		return p.backToAccount(ctx, w, status, code, wait)
	})
}

// backToAccount leads back to the account page, which shows why nothing was done.
func (p *Provider) backToAccount(
	ctx context.Context, w accountPage, status int, code string, wait time.Duration,
) Answer {
	w.Error = p.failureOf(ctx, code, wait)
	a := redirect(p.address(&w))
	a.Status, a.RetryAfter, a.Error = status, wait, code
	return a
}

type accountView struct {
	common
	User         *userView    `json:"user"`
	Error        *failureView `json:"error,omitempty"`
	RevokeAction string       `json:"revoke_action"`
	LogoutAction string       `json:"logout_action"`
	Scopes       []string     `json:"scopes"` // that a new token can have
	Days         []int        `json:"days"`   // that it can live
	Tokens       []tokenView  `json:"tokens"`
	Token        *shownToken  `json:"token,omitempty"`
	Revoked      string       `json:"revoked,omitempty"` // what the token was called that was revoked

	Password       *passwordView `json:"password,omitempty"` // nil: they have none
	PasswordAction string        `json:"password_action"`

	TOTP          *totpState `json:"totp,omitempty"`           // nil: there are no one-time codes
	RecoveryCodes *int       `json:"recovery_codes,omitempty"` // that are left; nil for somebody without a factor
	TOTPAction    string     `json:"totp_action"`

	ownView

	ownPasskeys

	AdoptAction string `json:"adopt_action,omitempty"` // there were workshops, and this account is of none

	Done string `json:"done,omitempty"` // passwordChanged, sessionEnded or of a passkey
}

type passwordView struct {
	ChangedAt time.Time `json:"changed_at"`
	Min       int       `json:"min"` // characters of a new one
}

type tokenView struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Scopes    []string   `json:"scopes"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
}

// shownToken is the one answer that ever has the value of a token.
type shownToken struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// view loads what the page shows, while the session lives that it was made for.
func (w *accountPage) view(ctx context.Context, p *Provider, c common) (any, error) {
	value := p.tokenValue(w.TokenID, w.Seed)
	show := store.TokenToShow{ID: w.TokenID, Since: c.now.Add(-showWithin), Digest: oidc.Digest(value)}
	account, err := p.store.LoadAccount(ctx, w.SID, show, c.now)
	if err != nil {
		return nil, err
	}
	view := accountView{User: w.User, Error: c.failed(w.Error), RevokeAction: c.actions["revoke_action"],
		LogoutAction: c.actions["logout_action"], Days: tokenDays, Tokens: []tokenView{}, Revoked: w.Revoked,
		Done: w.Done, PasswordAction: c.actions["password_action"], TOTPAction: c.actions["totp_action"],
		ownView: p.viewOfOwn(ctx, w, account.Own, c)}
	if account.Own.Adoptees {
		view.AdoptAction = c.actions["adopt_action"]
	}
	view.Scopes = p.tokenScopes(view.About.groups())
	if account.PasswordChangedAt != nil {
		view.Password = &passwordView{*account.PasswordChangedAt, p.leastPassword()}
	}
	for _, t := range account.Tokens {
		view.Tokens = append(view.Tokens, tokenView{t.ID, t.Name, strings.Fields(t.Scope), t.CreatedAt, t.ExpiresAt, t.UsedAt})
		if account.Shown && t.ID == w.TokenID {
			view.Token = &shownToken{t.Name, value}
		}
	}
	if view.ownPasskeys, err = p.viewOfPasskeys(w, account, c); err != nil {
		return nil, err
	}
	view.TOTP, view.RecoveryCodes = viewsOfFactors(account.Factors)
	view.common = c
	return view, nil
}
