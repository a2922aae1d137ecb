package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Gauges is what the database says of itself for metrics.
type Gauges struct {
	Now            time.Time          `db:"now"` // by the clock of Postgres
	Ahead          time.Duration      `db:"-"`   // how far that of this machine is ahead of it
	DatabaseBytes  int64              `db:"database_bytes"`
	Tables         []SizeOfATable     `db:"tables"`
	MailsWaiting   int64              `db:"mails_waiting"`
	MailsOldest    float64            `db:"mails_oldest"` // seconds; 0 where none waits
	MailsGivenUp   int64              `db:"mails_given_up"`
	LogoutsWaiting int64              `db:"logouts_waiting"`
	LogoutsOldest  float64            `db:"logouts_oldest"` // seconds
	LogoutsGivenUp int64              `db:"logouts_given_up"`
	KeyAges        map[string]float64 `db:"key_ages"`      // seconds, by alg
	CleanUpLate    map[string]float64 `db:"clean_up_late"` // seconds, by table
}

// tableSizes is a table of expressions, of how much there is in each of ours, with partitions and indexes.
const tableSizes = `sizes AS (
		SELECT coalesce(p.inhparent::regclass, c.oid::regclass)::text AS "table", sum(pg_total_relation_size(c.oid))::bigint AS bytes,
			greatest(sum(c.reltuples), 0)::bigint AS rows
		FROM pg_class c LEFT JOIN pg_inherits p ON p.inhrelid = c.oid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' GROUP BY 1
	)`

// late is for how many seconds a table has had a row past its end; the end has an index.
func late(table, end string) string {
	return `SELECT '` + table + `' AS "table", greatest(0, extract(epoch FROM now() - min(` + end + `))) AS late FROM ` + table
}

var gauges = compile(`
	WITH ` + tableSizes + `, late AS (
		` + late("sessions", "expires_at") + `
		UNION ALL ` + late("grants", "expires_at") + `
		UNION ALL ` + late("used_jtis", "expires_at") + `
		UNION ALL ` + late("device_codes", "expires_at") + `
	)
	SELECT clock_timestamp() AS now, pg_database_size(current_database()) AS database_bytes,
		(SELECT coalesce(json_agg(s), '[]') FROM sizes AS s) AS tables,
		(SELECT count(*) FROM mail_outbox WHERE next_attempt_at IS NOT NULL) AS mails_waiting,
		(SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 FROM mail_outbox WHERE next_attempt_at IS NOT NULL)
			AS mails_oldest,
		(SELECT count(*) FROM mail_outbox WHERE given_up_at IS NOT NULL) AS mails_given_up,
		(SELECT count(*) FROM backchannel_logouts WHERE next_attempt_at IS NOT NULL) AS logouts_waiting,
		(SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 FROM backchannel_logouts WHERE next_attempt_at IS NOT NULL)
			AS logouts_oldest,
		(SELECT count(*) FROM backchannel_logouts WHERE next_attempt_at IS NULL AND delivered_at IS NULL) AS logouts_given_up,
		(SELECT coalesce(json_object_agg(alg, age), '{}') FROM (SELECT alg, extract(epoch FROM now() - max(activates_at)) AS age
			FROM signing_keys WHERE activates_at <= now() GROUP BY alg) AS k) AS key_ages,
		(SELECT json_object_agg("table", coalesce(late, 0)) FROM late) AS clean_up_late`)

// Gauges returns what the database says of itself.
func (s *Store) Gauges(ctx context.Context) (g Gauges, err error) {
	began := s.clock.machine()
	rows, err := gauges.rows(ctx, s.pool, args{})
	if err == nil {
		g, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Gauges])
		g.Ahead = s.clock.ahead(g.Now, began)
	}
	return g, failure(err)
}

// PoolNumbers is how the connections to Postgres are used.
type PoolNumbers struct {
	Max, Busy, Idle int
	Waits           int64 // how often a statement had to wait for one
	Waited          time.Duration
}

// Pool returns how the connections are used.
func (s *Store) Pool() PoolNumbers {
	stat := s.conns.Stat()
	return PoolNumbers{Max: int(stat.MaxConns()), Busy: int(stat.AcquiredConns()), Idle: int(stat.IdleConns()),
		Waits: stat.EmptyAcquireCount(), Waited: stat.EmptyAcquireWaitTime()}
}
