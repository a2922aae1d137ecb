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

	addClient    = compile(clientInsert)
	upsertClient = compile(clientInsert + `
		ON CONFLICT (client_id) DO UPDATE SET
			client_secret_sha256 = CASE WHEN @if_missing THEN coalesce(c.client_secret_sha256, excluded.client_secret_sha256)
				ELSE excluded.client_secret_sha256 END,
			` + registeredColumns.without("client_secret_sha256").each(clientColumn.taken) + `
		RETURNING xmax = 0, client_secret_sha256 IS NOT DISTINCT FROM @client_secret_sha256`)
)

// AddClient registers a new client.
func (s *Store) AddClient(ctx context.Context, c oidc.Client) error {
	_, err := addClient.run(ctx, s.pool, registeredColumns.args(c))
	return inWords(err, registeredColumns.shown(c))
}

// ImportedClient is a client to import, and what became of it.
type ImportedClient struct {
	oidc.Client
	SecretIfMissing bool  // a client that has a secret keeps it
	Refused         error // why it is not imported, nor are the others, whatever the database says; nil for nothing

	New         bool // it was not registered before
	SecretIsNew bool // the client's secret is what is stored now
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
	a["if_missing"] = c.SecretIfMissing
	err := upsertClient.row(ctx, tx, a).Scan(&c.New, &c.SecretIsNew)
	if err == nil && c.Disabled() {
		_, err = disableClient.run(ctx, tx, args{"client": c.ClientID})
	}
	return err
}

var (
	rotateClientSecret = compile(`UPDATE clients SET client_secret_sha256 = @secret WHERE client_id = @client RETURNING 1`)
	disableClient      = compile(`UPDATE clients SET disabled_at = coalesce(disabled_at, now()) WHERE client_id = @client RETURNING 1`)
	enableClient       = compile(`UPDATE clients SET disabled_at = NULL WHERE client_id = @client RETURNING 1`)
	removeClient       = compile(`DELETE FROM clients WHERE client_id = @client RETURNING 1`)
)

// RotateClientSecret replaces the secret at once: the old one is refused from the next request on.
func (s *Store) RotateClientSecret(ctx context.Context, clientID string, sha256 []byte) error {
	return s.manageOne(ctx, Missing{"client", clientID}, values{}, rotateClientSecret,
		args{"client": clientID, "secret": sha256})
}

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
