package store

import (
	"context"
	"encoding/json"
	"math"
	"time"
)

// AuditRow is a row of audit: what was done to a row of another table, by whom.
type AuditRow struct {
	ID        int64           `json:"id" db:"id"`
	At        time.Time       `json:"at" db:"at"`
	Actor     string          `json:"actor" db:"actor"`
	Door      string          `json:"door" db:"door"`
	Role      string          `json:"role" db:"role"`
	Operation string          `json:"operation,omitempty" db:"operation"`
	RequestID string          `json:"request_id,omitempty" db:"request_id"`
	Addr      string          `json:"addr,omitempty" db:"addr"`
	Table     string          `json:"table_name" db:"table_name"`
	Action    string          `json:"action" db:"action"` // INSERT, UPDATE, DELETE or TRUNCATE
	Key       json.RawMessage `json:"key,omitempty" db:"key"`
	Before    json.RawMessage `json:"before,omitempty" db:"before"`
	After     json.RawMessage `json:"after,omitempty" db:"after"`
	Username  string          `json:"username,omitempty" db:"username"`
	ClientID  string          `json:"client_id,omitempty" db:"client_id"`
	Digest    string          `json:"digest" db:"digest"` // in hexadecimal
	Undoable  bool            `json:"undoable" db:"-"`    // while what it made is still there
}

// AuditQuery is which rows of audit are wanted, the latest first. What is "" or zero does not count.
type AuditQuery struct {
	Username, ClientID string // whom or which client they are about
	Actor              string
	Table              string
	Since              time.Time
	Before             int64 // the ID of the row that a page begins after
	Limit              int
}

// ListAudit returns rows of audit, the latest first.
func (s *Store) ListAudit(ctx context.Context, q AuditQuery) ([]AuditRow, error) {
	a := args{"before": q.Before, "limit": q.Limit}
	if q.Before == 0 {
		a["before"] = int64(math.MaxInt64)
	}
	where := `id < @before`
	for column, wanted := range map[string]string{"username": q.Username, "client_id": q.ClientID, "actor": q.Actor, "table_name": q.Table} {
		if wanted != "" { // only then, for an index to be of use
			where += ` AND ` + column + ` = @` + column
			a[column] = wanted
		}
	}
	if !q.Since.IsZero() {
		where += ` AND at >= @since`
		a["since"] = q.Since
	}
	list, err := listed[AuditRow](ctx, s, compile(`
		SELECT id, at, actor, door, role, coalesce(operation, '') AS operation, coalesce(request_id, '') AS request_id,
			coalesce(addr, '') AS addr, table_name, action, key, before, after, coalesce(username, '') AS username,
			coalesce(client_id, '') AS client_id, encode(digest, 'hex') AS digest
		FROM audit WHERE `+where+` ORDER BY id DESC LIMIT @limit`), a)
	for i, r := range list {
		list[i].Undoable = cannotUndo(Change{Table: r.Table, Action: r.Action, Before: r.Before, After: r.After}) == nil
	}
	return list, err
}

var lastOfAudit = compile(`SELECT id, at, encode(digest, 'hex') FROM audit ORDER BY id DESC LIMIT 1`)

// LastOfAudit returns the last row of audit, which is an anchor for all before. ErrNotFound: there is none.
func (s *Store) LastOfAudit(ctx context.Context) (p AuditPoint, err error) {
	err = lastOfAudit.row(ctx, s.pool, nil).Scan(&p.ID, &p.At, &p.Digest)
	return p, failure(err)
}
