package provider

import (
	"context"

	"gatehouse/api/store"
)

// ownView is what the account page shows beside the password and the tokens.
type ownView struct {
	Applications []applicationView `json:"applications"`

	Sessions         []sessionView `json:"sessions"`
	EndSessionAction string        `json:"end_session_action"`
	SignIns          []signInView  `json:"sign_ins"`

	Allowed        []allowedView `json:"allowed"`
	WithdrawAction string        `json:"withdraw_action"`

	Linked         []linkedView   `json:"linked"`
	More           []upstreamView `json:"more"` // where they can link an account
	AccountsAction string         `json:"accounts_action"`

	About         *aboutView `json:"about"`
	EmailAction   string     `json:"email_action,omitempty"` // "": no mail is sent
	EmailAsked    string     `json:"email_asked,omitempty"`  // the address that has a code
	ProfileAction string     `json:"profile_action"`
	DataAction    string     `json:"data_action"`
}

func (p *Provider) viewOfOwn(ctx context.Context, w *accountPage, own store.Own, c common) ownView {
	view := ownView{Applications: p.applicationsOf(own.Clients), Sessions: viewsOfSessions(own.Sessions, w.SID),
		EndSessionAction: c.actions["end_session_action"], SignIns: viewsOfSignIns(own.SignIns), Allowed: allowedOf(own.Clients),
		WithdrawAction: c.actions["withdraw_action"], AccountsAction: c.actions["accounts_action"], About: aboutUser(&own.User, own.Until),
		ProfileAction: c.actions["profile_action"], DataAction: c.actions["data_action"]}
	if p.outbox != nil {
		view.EmailAction, view.EmailAsked = c.actions["email_action"], w.Email
	}
	view.Linked, view.More = p.linkedOf(ctx, own)
	return view
}
