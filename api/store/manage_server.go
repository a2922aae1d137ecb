package store

import (
	"context"
	"time"
)

// Server is what `gatehouse doctor` looks at.
type Server struct {
	Version int           // 150004 is 15.4
	Lacks   []string      // extensions that the schema needs
	Ahead   time.Duration // of its clock, how far that of this machine is
}

// DescribeServer asks Postgres about itself.
func (s *Store) DescribeServer(ctx context.Context) (server Server, err error) {
	began, now := s.clock.machine(), time.Time{}
	err = s.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int,
		ARRAY(SELECT unnest(ARRAY['pgcrypto', 'pg_trgm']) EXCEPT SELECT extname FROM pg_extension ORDER BY 1), clock_timestamp()`).
		Scan(&server.Version, &server.Lacks, &now)
	server.Ahead = s.clock.ahead(now, began)
	return server, inWords(err, nil)
}
