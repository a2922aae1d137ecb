package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/labstack/echo/v4"
)

// requestID names a request in the log and on error pages.
func requestID(c echo.Context) string { return c.Response().Header().Get("X-Request-Id") }

// logged adds an id to each request, and writes a line in the log: the path without its query, which may hold codes, tokens and names.
func (a answerer) logged(endpoints []endpoint) echo.MiddlewareFunc {
	polled := map[string]bool{}
	for _, end := range endpoints {
		polled[end.path] = end.caller == public
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			started := time.Now()
			id := rand.Text()[:12]
			c.Response().Header().Set("X-Request-Id", id)
			path := c.Path() // the route, not what was asked for
			if path == "" {
				path = "(no such path)"
			}
			traceID, end := a.traced(c, path, id)
			err := next(c)
			if err != nil {
				c.Error(err)
			}
			end()
			level := slog.LevelInfo
			if polled[path] && c.Response().Status < 400 {
				level = slog.LevelDebug
			}
			took := time.Since(started)
			a.count(path, c.Response().Status, took)
			addr, _ := a.proxies.where(c.Request())
			attrs := []slog.Attr{slog.String("request_id", id), slog.String("method", shortMethod(c.Request().Method)),
				slog.String("path", path), slog.Int("status", c.Response().Status),
				slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("addr", addr.String())}
			if operation, ok := c.Get(operationKey).(string); ok {
				attrs = append(attrs, slog.String("operation", operation))
			}
			if traceID != "" {
				attrs = append(attrs, slog.String("trace_id", traceID))
			}
			slog.LogAttrs(context.Background(), level, "request", attrs...)
			return nil
		}
	}
}

// errorKey is where write leaves the code of an error for the span of the request.
const errorKey = "error"

// traced begins the span of a request, and returns the id of its trace and what ends it. Who sends requests here may not say which trace
// they belong to, nor that they are to be sampled: only a trusted proxy does.
func (a answerer) traced(c echo.Context, path, id string) (traceID string, end func()) {
	if a.tracer == nil || path == "/healthz" || path == "/readyz" {
		return "", func() {}
	}
	r, parent := c.Request(), ""
	if a.proxies.trusts(peerOf(r)) {
		parent = r.Header.Get("Traceparent")
	}
	ctx, ended := a.tracer.Request(r.Context(), shortMethod(r.Method), path, id, parent)
	c.SetRequest(r.WithContext(ctx))
	return a.tracer.ID(ctx), func() {
		code, _ := c.Get(errorKey).(string)
		ended(c.Response().Status, code)
	}
}

// shortMethod returns a method for the log: anybody may invent one, and the longest of HTTP are shorter.
func shortMethod(method string) string {
	if len(method) > 20 {
		return "(too long)"
	}
	return method
}

func logPanic(c echo.Context, err error, stack []byte) error {
	slog.Error("panic", "request_id", requestID(c), "path", c.Path(), "error", err, "stack", string(stack))
	return err
}
