package store

import (
	"context"
	"time"
)

// SecretUse is that a client authenticated with a secret in an hour.
type SecretUse struct {
	ClientID string
	SHA256   Digest
	Hour     time.Time
}

// saveSecretUses writes an hour once, whichever replicas know of it, and locks rows in one order.
var saveSecretUses = compile(`
	WITH used AS (
		SELECT client_id, name, u.hour FROM client_secrets s
		JOIN unnest(@clients::text[], @digests::bytea[], @hours::timestamptz[]) AS u (client_id, secret_sha256, hour)
			USING (client_id, secret_sha256)
		WHERE s.used_at IS NULL OR s.used_at < u.hour
		ORDER BY client_id, name FOR NO KEY UPDATE OF s
	)
	UPDATE client_secrets s SET used_at = used.hour FROM used WHERE s.client_id = used.client_id AND s.name = used.name`)

// SaveSecretUses writes when secrets were last used. What is gone meanwhile is left out.
func (s *Store) SaveSecretUses(ctx context.Context, uses []SecretUse) error {
	clients, digests, hours := make([]string, len(uses)), make([][]byte, len(uses)), make([]time.Time, len(uses))
	for i, u := range uses {
		clients[i], digests[i], hours[i] = u.ClientID, u.SHA256[:], u.Hour
	}
	_, err := saveSecretUses.run(ctx, s.pool, args{"clients": clients, "digests": digests, "hours": hours})
	return failure(err)
}
