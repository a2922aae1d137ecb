package admin

import (
	"encoding/json"
	"testing"
	"time"
)

func TestDurationsAreInDaysToo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"7d": 7 * day, "24h": day, "90m": 90 * time.Minute, "1d12h": 36 * time.Hour, "0": 0,
		"0d": 0, "36500d": maxDays * day, "1h0m1s": time.Hour + time.Second} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s is %s, %v", text, time.Duration(d), err)
		}
		var again Duration
		written, err := json.Marshal(d)
		if err != nil || json.Unmarshal(written, &again) != nil || again != d {
			t.Errorf("%s is written %s, %v", text, written, err)
		}
	}
	for _, text := range []string{"", "d", "7", "-7d", "-1h", "7d-1h", "1.5d", "7D", "7 d", "week", "36501d",
		"9999999999999999999d", "7dd", "1h7d"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %s", text, d)
		}
	}
}
