package provider_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// whileLocked locks a table, asks, has Postgres cancel the statement that waits, and returns the answer.
func (r *rig) whileLocked(table string, ask func() Answer) Answer {
	r.Helper()
	ctx := context.Background()
	tx, err := r.DB.Begin(ctx)
	if err != nil {
		r.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, "LOCK TABLE "+table); err != nil {
		r.Fatal(err)
	}
	answered := make(chan Answer, 1)
	go func() { answered <- ask() }()
	for {
		select {
		case a := <-answered:
			return a
		case <-time.After(10 * time.Millisecond):
			r.Count(`SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name LIKE 'gatehouse%'`)
		}
	}
}

// As after statement_timeout, lock_timeout or an administrator's pg_cancel_backend.
func TestWhoseStatementIsCancelledIsAskedToComeAgain(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	c, b := r.console(""), r.browser()
	location := b.Authorize(AuthParams()).Location()
	a := r.whileLocked("sessions", func() Answer { return b.Login(location, "alice", Password) })
	if a.Status != 503 || a.Header.Get("Retry-After") == "" || a.LeadsTo() == "" {
		t.Errorf("a sign-in: %d %v %s", a.Status, a.Header, a.Body)
	}
	code := b.Login(location, "alice", Password).Query("code")
	a = r.whileLocked("grants", func() Answer { return b.Token(Redeem(code)) })
	if a.Status != 503 || a.Header.Get("Retry-After") == "" || a.JSON()["error"] != "temporarily_unavailable" ||
		strings.Contains(a.Body, "cancel") {
		t.Errorf("a redemption: %d %v %s", a.Status, a.Header, a.Body)
	}
	if a := b.Token(Redeem(code)); a.Status != 200 {
		t.Errorf("the same code again: %d %s", a.Status, a.Body)
	}
	a = r.whileLocked("audit", func() Answer { return c.ask("POST", "/groups", `{"name": "choir"}`) })
	var problem struct{ Code, Detail string }
	if err := json.Unmarshal([]byte(a.Body), &problem); err != nil || a.Status != 503 || a.Header.Get("Retry-After") == "" ||
		problem.Code != "temporarily_unavailable" || !strings.Contains(problem.Detail, "canceling statement due to user request") {
		t.Errorf("the admin API: %d %v %s", a.Status, a.Header, a.Body)
	}
}
