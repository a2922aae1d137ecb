package provider_test

import (
	"net/http/httptest"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
)

// What is throttled is looked at by nobody, so it is in no row of sign_ins: replicas count it, and add to one row an hour.
func TestSignInsAreCountedByTheHourWithoutARequestWaitingForThat(t *testing.T) {
	OfOneProcess(t)
	t.Parallel()
	r := start(t)
	r.StopClock()
	first := r.Provider
	second := httptest.NewUnstartedServer(nil)
	r.Serve(second, authn.NewPasswords(2, 64))
	b := r.browser()
	here, there := b.Issuer, "http://"+second.Listener.Addr().String()
	at := b.Authorize(AuthParams()).Location()
	for range 5 {
		b.Login(at, "alice", "guess")
	}
	for _, b.Issuer = range []string{here, there, there} {
		if a := b.Login(at, "alice", "guess"); a.Status != 429 {
			t.Fatal(a.Status)
		}
	}
	count := func(sql string) int { return r.Count(`SELECT coalesce(sum(n), 0) FROM sign_in_counts WHERE ` + sql) }
	if count(`true`) != 0 {
		t.Error("a request waits until it is counted")
	}
	for range 2 { // what was written is not written again
		first.SaveSignInTimes(t.Context())
		r.Provider.SaveSignInTimes(t.Context())
	}
	if answered, throttled := count(`outcome = 'answered'`), count(`outcome = 'throttled'`); answered != 5 || throttled != 3 {
		t.Errorf("%d answered and %d throttled, want 5 and 3", answered, throttled)
	}
	if r.Count(`SELECT count(*) FROM sign_in_counts`) != 2 || count(`hour = date_trunc('hour', hour) AND within_ms = 25`) != 8 {
		t.Error("the clock stands still: all are within one row of each outcome")
	}
}
