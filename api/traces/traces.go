// Package traces tells a collector what each request took its time for, by OTLP over HTTP. It alone imports OpenTelemetry. No span has a
// username, an address, a query, a body or a secret; what is sent waits in memory, and is dropped where nobody takes it.
package traces

import (
	"context"
	"reflect"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"gatehouse/api/oidc"
)

// Tracer makes spans of one process.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// Start returns a tracer that sends to endpoint, an address; the other variables of OpenTelemetry are read by its SDK. failed hears of what
// could not be sent. Nothing is connected yet.
func Start(ctx context.Context, endpoint, version string, failed func(error)) (*Tracer, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint))
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "gatehouse"),
		attribute.String("service.version", version)), resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(failed))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracer{provider, provider.Tracer("gatehouse")}, nil
}

// Stop sends what waits, as long as ctx lasts.
func (t *Tracer) Stop(ctx context.Context) { _ = t.provider.Shutdown(ctx) }

// Request begins the span of a request; id is the one that the log has. parent is a traceparent (W3C Trace Context §3.2), "" for none. The
// other value ends it: with the status, and the code of the error that was answered, "" for none.
func (t *Tracer) Request(ctx context.Context, method, route, id, parent string) (context.Context, func(status int, code string)) {
	if parent != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": parent})
	}
	ctx, span := t.tracer.Start(ctx, method+" "+route, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", method), attribute.String("http.route", route),
		attribute.String("gatehouse.request_id", id)))
	return ctx, func(status int, code string) {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if code != "" {
			span.SetAttributes(attribute.String("error.type", code))
		}
		if status >= 500 {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// ID returns the id of the trace of a context, "" where there is none.
func (t *Tracer) ID(ctx context.Context) string {
	if s := trace.SpanContextFromContext(ctx); s.HasTraceID() {
		return s.TraceID().String()
	}
	return ""
}

// Begin is that of oidc.Tracer. What no request began has no spans: it would be a trace of one span, all day.
func (t *Tracer) Begin(ctx context.Context, kind oidc.SpanKind, name string) (context.Context, func(error)) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, func(error) {}
	}
	about := attribute.String("db.system.name", "postgresql")
	if kind == oidc.OutgoingSpan {
		about = attribute.String("server.address", name)
	}
	ctx, span := t.tracer.Start(ctx, string(kind)+" "+name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(about))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "") // its text may have what somebody typed
		}
		span.End()
	}
}

// maxClientID bounds what anybody may call a client.
const maxClientID = 200

// Hear notes an event at the span of its request: its name alone, which client it is about, and which error a client was told.
func (t *Tracer) Hear(ctx context.Context, e oidc.Event) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.AddEvent(e.Kind().Name)
	if id := reflect.ValueOf(e).FieldByName("ClientID"); id.IsValid() && id.Kind() == reflect.String && id.String() != "" {
		span.SetAttributes(attribute.String("gatehouse.client_id", id.String()[:min(id.Len(), maxClientID)]))
	}
	switch e := e.(type) {
	case oidc.RequestRefused:
		span.SetAttributes(attribute.String("error.type", e.Error))
	case oidc.AuthorizationRefused:
		span.SetAttributes(attribute.String("error.type", e.Error))
	}
}
