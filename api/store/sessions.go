package store

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// Digest is the SHA-256 of a secret that only its holder has.
type Digest = [32]byte

// signedIn is the condition that a user u is signed in by a session s, at the browser with the cookie.
var signedIn = `u.id = s.user_id AND s.cookie_sha256 = @cookie AND s.ended_at IS NULL AND s.expires_at > @now AND ` + mayAct("u")

// standingOf is for more columns, each after a comma, of a user u and their session s; standingFields takes those before.
func standingOf(more string) query {
	return compile(`
	SELECT ` + userColumns + `, ` + enrolledColumns + `, s.sid::text, s.auth_time, s.amr, s.seen_at,
		k.scopes, k.resources, ` + mayUse("@allowed_groups") + more + `
	FROM sessions s, users u ` + consentOfUser + ` WHERE ` + signedIn)
}

var loadStanding = standingOf("")

// consentOfUser joins what user u allowed the client, if anything, as k.
const consentOfUser = `LEFT JOIN consents k ON k.user_id = u.id AND k.client_id = @client`

// Standing is who is signed in at the browser with this cookie, and what they allowed the client.
type Standing struct {
	oidc.Standing
	SeenAt time.Time
}

// LoadStanding returns an empty Standing where nobody is signed in.
func (s *Store) LoadStanding(ctx context.Context, cookie Digest, c *oidc.Client, now time.Time) (Standing, error) {
	out, err := batched(ctx, s, scanStanding, &loadStanding, args{
		"cookie": cookie[:], "now": now, "client": c.ClientID, "allowed_groups": oidc.NotNil(c.AllowedGroups)})
	if errors.Is(err, ErrNotFound) {
		return Standing{}, nil
	}
	if err == nil {
		out.Session.Cookie = cookie
	}
	return out, err
}

func scanStanding(row pgx.Row) (out Standing, err error) {
	return out, failure(scanAll(row, standingFields(&out)...))
}

func standingFields(s *Standing) [][]any {
	s.User, s.Session = new(oidc.User), new(oidc.Session)
	return [][]any{userFields(s.User), enrolledFields(&s.Enrolled), {&s.Session.SID, &s.Session.AuthTime,
		&s.Session.AMR, &s.SeenAt, &s.Consented.Scopes, &s.Consented.Resources, &s.Allowed}}
}

var loadSession = compile(`SELECT ` + userColumns + `, s.sid::text, s.auth_time, s.amr FROM sessions s, users u WHERE ` + signedIn)

// LoadSession returns the session and user of a cookie; ErrNotFound where nobody is signed in.
func (s *Store) LoadSession(ctx context.Context, cookie Digest, now time.Time) (oidc.Session, oidc.User, error) {
	var session oidc.Session
	var u oidc.User
	err := failure(loadSession.row(ctx, s.pool, args{"cookie": cookie[:], "now": now}).
		Scan(append(userFields(&u), &session.SID, &session.AuthTime, &session.AMR)...))
	return session, u, err
}

// activeSession is the part of a statement that finds the session @session, named session, while it may be used.
var activeSession = `session AS (
			SELECT s.sid, s.user_id, s.auth_time, s.amr, s.ends_at FROM sessions s JOIN users u ON u.id = s.user_id
			WHERE s.sid = @session AND s.ended_at IS NULL AND s.expires_at > @now AND ` + mayAct("u") + `
		)`

// extendedIf is the part that moves the idle end of that session to @idle_end, if the part named found has a row; one before
// @now leaves it alone.
func extendedIf(found string) string {
	return `extended AS (
			UPDATE sessions SET seen_at = @now, expires_at = LEAST(ends_at, @idle_end)
			WHERE sid = @session AND @idle_end > @now AND EXISTS (SELECT FROM ` + found + `)
		)`
}

// besideFormerConsent ends an INSERT INTO consents: what a person allows now joins what they allowed before.
const besideFormerConsent = `ON CONFLICT (user_id, client_id) DO UPDATE SET granted_at = EXCLUDED.granted_at,
				scopes = ARRAY(SELECT unnest(consents.scopes) UNION SELECT unnest(EXCLUDED.scopes)),
				resources = ARRAY(SELECT unnest(consents.resources) UNION SELECT unnest(EXCLUDED.resources))`

// FrontchannelLogout is a client that is told of a logout by the browser, and the session that it knows.
type FrontchannelLogout struct {
	URI string
	SID string
}

var endSession = compile(`
	WITH RECURSIVE ended AS (
		UPDATE sessions SET ended_at = @now WHERE sid = @session AND ended_at IS NULL RETURNING sid, user_id
	), line AS (
		SELECT sid, user_id FROM ended
		UNION
		SELECT s.sid, s.user_id FROM sessions s JOIN line ON s.replaced_by = line.sid AND s.user_id = line.user_id
	)
	SELECT c.frontchannel_logout_uri, g.sid::text
	FROM line JOIN grants g USING (sid) JOIN clients c USING (client_id)
	WHERE origin_of(c.frontchannel_logout_uri) IN (SELECT origin_of(uri) FROM unnest(c.redirect_uris) AS uri)
	GROUP BY 1, 2 ORDER BY max(g.created_at) DESC LIMIT @limit`)

