package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
)

var removeClientSecrets = compile(`DELETE FROM client_secrets WHERE client_id = @client`)

// ChangeClient sets the columns of a client that change returns, and adds a secret of the digest that it returns, if any; a client that
// takes none from now on loses its own. The row does not change between what change is given and that. Errors: Missing, and
// those of change.
func (s *Store) ChangeClient(ctx context.Context, clientID string, change func(oidc.Client) (Columns, []byte, error)) error {
	return s.Transaction(ctx, func(s *Store) error {
		if err := s.Lock(ctx, "clients", clientID); err != nil {
			return err
		}
		c, err := s.oneClient(ctx, &loadClient, args{"client": clientID})
		if err != nil {
			return inWords(err, nil)
		}
		columns, secretSHA256, err := change(c)
		if err != nil {
			return err
		}
		if method := columns["token_endpoint_auth_method"]; method == "none" || method == oidc.PrivateKeyJWT {
			if _, err := removeClientSecrets.run(ctx, s.pool, args{"client": clientID}); err != nil {
				return inWords(err, nil)
			}
		}
		if err := s.Set(ctx, "clients", clientID, columns); err != nil || secretSHA256 == nil {
			return err
		}
		_, err = s.AddClientSecret(ctx, NewClientSecret{ClientID: cmp.Or(renamed(columns), clientID), SHA256: secretSHA256})
		return err
	})
}

// renamed returns the new client_id of a change, "" if it has none.
func renamed(columns Columns) string {
	id, _ := columns["client_id"].(string)
	return id
}

// ClientDetails are all that is known of a client but its secrets.
type ClientDetails struct {
	oidc.Client
	MetadataFetchedAt *time.Time `json:"metadata_fetched_at,omitempty" help:"When its document was last read, if it registered itself by one."`
	CreatedAt         time.Time  `json:"created_at" help:"When it was registered."`
	UpdatedAt         time.Time  `json:"updated_at" help:"When the row was last changed."`
}

var loadClientTimes = compile(`SELECT metadata_fetched_at, created_at, updated_at FROM clients WHERE client_id = @client`)

// ShowClient returns one client as it is registered. Errors: Missing.
func (s *Store) ShowClient(ctx context.Context, clientID string) (out ClientDetails, err error) {
	if err = loadClientTimes.row(ctx, s.pool, args{"client": clientID}).
		Scan(&out.MetadataFetchedAt, &out.CreatedAt, &out.UpdatedAt); err == nil {
		out.Client, err = s.oneClient(ctx, &loadClient, args{"client": clientID})
	}
	if errors.Is(failure(err), ErrNotFound) {
		return out, Missing{"client", clientID}
	}
	return out, inWords(err, nil)
}
