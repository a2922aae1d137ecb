package devdb

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
)

// Fresh is a server of its own with nothing in it, for measurements; it ends with this process.
type Fresh struct {
	URL     func(database string) string
	PIDFile string // of the postmaster
	Stop    func()
	// Crash stops it at once, without a checkpoint: what is not in the write-ahead log is lost, and unlogged tables are emptied as it
	// starts again.
	Crash func()
	// Start starts it again, with the rows that it had.
	Start func(context.Context) error
}

// StartFresh starts a server with its data below dir, which is emptied first, whatever DATABASE_URL says. Settings are postgres's
// -c options.
func StartFresh(ctx context.Context, dir string, progress func(string), settings ...string) (*Fresh, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := Remove(dir); err != nil {
		return nil, err
	}
	srv, err := start(ctx, dir, progress, settings...)
	if err != nil {
		return nil, err
	}
	return &Fresh{
		URL:     func(database string) string { return srv.url(database) },
		PIDFile: filepath.Join(srv.cmd.Dir, "postmaster.pid"),
		Stop:    func() { srv.stop() },
		Crash: func() {
			if !srv.stopping.Swap(true) {
				_ = srv.cmd.Process.Signal(syscall.SIGQUIT)
				<-srv.exited
				srv.cleanUp()
			}
		},
		Start: func(ctx context.Context) error {
			again, err := start(ctx, dir, progress, settings...)
			if err == nil {
				srv = again
			}
			return err
		},
	}, nil
}
