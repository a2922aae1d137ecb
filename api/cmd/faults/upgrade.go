package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// expansion are the migrations of a release to come: what one may do by docs/decisions/0009 and 0075. Their numbers are past ours.
var expansion = map[string]string{
	"00901_users.sql":    "ALTER TABLE users ADD COLUMN pronouns text, ADD COLUMN reviewed_at timestamptz NOT NULL DEFAULT now();",
	"00902_grants.sql":   "ALTER TABLE grants ADD COLUMN device text NOT NULL DEFAULT ''; CREATE INDEX grants_by_device ON grants (device);",
	"00903_sessions.sql": "ALTER TABLE sessions ADD COLUMN device text; CREATE INDEX sessions_by_device ON sessions (device);",
	"00904_clients.sql":  "ALTER TABLE clients ADD COLUMN reviewed_at timestamptz; UPDATE clients SET reviewed_at = now();",
	"00905_reviews.sql": `CREATE TABLE reviews (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		username text NOT NULL REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE);
		INSERT INTO reviews (username) SELECT username FROM users;`,
}

// upgrade follows "Upgrade" of docs/operations.md with two replicas: the new program migrates while those of before serve, each is
// replaced, and all of it is taken back, with the schema as it is. A new replica that starts too early waits.
func upgrade(ctx context.Context, l *lab) (outcome, error) {
	before, named, err := l.releaseBefore(ctx)
	if err != nil {
		return outcome{}, err
	}
	after, err := l.overlaid(ctx, "after", expansionFiles())
	if err != nil {
		return outcome{}, err
	}
	l.gatehouse = before
	s, c, err := twoReplicasOf(ctx, l)
	if err != nil {
		return outcome{}, err
	}
	defer c.stop()
	if err := s.upgradeTo(ctx, c, after); err != nil {
		return outcome{}, err
	}
	if err := s.replaceAll(ctx, c, after); err != nil {
		return outcome{}, err
	}
	if err := s.replaceAll(ctx, c, before); err != nil { // a downgrade
		return outcome{}, err
	}
	for _, program := range []string{after, before} { // and to and fro, with both at once
		if err := s.replace(ctx, c, 0, program); err != nil {
			return outcome{}, err
		}
	}
	c.stop()
	o, err := c.check(ctx)
	o.saw += "; before: " + named
	return o, err
}

// upgradeTo has the new program migrate under load, beside a new replica that waits for that.
func (s *site) upgradeTo(ctx context.Context, c *crowd, after string) error {
	early := *s.replicas[0]
	address, err := freeAddress()
	if err != nil {
		return err
	}
	early.command, early.log = []string{after, "serve"}, filepath.Join(s.dir, "early.log")
	early.env = append(slices.Clone(s.env), "GATEHOUSE_LISTEN="+address)
	if err := early.start(); err != nil {
		return err
	}
	defer early.stop()
	says := func(what string) error {
		return until(ctx, 30*time.Second, early.log+": /readyz that says "+what, func() bool {
			return strings.Contains(body("http://"+address+"/readyz"), what)
		})
	}
	if err := says("run `gatehouse migrate`"); err != nil {
		return err
	}
	if err := c.goesOn(ctx, 50); err != nil {
		return err
	}
	s.gatehouse = after
	if _, err := s.command(ctx, "", "migrate"); err != nil {
		return err
	}
	if err := says(`"ok"`); err != nil {
		return err
	}
	for i := range s.replicas {
		if !answers(s.at[i] + "/readyz") {
			return errors.New("a replica of before is not ready on the newer schema")
		}
	}
	return c.goesOn(ctx, 50)
}

// body is that of an answer, "" for none.
func body(url string) string {
	answer, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<16)) // what came is enough
	return string(text)
}

func (s *site) replaceAll(ctx context.Context, c *crowd, program string) error {
	for i := range s.replicas {
		if err := s.replace(ctx, c, i, program); err != nil {
			return err
		}
	}
	return nil
}

// replace has a replica run another program, as a rolling restart does.
func (s *site) replace(ctx context.Context, c *crowd, i int, program string) error {
	s.replicas[i].command[0] = program
	return s.restart(ctx, c, i)
}

// releaseBefore builds the newest release, or the last commit where there is none yet, and says which.
func (l *lab) releaseBefore(ctx context.Context) (program, named string, err error) {
	git := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = l.root
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	tag, err := git("describe", "--tags", "--abbrev=0", "--match", "v*")
	named = tag
	if err != nil {
		if tag, err = git("rev-parse", "--short", "HEAD"); err != nil {
			return "", "", fmt.Errorf("git: %w", err)
		}
		named = "there is no release yet, so commit " + tag
	}
	source := filepath.Join(l.dir, "before")
	if err := os.RemoveAll(source); err != nil {
		return "", "", err
	}
	if err := os.MkdirAll(source, 0o755); err != nil {
		return "", "", err
	}
	archive := exec.CommandContext(ctx, "git", "archive", tag, "go.mod", "go.sum", "api", "migrations", "deploy")
	archive.Dir = l.root
	files, err := archive.Output()
	if err != nil {
		return "", "", fmt.Errorf("git archive: %w", err)
	}
	unpack := exec.CommandContext(ctx, "tar", "-x", "-C", source)
	unpack.Stdin = bytes.NewReader(files)
	if out, err := unpack.CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("tar: %w\n%s", err, out)
	}
	program = filepath.Join(l.dir, "gatehouse-before")
	return program, named, goBuild(ctx, source, program)
}

// overlaid builds the program with other files in place of, or beside, those of the checkout, by their paths in it.
func (l *lab) overlaid(ctx context.Context, name string, files map[string]string) (program string, err error) {
	replace := map[string]string{}
	for path, text := range files {
		instead := filepath.Join(l.dir, name+"-"+filepath.Base(path))
		if err := os.WriteFile(instead, []byte(text), 0o644); err != nil {
			return "", err
		}
		replace[filepath.Join(l.root, path)] = instead
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(l.dir, name+".json")
	if err := os.WriteFile(file, overlay, 0o644); err != nil {
		return "", err
	}
	program = filepath.Join(l.dir, "gatehouse-"+name)
	return program, goBuild(ctx, l.root, program, "-overlay", file)
}

func expansionFiles() map[string]string {
	files := map[string]string{}
	for name, sql := range expansion {
		files["migrations/"+name] = "-- +goose Up\n" + sql + "\n"
	}
	return files
}

func goBuild(ctx context.Context, dir, program string, flags ...string) error {
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build"}, flags...), "-o", program, "./api/cmd/gatehouse")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build in %s: %w\n%s", dir, err, out)
	}
	return nil
}
