package store

import (
	"context"
	"testing"
	"time"

	"gatehouse/api/devdb"
)

// Behind a transaction pooler a change is noticed by polling; else by NOTIFY, also after the connection that listens was lost.
func TestWatchHearsOfChangesByNotifyByPollingAndAfterAReconnect(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"notify", Poll} {
		t.Run(how, func(t *testing.T) {
			url := withPool(devdb.Test(t))
			s, listenURL := open(t, url), url
			if how == Poll {
				listenURL = Poll
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			changes := make(chan struct{}, 100)
			go s.Watch(ctx, listenURL, func() { changes <- struct{}{} })
			heard := func(what string) {
				t.Helper()
				select {
				case <-changes:
				case <-time.After(10 * time.Second):
					t.Fatal("not heard of: ", what)
				}
			}
			exec := func(sql string) {
				t.Helper()
				if _, err := s.pool.Exec(ctx, sql); err != nil {
					t.Fatal(err)
				}
			}
			name := func() string {
				t.Helper()
				c, err := s.Client(ctx, "spa")
				if err != nil {
					t.Fatal(err)
				}
				return c.ClientName
			}
			heard("the start")
			exec(`INSERT INTO clients (client_id, client_name, token_endpoint_auth_method) VALUES ('spa', 'before', 'none')`)
			heard("a new client")
			if name() != "before" || name() != "before" {
				t.Error("the client is not the one of the table")
			}
			exec(`UPDATE clients SET client_name = 'after'`)
			heard("a changed client")
			if got := name(); got != "after" {
				t.Errorf("the client is still %q", got)
			}
			if how == Poll {
				return
			}
			exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()`)
			exec(`UPDATE clients SET client_name = 'while nobody listened'`)
			heard("the reconnect")
			if got := name(); got != "while nobody listened" {
				t.Errorf("after the reconnect the client is still %q", got)
			}
			exec(`UPDATE clients SET client_name = 'at last'`)
			heard("a change after the reconnect")
			if got := name(); got != "at last" {
				t.Errorf("the client is still %q", got)
			}
		})
	}
}
