package store

import (
	"context"
	"time"
)

// Server is what `gatehouse doctor` looks at.
type Server struct {
	Version int      // 150004 is 15.4
	Lacks   []string // extensions that the schema needs
	Now     time.Time
}

// DescribeServer asks Postgres about itself.
func (s *Store) DescribeServer(ctx context.Context) (server Server, err error) {
	err = s.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int,
		ARRAY(SELECT unnest(ARRAY['pgcrypto', 'pg_trgm']) EXCEPT SELECT extname FROM pg_extension ORDER BY 1), clock_timestamp()`).
		Scan(&server.Version, &server.Lacks, &server.Now)
	return server, inWords(err, nil)
}
