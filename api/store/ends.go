package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// endsAtOnce are the people of one statement of the clean-up.
const endsAtOnce = 100

// endAccounts takes from people whose accounts have ended what there still is, and has their applications told, as when somebody is
// disabled. Their sessions are deleted, as then.
var endAccounts = compile(`
	WITH gone AS (
		SELECT u.id, u.sub, u.username FROM users u
		WHERE u.expires_at <= @now AND (EXISTS (SELECT FROM sessions s WHERE s.user_id = u.id)
			OR EXISTS (SELECT FROM grants g WHERE g.user_id = u.id AND g.revoked_at IS NULL))
		ORDER BY u.expires_at LIMIT @limit FOR UPDATE OF u SKIP LOCKED
	), revoked AS (
		UPDATE grants g SET revoked_at = @now FROM gone WHERE g.user_id = gone.id AND g.revoked_at IS NULL
		RETURNING g.client_id, g.sid, gone.sub
	), told AS (
		INSERT INTO backchannel_logouts (client_id, sub, sid, reason, next_attempt_at, created_at)
		SELECT DISTINCT c.client_id, r.sub, CASE WHEN c.backchannel_logout_session_required THEN r.sid END, '` + UserExpired + `',
			now(), @now::timestamptz
		FROM revoked r JOIN clients c USING (client_id)
		WHERE c.backchannel_logout_uri IS NOT NULL AND (r.sid IS NOT NULL OR NOT c.backchannel_logout_session_required)
	), ended AS (
		DELETE FROM sessions s USING gone WHERE s.user_id = gone.id
	)
	SELECT username FROM gone`)

// EndAccounts ends sessions and grants of people whose accounts have ended, and calls ended with each. Nothing of theirs has been
// accepted since that very second; this is how applications hear of it. Of any number of replicas one has each person.
func (s *Store) EndAccounts(ctx context.Context, now time.Time, ended func(username string)) error {
	for {
		rows, err := endAccounts.rows(ctx, s.pool, args{"now": now, "limit": endsAtOnce})
		if err != nil {
			return failure(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return failure(err)
		}
		for _, username := range list {
			ended(username)
		}
		if len(list) < endsAtOnce {
			return nil
		}
	}
}

// InactiveUser is somebody who did not sign in for as long as a group of theirs allows.
type InactiveUser struct {
	Username string
	Group    string
	Since    time.Time // when they last signed in, or were let in
}

// disableInactive disables them. Of those who administer, the one who was active last stays, so that somebody does. What is read of a user
// is compared once more in the row that is locked: they may be signing in.
var disableInactive = compile(`
	WITH last_administrator AS (
		SELECT a.id FROM group_members m JOIN users a USING (username)
		WHERE m.group_name = @administrators AND ` + memberNow("m") + ` AND ` + mayAct("a") + `
		ORDER BY coalesce(a.active_at, a.created_at) DESC, a.username LIMIT 1
	), found AS (
		SELECT v.id, min(g.name) AS group_name, coalesce(v.active_at, v.created_at) AS since
		FROM groups g JOIN group_members m ON m.group_name = g.name JOIN users v ON v.username = m.username
		WHERE g.inactive_after IS NOT NULL AND ` + memberNow("m") + ` AND ` + mayAct("v") + `
			AND coalesce(v.active_at, v.created_at) <= @now::timestamptz - g.inactive_after
			AND NOT EXISTS (SELECT FROM last_administrator l WHERE l.id = v.id)
		GROUP BY v.id LIMIT @limit
	), inactive AS (
		SELECT u.id, found.group_name, found.since FROM found JOIN users u USING (id)
		WHERE ` + mayAct("u") + ` AND coalesce(u.active_at, u.created_at) = found.since
		FOR UPDATE OF u SKIP LOCKED
	)
	UPDATE users u SET disabled_at = @now FROM inactive WHERE u.id = inactive.id
	RETURNING u.username, inactive.group_name, inactive.since`)

// DisableInactive disables members of groups with inactive_after who did not sign in for so long, and calls disabled with each. Triggers
// tell applications. administrators is the group of those who administer, "" if there is none.
func (s *Store) DisableInactive(ctx context.Context, administrators string, now time.Time, disabled func(InactiveUser)) error {
	for {
		rows, err := disableInactive.rows(ctx, s.pool, args{"administrators": administrators, "now": now, "limit": endsAtOnce})
		if err != nil {
			return failure(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[InactiveUser])
		if err != nil {
			return failure(err)
		}
		for _, user := range list {
			disabled(user)
		}
		if len(list) < endsAtOnce {
			return nil
		}
	}
}
