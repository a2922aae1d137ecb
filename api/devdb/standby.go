package devdb

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// StartStandby starts a hot standby with the rows of a Fresh that has stopped, in a folder beside its own. It follows nobody, and takes no
// writes until it is promoted (SELECT pg_promote()).
func StartStandby(ctx context.Context, of *Fresh, settings ...string) (*Fresh, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	found, err := find(root)
	if err != nil {
		return nil, err
	}
	rows := filepath.Dir(of.PIDFile)
	who, _, err := settle(root, filepath.Join(root, ".cache"))
	if err != nil {
		return nil, err
	}
	bin, err := who.readable(choose(found, filepath.Dir(rows)))
	if err != nil {
		return nil, err
	}
	data := rows + "-standby"
	if err := os.RemoveAll(data); err != nil {
		return nil, err
	}
	// As root, -a keeps whose the files are.
	if out, err := exec.CommandContext(ctx, "cp", "-a", "--", rows, data).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("copying %s: %w: %s", rows, err, out)
	}
	if err := os.WriteFile(filepath.Join(data, "standby.signal"), nil, 0o644); err != nil {
		return nil, err
	}
	srv, err := who.run(ctx, bin, data, settings)
	if err != nil {
		return nil, err
	}
	return &Fresh{URL: srv.url, PIDFile: filepath.Join(data, "postmaster.pid"), Stop: srv.stop}, nil
}

// Account returns whom servers run as that refuse root, nil for ourselves, and where their files may be: in dir, or elsewhere where that is
// closed to them.
func Account(dir string) (*syscall.Credential, string, error) {
	root, err := Root()
	if err != nil {
		return nil, "", err
	}
	who, place, err := settle(root, dir)
	return who.credential, place, err
}
