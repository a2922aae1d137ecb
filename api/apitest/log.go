package apitest

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
)

// LockedBuffer takes the log of several requests at once.
type LockedBuffer struct {
	mu  sync.Mutex
	log bytes.Buffer
}

func (b *LockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.Write(p)
}

// String returns what has been logged by now.
func (b *LockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.String()
}

// TakeLog has all of the log, whatever its level, until the test ends. The log is the process's: such a test has no t.Parallel.
func TakeLog(t *testing.T) *LockedBuffer {
	t.Helper()
	t.Setenv("LOG_IS_TAKEN", "yes") // which panics in a test that is parallel
	var log LockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}
