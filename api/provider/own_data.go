package provider

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// ownData is all that there is about a person that they may see: no secret, and no digest of one.
type ownData struct {
	Issuer            string                      `json:"issuer"`
	At                time.Time                   `json:"at"`
	User              map[string]any              `json:"user"` // claims, in the names that applications get them by
	CreatedAt         time.Time                   `json:"created_at"`
	PasswordChangedAt *time.Time                  `json:"password_changed_at,omitempty"`
	Factors           store.OwnFactors            `json:"factors"`
	Sessions          []store.SessionRow          `json:"sessions"`
	SignIns           []store.SignInRow           `json:"sign_ins"`
	Applications      []dataOfClient              `json:"applications"`
	Linked            []store.OwnUpstreamAccount  `json:"linked_accounts"`
	Tokens            []store.PersonalAccessToken `json:"personal_access_tokens"`
	Terms             []store.OwnTerms            `json:"accepted_terms"`
}

// dataOfClient is what a client may use.
type dataOfClient struct {
	ClientID  string    `json:"client_id"`
	Name      string    `json:"client_name,omitempty"`
	Scopes    []string  `json:"scopes"`
	Resources []string  `json:"resources,omitempty"`
	Asked     bool      `json:"asked"` // the person allowed it; else an administrator did
	Since     time.Time `json:"since"`
}

// DownloadData takes the button of the account page that returns all there is about a person, as a file.
func (p *Provider) DownloadData(ctx context.Context, r Request) Answer {
	now := p.now()
	w, session, _, refusal := p.fromAccountPage(ctx, r, now)
	switch {
	case refusal != nil:
		return *refusal
	case session.SID == "":
		return p.askSignIn(ctx, accountVisit(r, nil, now))
	}
	d, err := p.store.LoadOwnData(ctx, w.SID, oidc.Digest(r.Cookies[SessionCookie]), now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.askSignIn(ctx, accountVisit(r, nil, now))
	case err != nil:
		return p.accountError(ctx, w, err)
	}
	text, err := json.MarshalIndent(p.ownDataOf(d, now), "", "  ")
	if err != nil {
		return p.accountError(ctx, w, err)
	}
	p.tell(ctx, oidc.OwnDataDownloaded{Username: d.User.Username})
	return Answer{Status: 200, Raw: text, Download: d.User.Username + ".json"}
}

func (p *Provider) ownDataOf(d store.OwnData, now time.Time) ownData {
	out := ownData{Issuer: p.Issuer, At: now.UTC(), User: oidc.ReleaseClaims(&d.User, strings.Join(oidc.Scopes(), " "), nil),
		CreatedAt: d.CreatedAt, PasswordChangedAt: d.PasswordChangedAt, Factors: d.Factors, Sessions: d.Sessions, SignIns: d.SignIns,
		Applications: []dataOfClient{}, Linked: d.Accounts, Tokens: d.Tokens, Terms: d.Terms}
	out.User["sub"] = d.User.Sub
	for _, c := range d.Clients {
		if c.Since == nil {
			continue
		}
		of := dataOfClient{ClientID: c.ClientID, Name: c.ClientName, Scopes: inOrder(c.Lasting), Since: *c.Since}
		if c.Consented != nil {
			of.Asked, of.Scopes, of.Resources = true, inOrder(c.Consented.Scopes), c.Consented.Resources
		}
		out.Applications = append(out.Applications, of)
	}
	return out
}
