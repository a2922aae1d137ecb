package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// What INSERTs of registeredColumns are made of.
var (
	clientNames  = registeredColumns.each(func(c clientColumn) string { return c.name })
	clientValues = registeredColumns.each(clientColumn.stored)
	clientInsert = `INSERT INTO clients AS c (` + clientNames + `) VALUES (` + clientValues + `)`

	addClient = compile(`
		WITH client AS (
			` + clientInsert + ` RETURNING client_id
		)
		INSERT INTO client_secrets (client_id, secret_sha256) SELECT client_id, @secret FROM client WHERE @secret::bytea IS NOT NULL`)
	upsertClient = compile(`
		WITH client AS (
			` + clientInsert + `
			ON CONFLICT (client_id) DO UPDATE SET ` + registeredColumns.each(clientColumn.taken) + `
			RETURNING client_id, xmax = 0 AS is_new
		), kept AS (
			SELECT name FROM client_secrets WHERE client_id = @client_id AND @secret::bytea IS NOT NULL
				AND CASE WHEN @if_missing THEN ` + isLive + ` ELSE secret_sha256 = @secret AND expires_at IS NULL END
		), removed AS (
			DELETE FROM client_secrets WHERE client_id = @client_id AND name NOT IN (SELECT name FROM kept)
				AND NOT (@if_missing AND EXISTS (SELECT FROM kept))
			RETURNING 1
		), made AS (
			INSERT INTO client_secrets (client_id, secret_sha256) SELECT client_id, @secret FROM client
			WHERE @secret::bytea IS NOT NULL AND NOT EXISTS (SELECT FROM kept) AND ` + removedFirst + `
			RETURNING 1
		)
		SELECT is_new, EXISTS (SELECT FROM made) FROM client`)
)

// AddClient registers a new client, with the digest of its secret; nil for a client that has none.
func (s *Store) AddClient(ctx context.Context, c oidc.Client, secretSHA256 []byte) error {
	a := registeredColumns.args(c)
	a["secret"] = secretSHA256
	_, err := addClient.run(ctx, s.pool, a)
	return inWords(err, registeredColumns.shown(c))
}

// ImportedClient is a client to import, and what became of it.
type ImportedClient struct {
	oidc.Client
	SecretSHA256    []byte // of the one secret that it is to have; nil for a client that has none
	SecretIfMissing bool   // a client that has a live secret keeps what it has
	Refused         error  // why it is not imported, nor are the others, whatever the database says; nil for nothing

	New         bool // it was not registered before
	SecretIsNew bool // the secret was added
}

// ImportClients registers each client, or replaces a registered one, all or none. A client that is disabled stays
// so. The error has a Refusal for each client that is refused.
func (s *Store) ImportClients(ctx context.Context, list []ImportedClient) error {
	return inWords(pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var refused []error
		for i := range list {
			// A savepoint, so that the others are looked at, too.
			err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return importClient(ctx, tx, &list[i]) })
			for _, why := range []error{list[i].Refused, inWords(err, registeredColumns.shown(list[i].Client))} {
				if why != nil {
					refused = append(refused, fmt.Errorf("client %s: %w", list[i].ClientID, why))
				}
			}
			if errors.As(err, new(Unavailable)) || ctx.Err() != nil {
				break
			}
		}
		return errors.Join(refused...)
	}), nil)
}

func importClient(ctx context.Context, tx pgx.Tx, c *ImportedClient) error {
	a := registeredColumns.args(c.Client)
	a["secret"], a["if_missing"] = c.SecretSHA256, c.SecretIfMissing
	err := upsertClient.row(ctx, tx, a).Scan(&c.New, &c.SecretIsNew)
	if err == nil && c.Disabled() {
		_, err = disableClient.run(ctx, tx, args{"client": c.ClientID})
	}
	return err
}

var (
	disableClient = compile(`UPDATE clients SET disabled_at = coalesce(disabled_at, now()) WHERE client_id = @client RETURNING 1`)
	enableClient  = compile(`UPDATE clients SET disabled_at = NULL WHERE client_id = @client RETURNING 1`)
	removeClient  = compile(`DELETE FROM clients WHERE client_id = @client RETURNING 1`)
)

// DisableClient refuses a client and all it holds, from the next request on.
func (s *Store) DisableClient(ctx context.Context, clientID string) error {
	return s.manageOne(ctx, Missing{"client", clientID}, nil, disableClient, args{"client": clientID})
}

// EnableClient accepts a client again.
func (s *Store) EnableClient(ctx context.Context, clientID string) error {
	return s.manageOne(ctx, Missing{"client", clientID}, nil, enableClient, args{"client": clientID})
}

// RemoveClient removes a client with its consents, codes and tokens.
func (s *Store) RemoveClient(ctx context.Context, clientID string) error {
	return s.manageOne(ctx, Missing{"client", clientID}, nil, removeClient, args{"client": clientID})
}

// ClientQuery is which clients are wanted; their key is the client_id.
type ClientQuery struct {
	Page
	Search string // in the client_id or the name
}

var listClients = compile(clientSelect + `
	WHERE client_id > @after AND ` + contains("client_id, client_name") + ` ORDER BY client_id LIMIT @limit`)

// ListClients returns clients by id.
func (s *Store) ListClients(ctx context.Context, q ClientQuery) ([]oidc.Client, error) {
	return listed[oidc.Client](ctx, s, listClients, args{"after": q.After, "limit": q.Limit, "search": q.Search})
}
