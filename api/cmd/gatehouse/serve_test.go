package main

import (
	"runtime"
	"runtime/debug"
	"sync"
	"testing"

	"gatehouse/api/authn"
)

// With a limit that the hashes alone exceed, the collector would run for each of them, in vain.
func TestTheMemoryLimitLeavesRoomForEveryHashWorker(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	defer func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) }()
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	for _, workers := range []int{1, 2, 16} {
		collectSeldom(workers)
		if got := debug.SetMemoryLimit(-1); got <= 64<<20+int64(workers)*authn.HashMemory {
			t.Errorf("%d workers have %d MiB", workers, got>>20)
		}
		if collections, hashes := countCollections(t, workers); collections > hashes/2 {
			t.Errorf("%d workers: %d collections for %d hashes", workers, collections, hashes)
		}
	}
}

// countCollections has the workers compute two hashes each, and eight at least.
func countCollections(t *testing.T, workers int) (collections, hashes int) {
	hashes = max(8, 2*workers)
	passwords := authn.NewPasswords(workers, hashes)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var all sync.WaitGroup
	for range hashes {
		all.Go(func() {
			if _, err := passwords.Hash(t.Context(), passphrase); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	runtime.ReadMemStats(&after)
	return int(after.NumGC - before.NumGC), hashes
}
