package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// Offboarded is what was taken from somebody at once. Lists are in order, and have nothing twice.
type Offboarded struct {
	Username             string    `json:"username" help:"Who it is about."`
	Sessions             int       `json:"sessions" help:"Places where they were signed in."`
	Grants               []string  `json:"grants" help:"Applications that held something of theirs."`
	PersonalAccessTokens int       `json:"personal_access_tokens" help:"Their own tokens."`
	AccountLinks         int       `json:"account_links" help:"Addresses with which they could have set a password."`
	Memberships          []string  `json:"memberships" help:"Groups that they were in."`
	OwnedAlone           []string  `json:"owned_alone" help:"Groups that nobody else looks after."`
	Told                 []string  `json:"told" help:"Applications that hear of it, by back-channel logout."`
	Homes                []string  `json:"homes" help:"Applications that they used, where something of theirs may be to be archived."`
	UndoUntil            time.Time `json:"undo_until" help:"Until when account and memberships can be given back."`
}

// offboard is one statement, so that it is done whole or not at all, and counts what it changes. Triggers on users tell applications.
var offboard = compile(`
	WITH person AS (
		SELECT id, username, disabled_at FROM users WHERE username = @username FOR UPDATE
	), former AS (
		SELECT m.group_name, m.until FROM group_members m JOIN person USING (username)
	), noted AS (
		INSERT INTO offboardings (username, disabled_at, memberships, created_at, undo_until)
		SELECT username, disabled_at, (SELECT coalesce(jsonb_agg(f ORDER BY f.group_name), '[]') FROM former f), @now, @undo_until FROM person
		RETURNING undo_until
	), shut AS (
		UPDATE users u SET disabled_at = @now FROM person WHERE u.id = person.id AND u.disabled_at IS NULL
	), ended AS (
		DELETE FROM sessions s USING person WHERE s.user_id = person.id RETURNING s.ended_at IS NULL AND s.expires_at > @now AS alive
	), revoked AS (
		UPDATE grants g SET revoked_at = @now FROM person WHERE g.user_id = person.id AND g.revoked_at IS NULL RETURNING g.client_id
	), tokens AS (
		UPDATE personal_access_tokens t SET revoked_at = @now FROM person
		WHERE t.username = person.username AND t.revoked_at IS NULL RETURNING t.expires_at > @now AS alive
	), links AS (
		UPDATE account_links l SET spent_at = @now FROM person
		WHERE l.username = person.username AND l.spent_at IS NULL RETURNING l.expires_at > @now AS alive
	), gone AS (
		DELETE FROM group_members m USING person WHERE m.username = person.username RETURNING m.group_name
	)
	SELECT person.username,
		(SELECT count(*) FROM ended WHERE alive) AS sessions,
		ARRAY(SELECT DISTINCT client_id FROM revoked ORDER BY 1) AS grants,
		(SELECT count(*) FROM tokens WHERE alive) AS personal_access_tokens,
		(SELECT count(*) FROM links WHERE alive) AS account_links,
		ARRAY(SELECT group_name FROM gone ORDER BY 1) AS memberships,
		ARRAY(SELECT o.group_name FROM group_owners o WHERE o.username = person.username AND NOT EXISTS (
			SELECT FROM group_owners other WHERE other.group_name = o.group_name AND other.username <> o.username) ORDER BY 1) AS owned_alone,
		ARRAY(SELECT DISTINCT c.client_id FROM grants g JOIN clients c USING (client_id)
			WHERE g.user_id = person.id AND c.backchannel_logout_uri IS NOT NULL AND person.disabled_at IS NULL
				AND (g.sid IS NOT NULL OR NOT c.backchannel_logout_session_required) ORDER BY 1) AS told,
		ARRAY(SELECT client_id FROM grants g WHERE g.user_id = person.id UNION SELECT client_id FROM consents k WHERE k.user_id = person.id
			UNION SELECT i.client_id FROM sign_ins i WHERE i.user_id = person.id AND i.client_id IS NOT NULL ORDER BY 1) AS homes,
		noted.undo_until
	FROM person, noted`)

// Offboard shuts a user out and takes from them all that lets them in or that applications hold. Of sessions and tokens nothing comes
// back; account and memberships do until undoUntil, by UndoOffboarding. Errors: Missing.
func (s *Store) Offboard(ctx context.Context, username string, undoUntil, now time.Time) (Offboarded, error) {
	return one[Offboarded](ctx, s, Missing{"user", username}, offboard, args{"username": username, "undo_until": undoUntil, "now": now})
}

// undoOffboarding takes the latest back. A group that is gone stays so; an end of a membership that has come meanwhile has come.
var undoOffboarding = compile(`
	WITH undone AS (
		UPDATE offboardings SET undone_at = @now WHERE id = (
			SELECT max(id) FROM offboardings WHERE username = @username AND undone_at IS NULL AND undo_until > @now)
			AND undone_at IS NULL
		RETURNING username, disabled_at, memberships
	), let_in AS (
		UPDATE users u SET disabled_at = undone.disabled_at FROM undone WHERE u.username = undone.username
	), joined AS (
		INSERT INTO group_members (group_name, username, until)
		SELECT m.group_name, undone.username, m.until
		FROM undone, jsonb_to_recordset(undone.memberships) AS m (group_name text, until timestamptz) JOIN groups g ON g.name = m.group_name
		ON CONFLICT ON CONSTRAINT group_members_user_is_in_the_group_already DO NOTHING
		RETURNING group_name
	)
	SELECT ARRAY(SELECT group_name FROM joined ORDER BY 1) FROM undone`)

// UndoOffboarding lets a user in again, as a member of what they were in, and returns these groups. Errors: Missing, also where it is too
// late.
func (s *Store) UndoOffboarding(ctx context.Context, username string, now time.Time) (groups []string, err error) {
	err = undoOffboarding.row(ctx, s.pool, args{"username": username, "now": now}).Scan(&groups)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, Missing{"offboarding that can be undone, of", username}
	}
	return groups, inWords(err, nil)
}
