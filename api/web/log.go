package web

import (
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/labstack/echo/v4"
)

const requestIDKey = "request_id"

// requestID names a request in the log and on error pages.
func requestID(c echo.Context) string {
	id, _ := c.Get(requestIDKey).(string)
	return id
}

// logged gives each request an id and a line in the log: the path without its query, which may hold codes, tokens and names.
func logged(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		started := time.Now()
		id := rand.Text()[:12]
		c.Set(requestIDKey, id)
		c.Response().Header().Set("X-Request-Id", id)
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		path := c.Path() // the route, not what was asked for
		if path == "" {
			path = "(no such path)"
		}
		slog.Info("request", "request_id", id, "method", c.Request().Method, "path", path, "status", c.Response().Status,
			"ms", float64(time.Since(started).Microseconds())/1000, "addr", c.RealIP())
		return nil
	}
}

func logPanic(c echo.Context, err error, stack []byte) error {
	slog.Error("panic", "request_id", requestID(c), "path", c.Path(), "error", err, "stack", string(stack))
	return err
}
