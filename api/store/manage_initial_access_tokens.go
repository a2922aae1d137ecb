package store

import (
	"context"
	"time"
)

// InitialAccessToken is what clients register themselves with; the value is kept as a digest only.
type InitialAccessToken struct {
	Name      string     `json:"name" db:"name"`
	UsesLeft  *int       `json:"uses_left" db:"uses_left"` // nil: any number
	CreatedAt time.Time  `json:"created_at" db:"created_at"`
	ExpiresAt time.Time  `json:"expires_at" db:"expires_at"`
	UsedAt    *time.Time `json:"used_at,omitempty" db:"used_at"`
}

var (
	addInitialAccessToken = compile(`
		INSERT INTO initial_access_tokens (name, token_sha256, uses_left, expires_at) VALUES (@name, @token, @uses, now() + @lives::interval)`)
	listInitialAccessTokens = compile(`
		SELECT name, uses_left, created_at, expires_at, used_at
		FROM initial_access_tokens WHERE name > @after ORDER BY name LIMIT @limit`)
	removeInitialAccessToken = compile(`DELETE FROM initial_access_tokens WHERE name = @name RETURNING 1`)
)

// AddInitialAccessToken stores one that is good for so many clients, nil for any number, and for so long.
func (s *Store) AddInitialAccessToken(ctx context.Context, name string, sha256 []byte, uses *int, lives time.Duration) error {
	_, err := addInitialAccessToken.run(ctx, s.pool, args{"name": name, "token": sha256, "uses": uses, "lives": lives})
	return inWords(err, values{"name": name})
}

// ListInitialAccessTokens returns those that are kept by name, their key, those that are spent included.
func (s *Store) ListInitialAccessTokens(ctx context.Context, p Page) ([]InitialAccessToken, error) {
	return listed[InitialAccessToken](ctx, s, listInitialAccessTokens, args{"after": p.After, "limit": p.Limit})
}

// RemoveInitialAccessToken ends it; the clients that were registered with it stay.
func (s *Store) RemoveInitialAccessToken(ctx context.Context, name string) error {
	return s.manageOne(ctx, Missing{"initial access token", name}, nil, removeInitialAccessToken,
		args{"name": name})
}
