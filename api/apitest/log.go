package apitest

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
)

// LockedBuffer takes the log of several requests at once.
type LockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *LockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// TakeLog has all of the log, whatever its level, until the test ends. The log is the process's: such a test has no t.Parallel.
func TakeLog(t *testing.T) *LockedBuffer {
	t.Helper()
	var log LockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}
