package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// Logout is a logout token to be sent to a client; triggers on sessions and users make the rows.
type Logout struct {
	ID       string
	ClientID string
	Sub      string
	SID      string // "": all sessions of the person
	Reason   string // why the account has ended: disabled, expired, offboarded or deleted; "": they may sign in again
	Attempts int    // this one included
	URI      string // backchannel_logout_uri
	Alg      string // of the client's ID tokens
}

var claimLogouts = compile(`
	WITH due AS (
		SELECT id FROM (
			SELECT l.id, l.next_attempt_at, row_number() OVER (PARTITION BY l.client_id ORDER BY l.next_attempt_at) AS place
			FROM backchannel_logouts l JOIN clients c USING (client_id)
			WHERE l.next_attempt_at <= @now AND c.backchannel_logout_uri IS NOT NULL AND l.client_id <> ALL (@busy)
		) AS queue WHERE place <= @per_client ORDER BY next_attempt_at LIMIT @limit
	), claimed AS (
		SELECT id, client_id FROM backchannel_logouts WHERE id IN (SELECT id FROM due) AND next_attempt_at <= @now FOR UPDATE SKIP LOCKED
	)
	UPDATE backchannel_logouts l SET attempts = l.attempts + 1, next_attempt_at = @lease_ends
	FROM claimed JOIN clients c USING (client_id) WHERE l.id = claimed.id
	RETURNING l.id::text, l.client_id, l.sub, coalesce(l.sid::text, ''), coalesce(l.reason, ''), l.attempts,
		c.backchannel_logout_uri, c.id_token_signed_response_alg`)

// ClaimLogouts returns what is due, the oldest first, at most limit, at most perClient of each client and none of those in busy; in one
// statement, so that of any number of replicas one has each. Nobody else gets them before lease has passed, by when SaveLogout has
// saved what became of them, or this replica is gone.
func (s *Store) ClaimLogouts(
	ctx context.Context, limit, perClient int, busy []string, now time.Time, lease time.Duration,
) ([]Logout, error) {
	rows, err := claimLogouts.rows(ctx, s.pool, args{
		"now": now, "lease_ends": now.Add(lease), "limit": limit, "per_client": perClient, "busy": oidc.NotNil(busy)})
	if err != nil {
		return nil, failure(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Logout])
	return list, failure(err)
}

// LogoutResult is what became of a delivery.
type LogoutResult struct {
	Delivered     time.Time // zero: it was not
	NextAttemptAt time.Time // zero: none
	Error         string    // at most 500 characters
}

var saveLogout = compile(`
	UPDATE backchannel_logouts SET delivered_at = @delivered_at, next_attempt_at = @next_attempt_at, last_error = nullif(@error, '')
	WHERE id = @id AND delivered_at IS NULL`)

// SaveLogout notes what became of a delivery.
func (s *Store) SaveLogout(ctx context.Context, id string, r LogoutResult) error {
	_, err := saveLogout.run(ctx, s.pool, args{
		"id": id, "delivered_at": orNull(r.Delivered), "next_attempt_at": orNull(r.NextAttemptAt), "error": r.Error})
	return failure(err)
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// LogoutRow is a logout as an administrator sees one.
type LogoutRow struct {
	ClientID      string     `json:"client_id" db:"client_id"`
	User          string     `json:"user" db:"username"` // or the subject of a user who is gone
	SID           string     `json:"sid,omitempty" db:"sid"`
	Reason        string     `json:"reason,omitempty" db:"reason"` // disabled, expired, offboarded or deleted; "" of a logout
	Attempts      int        `json:"attempts" db:"attempts"`
	NextAttemptAt *time.Time `json:"next_attempt_at,omitempty" db:"next_attempt_at"`
	DeliveredAt   *time.Time `json:"delivered_at,omitempty" db:"delivered_at"`
	LastError     string     `json:"last_error,omitempty" db:"last_error"`
	CreatedAt     time.Time  `json:"created_at" db:"created_at"`
}

var listLogouts = compile(`
	SELECT l.client_id, coalesce(u.username, l.sub) AS username, coalesce(l.sid::text, '') AS sid,
		coalesce(l.reason, '') AS reason, l.attempts, l.next_attempt_at,
		l.delivered_at, coalesce(l.last_error, '') AS last_error, l.created_at
	FROM backchannel_logouts l LEFT JOIN users u USING (sub) WHERE @client IN ('', l.client_id) ORDER BY l.created_at DESC LIMIT @limit`)

// ListLogouts returns the latest logouts, of all clients or of one.
func (s *Store) ListLogouts(ctx context.Context, clientID string, limit int) ([]LogoutRow, error) {
	return listed[LogoutRow](ctx, s, listLogouts, args{"client": clientID, "limit": limit})
}
