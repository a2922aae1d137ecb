package provider

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// applicationView is an application that a person may open.
type applicationView struct {
	*clientView
	Href string `json:"href"`
}

// applicationsOf returns those that an administrator registered, or whose host its metadata come from: any other one can say that it is
// where it likes, and a list on the account page would vouch for it.
func (p *Provider) applicationsOf(clients []store.OwnClient) []applicationView {
	views := []applicationView{}
	for _, c := range clients {
		view := viewOfClient(&c.Client, "")
		href := c.ClientURI
		if c.InitiateLoginURI != "" {
			href = p.initiatedLogin(c.InitiateLoginURI)
		}
		if href == "" || !c.MayUse || c.Registration != "" && !haveOneHost(href, view.URI) {
			continue
		}
		views = append(views, applicationView{view, href})
	}
	return views
}

// initiatedLogin returns where a sign-in at a client begins (OpenID Connect Core §4).
func (p *Provider) initiatedLogin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set("iss", p.Issuer)
	u.RawQuery = q.Encode()
	return u.String()
}

// allowedView is an application that may use data of the person.
type allowedView struct {
	ID         string            `json:"id"`
	Client     *clientView       `json:"client"`
	Scopes     []string          `json:"scopes,omitempty"`
	ScopeWords map[string]string `json:"scope_words,omitempty"`
	Services   []string          `json:"services,omitempty"`
	Since      time.Time         `json:"since"`
}

// allowedOf returns those that the person allowed it, and those that hold more than lasts for a session without having asked.
func allowedOf(clients []store.OwnClient) []allowedView {
	views := []allowedView{}
	for _, c := range clients {
		if c.Since == nil {
			continue
		}
		view := allowedView{ID: c.ClientID, Client: viewOfClient(&c.Client, ""), Since: *c.Since}
		held := oidc.Consent{Scopes: c.Lasting}
		if c.Consented != nil {
			held = *c.Consented
		}
		view.Services, view.ScopeWords = oidc.AuthorizeRequest{Scope: strings.Join(held.Scopes, " "),
			Resources: oidc.NotNil(held.Resources)}.ServicesInWords(&c.Client)
		view.Scopes = inOrder(held.Scopes)
		views = append(views, view)
	}
	return views
}

// inOrder returns scopes in the order of the table, and then those that are none of it.
func inOrder(scopes []string) []string {
	place := func(scope string) int {
		if i := slices.Index(oidc.Scopes(), scope); i >= 0 {
			return i
		}
		return len(oidc.Scopes())
	}
	list := slices.Clone(scopes)
	slices.SortFunc(list, func(a, b string) int {
		if d := place(a) - place(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return list
}

const consentWithdrawn = "consent_withdrawn"

// WithdrawConsent takes the form of the account page with which people end what an application may do.
func (p *Provider) WithdrawConsent(ctx context.Context, r Request) Answer {
	now := p.now()
	w, session, _, refusal := p.fromAccountPage(ctx, r, now)
	switch {
	case refusal != nil:
		return *refusal
	case session.SID == "":
		return p.askSignIn(ctx, accountVisit(r, nil, now))
	}
	params, bad := oidc.ParseParams(r.Params, []string{"withdraw"})
	if len(bad) > 0 || params["withdraw"] == "" {
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	}
	had, err := p.as(ctx, w.User.Username, "withdraw consent").WithdrawConsent(ctx, w.SID, oidc.Digest(r.Cookies[SessionCookie]),
		params["withdraw"], now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.askSignIn(ctx, accountVisit(r, nil, now))
	case err != nil:
		return p.accountError(ctx, w, err)
	case had:
		p.tell(ctx, oidc.ConsentWithdrawn{Username: w.User.Username, ClientID: params["withdraw"]})
	}
	w.Done = consentWithdrawn // one that had nothing is where the person wants it
	return redirect(p.address(&w))
}
