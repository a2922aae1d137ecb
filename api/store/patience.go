package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

type (
	eachWithin struct{} // the key of how long each statement has
	endOfBound struct{} // that of what frees its timer
)

// EachWithin returns a context under which each statement ends after d, and so does each wait for a connection, whatever becomes of
// Postgres, of the network, and of whoever has a lock. It is for what runs in the background, which nobody ends: a connection that says
// nothing would be waited for as long as the process lives. A function of several statements may take longer than d.
func EachWithin(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, eachWithin{}, d)
}

func bounded(ctx context.Context) context.Context {
	d, ok := ctx.Value(eachWithin{}).(time.Duration)
	if !ok {
		return ctx
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	return context.WithValue(ctx, endOfBound{}, cancel)
}

func boundEnds(ctx context.Context) {
	if cancel, ok := ctx.Value(endOfBound{}).(context.CancelFunc); ok {
		cancel()
	}
}

func (tracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	return bounded(ctx)
}
func (tracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	boundEnds(ctx)
}
