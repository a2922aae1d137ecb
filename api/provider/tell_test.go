package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"gatehouse/api/oidc"
)

func TestTheLogHasTheEventByNameItsFieldsAndTheRequest(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&out, nil)))
	defer slog.SetDefault(before)

	p := &Provider{listeners: []listener{LogEvent}}
	request := WithRequest(t.Context(), "ABCDEFGHIJKL", netip.MustParseAddr("192.0.2.1"))
	p.tell(request, oidc.RequestRefused{Endpoint: "token", Error: oidc.InvalidGrant, Why: "expired"})
	p.tell(context.WithoutCancel(request), oidc.ClientDocumentStale{ClientID: "c", Age: "7h", Why: "answers 500"})
	p.tell(t.Context(), oidc.KeysNotLoaded{Error: "no answer"})

	lines := json.NewDecoder(&out)
	for _, want := range []map[string]any{
		{"level": "WARN", "msg": "token refused", "event": "request_refused", "request_id": "ABCDEFGHIJKL", "addr": "192.0.2.1",
			"endpoint": "token", "error": "invalid_grant", "why": "expired"},
		{"level": "WARN", "msg": "client document not read again", "event": "client_document_stale",
			"request_id": "ABCDEFGHIJKL", "addr": "192.0.2.1", "client_id": "c", "age": "7h", "why": "answers 500"},
		{"level": "ERROR", "msg": "could not load the signing keys", "event": "keys_not_loaded", "error": "no answer"},
	} {
		var line map[string]any
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		delete(line, "time")
		if !maps.Equal(line, want) {
			t.Errorf("the log has %v for %v", slices.Sorted(maps.Keys(line)), want)
		}
	}
}
