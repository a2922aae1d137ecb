package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Logout is a logout token to be sent to a client; triggers on sessions and users make the rows.
type Logout struct {
	ID       string
	ClientID string
	Sub      string
	SID      string // "": all sessions of the person
	Attempts int    // this one included
	URI      string // backchannel_logout_uri
	Alg      string // of the client's ID tokens
}

// ClaimLogouts takes what is due, the oldest first, at most limit, at most perClient of each client and none of those in busy; in one
// statement, so that of any number of replicas one has each. Nobody else gets them before lease has passed, by when SaveLogout has
// said what became of them, or this replica is gone.
func (s *Store) ClaimLogouts(
	ctx context.Context, limit, perClient int, busy []string, now time.Time, lease time.Duration,
) ([]Logout, error) {
	rows, err := s.pool.Query(ctx, `
		WITH due AS (
			SELECT id FROM (
				SELECT l.id, l.next_attempt_at, row_number() OVER (PARTITION BY l.client_id ORDER BY l.next_attempt_at) AS place
				FROM backchannel_logouts l JOIN clients c USING (client_id)
				WHERE l.next_attempt_at <= $1 AND c.backchannel_logout_uri IS NOT NULL AND l.client_id <> ALL ($5)
			) AS queue WHERE place <= $4 ORDER BY next_attempt_at LIMIT $3
		), claimed AS (
			SELECT id, client_id FROM backchannel_logouts WHERE id IN (SELECT id FROM due) AND next_attempt_at <= $1 FOR UPDATE SKIP LOCKED
		)
		UPDATE backchannel_logouts l SET attempts = l.attempts + 1, next_attempt_at = $2
		FROM claimed JOIN clients c USING (client_id) WHERE l.id = claimed.id
		RETURNING l.id::text, l.client_id, l.sub, coalesce(l.sid::text, ''), l.attempts,
			c.backchannel_logout_uri, c.id_token_signed_response_alg`,
		now, now.Add(lease), limit, perClient, emptyNotNil(busy))
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

// SaveLogout notes what became of a delivery.
func (s *Store) SaveLogout(ctx context.Context, id string, r LogoutResult) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE backchannel_logouts SET delivered_at = $2, next_attempt_at = $3, last_error = nullif($4, '')
		WHERE id = $1 AND delivered_at IS NULL`,
		id, orNull(r.Delivered), orNull(r.NextAttemptAt), r.Error)
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
	Attempts      int        `json:"attempts" db:"attempts"`
	NextAttemptAt *time.Time `json:"next_attempt_at,omitempty" db:"next_attempt_at"`
	DeliveredAt   *time.Time `json:"delivered_at,omitempty" db:"delivered_at"`
	LastError     string     `json:"last_error,omitempty" db:"last_error"`
	CreatedAt     time.Time  `json:"created_at" db:"created_at"`
}

// ListLogouts gives the latest logouts, of all clients or of one.
func (s *Store) ListLogouts(ctx context.Context, clientID string, limit int) ([]LogoutRow, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT l.client_id, coalesce(u.username, l.sub) AS username, coalesce(l.sid::text, '') AS sid, l.attempts, l.next_attempt_at,
			l.delivered_at, coalesce(l.last_error, '') AS last_error, l.created_at
		FROM backchannel_logouts l LEFT JOIN users u USING (sub) WHERE $1 IN ('', l.client_id) ORDER BY l.created_at DESC LIMIT $2`,
		clientID, limit)
	if err != nil {
		return nil, inWords(err, nil)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[LogoutRow])
	return list, inWords(err, nil)
}
