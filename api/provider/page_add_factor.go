package provider

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gatehouse/api/oidc"
)

// addFactorPage says what asks for a second factor, to a person who has none that would do, and what they can set up.
type addFactorPage struct {
	pending `json:"-"`
	SID     string     `json:"s"`
	User    *userView  `json:"u"`
	By      string     `json:"by"` // of an oidc.Demand
	Name    string     `json:"n,omitempty"`
	Since   *time.Time `json:"si,omitempty"`
	Add     []oidc.Way `json:"a"`
	Wanted  *newToken  `json:"nt,omitempty"`
	UserID  string     `json:"i"`
	Error   failure    `json:"f,omitzero"`
}

type addFactorView struct {
	common
	User   *userView  `json:"user"`
	By     string     `json:"by"`              // group, client or request
	Name   string     `json:"name,omitempty"`  // of the group or the service
	Since  *time.Time `json:"since,omitempty"` // it asks for it
	Add    []oidc.Way `json:"add"`
	Cancel bool       `json:"cancel,omitempty"`

	Passkey json.RawMessage `json:"passkey,omitempty"` // for navigator.credentials.create
	Error   *failureView    `json:"error,omitempty"`
}

func (*addFactorPage) name() string { return "add_factor" }

func (w *addFactorPage) view(_ context.Context, p *Provider, c common) (any, error) {
	e := c.failed(w.Error)
	view := addFactorView{User: w.User, By: w.By, Name: w.Name, Since: w.Since, Add: w.Add, Cancel: w.Request.RedirectURI != "", Error: e}
	if slices.Contains(w.Add, oidc.ByPasskey) {
		var err error
		if view.Passkey, err = p.creationOptions(c.Request, w.UserID, w.User); err != nil {
			return nil, err
		}
	}
	view.common = c
	return view, nil
}

// askAddFactor leads to the page, or to what was chosen there.
func (p *Provider) askAddFactor(ctx context.Context, v visit) (Answer, error) {
	if v.instead != nil {
		return v.instead(ctx, v)
	}
	add := v.req.Addable(v.client, v.standing.Standing, v.now)
	if v.req.Adds == oidc.ByTOTP && slices.Contains(add, oidc.ByTOTP) {
		return p.askTOTP(v), nil
	}
	demand := v.req.Unmet(v.client, v.standing.Standing, v.now)[0]
	if demand.By == oidc.ByResource {
		demand.Name = v.client.ServiceInWords(demand.Name)
	}
	w := addFactorPage{pending: p.pendingOf(&v), SID: v.standing.Session.SID, User: viewOfUser(v.standing.User), By: demand.By,
		Name: demand.Name, Add: add, Wanted: v.wanted, UserID: v.standing.User.ID, Since: since(v.client, demand)}
	return redirect(p.address(&w), v.cookies...), nil
}

// since returns from when on something asks for a factor, nil where no row says so.
func since(c *oidc.Client, d oidc.Demand) *time.Time {
	if d.By == oidc.ByClient {
		return c.MinACRFrom
	}
	for _, g := range c.Policy.MFAGroups {
		if d.By == oidc.ByGroup && g.Name == d.Name {
			return g.From
		}
	}
	return nil
}

// AddFactor takes what the person pressed there. What follows is decided anew: another tab may have been faster.
func (p *Provider) AddFactor(ctx context.Context, r Request) Answer {
	now := p.now()
	var w addFactorPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	chosen, bad := oidc.ParseParams(r.Params, []string{"add"})
	client, refusal, err := p.stillRegistered(ctx, w.Request)
	switch {
	case err != nil:
		return p.failedPage(ctx, err, p.address(&w))
	case refusal != nil:
		return *refusal
	case r.Params.Get("cancel") != "" && w.Request.RedirectURI != "":
		return p.cancelSignIn(ctx, r, w.pending, client)
	case len(bad) > 0 || !slices.Contains(w.Add, oidc.Way(chosen["add"])):
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	}
	v := visit{r: r, req: *w.Request, client: client, sid: w.SID, wanted: w.Wanted, now: now}
	if v.req.Adds = oidc.Way(chosen["add"]); v.req.Adds == oidc.ByPasskey {
		v.req.Adds, v.instead = "", p.addPasskeyOn(&w, &w.Error)
	}
	a, err := p.nextAtBrowser(ctx, v)
	if err != nil {
		return p.failedPage(ctx, err, p.address(&w))
	}
	return a
}
