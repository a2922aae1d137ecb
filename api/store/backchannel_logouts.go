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
	Slow     bool   // it has a place among those of slow clients
}

// LogoutPlaces is room for attempts to deliver. Clients that registered themselves count as slow ones: anybody can have any number of them,
// at addresses that take as long as they like.
type LogoutPlaces struct {
	Free, FreeOfSlow int
	PerPrompt        int      // for one of Prompt; for any other client it is 1
	Prompt, Slow     []string // clients; what is in neither is not known yet
	Busy             []string // clients that get none
}

// Each client's first comes before anybody's second. The index is asked client by client, so that a claim takes no longer where some have
// a long queue.
var claimLogouts = compile(`
	WITH RECURSIVE queued AS (
		(SELECT client_id FROM backchannel_logouts WHERE next_attempt_at IS NOT NULL ORDER BY client_id LIMIT 1)
		UNION ALL
		SELECT (SELECT l.client_id FROM backchannel_logouts l WHERE l.next_attempt_at IS NOT NULL AND l.client_id > q.client_id
			ORDER BY l.client_id LIMIT 1)
		FROM queued q WHERE q.client_id IS NOT NULL
	), line AS (
		SELECT l.id, c.slow, row_number() OVER (PARTITION BY c.slow ORDER BY l.place, l.next_attempt_at) AS place
		FROM (
			SELECT client_id, coalesce(registration IN ('open', 'document'), false) OR client_id = ANY (@slow) AS slow,
				CASE WHEN client_id = ANY (@prompt) THEN @per_prompt::int ELSE 1 END AS places
			FROM queued JOIN clients USING (client_id) WHERE backchannel_logout_uri IS NOT NULL AND client_id <> ALL (@busy)
		) c CROSS JOIN LATERAL (
			SELECT id, next_attempt_at, row_number() OVER (ORDER BY next_attempt_at) AS place FROM backchannel_logouts
			WHERE client_id = c.client_id AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT c.places
		) l
	), due AS (
		SELECT id, slow FROM line WHERE place <= CASE WHEN slow THEN @free_of_slow::int ELSE @free::int END
	), claimed AS (
		SELECT id, client_id FROM backchannel_logouts WHERE id IN (SELECT id FROM due) AND next_attempt_at <= now() FOR UPDATE SKIP LOCKED
	)
	UPDATE backchannel_logouts l SET attempts = l.attempts + 1, next_attempt_at = now() + @lease::interval
	FROM claimed JOIN due USING (id) JOIN clients c USING (client_id) WHERE l.id = claimed.id
	RETURNING l.id::text, l.client_id, l.sub, coalesce(l.sid::text, ''), coalesce(l.reason, ''), l.attempts,
		c.backchannel_logout_uri, c.id_token_signed_response_alg, due.slow`)

// ClaimLogouts returns what is due, by the clock of Postgres, for which there is room; in one statement, so that of any number of replicas
// one has each. Nobody else gets them before lease has passed, by when SaveLogout has saved what became of them, or this replica is gone.
func (s *Store) ClaimLogouts(ctx context.Context, in LogoutPlaces, lease time.Duration) ([]Logout, error) {
	rows, err := claimLogouts.rows(ctx, s.pool, args{"free": in.Free, "free_of_slow": in.FreeOfSlow, "per_prompt": in.PerPrompt,
		"prompt": oidc.NotNil(in.Prompt), "slow": oidc.NotNil(in.Slow), "busy": oidc.NotNil(in.Busy), "lease": lease})
	if err != nil {
		return nil, failure(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Logout])
	return list, failure(err)
}

// LogoutResult is what became of a delivery: it succeeded, is given up, or else is tried again.
type LogoutResult struct {
	Delivered time.Time // zero: it was not
	GivenUp   bool
	Pause     time.Duration // before it is tried again
	Error     string        // at most 500 characters
}

// What has arrived has, whoever tries it by now.
var saveLogout = compile(`
	UPDATE backchannel_logouts SET delivered_at = @delivered, last_error = nullif(@error, ''),
		next_attempt_at = CASE WHEN @delivered::timestamptz IS NULL AND NOT @given_up THEN now() + @pause::interval END
	WHERE id = (SELECT id FROM backchannel_logouts WHERE id = @id FOR UPDATE NOWAIT) AND delivered_at IS NULL
		AND (attempts = @attempts OR @delivered::timestamptz IS NOT NULL)`)

// SaveLogout notes what became of an attempt. It waits for nobody who has the row.
func (s *Store) SaveLogout(ctx context.Context, id string, attempts int, r LogoutResult) error {
	_, err := saveLogout.run(ctx, s.pool, args{"id": id, "attempts": attempts, "delivered": orNull(r.Delivered), "given_up": r.GivenUp,
		"pause": r.Pause, "error": r.Error})
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
