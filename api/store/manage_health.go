package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// DatabaseHealth is how the database is.
type DatabaseHealth struct {
	Postgres        string         `json:"postgres" db:"postgres"`
	DatabaseBytes   int64          `json:"database_bytes" db:"database_bytes"`
	Connections     int            `json:"connections" db:"connections"`
	MaxConnections  int            `json:"max_connections" db:"max_connections"`
	LogoutsWaiting  int            `json:"logouts_waiting" db:"logouts_waiting"`
	LogoutsOldest   *time.Time     `json:"logouts_oldest,omitempty" db:"logouts_oldest"`
	LogoutsLate     bool           `json:"-" db:"logouts_late"`                // one waits for more than an hour
	LogoutsFailed   int            `json:"logouts_failed" db:"logouts_failed"` // given up within a week
	SignInsToday    int            `json:"sign_ins_today" db:"sign_ins_today"`
	FailuresToday   int            `json:"failures_today" db:"failures_today"`
	Tables          []SizeOfATable `json:"tables" db:"tables"`
	MissingForAudit []string       `json:"-" db:"missing_for_audit"` // months that have no partition of their own, of this and the next
}

// SizeOfATable is how much there is in a table, with its partitions and indexes.
type SizeOfATable struct {
	Table string `json:"table"`
	Bytes int64  `json:"bytes"`
	Rows  int64  `json:"rows"` // about
}

const missingForAudit = `ARRAY(SELECT m FROM unnest(ARRAY[to_char(now() AT TIME ZONE 'UTC', '"audit_"YYYY_MM'),
	to_char(now() AT TIME ZONE 'UTC' + interval '1 month', '"audit_"YYYY_MM')]) AS m
	WHERE NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'audit'::regclass AND inhrelid = to_regclass(m)))`

var health = compile(`
	WITH ` + tableSizes + `
	SELECT current_setting('server_version') AS postgres, pg_database_size(current_database()) AS database_bytes,
		(SELECT count(*)::int FROM pg_stat_activity) AS connections, current_setting('max_connections')::int AS max_connections,
		(SELECT count(*)::int FROM backchannel_logouts WHERE next_attempt_at IS NOT NULL) AS logouts_waiting,
		(SELECT min(created_at) FROM backchannel_logouts WHERE next_attempt_at IS NOT NULL) AS logouts_oldest,
		EXISTS (SELECT FROM backchannel_logouts WHERE next_attempt_at IS NOT NULL AND created_at < now() - interval '1 hour') AS logouts_late,
		(SELECT count(*)::int FROM backchannel_logouts WHERE next_attempt_at IS NULL AND delivered_at IS NULL) AS logouts_failed,
		(SELECT count(*)::int FROM sign_ins WHERE at > now() - interval '1 day' AND outcome = 'signed_in') AS sign_ins_today,
		(SELECT count(*)::int FROM sign_ins WHERE at > now() - interval '1 day' AND outcome = 'failed') AS failures_today,
		(SELECT coalesce(json_agg(s ORDER BY bytes DESC), '[]') FROM (SELECT * FROM sizes ORDER BY bytes DESC LIMIT 20) AS s) AS tables,
		` + missingForAudit + ` AS missing_for_audit`)

// Health returns how the database is.
func (s *Store) Health(ctx context.Context) (h DatabaseHealth, err error) {
	rows, err := health.rows(ctx, s.pool, args{})
	if err == nil {
		h, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[DatabaseHealth])
	}
	return h, inWords(err, nil)
}

var auditPartitions = compile(`SELECT ` + missingForAudit + `,
	(SELECT partdefid FROM pg_partitioned_table WHERE partrelid = 'audit'::regclass) <> 0`)

// AuditPartitions returns the partitions of audit that are missing, of this month and the next, and whether there is one for the rest.
func (s *Store) AuditPartitions(ctx context.Context) (missing []string, other bool, err error) {
	err = failure(auditPartitions.row(ctx, s.pool, nil).Scan(&missing, &other))
	return missing, other, err
}
