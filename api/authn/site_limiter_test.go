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
		release, err := l.Acquire(t.Context(), "loud")
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, release)
	}
	brief, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := l.Acquire(brief, "loud"); err == nil {
		t.Error("one more got in")
	}
	release, err := l.Acquire(t.Context(), "quiet")
	if err != nil {
		t.Fatal("another site has to wait")
	}
	release()
	var group sync.WaitGroup
	for range 50 { // they wait, and get in one after the other
		group.Go(func() {
			release, err := l.Acquire(t.Context(), "loud")
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
	if len(l.sites) != 0 {
		t.Errorf("%d sites are remembered", len(l.sites))
	}
}
