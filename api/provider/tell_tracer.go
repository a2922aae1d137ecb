package provider

import (
	"context"
	"net/http"

	"gatehouse/api/oidc"
)

// A Tracer makes spans of what happens, and hears of each event.
type Tracer interface {
	oidc.Tracer
	Hear(ctx context.Context, e oidc.Event)
	// Request begins the span of a request, and returns what ends it. parent is the traceparent that a proxy sent, "" for none.
	Request(ctx context.Context, method, route, id, parent string) (context.Context, func(status int, code string))
	// ID returns the id of the trace of a context, "" where there is none.
	ID(ctx context.Context) string
}

// TraceWith has t hear of all that happens from now on. It must be called before there are requests.
func (p *Provider) TraceWith(t Tracer) {
	p.tracer = t
	p.listeners = append(p.listeners, t.Hear)
	p.outgoing.Transport = traced{p.outgoing.Transport, t}
}

// Tracer returns what makes spans, nil where nothing does.
func (p *Provider) Tracer() Tracer { return p.tracer }

// traced tells of requests to others, by their host alone: addresses may have what is secret in them. Nobody else is told of the trace.
type traced struct {
	inner http.RoundTripper
	to    oidc.Tracer
}

func (t traced) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, end := t.to.Begin(r.Context(), oidc.OutgoingSpan, r.URL.Hostname())
	response, err := t.inner.RoundTrip(r.WithContext(ctx))
	end(err)
	return response, err
}
