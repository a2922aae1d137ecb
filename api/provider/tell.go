package provider

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"unicode"

	"gatehouse/api/oidc"
)

// requestTag names the request in which something happens, wherever its context goes.
type requestTag struct {
	id   string     // in the log and on error pages; "" where no request made it happen
	addr netip.Addr // of who made it; the zero Addr where that is not known
}

type requestTagKey struct{}

// WithRequest returns the context of a request: id names it in the log and on error pages, and addr made it. It goes on to
// what the request begins and does not wait for.
func WithRequest(ctx context.Context, id string, addr netip.Addr) context.Context {
	return context.WithValue(ctx, requestTagKey{}, requestTag{id, addr})
}

// requestOf returns the tag of the request of a context: an empty one for work that no request began.
func requestOf(ctx context.Context) requestTag {
	tag, _ := ctx.Value(requestTagKey{}).(requestTag)
	return tag
}

// A listener hears of each event, on the goroutine of the request, in its context: what takes time has a queue of its own.
// One that needs more than that is a method of Provider.
type listener func(context.Context, oidc.Event)

// tell has all listeners hear of an event.
func (p *Provider) tell(ctx context.Context, e oidc.Event) {
	for _, listen := range p.listeners {
		listen(ctx, e)
	}
}

var logLevels = map[oidc.EventLevel]slog.Level{
	oidc.LevelInfo: slog.LevelInfo, oidc.LevelWarn: slog.LevelWarn, oidc.LevelError: slog.LevelError,
	oidc.LevelDebug: slog.LevelDebug,
}

// LogEvent is the listener that writes the log: the message, the event's name, the request, and the event's fields by their
// names.
func LogEvent(ctx context.Context, e oidc.Event) {
	kind, from := e.Kind(), requestOf(ctx)
	if !slog.Default().Enabled(ctx, logLevels[kind.Level]) {
		return
	}
	attrs := []slog.Attr{slog.String("event", kind.Name)}
	if from.id != "" {
		attrs = append(attrs, slog.String("request_id", from.id))
	}
	if from.addr.IsValid() {
		attrs = append(attrs, slog.Any("addr", from.addr))
	}
	attrs = append(attrs, fieldsOf(e)...)
	slog.LogAttrs(ctx, logLevels[kind.Level], kind.Message, attrs...)
}

// fieldsOf returns the fields of an event, without those that are empty and marked omitempty.
func fieldsOf(e oidc.Event) (attrs []slog.Attr) {
	value := reflect.ValueOf(e)
	for i := range value.NumField() {
		name, options, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
		if name == "-" || options == "omitempty" && value.Field(i).IsZero() {
			continue
		}
		attrs = append(attrs, slog.Any(name, bounded(value.Field(i).Interface())))
	}
	return attrs
}

// What one field of a line has at most: enough for the SQL that is offered in it, which is for values of 1,000 bytes.
const (
	maxField = 4 << 10 // bytes
	maxItems = 20
)

// bounded returns what a field has of a value: of whatever length it is, and without what makes a terminal show something else than
// is there. What controls a line is escaped by its handler.
func bounded(value any) any {
	switch v := value.(type) {
	case string:
		return boundedText(v)
	case []string:
		list := make([]string, 0, maxItems+1)
		for i, item := range v {
			if i == maxItems {
				return append(list, fmt.Sprintf("and %d more", len(v)-maxItems))
			}
			list = append(list, clip(boundedText(item)))
		}
		return list
	}
	return value
}

func boundedText(s string) string {
	if len(s) > maxField {
		s = s[:maxField-len("…")] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r >= 0x7f && r <= 0x9f || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// clip returns what somebody sent, short enough for the log.
func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
