package authn

import (
	"context"
	"sync"
	"testing"
	"time"
)

func TestOneSiteDoesNotTakeTheUpstreamFromTheOthers(t *testing.T) {
	var a Arrivals
	var leaves []func()
	for range arrivalsAtOnce {
		leave, err := a.Enter(t.Context(), "loud")
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	brief, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := a.Enter(brief, "loud"); err == nil {
		t.Error("one more got in")
	}
	leave, err := a.Enter(t.Context(), "quiet")
	if err != nil {
		t.Fatal("another site has to wait")
	}
	leave()
	var group sync.WaitGroup
	for range 50 { // they wait, and get in one after the other
		group.Go(func() {
			leave, err := a.Enter(t.Context(), "loud")
			if err != nil {
				t.Error(err)
				return
			}
			leave()
		})
	}
	for _, leave := range leaves {
		leave()
	}
	group.Wait()
	if len(a.at) != 0 {
		t.Errorf("%d sites are remembered", len(a.at))
	}
}
