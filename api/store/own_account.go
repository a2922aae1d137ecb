package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// Own is what the account page shows of a person beside their tokens and their password.
type Own struct {
	User     oidc.User
	Until    GroupsUntil // when memberships of theirs end
	Adoptees bool        // there are accounts of workshops that nobody has adopted, and the person's own is none
	Sessions []SessionRow
	SignIns  []SignInRow
	Clients  []OwnClient
	Accounts []OwnUpstreamAccount
}

// OwnClient is a client that is first-party, or may use data of the person.
type OwnClient struct {
	oidc.Client
	Consented *oidc.Consent // nil: they were not asked, or have withdrawn it
	Since     *time.Time    // when they allowed it, or got what lasts; nil: it has nothing
	Lasting   []string      // the scopes of what it holds beyond sessions (offline_access)
	MayUse    bool          // a group admits the person
}

// OwnUpstreamAccount is an account that the person signs in with.
type OwnUpstreamAccount struct {
	Upstream string     `json:"upstream" db:"upstream"`
	Label    string     `json:"label,omitempty" db:"label"`
	LinkedAt time.Time  `json:"linked_at" db:"linked_at"`
	UsedAt   *time.Time `json:"used_at,omitempty" db:"used_at"`
	Last     bool       `json:"-" db:"last"` // nothing else is left to sign in with
}

// What is listed of one person at most.
const (
	signInsShown   = 20
	clientsShown   = 200
	signInsInAFile = 10_000
)

// ofSession is a condition on the user u of the session @session.
const ofSession = `u.id = (SELECT user_id FROM sessions WHERE sid = @session)`

var (
	loadOwnUser = compile(`SELECT ` + userColumns + `, ` + groupsUntil + `,
			u.workshop IS NULL AND EXISTS (SELECT FROM users a WHERE a.workshop IS NOT NULL AND a.adopted_by IS NULL)
		FROM users u WHERE ` + ofSession)

	listOwnSignIns = compile(`SELECT ` + signInColumns + ` FROM users u JOIN sign_ins i ON i.user_id = u.id ` + ofClients + `
		WHERE ` + ofSession + ` ORDER BY i.at DESC, i.id DESC LIMIT @limit`)

	listOwnUpstreamAccounts = compile(`SELECT a.upstream, coalesce(a.label, '') AS label, a.linked_at, a.used_at,
			NOT ` + otherWayIn("a.upstream") + ` AS last
		FROM users u JOIN upstream_accounts a ON a.username = u.username WHERE ` + ofSession + ` ORDER BY a.linked_at, a.upstream`)

	listOwnClients = listClientsOf(ofSession)

	listOwnTerms = compile(`SELECT t.name, t.version, coalesce(a.uri, '') AS uri, a.accepted_at
		FROM users u JOIN terms_acceptances a ON a.user_id = u.id JOIN terms t ON t.id = a.terms_id
		WHERE ` + ofSession + ` ORDER BY a.accepted_at, t.name`)
)

// listClientsOf is for a condition on the user u. What lasts of a grant has ended when its refresh token has.
func listClientsOf(ofUser string) query {
	return compile(`
		SELECT c.*, k.scopes, k.resources, coalesce(k.granted_at, g.since), coalesce(g.scopes, '{}'), ` + mayUse("c.allowed_groups") + `
		FROM users u CROSS JOIN (` + clientSelect + `) c
		LEFT JOIN consents k ON k.user_id = u.id AND k.client_id = c.client_id
		LEFT JOIN LATERAL (
			SELECT min(created_at) AS since, array_agg(DISTINCT word) AS scopes
			FROM grants, unnest(string_to_array(scope, ' ')) AS word
			WHERE user_id = u.id AND grants.client_id = c.client_id AND offline AND revoked_at IS NULL
				AND coalesce(refresh_expires_at, expires_at) > @now
		) g ON true
		WHERE ` + ofUser + ` AND c.disabled_at IS NULL AND (c.first_party AND c.registration = '' OR k.user_id IS NOT NULL OR g.since IS NOT NULL)
			AND c.client_id IN (
				SELECT client_id FROM clients WHERE first_party UNION ALL SELECT client_id FROM consents WHERE user_id = u.id
				UNION ALL SELECT client_id FROM grants WHERE user_id = u.id AND offline AND revoked_at IS NULL)
		ORDER BY lower(coalesce(nullif(c.client_name, ''), c.client_id)), c.client_id LIMIT @limit`)
}

