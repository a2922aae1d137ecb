package store

import (
	"context"

	"gatehouse/api/oidc"
)

// DeclaredSecret is a secret of a client that a file refers to.
type DeclaredSecret struct {
	ClientID string
	SHA256   [32]byte
	Mark     string // where
}

var (
	markSecrets = compile(`
		UPDATE client_secrets s SET managed_by = d.mark
		FROM unnest(@clients::text[], @digests::bytea[], @marks::text[]) AS d (client_id, secret_sha256, mark)
		WHERE s.client_id = d.client_id AND s.secret_sha256 = d.secret_sha256 AND s.managed_by IS DISTINCT FROM d.mark`)
	releaseSecrets = compile(`
		UPDATE client_secrets SET managed_by = NULL WHERE managed_by IS NOT NULL AND client_id = ANY (@clients::text[])`)
)

// MarkSecrets has the secrets of clients say where a file refers to them. Those of the clients in others are nobody's any more.
func (s *Store) MarkSecrets(ctx context.Context, list []DeclaredSecret, others []string) error {
	clients, digests, marks := make([]string, len(list)), make([][]byte, len(list)), make([]string, len(list))
	for i, d := range list {
		clients[i], digests[i], marks[i] = d.ClientID, d.SHA256[:], d.Mark
	}
	_, err := markSecrets.run(ctx, s.pool, args{"clients": clients, "digests": digests, "marks": marks})
	if err == nil {
		_, err = releaseSecrets.run(ctx, s.pool, args{"clients": oidc.NotNil(others)})
	}
	return inWords(err, nil)
}
