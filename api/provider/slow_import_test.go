package provider_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
	"gatehouse/api/provider"
)

// An import may take longer than a server lets any other answer take.
func TestAnImportThatTakesLongIsAnswered(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	hurried := httptest.NewUnstartedServer(nil)
	hurried.Config.WriteTimeout = 200 * time.Millisecond
	r.Serve(hurried, authn.NewPasswords(2, 64), func(s *provider.Settings) { s.AdminGroup, s.AdminACR = "hub-admins", "1" })
	c := r.console("")
	there := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, hurried.Listener.Addr().String())
	}}
	t.Cleanup(there.CloseIdleConnections)
	c.HTTP.Transport = there

	ctx := context.Background()
	tx, err := r.DB.Begin(ctx)
	if err == nil {
		_, err = tx.Exec(ctx, "LOCK TABLE users")
	}
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan Answer, 1)
	go func() {
		defer close(answered) // where there is no answer
		answered <- c.ask("POST", "/users/import", `{"roster": "username\nzoe\n"}`)
	}()
	for r.Count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	<-time.After(2 * hurried.Config.WriteTimeout)
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if a := <-answered; a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
