package provider

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// A replica that is asked to stop waits for the answer to what it has sent, so that no other one sends it again.
func TestALogoutThatIsUnderWayWhenAReplicaStopsArrivesOnce(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		time.Sleep(time.Second)
	}))
	defer server.Close()
	url := devdb.Test(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `INSERT INTO clients (client_id, token_endpoint_auth_method, backchannel_logout_uri)
		VALUES ('web', 'none', '`+server.URL+`')`); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `INSERT INTO backchannel_logouts (client_id, sub, next_attempt_at, created_at)
		VALUES ('web', 'x', now(), now())`); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	sealer, err := keys.NewSealer([][32]byte{{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	settings := oidc.Settings{Issuer: "https://op.example.org", PrivateHosts: []string{"127.0.0.1"}, KeyRotation: 90 * day,
		KeyPublishAhead: day}
	ctx, stop := context.WithCancel(t.Context())
	var replica sync.WaitGroup
	replica.Go(func() {
		New(settings, db, sealer, nil, time.Now).Run(ctx, func(ctx context.Context, _ func()) { <-ctx.Done() })
	})
	<-arrived
	stop()
	replica.Wait()
	var delivered bool
	err = conn.QueryRow(t.Context(), `SELECT delivered_at IS NOT NULL FROM backchannel_logouts`).Scan(&delivered)
	if err != nil || !delivered {
		t.Errorf("another replica sends it again: %v", err)
	}
}
