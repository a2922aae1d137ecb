package load_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"

	"gatehouse/api/cmd/bench/floor"
	"gatehouse/api/cmd/bench/load"
	"gatehouse/api/devdb"
)

// newFloor serves the floor of the protocol, in a schema of its own.
func newFloor(t *testing.T) *load.Target {
	config, err := pgxpool.ParseConfig(devdb.Test(t))
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["search_path"] = "floor"
	db, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if _, err := db.Exec(t.Context(), "CREATE SCHEMA floor"); err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	if err := floor.Protocol(t.Context(), e, server.URL, "ES256", db); err != nil {
		t.Fatal(err)
	}
	return &load.Target{Name: "floor", Issuer: server.URL, RedirectURI: floor.RedirectURI, Scope: "openid", Users: 64,
		Client: load.Client{ID: "web", Secret: floor.Secret("web")}, Service: load.Client{ID: "svc", Secret: floor.Secret("svc")},
		User: func(int) load.User { return load.User{SessionCookie: "sid", Session: "session-of-user0063"} }}
}

func TestTheFloorAnswersEveryWorkloadButSignIn(t *testing.T) {
	target := newFloor(t)
	for _, workload := range []string{"sso", "refresh", "cc", "userinfo", "introspect", "discovery", "jwks"} {
		called := 0
		if err := load.Repeat(target, workload, 3, func() error { called++; return nil }); err != nil || called != 1 {
			t.Errorf("%s: %v, called %d times", workload, err, called)
		}
	}
	if err := load.Repeat(target, "lunch", 1, func() error { return nil }); err == nil {
		t.Error("there is a workload lunch")
	}
}

func TestAWindowCountsWhatSucceedsAndWhatFails(t *testing.T) {
	target := newFloor(t)
	plan := load.Plan{Workers: 2, Length: 300 * time.Millisecond, Tries: 1}
	w, err := load.Measure(t.Context(), target, "refresh", plan)
	if err != nil || w.Operations == 0 || w.Errors != 0 || w.P50 == 0 || w.P99 < w.P50 {
		t.Errorf("%+v, %v", w, err)
	}
	target.Service.Secret = "wrong"
	w, err = load.Measure(t.Context(), target, "cc", plan)
	if err != nil || w.Operations != 0 || w.Errors == 0 || w.FirstError != `token: status 401: {"error":"invalid_client"}`+"\n" {
		t.Errorf("%+v, %v", w, err)
	}
}

func TestAWindowEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := load.Measure(ctx, newFloor(t), "discovery", load.Plan{Workers: 1, Length: time.Hour, Tries: 1}); err == nil {
		t.Error("the window went on")
	}
}
