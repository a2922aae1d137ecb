package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// gatehouse is a server with Gatehouse: ours, or that of --against.
type gatehouse struct {
	*server
	root   string // of its checkout
	binary string
	env    []string
}

func (b *bench) gatehouse(name, origin, root string) *gatehouse {
	g := &gatehouse{root: root, binary: filepath.Join(b.dir, "bin", name), server: b.server(name, origin, name)}
	g.env = []string{"DATABASE_URL=" + b.db.URL(g.database), "GATEHOUSE_ISSUER=" + origin, "GATEHOUSE_UI_ORIGIN=" + ui,
		"GATEHOUSE_LISTEN=" + origin[len("http://"):], "GATEHOUSE_UI_LISTEN=" + ui[len("http://"):],
		"GATEHOUSE_UI_ROOT=" + filepath.Join(b.root, "ui/dist"), "GATEHOUSE_TRUSTED_PROXIES=127.0.0.1",
		"GATEHOUSE_ENCRYPTION_KEY_FILE=" + filepath.Join(b.dir, "encryption_key")}
	g.server.command = g.command("serve")
	return g
}

// command returns a command of Gatehouse's with its settings. env becomes the program, so the process id is the program's.
func (g *gatehouse) command(args ...string) []string {
	return append(append(append([]string{"env"}, g.env...), g.binary), args...)
}

// gatehouses are ours and, with --against, the one before.
func (b *bench) gatehouses() []*gatehouse {
	if b.before == nil {
		return []*gatehouse{b.ours}
	}
	return []*gatehouse{b.ours, b.before}
}

// build builds ours and, with --against, the one before.
func (b *bench) build(ctx context.Context) error {
	b.ours = b.gatehouse(ours, issuer, b.root)
	switch b.against {
	case "":
	case noMetrics:
		b.before = b.gatehouse(before, past, b.root)
		b.ours.env = append(b.ours.env, "GATEHOUSE_METRICS_LISTEN="+scraped)
		b.ours.server.command = b.ours.command("serve")
	default:
		root, err := b.checkOut(ctx, b.against)
		if err != nil {
			return err
		}
		b.before = b.gatehouse(before, past, root)
	}
	overlay := ""
	if b.mode == profiles {
		var err error
		if overlay, err = b.overlay(); err != nil {
			return err
		}
	}
	for _, g := range b.gatehouses() {
		progress("Building %s", g.name)
		err := command(ctx, g.root, "go", "build", "-buildvcs=false", "-overlay", overlay, "-o", g.binary, "./api/cmd/gatehouse")
		if err != nil {
			return err
		}
	}
	return nil
}

// checkOut returns a folder with the files of a commit.
func (b *bench) checkOut(ctx context.Context, commit string) (string, error) {
	dir := filepath.Join(b.dir, "checkout")
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	archive := filepath.Join(b.dir, "checkout.tar")
	if err := command(ctx, b.root, "git", "archive", "--output", archive, commit); err != nil {
		return "", err
	}
	return dir, command(ctx, dir, "tar", "--extract", "--file", archive)
}

func command(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}
