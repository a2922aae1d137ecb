package provider

import (
	"context"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"

	"gatehouse/api/oidc"
)

// told is an event and the request that it happened in; nothing else of that is for listeners.
type told struct {
	oidc.Event
	RequestID string     // "" where no request made it happen
	Addr      netip.Addr // of who made it happen; the zero Addr likewise
}

// A listener hears of each event, on the goroutine of the request: what takes time has a queue of its own.
type listener func(told)

// listeners is the list of those there are. A listener that needs more than the event is a method of Provider.
func (p *Provider) listeners() []listener { return []listener{logEvent} }

// tell has all listeners hear of an event of a request; r is the zero Request for what happens without one.
func (p *Provider) tell(r Request, e oidc.Event) {
	for _, listen := range p.listeners() {
		listen(told{e, r.ID, r.Addr})
	}
}

var logLevels = map[oidc.EventLevel]slog.Level{
	oidc.LevelInfo: slog.LevelInfo, oidc.LevelWarn: slog.LevelWarn, oidc.LevelError: slog.LevelError,
}

// logEvent is the listener that writes the log: the message, the event's name, the request, and the event's fields by their
// names.
func logEvent(t told) {
	kind := t.Kind()
	attrs := []slog.Attr{slog.String("event", kind.Name)}
	if t.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", t.RequestID))
	}
	if t.Addr.IsValid() {
		attrs = append(attrs, slog.Any("addr", t.Addr))
	}
	attrs = append(attrs, fieldsOf(t.Event)...)
	slog.LogAttrs(context.Background(), logLevels[kind.Level], kind.Message, attrs...)
}

// fieldsOf returns the fields of an event, without those that are empty and marked omitempty.
func fieldsOf(e oidc.Event) (attrs []slog.Attr) {
	value := reflect.ValueOf(e)
	for i := range value.NumField() {
		name, options, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
		if options == "omitempty" && value.Field(i).IsZero() {
			continue
		}
		attrs = append(attrs, slog.Any(name, value.Field(i).Interface()))
	}
	return attrs
}
