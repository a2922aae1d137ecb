package provider

import (
	"bytes"
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

	r := Request{ID: "ABCDEFGHIJKL", Addr: netip.MustParseAddr("192.0.2.1"), Params: map[string][]string{"password": {"hidden"}}}
	(&Provider{}).tell(r, oidc.RequestRefused{Endpoint: "token", Error: oidc.InvalidGrant, Why: "expired"})
	(&Provider{}).tell(Request{}, oidc.KeysNotLoaded{Error: "no answer"})

	lines := json.NewDecoder(&out)
	for _, want := range []map[string]any{
		{"level": "WARN", "msg": "token refused", "event": "request_refused", "request_id": "ABCDEFGHIJKL", "addr": "192.0.2.1",
			"endpoint": "token", "error": "invalid_grant", "why": "expired"},
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
