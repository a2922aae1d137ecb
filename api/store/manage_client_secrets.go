package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// ClientSecret is one of the secrets of a client, without its value.
type ClientSecret struct {
	Name      string     `json:"name" db:"name"`
	CreatedAt time.Time  `json:"created_at" db:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" db:"expires_at"` // nil: never
	UsedAt    *time.Time `json:"used_at,omitempty" db:"used_at"`       // the hour of its last use
}

// NewClientSecret is a secret to add to a client.
type NewClientSecret struct {
	ClientID string
	Name     string         // "": the day
	SHA256   []byte         // of its value
	Life     *time.Duration // nil: it never ends
}

// isLive is the condition that a row of client_secrets counts by the clock of Postgres.
const isLive = `(expires_at IS NULL OR expires_at > now())`

// removedFirst is the condition that the part removed of a statement is done, so that the names of what it removes are free.
const removedFirst = `(SELECT count(*) FROM removed) >= 0`

// secretAdded is the end of a statement that adds a secret to the client, if there is that client.
const secretAdded = `
	INSERT INTO client_secrets (client_id, name, secret_sha256, expires_at)
	SELECT client_id, nullif(@name, ''), @secret, now() + @life::interval FROM clients
	WHERE client_id = @client AND ` + removedFirst + `
	RETURNING name, created_at, expires_at, used_at`

var (
	// lockClient has changes of a client's secrets wait for each other, so that each begins with what the one before left.
	lockClient = compile(`SELECT FROM clients WHERE client_id = @client FOR NO KEY UPDATE`)

	addClientSecret = compile(`
	WITH removed AS (
		DELETE FROM client_secrets WHERE client_id = @client AND NOT ` + isLive + ` RETURNING 1
	)` + secretAdded)
	rotateClientSecret = compile(`
	WITH removed AS (
		DELETE FROM client_secrets WHERE client_id = @client AND (@keep::interval <= '0' OR NOT ` + isLive + `) RETURNING 1
	), ending AS (
		UPDATE client_secrets SET expires_at = least(expires_at, now() + @keep::interval)
		WHERE client_id = @client AND @keep::interval > '0' AND ` + isLive + `
	)` + secretAdded)
	listClientSecrets = compile(`
	SELECT name, created_at, expires_at, used_at FROM client_secrets
	WHERE client_id = @client AND name > @after ORDER BY name LIMIT @limit`)
	removeClientSecret = compile(`DELETE FROM client_secrets WHERE client_id = @client AND name = @name RETURNING 1`)
)

// AddClientSecret adds a secret beside the live one; those that have ended go. Errors: Missing, Refusal.
func (s *Store) AddClientSecret(ctx context.Context, n NewClientSecret) (ClientSecret, error) {
	return s.addSecret(ctx, n, addClientSecret, n.args())
}

// RotateClientSecret adds a secret, and has the former ones end after keep, 0 for at once: they are refused from the next request on.
// Errors: Missing, Refusal.
func (s *Store) RotateClientSecret(ctx context.Context, n NewClientSecret, keep time.Duration) (ClientSecret, error) {
	a := n.args()
	a["keep"] = keep
	return s.addSecret(ctx, n, rotateClientSecret, a)
}

func (n NewClientSecret) args() args {
	return args{"client": n.ClientID, "name": n.Name, "secret": n.SHA256, "life": n.Life}
}

func (s *Store) addSecret(ctx context.Context, n NewClientSecret, q query, a args) (added ClientSecret, err error) {
	var batch pgx.Batch
	lockClient.queue(&batch, args{"client": n.ClientID})
	q.queue(&batch, a).Query(func(rows pgx.Rows) (err error) {
		added, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[ClientSecret])
		return err
	})
	err = s.pool.SendBatch(ctx, &batch).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return added, Missing{"client", n.ClientID}
	}
	return added, inWords(err, values{"name": n.Name})
}

// ClientSecretsQuery is which secrets are wanted; their key is the name.
type ClientSecretsQuery struct {
	Page
	ClientID string
}

// ListClientSecrets returns the secrets of a client by name, those that have ended among them.
func (s *Store) ListClientSecrets(ctx context.Context, q ClientSecretsQuery) ([]ClientSecret, error) {
	return listed[ClientSecret](ctx, s, listClientSecrets, args{"client": q.ClientID, "after": q.After, "limit": q.Limit})
}

// RemoveClientSecret removes a secret: it is refused from the next request on. Errors: Missing.
func (s *Store) RemoveClientSecret(ctx context.Context, clientID, name string) error {
	return s.manageOne(ctx, Missing{"secret of " + clientID + " called", name}, nil, removeClientSecret,
		args{"client": clientID, "name": name})
}
