package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gatehouse/api/mail"
	"gatehouse/api/oidc"
	"gatehouse/api/qrcode"
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
	Methods          []string   `json:"methods,omitempty" placeholder:"METHOD,…" help:"password, passkey, upstream, account (one they have)."`
	Uses             int        `json:"uses,omitempty" placeholder:"N" help:"How often it can be accepted, at most 10000; once without it."`
	Hours            int        `json:"hours,omitempty" placeholder:"N" help:"How long, at most 8760; a week without it."`
	ClientID         string     `json:"client_id,omitempty" placeholder:"ID" help:"Application where they end."`
	Mail             bool       `json:"mail,omitempty" help:"Mail it there, with a code; then the address is not printed."`
	Language         string     `json:"language,omitempty" placeholder:"TAG" help:"Of the mail: en, de or fr."`
}

// AddedInvitation is an invitation that was made.
type AddedInvitation struct {
	ID        string    `json:"id" help:"By which it is revoked."`
	MailedTo  string    `json:"mailed_to,omitempty" help:"Where it is mailed."`
	Link      string    `json:"link,omitempty" help:"The address, shown once; none where it was mailed."`
	ExpiresAt time.Time `json:"expires_at" help:"Until when it can be accepted."`

	QR *qrcode.Code `json:"qr,omitempty" help:"Of the address, as a path of SVG."`
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
	case in.Mail && in.Email == "":
		return AddedInvitation{}, invalid("%s takes %s", member("mail"), member("email"))
	}
	if err := a.mayEndAt(ctx, in.ClientID, in.Groups); err != nil {
		return AddedInvitation{}, err
	}
	methods := in.Methods
	if len(methods) == 0 {
		methods = []string{store.InvitedToPassword, store.InvitedToPasskey, store.InvitedToUpstream, store.InvitedToAccount}
	}
	now := time.Now()
	i := Invitation{Email: in.Email, Username: in.Username, Name: in.Name, Groups: in.Groups, AccountExpiresAt: in.AccountExpiresAt,
		MembershipUntil: in.MembershipUntil, Methods: methods, UsesLeft: uses, ClientID: in.ClientID, Owner: ownerOf(ctx),
		ExpiresAt: now.Add(time.Duration(hours) * time.Hour)}
	token, digest := newSecret()
	if in.Mail {
		return a.mailInvitation(ctx, i, token, store.Digest(digest), in.Language, now)
	}
	id, err := a.store.AddInvitation(ctx, i, digest, nil, now)
	link := a.UIOrigin + "/link#" + token
	return AddedInvitation{ID: id, Link: link, ExpiresAt: i.ExpiresAt, QR: qrcode.Draw(link)}, err
}

// mailInvitation makes an invitation and has it mailed. Nobody is told its address but who reads that mailbox, so that the code proves it
// to be theirs.
func (a *Admin) mailInvitation(ctx context.Context, i Invitation, token string, digest store.Digest, language string, now time.Time) (
	AddedInvitation, error) {
	if a.SealMail == nil {
		return AddedInvitation{}, errNoMail
	}
	if _, err := mail.Address(i.Email); err != nil {
		return AddedInvitation{}, invalid("%s must be an address that mail can be sent to, not %q", member("email"), i.Email)
	}
	if language != "" && !slices.Contains(oidc.UILocales, language) {
		return AddedInvitation{}, invalid("%s must be one of %s", member("language"), strings.Join(oidc.UILocales, ", "))
	}
	code, hmac := a.MailedCode(digest)
	id, err := a.store.AddInvitation(ctx, i, digest[:], &store.InvitationMail{Code: hmac, Locale: language,
		Sealed: a.SealMail("invitation", map[string]string{"Name": i.Name, "Code": code, "Link": a.UIOrigin + "/link#" + token,
			"Groups": strings.Join(i.Groups, ", "), "Until": i.ExpiresAt.UTC().Format("2006-01-02 15:04 UTC")})}, now)
	return AddedInvitation{ID: id, MailedTo: i.Email, ExpiresAt: i.ExpiresAt}, err
}

// errNoMail refuses what is mailed, where no mail is sent.
var errNoMail = invalid("this is sent by mail: set GATEHOUSE_SMTP_URL and GATEHOUSE_MAIL_FROM (docs/mail.md)")

// ListInvitations is which invitations are wanted.
type ListInvitations struct {
	Paging
	Group string `json:"group,omitempty" placeholder:"GROUP" help:"To this group only."`
}

// ListInvitations returns invitations until they are a month past their end, without their addresses.
func (a *Admin) ListInvitations(ctx context.Context, in ListInvitations) (Page[Invitation], error) {
	return page(in.Paging, func(i Invitation) string { return i.ID }, func(p store.Page) ([]Invitation, error) {
		return a.store.ListInvitations(ctx, p, in.Group, ownerOf(ctx), a.administration())
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
