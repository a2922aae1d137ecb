package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// Invitation is what an invitation is good for, without its token.
type Invitation struct {
	ID        string
	Email     string
	Username  string // suggested
	Name      string
	Methods   []string
	UsesLeft  int
	ExpiresAt time.Time
	ClientID  string
	Groups    []string
	Mailed    bool   // then it takes the code of the mail
	CodeTries int    // that are left
	Browser   []byte // digest of the cookie of the one that signed up, which need not type it; nil: none did
}

// The values of invitations.methods.
const (
	InvitedToPassword = "password"
	InvitedToPasskey  = "passkey"
	InvitedToUpstream = "upstream" // linked to an account there
	InvitedToAccount  = "account"
)

var loadInvitation = compile(`
	SELECT i.id::text, coalesce(i.email, ''), coalesce(i.username, ''), coalesce(i.name, ''), i.methods,
		CASE WHEN ` + goodByMaker("i") + ` THEN i.uses_left ELSE 0 END, i.expires_at,
		coalesce(i.client_id, ''), ARRAY(SELECT g.group_name FROM invitation_groups g WHERE g.invitation_id = i.id ORDER BY 1),
		i.code_hmac IS NOT NULL, i.code_tries_left, i.browser_sha256
	FROM invitations i WHERE i.token_sha256 = @token`)

// LoadInvitation returns an invitation, whether or not it is still good; ErrNotFound if there is none. One whose maker owns its groups no
// more has no uses left. Nothing is spent.
func (s *Store) LoadInvitation(ctx context.Context, token Digest, adm Administration, now time.Time) (i Invitation, err error) {
	err = loadInvitation.row(ctx, s.pool, adm.args(args{"token": token[:], "now": now})).
		Scan(&i.ID, &i.Email, &i.Username, &i.Name, &i.Methods, &i.UsesLeft, &i.ExpiresAt, &i.ClientID, &i.Groups,
			&i.Mailed, &i.CodeTries, &i.Browser)
	return i, failure(err)
}

// spendInvitation takes one use of an invitation that is good by that method.
var spendInvitation = `
	UPDATE invitations i SET uses_left = uses_left - 1
	WHERE i.token_sha256 = @token AND i.uses_left > 0 AND i.expires_at > @now AND @method = ANY (i.methods)
		AND ` + goodByMaker("i")

var acceptInvitation = compile(`
	WITH spent AS (` + spendInvitation + ` RETURNING i.id, i.email, i.code_hmac IS NOT NULL AS mailed, i.account_expires_at, i.membership_until
	), added AS (
		INSERT INTO users (id, username, name, email, email_verified, password, expires_at)
		SELECT @user, @username, nullif(@name, ''), email, mailed, nullif(@password, ''), account_expires_at FROM spent
		RETURNING id, username
	), joined AS (
		INSERT INTO group_members (group_name, username, until)
		SELECT g.group_name, a.username, s.membership_until FROM added a, spent s JOIN invitation_groups g ON g.invitation_id = s.id
	), made AS (
		INSERT INTO passkeys (credential_id, user_id, rp_id, name, public_key, sign_count, synced, aaguid, transports, created_at)
		SELECT @credential, id, @rp_id, @passkey_name, @public_key, @sign_count, @synced, nullif(@aaguid, '')::uuid, @transports, @now
		FROM added WHERE @method = '` + InvitedToPasskey + `'
	), used AS (
		INSERT INTO invitation_uses (invitation_id, user_id, used_at) SELECT s.id, a.id, @now FROM added a, spent s
	)
	SELECT username FROM added`)

// InvitedUser is the account that somebody makes with an invitation.
type InvitedUser struct {
	ID       string
	Username string
	Name     string
	Hash     string       // of the password; "" with a passkey
	Passkey  oidc.Passkey // nothing with a password
}

// AcceptInvitation makes an account, and spends one use of the invitation for it, or does neither. Of one that was mailed they have proven
// the code (ProveInvitation), so that the address is theirs. ErrNotFound: it is not good any more.
// A Refusal says why nobody can be called so.
func (s *Store) AcceptInvitation(ctx context.Context, token Digest, u InvitedUser, adm Administration, now time.Time) error {
	a := passkeyArgs(u.Passkey)
	a["passkey_name"] = a["name"]
	a["token"], a["user"], a["username"], a["name"], a["password"], a["now"] = token[:], u.ID, u.Username, u.Name, u.Hash, now
	a["method"] = InvitedToPassword
	if u.Hash == "" {
		a["method"] = InvitedToPasskey
	}
	err := acceptInvitation.row(ctx, s.pool, adm.args(a)).Scan(&u.Username)
	return inWords(err, nil)
}

var acceptByUpstream = compile(`
	WITH spent AS (` + spendInvitation + ` AND (i.email IS NULL OR lower(i.email COLLATE "C") = lower(@email COLLATE "C"))
			AND NOT EXISTS (SELECT FROM users x WHERE lower(x.email) = lower(@email))
		RETURNING i.id, i.account_expires_at, i.membership_until
	), added AS (
		INSERT INTO users (username, name, given_name, family_name, email, email_verified, expires_at)
		SELECT @username, nullif(@name, ''), nullif(@given_name, ''), nullif(@family_name, ''), nullif(@email, ''), @email <> '',
			account_expires_at FROM spent
		RETURNING id, username
	), linked AS (
		INSERT INTO upstream_accounts (upstream, issuer, sub, username, label, linked_at)
		SELECT @upstream, @issuer, @sub, username, nullif(@label, ''), @now FROM added
	), joined AS (
		INSERT INTO group_members (group_name, username, until)
		SELECT g.group_name, a.username, s.membership_until FROM added a, spent s JOIN invitation_groups g ON g.invitation_id = s.id
	), used AS (
		INSERT INTO invitation_uses (invitation_id, user_id, used_at) SELECT s.id, a.id, @now FROM added a, spent s
	)
	SELECT username FROM added`)