// queueOwn adds to a batch what reads out of the person whose session sid is, with so many of their sign-ins.
func queueOwn(batch *pgx.Batch, out *Own, sid string, signIns int, now time.Time) {
	loadOwnUser.queue(batch, args{"session": sid, "now": now}).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, append(userFields(&out.User), &out.Until, &out.Adoptees), func() error { return nil })
		return err
	})
	listOwnSessions.queue(batch, args{"session": sid, "now": now, "limit": sessionsShown}).Query(into(&out.Sessions, byName[SessionRow]))
	listOwnSignIns.queue(batch, args{"session": sid, "limit": signIns}).Query(into(&out.SignIns, byName[SignInRow]))
	listOwnClients.queue(batch, args{"session": sid, "now": now, "limit": clientsShown}).Query(into(&out.Clients, readOwnClient))
	listOwnUpstreamAccounts.queue(batch, args{"session": sid}).Query(into(&out.Accounts, byName[OwnUpstreamAccount]))
}

// into reads rows to a list.
func into[T any](list *[]T, read pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, read)
		return err
	}
}

func byName[T any](row pgx.CollectableRow) (T, error) { return pgx.RowToStructByName[T](row) }

func readOwnClient(row pgx.CollectableRow) (c OwnClient, err error) {
	var consent oidc.Consent
	fields := append(clientColumns.fields(&c.Client), &consent.Scopes, &consent.Resources, &c.Since, &c.Lasting, &c.MayUse)
	if err := row.Scan(fields...); err != nil {
		return c, err
	}
	if consent.Scopes != nil {
		c.Consented = &consent
	}
	return c, nil
}

var withdrawConsent = withdrawOf(`SELECT u.id FROM sessions s, users u WHERE s.sid = @session AND ` + signedIn)

// withdrawOf is for a statement that returns the id of a user.
func withdrawOf(user string) query {
	return compile(`
	WITH mine AS (
		` + user + `
	), withdrawn AS (
		DELETE FROM consents k USING mine WHERE k.user_id = mine.id AND k.client_id = @client AND ` + keepSessions + ` RETURNING 1
	), revoked AS (
		UPDATE grants g SET revoked_at = @now FROM mine WHERE g.user_id = mine.id AND g.client_id = @client AND g.revoked_at IS NULL RETURNING 1
	)
	SELECT EXISTS (SELECT FROM withdrawn) OR EXISTS (SELECT FROM revoked) FROM mine`)
}

// WithdrawConsent takes from a client what the person whose session sid is allowed it, and all grants with it. It reports whether there
// was anything. ErrNotFound: the session has ended.
func (s *Store) WithdrawConsent(ctx context.Context, sid string, cookie Digest, clientID string, now time.Time) (had bool, err error) {
	err = withdrawConsent.row(ctx, s.pool, args{"session": sid, "cookie": cookie[:], "client": clientID, "now": now}).Scan(&had)
	return had, failure(err)
}

// Profile is what people change of themselves.
type Profile struct {
	Name, GivenName, FamilyName string
	Locale                      string // "" for none
}

var changeProfile = compile(`
	UPDATE users u SET name = nullif(@name, ''), given_name = nullif(@given_name, ''), family_name = nullif(@family_name, ''),
		locale = nullif(@locale, '')
	FROM sessions s WHERE s.sid = @session AND ` + signedIn + ` RETURNING ` + userColumns)

// ChangeProfile replaces it for the person whose session sid is, and returns them. ErrNotFound: the session has ended.
func (s *Store) ChangeProfile(ctx context.Context, sid string, cookie Digest, p Profile, now time.Time) (u oidc.User, err error) {
	err = changeProfile.row(ctx, s.pool, args{"session": sid, "cookie": cookie[:], "now": now, "name": p.Name, "given_name": p.GivenName,
		"family_name": p.FamilyName, "locale": p.Locale}).Scan(userFields(&u)...)
	return u, failure(err)
}

// otherWayIn is the condition that user u can sign in without an account at an upstream, an argument or a column.
func otherWayIn(upstream string) string {
	return `(u.password IS NOT NULL OR EXISTS (SELECT FROM passkeys k WHERE k.user_id = u.id) OR EXISTS (
		SELECT FROM upstream_accounts o JOIN upstreams p ON p.name = o.upstream AND p.disabled_at IS NULL
		WHERE o.username = u.username AND o.upstream <> ` + upstream + `))`
}

var unlinkOwnAccount = compile(`
	WITH mine AS (
		SELECT u.username, ` + otherWayIn("@upstream") + ` AS may FROM sessions s, users u WHERE s.sid = @session AND ` + signedIn + `
	), unlinked AS (
		DELETE FROM upstream_accounts a USING mine WHERE a.username = mine.username AND a.upstream = @upstream AND mine.may RETURNING 1
	)
	SELECT may, EXISTS (SELECT FROM unlinked) FROM mine`)

