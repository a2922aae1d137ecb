package store

import (
	"context"
	"errors"
	"time"
)

// InvitationRow is an invitation as an administrator sees one.
type InvitationRow struct {
	ID               string     `json:"id" help:"By which it is revoked."`
	Email            string     `json:"email,omitempty" help:"Address of the new account."`
	Username         string     `json:"username,omitempty" help:"Suggested to whoever accepts it."`
	Name             string     `json:"name,omitempty" help:"Full name, suggested too."`
	Groups           []string   `json:"groups" help:"That they become members of."`
	AccountExpiresAt *time.Time `json:"account_expires_at,omitempty" help:"When a new account ends."`
	MembershipUntil  *time.Time `json:"membership_until,omitempty" help:"When the memberships end."`
	Methods          []string   `json:"methods" help:"How: password, passkey, upstream, or account for one that they have."`
	Mailed           bool       `json:"mailed,omitempty" help:"It was mailed to that address, with a code that it takes."`
	UsesLeft         int        `json:"uses_left" help:"How often it can still be accepted."`
	Used             int        `json:"used" help:"How many accepted it."`
	ClientID         string     `json:"client_id,omitempty" help:"Application where they end."`
	Owner            string     `json:"owner,omitempty" help:"Who made it as an owner of its groups; it is good while they own them."`
	CreatedBy        string     `json:"created_by" help:"Who made it."`
	CreatedAt        time.Time  `json:"created_at" help:"When it was made."`
	ExpiresAt        time.Time  `json:"expires_at" help:"Until when it can be accepted."`
}

var addInvitation = compile(`
	WITH added AS (
		INSERT INTO invitations (token_sha256, email, username, name, account_expires_at, membership_until, methods, uses_left, client_id,
			expires_at, code_hmac, owner)
		SELECT @token, nullif(@email, ''), nullif(@username, ''), nullif(@name, ''), @account_expires_at, @membership_until, @methods,
			@uses_left, nullif(@client_id, ''), @expires, @code::bytea, nullif(@owner, '')
		WHERE @code::bytea IS NULL OR ` + roomForMail + `
		RETURNING id
	), joined AS (
		INSERT INTO invitation_groups (invitation_id, group_name) SELECT DISTINCT id, unnest(@groups::text[]) FROM added
	), mailed AS (
		INSERT INTO mail_outbox (recipient, template, locale, sealed, created_at, expires_at, next_attempt_at)
		SELECT @email, 'invitation', @locale, @sealed, @now, least(@expires, @patience::timestamptz), now() FROM added
		WHERE @code::bytea IS NOT NULL
	)
	SELECT id::text FROM added`)

// InvitationMail is the mail of an invitation to the address that it is for.
type InvitationMail struct {
	Code   Digest // keyed
	Locale string // language tags, the preferred one first, with commas
	Sealed []byte // the values of the template "invitation"
}

// AddInvitation makes an invitation, and has it mailed unless m is nil: both or neither. It returns its id. A Refusal says, too, that there
// is no room for more mail.
func (s *Store) AddInvitation(ctx context.Context, i InvitationRow, tokenSHA256 []byte, m *InvitationMail, now time.Time) (string, error) {
	a := args{"token": tokenSHA256, "email": i.Email, "username": i.Username, "name": i.Name, "account_expires_at": i.AccountExpiresAt,
		"membership_until": i.MembershipUntil, "methods": i.Methods, "uses_left": i.UsesLeft, "client_id": i.ClientID, "groups": i.Groups,
		"owner":   i.Owner,
		"expires": i.ExpiresAt, "now": now, "patience": now.Add(MailPatience), "most_mail": maxMail,
		"code": nil, "locale": "", "sealed": nil}
	if m != nil {
		a["code"], a["locale"], a["sealed"] = m.Code[:], m.Locale, m.Sealed
	}
	var id string
	err := addInvitation.row(ctx, s.pool, a).Scan(&id)
	if errors.Is(failure(err), ErrNotFound) {
		return "", Refusal{Words: ErrMuchMail.Error(), cause: ErrMuchMail}
	}
	return id, inWords(err, values{"email": i.Email, "group": join(i.Groups), "client": i.ClientID})
}

var listInvitations = compile(`
	SELECT i.id::text AS id, coalesce(i.email, '') AS email, coalesce(i.username, '') AS username, coalesce(i.name, '') AS name,
		ARRAY(SELECT g.group_name FROM invitation_groups g WHERE g.invitation_id = i.id ORDER BY 1) AS groups,
		i.account_expires_at, i.membership_until, i.methods, i.code_hmac IS NOT NULL AS mailed, i.uses_left,
		(SELECT count(*) FROM invitation_uses x WHERE x.invitation_id = i.id) AS used,
		coalesce(i.client_id, '') AS client_id, coalesce(i.owner, '') AS owner, i.created_by, i.created_at, i.expires_at
	FROM invitations i WHERE i.id::text > @after
		AND (@group = '' OR EXISTS (SELECT FROM invitation_groups g WHERE g.invitation_id = i.id AND g.group_name = @group))
		AND (@owner = '' OR ` + ownsGroupsOf("@owner", "i") + `)
	ORDER BY i.id::text LIMIT @limit`)

// ListInvitations returns those that are there, to a group or, with "", all; with an owner those to no other groups than theirs. Their key
// is the id.
func (s *Store) ListInvitations(ctx context.Context, p Page, group, owner string, adm Administration) ([]InvitationRow, error) {
	return listed[InvitationRow](ctx, s, listInvitations, adm.args(args{"after": p.After, "limit": p.Limit, "group": group, "owner": owner,
		"now": time.Now()}))
}

var removeInvitation = compile(`DELETE FROM invitations WHERE id::text = @id RETURNING 1`)

// RemoveInvitation has an invitation be good no more; accounts that were made with it stay.
func (s *Store) RemoveInvitation(ctx context.Context, id string) error {
	return s.manageOne(ctx, Missing{"invitation", id}, nil, removeInvitation, args{"id": id})
}
