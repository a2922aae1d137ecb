package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"gatehouse/api/devdb"
)

// lab is where one fault happens. What is started in it ends with it, and with this program.
type lab struct {
	root      string // of the checkout
	dir       string // of this fault, below .cache/faults
	gatehouse string // the program
	quick     bool   // seconds are enough
	ending    []func()
}

// build builds the program that is tried out, and returns its path.
func build(ctx context.Context) (string, error) {
	root, err := devdb.Root()
	if err != nil {
		return "", err
	}
	program := filepath.Join(root, ".cache/faults/bin/gatehouse")
	return program, goBuild(ctx, root, program)
}

func newLab(name, gatehouse string, quick bool) (*lab, error) {
	root, err := devdb.Root()
	if err != nil {
		return nil, err
	}
	l := &lab{root: root, dir: filepath.Join(root, ".cache/faults", name), gatehouse: gatehouse, quick: quick}
	return l, os.MkdirAll(l.dir, 0o755)
}

// times returns how often something is done: many times, or few where the lab is in a hurry.
func (l *lab) times(many, few int) int {
	if l.quick {
		return few
	}
	return many
}

// Helper, Fatal and Cleanup are what apitest asks of a test.
func (l *lab) Helper()             {}
func (l *lab) Fatal(args ...any)   { panic(fmt.Sprint(args...)) }
func (l *lab) Cleanup(done func()) { l.atEnd(done) }

// atEnd has done run when the fault is over; what was asked for last is done first.
func (l *lab) atEnd(done func()) { l.ending = append(l.ending, done) }

func (l *lab) tearDown() {
	for _, done := range slices.Backward(l.ending) {
		done()
	}
}

func (l *lab) say(format string, args ...any) { say("  "+format, args...) }

// last returns how long something lasts: long, or short where the lab is in a hurry.
func (l *lab) last(long, short time.Duration) time.Duration {
	if l.quick {
		return short
	}
	return long
}

// postgres starts a server of the lab's own whose database gatehouse is empty. Settings are postgres's -c options.
func (l *lab) postgres(ctx context.Context, settings ...string) (*devdb.Fresh, error) {
	return l.postgresIn(ctx, filepath.Join(l.dir, "postgres"), settings...)
}

// postgresIn is postgres with its data below dir.
func (l *lab) postgresIn(ctx context.Context, dir string, settings ...string) (*devdb.Fresh, error) {
	db, err := devdb.StartFresh(ctx, dir, func(line string) { l.say("%s", line) }, settings...)
	if err != nil {
		return nil, err
	}
	l.atEnd(func() { db.Stop() })
	return db, execute(ctx, db.URL("postgres"), "CREATE DATABASE gatehouse")
}

// process is a server that this program started.
type process struct {
	command []string
	dir     string
	log     string
	env     []string
	who     *syscall.Credential // nil: us
	cmd     *exec.Cmd
	exited  <-chan struct{}
}

// start runs the command again. Its output is appended to its log.
func (p *process) start() error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(p.command[0], p.command[1:]...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = p.dir, append(ownEnvironment(), p.env...), log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.who}
	p.exited, err = devdb.Start(p.cmd, syscall.SIGTERM)
	return err
}

// stop asks the process to end (SIGTERM), waits until it has, and reports whether it did so within 90 seconds.
func (p *process) stop() bool {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
		return true
	case <-time.After(90 * time.Second):
		p.kill()
		return false
	}
}

// kill ends the process as the power does (SIGKILL).
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// ownEnvironment leaves out what points to somebody's own server.
func ownEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return slices.ContainsFunc([]string{"GATEHOUSE_", "DATABASE_", "PG"}, func(prefix string) bool { return strings.HasPrefix(pair, prefix) })
	})
}

// freeAddress returns an address of the loopback that nobody listens at.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// until asks ten times a second until fits, and returns an error after so long.
func until(ctx context.Context, long time.Duration, what string, fits func() bool) error {
	deadline := time.Now().Add(long)
	for !fits() {
		if time.Now().After(deadline) {
			return errors.New(what + ": not after " + long.String())
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
