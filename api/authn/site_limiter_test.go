package authn

import (
	"context"
	"sync"
	"testing"
	"time"
)

func TestOneSiteDoesNotTakeTheUpstreamFromTheOthers(t *testing.T) {
	t.Parallel()
	var l SiteLimiter
	var releases []func()
	for range requestsPerSite {
		release, err := l.Acquire(t.Context(), "loud", "dead")
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, release)
	}
	brief, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := l.Acquire(brief, "loud", "dead"); err == nil {
		t.Error("one more got in")
	}
	for _, key := range []shareKey{{"quiet", "dead"}, {"loud", "alive"}} {
		release, err := l.Acquire(t.Context(), key.endSite, key.target)
		if err != nil {
			t.Fatalf("%v has to wait", key)
		}
		release()
	}
	var group sync.WaitGroup
	for range 50 { // they wait, and get in one after the other
		group.Go(func() {
			release, err := l.Acquire(t.Context(), "loud", "dead")
			if err != nil {
				t.Error(err)
				return
			}
			release()
		})
	}
	for _, release := range releases {
		release()
	}
	group.Wait()
	if len(l.shares) != 0 {
		t.Errorf("%d shares are remembered", len(l.shares))
	}
}
