package oidc

import "context"

// A Tracer begins spans of what takes time within a request. Without a request there is none.
type Tracer interface {
	// Begin returns the context of a span and what ends it, with the error that it ended in, or nil. name is one of few.
	Begin(ctx context.Context, kind SpanKind, name string) (context.Context, func(error))
}

// SpanKind is what takes the time.
type SpanKind string

// The kinds of spans within a request.
const (
	StatementSpan SpanKind = "postgres" // of Postgres
	OutgoingSpan  SpanKind = "outgoing" // a request to somebody else
)
