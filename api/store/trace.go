package store

import (
	"context"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// tracer bounds each statement that EachWithin is for, and tells of it under the name of the function of this package that ran it: never
// its text or arguments.
type tracer struct{ to oidc.Tracer } // nil: it tells nobody

type endOfSpan struct{}

func (t tracer) begin(ctx context.Context) context.Context {
	ctx = bounded(ctx)
	if t.to == nil {
		return ctx
	}
	ctx, end := t.to.Begin(ctx, oidc.StatementSpan, calledBy())
	return context.WithValue(ctx, endOfSpan{}, end)
}

func (t tracer) end(ctx context.Context, err error) {
	if end, ok := ctx.Value(endOfSpan{}).(func(error)); ok {
		end(err)
	}
	boundEnds(ctx)
}

func (t tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return t.begin(ctx)
}
func (t tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryEndData) {
	t.end(ctx, d.Err)
}
func (t tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return t.begin(ctx)
}
func (t tracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (t tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchEndData) {
	t.end(ctx, d.Err)
}

// calledBy returns the name of the outermost function of the store on the stack: the one that another room called.
func calledBy() string {
	var at [32]uintptr
	frames := runtime.CallersFrames(at[:runtime.Callers(3, at[:])])
	name := "statement"
	for {
		frame, more := frames.Next()
		if method, ok := strings.CutPrefix(frame.Function, "gatehouse/api/store.(*Store)."); ok && !strings.Contains(method, ".") {
			name = method
		}
		if !more {
			return name
		}
	}
}
