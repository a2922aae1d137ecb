package admin

import (
	"cmp"
	"context"
	"time"

	"gatehouse/api/store"
)

// Invitation is an invitation as an administrator sees one.
type Invitation = store.InvitationRow

// AddInvitation is an invitation to make.
type AddInvitation struct {
	Email            string     `json:"email,omitempty" placeholder:"ADDRESS" help:"Address of the new account; then it can be accepted once."`
	Username         string     `json:"username,omitempty" placeholder:"NAME" help:"Suggested to whoever accepts it."`
	Name             string     `json:"name,omitempty" help:"Full name, suggested too."`
	Groups           []string   `json:"groups,omitempty" name:"group" sep:"none" placeholder:"GROUP" help:"Members of it; may be repeated."`
	AccountExpiresAt *time.Time `json:"account_expires_at,omitempty" placeholder:"DATE" help:"When a new account ends."`
	MembershipUntil  *time.Time `json:"membership_until,omitempty" placeholder:"DATE" help:"When the memberships end."`
	Methods          []string   `json:"methods,omitempty" placeholder:"METHOD,…" help:"password, passkey, or account: one that they have."`
	Uses             int        `json:"uses,omitempty" placeholder:"N" help:"How often it can be accepted, at most 10000; once without it."`
	Hours            int        `json:"hours,omitempty" placeholder:"N" help:"How long, at most 8760; a week without it."`
	ClientID         string     `json:"client_id,omitempty" placeholder:"ID" help:"Application where they end."`
}

// AddedInvitation is an invitation that was made.
type AddedInvitation struct {
	ID        string    `json:"id" help:"By which it is revoked."`
	Link      string    `json:"link" help:"The address, shown once."`
	ExpiresAt time.Time `json:"expires_at" help:"Until when it can be accepted."`
}

// Hours for which an invitation is good, and at most.
const (
	week = 7 * 24
	year = 365 * 24
)

// AddInvitation makes an address with which somebody makes an account of their own, or joins groups with the one that they have.
func (a *Admin) AddInvitation(ctx context.Context, in AddInvitation) (AddedInvitation, error) {
	hours, uses := cmp.Or(in.Hours, week), cmp.Or(in.Uses, 1)
	switch {
	case hours < 1 || hours > year:
		return AddedInvitation{}, invalid("%s must be from 1 to 8760", member("hours"))
	case uses < 1:
		return AddedInvitation{}, invalid("%s must be from 1 to 10000", member("uses"))
	case a.UIOrigin == "":
		return AddedInvitation{}, errNoPages
	}
	methods := in.Methods
	if len(methods) == 0 {
		methods = []string{store.InvitedToPassword, store.InvitedToPasskey, store.InvitedToAccount}
	}
	token, digest := newSecret()
	id, expires, err := a.store.AddInvitation(ctx, Invitation{Email: in.Email, Username: in.Username, Name: in.Name, Groups: in.Groups,
		AccountExpiresAt: in.AccountExpiresAt, MembershipUntil: in.MembershipUntil, Methods: methods, UsesLeft: uses,
		ClientID: in.ClientID}, digest, time.Duration(hours)*time.Hour)
	return AddedInvitation{id, a.UIOrigin + "/link#" + token, expires}, err
}

// ListInvitations is which invitations are wanted.
type ListInvitations struct {
	Paging
	Group string `json:"group,omitempty" placeholder:"GROUP" help:"To this group only."`
}

// ListInvitations returns invitations until they are a month past their end, without their addresses.
func (a *Admin) ListInvitations(ctx context.Context, in ListInvitations) (Page[Invitation], error) {
	return page(in.Paging, func(i Invitation) string { return i.ID }, func(p store.Page) ([]Invitation, error) {
		return a.store.ListInvitations(ctx, p, in.Group)
	})
}

// InvitationID names an invitation.
type InvitationID struct {
	ID string `json:"id" arg:""`
}

// RevokeInvitation has an invitation be good no more; accounts that were made with it stay.
func (a *Admin) RevokeInvitation(ctx context.Context, in InvitationID) (Nothing, error) {
	return Nothing{}, a.store.RemoveInvitation(ctx, in.ID)
}
