package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatehouse/api/oidc"
)

// UpstreamAccount names an account at an upstream: by issuer and subject, and by nothing else.
type UpstreamAccount struct {
	Upstream, Issuer, Sub string
	Label                 string // what to show
}

// UpstreamCandidate is who an account belongs to.
type UpstreamCandidate struct {
	Linked    bool // somebody
	User      *oidc.User
	Enrolled  oidc.Enrolled
	WhyNot    string // UserDisabled or UserExpired: no session starts; "" if one may
	Consented oidc.Consent
	Allowed   bool
}

var (
	upstreamUser = `SELECT ` + userColumns + `, ` + enrolledColumns + `, k.scopes, k.resources, ` + mayUse("@allowed_groups") + `,
		` + whyNot("u") + `
		FROM users u ` + consentOfUser + ` `

	loadLinkedUser = compile(upstreamUser + `
		JOIN upstream_accounts a ON a.username = u.username
		WHERE (a.upstream, a.issuer, a.sub) = (@upstream, @issuer, @sub)`)
	loadUserOfAddress = compile(upstreamUser + `
		WHERE ` + mayAct("u") + ` AND u.email_verified AND lower(u.email COLLATE "C") = lower(@address COLLATE "C") LIMIT 2`)
)

// LoadUpstreamCandidate returns the user of an account and what they allowed the client. address is one that the upstream
// vouches for, "" for none: the one user who may act with that verified address, if it is exactly one, stands in where the account
// belongs to nobody yet.
// Case is that of ASCII alone (COLLATE "C"): see oidc.LowerASCII.
func (s *Store) LoadUpstreamCandidate(
	ctx context.Context, a UpstreamAccount, address string, c *oidc.Client, now time.Time,
) (UpstreamCandidate, error) {
	var linked, addressed []UpstreamCandidate
	var batch pgx.Batch
	collect := func(into *[]UpstreamCandidate) func(pgx.Rows) error {
		return func(rows pgx.Rows) (err error) {
			*into, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c UpstreamCandidate, err error) {
				c.User = new(oidc.User)
				return c, scanAll(row, userFields(c.User), enrolledFields(&c.Enrolled),
					[]any{&c.Consented.Scopes, &c.Consented.Resources, &c.Allowed, &c.WhyNot})
			})
			return err
		}
	}
	loadLinkedUser.queue(&batch, args{"client": c.ClientID, "allowed_groups": oidc.NotNil(c.AllowedGroups), "now": now,
		"upstream": a.Upstream, "issuer": a.Issuer, "sub": a.Sub}).Query(collect(&linked))
	if address != "" {
		loadUserOfAddress.queue(&batch, args{"client": c.ClientID, "allowed_groups": oidc.NotNil(c.AllowedGroups), "address": address,
			"now": now}).
			Query(collect(&addressed))
	}
	err := failure(s.pool.SendBatch(ctx, &batch).Close())
	switch {
	case len(linked) == 1:
		linked[0].Linked = true
		return linked[0], err
	case len(addressed) == 1:
		return addressed[0], err
	}
	return UpstreamCandidate{}, err
}

var useUpstreamAccount = compile(`
	INSERT INTO upstream_accounts AS a (upstream, issuer, sub, username, label, access_token, access_token_expires_at, refresh_token,
		token_scope, linked_at, used_at)
	SELECT @upstream, @issuer, @sub, u.username, nullif(@label, ''), @access_token, @expires_at, @refresh_token,
		nullif(@scope, ''), @now, @now
	FROM users u WHERE u.username = @username AND ` + mayAct("u") + `
	ON CONFLICT (upstream, issuer, sub) DO UPDATE SET label = excluded.label, access_token = excluded.access_token,
		access_token_expires_at = excluded.access_token_expires_at, refresh_token = coalesce(excluded.refresh_token, a.refresh_token),
		token_scope = excluded.token_scope, used_at = excluded.used_at,
		refreshing_until = CASE WHEN excluded.refresh_token IS NULL THEN a.refreshing_until END
	WHERE a.username = excluded.username`)

