package authn

import (
	"runtime"
	"sync"
	"testing"
)

// A hash has a processor of the runtime beside those there were, so that requests never wait for one.
func TestWhatIsComputedAsideTakesNoProcessorFromTheRest(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	var all sync.WaitGroup
	inside := make(chan int, 3)
	release := make(chan struct{})
	for range 3 {
		all.Go(func() {
			aside(func() {
				inside <- runtime.GOMAXPROCS(0)
				<-release
			})
		})
	}
	most := 0
	for range 3 {
		most = max(most, <-inside)
	}
	close(release)
	all.Wait()
	if after := runtime.GOMAXPROCS(0); most != before+3 || after != before {
		t.Errorf("%d processors, %d while three are computed, %d afterwards", before, most, after)
	}
}

func TestAPanicAsideIsThatOfTheCaller(t *testing.T) {
	defer func() {
		if recover() != "boom" {
			t.Error("no panic")
		}
	}()
	aside(func() { panic("boom") })
}