// EndSession ends one session; with it end its grants that are not offline. It returns the clients to tell by the browser, at most limit:
// those that the session, or one that it replaced, signed in to, and whose URI is at the origin of a redirect URI of theirs
// (Front-Channel Logout §2). The last ones come first.
func (s *Store) EndSession(ctx context.Context, sid string, limit int, now time.Time) ([]FrontchannelLogout, error) {
	rows, err := endSession.rows(ctx, s.pool, args{"session": sid, "now": now, "limit": limit})
	if err != nil {
		return nil, failure(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[FrontchannelLogout])
	return list, failure(err)
}

// NewSession is a sign-in that has succeeded.
type NewSession struct {
	oidc.Session
	StartedAt time.Time
	UserID    string
	Place
	OldCookie Digest // of the session that the browser had before: it ends
	ExpiresAt time.Time
	EndsAt    time.Time
	Upgraded  string  // a fresh hash for users.password, "" to leave it
	Verified  string  // the hash that was verified, which Upgraded may replace; "" where no password was asked for
	Reset     []int32 // buckets of login_throttle that a success clears
	Issue     Issue   // empty where consent is asked for first

	Passkey *UsedPasskey // that they have signed in with; nil where it was something else
}

// What these are is true, and says of the statement that they are in what is_set in the migration asks: with keepSessions it ends
// nothing, and with samePassword it changes no secret but its hash or seal.
const (
	keepSessions = `set_config('gatehouse.keep_sessions', 'on', true) = 'on'`
	samePassword = `set_config('gatehouse.same_password', 'on', true) = 'on'`
)

var (
	startSession          = startSessionWith(``, `(@verified = '' OR u.password = @verified)`)
	startSessionByPasskey = startSessionWith(usedPasskey(`@user`)+`, `, `@verified = '' AND EXISTS (SELECT FROM passkey)`)
)

// isUpgraded is the condition that the password which was verified is still that of user u, and gets a fresh hash.
const isUpgraded = `(@upgraded <> '' AND u.password = @verified)`

// startSessionWith is for the parts of a statement in which a proof is spent, and the condition that it counts.
func startSessionWith(spends, counts string) query {
	return compile(`
	WITH ` + spends + `person AS (
		SELECT u.id FROM users u WHERE u.id = @user AND ` + mayAct("u") + ` AND ` + counts + ` FOR UPDATE
	), session AS (
		INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at, addr, user_agent)
		SELECT @session, @cookie, id, @auth_time, @amr, @now, @expires_at, @ends_at, nullif(@addr, ''), nullif(@user_agent, '') FROM person
		RETURNING sid, user_id, auth_time, amr, ends_at
	), ended AS (
		UPDATE sessions SET ended_at = @now, replaced_by = CASE WHEN user_id = @user THEN @session::uuid END,
			expires_at = CASE WHEN user_id = @user THEN @ends_at ELSE expires_at END
		WHERE cookie_sha256 = @old_cookie AND ended_at IS NULL AND EXISTS (SELECT FROM person)
	), noted_user AS (
		UPDATE users u SET active_at = @hour, password = CASE WHEN ` + isUpgraded + ` THEN @upgraded ELSE u.password END
		WHERE u.id = @user AND EXISTS (SELECT FROM person) AND (u.active_at IS NULL OR u.active_at < @hour OR ` + isUpgraded + `)
			AND ` + samePassword + `
	), reset AS (
		DELETE FROM login_throttle WHERE bucket = ANY (@reset) AND EXISTS (SELECT FROM person)
	), ` + noteSignIn("signed_in", "session") + `, ` + insertIssue + `
	SELECT ` + firstUse + ` FROM session`)
}

// StartSession saves in one statement the session, the upgraded password hash, the end of the browser's former session and,
// where no consent is needed, what the request gets; and the hour in users.active_at. ErrNotFound: the user may not act any more or got
// another password meanwhile, or the passkey is gone or its challenge was answered before.
// ErrUsed: the session has started, but the request has had its answer before.
// Where the former session was the same person's, nobody has signed out: its row says what replaced it, and is kept as long, so that
// relying parties of either hear of the logout to come.
func (s *Store) StartSession(ctx context.Context, n NewSession) error {
	var first bool
	a := n.Issue.args(n.StartedAt)
	maps.Copy(a, n.Place.args())
	maps.Copy(a, args{"session": n.SID, "cookie": n.Cookie[:], "user": n.UserID, "auth_time": n.AuthTime, "amr": n.AMR,
		"expires_at": n.ExpiresAt, "ends_at": n.EndsAt, "upgraded": n.Upgraded, "verified": n.Verified, "old_cookie": n.OldCookie[:],
		"reset": n.Reset, "hour": n.StartedAt.Truncate(time.Hour)})
	statement := &startSession
	if n.Passkey != nil {
		statement = &startSessionByPasskey
		maps.Copy(a, n.Passkey.args())
	}
	err := statement.row(ctx, s.pool, a).Scan(&first)
	if err == nil && !first {
		return ErrUsed
	}
	return failure(err)
}

func orZero(uuid string) string {
	if uuid == "" {
		return "00000000-0000-0000-0000-000000000000"
	}
	return uuid
}