// AcceptByUpstream makes a user of an account at an upstream that belongs to nobody, and spends one use of the invitation for it, or does
// neither. ErrNotFound: the invitation is not good any more, it is for another address than the one that is verified there, or that is
// somebody's here. A Refusal says why nobody can be called so, or that the account has become somebody's meanwhile.
func (s *Store) AcceptByUpstream(
	ctx context.Context, token Digest, of UpstreamAccount, u NewUpstreamUser, adm Administration, now time.Time,
) error {
	var batch pgx.Batch // which is one transaction, and each statement sees what was there when it began
	lockAddress.queue(&batch, args{"email": u.Email})
	acceptByUpstream.queue(&batch, adm.args(account(of, args{"token": token[:], "method": InvitedToUpstream, "username": u.Username,
		"name": u.Name, "given_name": u.GivenName, "family_name": u.FamilyName, "email": u.Email, "now": now}))).
		QueryRow(func(row pgx.Row) error { return row.Scan(&u.Username) })
	return inWords(s.pool.SendBatch(ctx, &batch).Close(), nil)
}

var joinByInvitation = compile(`
	WITH them AS (
		SELECT u.id, u.username FROM users u WHERE u.id = @user AND ` + mayAct("u") + `
	), spent AS (` + spendInvitation + ` AND EXISTS (SELECT FROM them)
			AND NOT EXISTS (SELECT FROM invitation_uses x WHERE x.invitation_id = i.id AND x.user_id = @user)
		RETURNING i.id, i.email, i.code_hmac IS NOT NULL AS mailed, i.membership_until
	), verified AS (
		UPDATE users u SET email_verified = true FROM them t, spent s
		WHERE u.id = t.id AND s.mailed AND lower(u.email COLLATE "C") = lower(s.email COLLATE "C") AND NOT u.email_verified
	), used AS (
		INSERT INTO invitation_uses (invitation_id, user_id, used_at) SELECT s.id, t.id, @now FROM them t, spent s
	), joined AS (
		INSERT INTO group_members AS m (group_name, username, until)
		SELECT g.group_name, t.username, s.membership_until FROM them t, spent s JOIN invitation_groups g ON g.invitation_id = s.id
		ON CONFLICT (username, group_name) DO UPDATE SET until = CASE
			WHEN m.until IS NULL OR excluded.until IS NULL THEN NULL ELSE greatest(m.until, excluded.until) END
	)
	SELECT EXISTS (SELECT FROM spent), EXISTS (
		SELECT FROM invitation_uses x JOIN invitations i ON i.id = x.invitation_id WHERE i.token_sha256 = @token AND x.user_id = @user)`)

// JoinByInvitation makes somebody who has an account a member of the groups of an invitation, and spends one use. One that was mailed to
// the address that they have verifies it. had reports that they
// accepted it before, which spends nothing. ErrNotFound: it is not good any more.
func (s *Store) JoinByInvitation(ctx context.Context, token Digest, userID string, adm Administration, now time.Time) (
	had bool, err error) {
	var joined bool
	a := args{"token": token[:], "user": userID, "method": InvitedToAccount, "now": now}
	err = inWords(joinByInvitation.row(ctx, s.pool, adm.args(a)).Scan(&joined, &had), nil)
	var refused Refusal
	switch {
	case errors.As(err, &refused) && refused.Constraint == "invitation_uses_they_have_it_already": // in another tab, at the same time
		return true, nil
	case err == nil && !joined && !had:
		return false, ErrNotFound
	}
	return had, err
}

var proveInvitation = compile(`
	UPDATE invitations SET code_tries_left = code_tries_left - CASE WHEN code_hmac = @code THEN 0 ELSE 1 END
	WHERE token_sha256 = @token AND code_hmac IS NOT NULL AND code_tries_left > 0 AND uses_left > 0 AND expires_at > @now
	RETURNING code_hmac = @code`)

// ProveInvitation reports whether code is that of the mail of an invitation; one that is wrong counts. ErrNotFound: it is not good any
// more.
func (s *Store) ProveInvitation(ctx context.Context, token, code Digest, now time.Time) (right bool, err error) {
	err = proveInvitation.row(ctx, s.pool, args{"token": token[:], "code": code[:], "now": now}).Scan(&right)
	return right, failure(err)
}

var tryUsername = compile(`INSERT INTO users (username, name) VALUES (@username, nullif(@name, ''))`)

// TryUsername returns a Refusal where nobody new can be called so, by the rules and the rows that there are. Nothing is kept.
func (s *Store) TryUsername(ctx context.Context, username, name string) error {
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return inWords(err, nil)
	}
	_, err = tryUsername.run(ctx, tx, args{"username": username, "name": name})
	return errors.Join(inWords(err, nil), failure(tx.Rollback(ctx)))
}
