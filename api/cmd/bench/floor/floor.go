// Package floor has the least that the same answers could cost: yardsticks, not products.
package floor

import (
	"context"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"
)

// Serve is what `bench floor hello ADDRESS` and `bench floor protocol ADDRESS ALGORITHM DATABASE` run, each as a process of its
// own, so that its CPU time can be told from the load's. It returns when ctx ends.
func Serve(ctx context.Context, args []string) error {
	e := echo.New()
	switch {
	case len(args) == 2 && args[0] == "hello":
		Hello(e, "http://"+args[1])
	case len(args) == 4 && args[0] == "protocol":
		db, err := open(ctx, args[3])
		if err != nil {
			return err
		}
		defer db.Close()
		if err := Protocol(ctx, e, "http://"+args[1], args[2], db); err != nil {
			return err
		}
	default:
		return fmt.Errorf("there is no floor %q", args)
	}
	server := &http.Server{Addr: args[1], Handler: e}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.ListenAndServe(); ctx.Err() == nil {
		return err
	}
	return nil
}

func open(ctx context.Context, database string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return nil, err
	}
	config.MinConns, config.MaxConns = 4, 16
	return pgxpool.NewWithConfig(ctx, config)
}

// Hello is the floor of HTTP: fixed bytes where a provider has its discovery document and its keys.
func Hello(e *echo.Echo, issuer string) {
	discovery := []byte(`{"issuer":"` + issuer + `","jwks_uri":"` + issuer + `/jwks"}`)
	e.GET("/.well-known/openid-configuration", func(c echo.Context) error { return c.JSONBlob(http.StatusOK, discovery) })
	e.GET("/jwks", func(c echo.Context) error {
		return c.JSON(http.StatusOK, map[string]string{"hello": "world", "padding": "0123456789"})
	})
}