// UnlinkOwnAccount takes the account at an upstream from the person whose session sid is, unless it is their last way in: then other is
// false. The lock on the user has those who do so at once see what is left. ErrNotFound: the session has ended.
func (s *Store) UnlinkOwnAccount(
	ctx context.Context, sid string, cookie Digest, upstream string, now time.Time,
) (other, had bool, err error) {
	var batch pgx.Batch
	lockUserOfSession.queue(&batch, args{"session": sid})
	unlinkOwnAccount.queue(&batch, args{"session": sid, "cookie": cookie[:], "upstream": upstream, "now": now}).
		QueryRow(func(row pgx.Row) error { return row.Scan(&other, &had) })
	return other, had, failure(s.pool.SendBatch(ctx, &batch).Close())
}

// OwnData is what there is about a person that they may see: no secret, and no digest of one.
type OwnData struct {
	Own
	CreatedAt         time.Time
	PasswordChangedAt *time.Time // nil: they have none
	Tokens            []PersonalAccessToken
	Factors           OwnFactors
	Terms             []OwnTerms
}

// OwnTerms is a version of terms that a person accepted.
type OwnTerms struct {
	Name       string    `json:"name"`
	Version    string    `json:"version"`
	URI        string    `json:"uri,omitempty"`
	AcceptedAt time.Time `json:"accepted_at"`
}

// OwnFactors is what a person has set up beside a password.
type OwnFactors struct {
	TOTPSince     *time.Time   `json:"totp_since,omitempty"`
	TOTPUsedAt    *time.Time   `json:"totp_used_at,omitempty"`
	RecoveryCodes int          `json:"recovery_codes_left"`
	Passkeys      []OwnPasskey `json:"passkeys"`
}

// OwnPasskey is one without its key.
type OwnPasskey struct {
	Name      string     `json:"name" db:"name"`
	CreatedAt time.Time  `json:"created_at" db:"created_at"`
	UsedAt    *time.Time `json:"used_at,omitempty" db:"used_at"`
}

var (
	loadOwnDates = compile(`SELECT u.created_at, CASE WHEN u.password IS NOT NULL THEN u.password_changed_at END
		FROM sessions s, users u WHERE s.sid = @session AND ` + signedIn)
	loadOwnFactors = compile(`SELECT t.created_at, t.used_at,
			(SELECT count(*) FROM recovery_codes r WHERE r.user_id = u.id AND r.spent_at IS NULL)
		FROM users u LEFT JOIN totp_secrets t ON t.user_id = u.id WHERE ` + ofSession)
	namesOfOwnPasskeys = compile(`SELECT k.name, k.created_at, k.used_at FROM users u JOIN passkeys k ON k.user_id = u.id
		WHERE ` + ofSession + ` ORDER BY k.created_at, k.credential_id`)
	listOwnTokens = compile(`SELECT ` + tokenColumns + ` FROM users u JOIN personal_access_tokens t ON t.username = u.username
		WHERE ` + ofSession + ` ORDER BY t.created_at, t.id`)
)

// LoadOwnData returns it for the person whose session sid is. ErrNotFound: the session has ended.
func (s *Store) LoadOwnData(ctx context.Context, sid string, cookie Digest, now time.Time) (out OwnData, err error) {
	var batch pgx.Batch
	loadOwnDates.queue(&batch, args{"session": sid, "cookie": cookie[:], "now": now}).
		QueryRow(func(row pgx.Row) error { return row.Scan(&out.CreatedAt, &out.PasswordChangedAt) })
	queueOwn(&batch, &out.Own, sid, signInsInAFile, now)
	loadOwnFactors.queue(&batch, args{"session": sid}).QueryRow(func(row pgx.Row) error {
		return row.Scan(&out.Factors.TOTPSince, &out.Factors.TOTPUsedAt, &out.Factors.RecoveryCodes)
	})
	namesOfOwnPasskeys.queue(&batch, args{"session": sid}).Query(into(&out.Factors.Passkeys, byName[OwnPasskey]))
	listOwnTokens.queue(&batch, args{"session": sid}).Query(into(&out.Tokens, byName[PersonalAccessToken]))
	listOwnTerms.queue(&batch, args{"session": sid}).Query(into(&out.Terms, byName[OwnTerms]))
	return out, failure(s.pool.SendBatch(ctx, &batch).Close())
}
