package store

import "context"

// Held is what somebody, or an application, holds that is alive.
type Held struct {
	Sessions             int
	Grants               int
	PersonalAccessTokens int
}

var heldBy = compile(`
	SELECT (SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id
			WHERE u.username = ANY(@usernames) AND s.ended_at IS NULL AND s.expires_at > now()) AS sessions,
		(SELECT count(*) FROM grants g WHERE g.revoked_at IS NULL AND g.expires_at > now()
			AND (g.user_id IN (SELECT id FROM users WHERE username = ANY(@usernames)) OR g.client_id = ANY(@client_ids))) AS grants,
		(SELECT count(*) FROM personal_access_tokens t
			WHERE t.username = ANY(@usernames) AND t.revoked_at IS NULL AND t.expires_at > now()) AS personal_access_tokens`)

// HeldBy counts what these users and clients hold: where they are shut out, none of it is accepted any more, although no row of it changes.
func (s *Store) HeldBy(ctx context.Context, usernames, clientIDs []string) (Held, error) {
	return one[Held](ctx, s, Missing{}, heldBy, args{"usernames": usernames, "client_ids": clientIDs})
}
