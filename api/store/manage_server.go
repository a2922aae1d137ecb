package store

import (
	"context"
	"time"
)

// Server is what `gatehouse doctor` looks at.
type Server struct {
	Version     int // 150004 is 15.4
	HasPgcrypto bool
	Now         time.Time
}

// DescribeServer asks Postgres about itself.
func (s *Store) DescribeServer(ctx context.Context) (server Server, err error) {
	err = s.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int,
		EXISTS (SELECT FROM pg_extension WHERE extname = 'pgcrypto'), clock_timestamp()`).
		Scan(&server.Version, &server.HasPgcrypto, &server.Now)
	return server, inWords(err, nil)
}
