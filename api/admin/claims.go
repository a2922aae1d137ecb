package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"gatehouse/api/oidc"
)

// Claims is a client, and a user whose tokens there are wanted.
type Claims struct {
	ClientID string `json:"client_id" arg:"" name:"client_id"`
	Username string `json:"username" arg:""`
	Scope    string `json:"scope,omitempty" help:"What the client asks for; all that it may have unless given."`
}

// ClaimsOf is what a client would get of a user now.
type ClaimsOf struct {
	Refused     string         `json:"refused,omitempty"` // why they would not be let in; "" if they would
	Scope       string         `json:"scope"`             // of what was asked for, what is granted
	IDToken     map[string]any `json:"id_token,omitempty"`
	Userinfo    map[string]any `json:"userinfo,omitempty"`
	AccessToken map[string]any `json:"access_token,omitempty"`
	Rows        []MadeByRow    `json:"rows"` // of client_claims, by position
}

// MadeByRow is what a row of client_claims makes of a user.
type MadeByRow struct {
	ClientClaim
	Makes []any  `json:"makes"`
	Why   string `json:"why,omitempty"` // it makes nothing
}

// unissued stands for what a token has only once it is issued.
const unissued = "…"

// Claims returns the tokens that a client would get if a user signed in to it now. They are made by what issues them.
func (a *Admin) Claims(ctx context.Context, in Claims) (ClaimsOf, error) {
	e, err := a.explanationOf(ctx, Explain{Username: in.Username, ClientID: in.ClientID})
	if err != nil {
		return ClaimsOf{}, err
	}
	salt, err := a.store.PairwiseSalt(ctx)
	if err != nil {
		return ClaimsOf{}, err
	}
	c, u := e.client, e.who.User
	sub, scope := c.SubjectOf(u.Sub, salt), c.GrantableScope(in.Scope)
	g := &oidc.Grant{ID: unissued, ClientID: c.ClientID, Scope: scope, AuthTime: e.now, AMR: e.amr()}
	if c.HearsOfLogouts() {
		g.SID = unissued
	}
	out := ClaimsOf{Refused: e.refusal(), Scope: scope, Rows: []MadeByRow{}}
	for _, row := range c.ReadClaimRows(u, scope) {
		out.Rows = append(out.Rows, MadeByRow{row.ClaimRow, append([]any{}, row.Values...), row.Why})
	}
	audience, refused := c.AudienceFor(u, g, a.Issuer, nil)
	if refused != nil {
		out.Refused = cmp.Or(out.Refused, refused.Description)
		return out, nil
	}
	access := oidc.AccessToken{Issuer: a.Issuer, ID: unissued, Subject: sub, Client: c, User: u, Grant: g, Scope: scope,
		Audience: audience, IssuedAt: e.now, Expiry: e.now.Add(c.AccessTokenLifetime(audience, a.AccessTokenTTL))}.Claims()
	if out.AccessToken, err = asMap(access.Payload()); err != nil {
		return ClaimsOf{}, err
	}
	if oidc.HasScope(scope, "openid") {
		out.IDToken = oidc.IDToken{Issuer: a.Issuer, Subject: sub, Client: c, User: u, Grant: g, IssuedAt: e.now,
			Expiry: e.now.Add(a.IDTokenTTL)}.Claims()
		out.Userinfo = c.UserinfoClaims(u, sub, scope, nil)
	}
	return out, nil
}

// refusal returns why the person would not be let in, or "".
func (e *explanation) refusal() string {
	if e.letIn {
		return ""
	}
	return e.steps[len(e.steps)-1].What
}

// amr returns the methods of the sign-in, those of a password for somebody who cannot sign in.
func (e *explanation) amr() []string {
	if e.standing.Session == nil || len(e.standing.Session.AMR) == 0 && e.who.PasswordHash != "" {
		return []string{oidc.AMRPassword}
	}
	return slices.Clone(e.standing.Session.AMR)
}

// asMap returns an object of JSON as a map, with its numbers as they are.
func asMap(v any) (out map[string]any, err error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var all oidc.CustomClaims
	err = json.Unmarshal(text, &all)
	return all, err
}