// UseUpstreamAccount saves what a sign-in with the account brought, and makes the account that of username if it is nobody's yet. Where no
// refresh token came the one that is there stays, and with it the lease of who is using it.
// ErrNotFound: it is somebody else's, the user has another account there, or is disabled.
func (s *Store) UseUpstreamAccount(ctx context.Context, a UpstreamAccount, username string, t UpstreamTokens, now time.Time) error {
	return s.changeUpstreamAccount(ctx, &useUpstreamAccount, a, args{"username": username, "access_token": t.AccessToken,
		"expires_at": t.ExpiresAt, "refresh_token": t.RefreshToken, "scope": t.Scope, "now": now})
}

var linkUpstreamAccount = compile(`
	INSERT INTO upstream_accounts AS a (upstream, issuer, sub, username, label, linked_at)
	SELECT @upstream, @issuer, @sub, u.username, nullif(@label, ''), @now
	FROM users u WHERE u.username = @username AND ` + mayAct("u") + `
	ON CONFLICT (upstream, username) DO UPDATE SET issuer = excluded.issuer, sub = excluded.sub, label = excluded.label,
		access_token = NULL, access_token_expires_at = NULL, refresh_token = NULL, token_scope = NULL, refreshing_until = NULL,
		linked_at = excluded.linked_at, used_at = NULL`)

// LinkUpstreamAccount makes the account that of username, in place of another one that they had there. ErrNotFound: it is somebody else's.
func (s *Store) LinkUpstreamAccount(ctx context.Context, a UpstreamAccount, username string, now time.Time) error {
	return s.changeUpstreamAccount(ctx, &linkUpstreamAccount, a, args{"username": username, "now": now})
}

// NewUpstreamUser is a user to be made of an account. They have no password.
type NewUpstreamUser struct {
	Username, Name, GivenName, FamilyName string
	Pattern                               string // of the whole username, "" for any
	Email                                 string // verified, "" for none
}

// lockAddress has those who are made with the same address at once wait for each other: each then sees the row of the one before.
var lockAddress = compile(`SELECT pg_advisory_xact_lock(hashtextextended('address of a new user: ' || lower(@email), 0))`)

var createUpstreamUser = compile(`
	WITH created AS (
		INSERT INTO users (username, name, given_name, family_name, email, email_verified)
		SELECT @username, nullif(@name, ''), nullif(@given_name, ''), nullif(@family_name, ''), nullif(@email, ''), @email <> ''
		WHERE NOT EXISTS (SELECT FROM users WHERE lower(email) = lower(@email))
			AND (@pattern = '' OR @username ~ ('^(' || @pattern || ')$'))
		ON CONFLICT DO NOTHING
		RETURNING username
	)
	INSERT INTO upstream_accounts (upstream, issuer, sub, username, label, linked_at)
	SELECT @upstream, @issuer, @sub, username, nullif(@label, ''), @now FROM created`)

// CreateUpstreamUser makes a user of an account that belongs to nobody. ErrNotFound: the username does not fit, it or the address is
// somebody's here, or the account has become somebody's meanwhile.
func (s *Store) CreateUpstreamUser(ctx context.Context, a UpstreamAccount, u NewUpstreamUser, now time.Time) error {
	var batch pgx.Batch // which is one transaction, and each statement sees what was there when it began
	lockAddress.queue(&batch, args{"email": u.Email})
	var made pgconn.CommandTag
	createUpstreamUser.queue(&batch, account(a, args{"username": u.Username, "name": u.Name, "given_name": u.GivenName,
		"family_name": u.FamilyName, "email": u.Email, "pattern": u.Pattern, "now": now})).
		Exec(func(tag pgconn.CommandTag) error { made = tag; return nil })
	return changedAccount(made, s.pool.SendBatch(ctx, &batch).Close())
}

// changeUpstreamAccount runs a statement about account; a has its other arguments.
func (s *Store) changeUpstreamAccount(ctx context.Context, q *query, of UpstreamAccount, a args) error {
	tag, err := q.run(ctx, s.pool, account(of, a))
	return changedAccount(tag, err)
}

// account adds the arguments that name one.
func account(of UpstreamAccount, a args) args {
	a["upstream"], a["issuer"], a["sub"], a["label"] = of.Upstream, of.Issuer, of.Sub, of.Label
	return a
}

// changedAccount returns what became of such a statement.
func changedAccount(tag pgconn.CommandTag, err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && (refused.Code == "23505" || refused.Code == "23503") || err == nil && tag.RowsAffected() == 0 {
		return ErrNotFound // of another row's, or of a user or upstream that is gone
	}
	return failure(err)
}
