package devdb

import (
	"context"
	"os"
	"path/filepath"
)

// Fresh is a server of its own with nothing in it, for measurements; it ends with this process.
type Fresh struct {
	URL     func(database string) string
	PIDFile string // of the postmaster
	Stop    func()
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
	return &Fresh{URL: srv.url, PIDFile: filepath.Join(srv.cmd.Dir, "postmaster.pid"), Stop: srv.stop}, nil
}
