package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"gatehouse/api/devdb"
)

// family has the processes that this one started. Each has a process group of its own, so that the terminal's Ctrl-C reaches us
// alone and they are stopped in order; each gets SIGTERM if we die.
type family struct {
	children []*child
	died     chan *child // a child that ended by itself
	stopping chan struct{}
}

type child struct {
	name, log string
	cmd       *exec.Cmd
	exited    <-chan struct{}
}

// prSetChildSubreaper makes the kernel hand us the orphans of our children (prctl(2)): JupyterHub's proxy and the
// single-user servers live in sessions of their own, and would outlive a Hub that was killed.
const prSetChildSubreaper = 36

func newFamily() (*family, error) {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		return nil, errno
	}
	return &family{died: make(chan *child, 8), stopping: make(chan struct{})}, nil
}

func (f *family) start(name, log, dir string, env []string, args ...string) (*child, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	c := &child{name: name, log: log, cmd: exec.Command(args[0], args[1:]...)}
	c.cmd.Dir, c.cmd.Env, c.cmd.Stdout, c.cmd.Stderr = dir, env, file, file
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.exited, err = devdb.Start(c.cmd, syscall.SIGTERM); err != nil {
		return nil, fmt.Errorf("%s does not start: %w", name, err)
	}
	f.children = append(f.children, c)
	go func() {
		<-c.exited
		select {
		case <-f.stopping:
		default:
			f.died <- c
		}
	}()
	return c, nil
}

// stop ends the children, the last one first.
func (f *family) stop() {
	close(f.stopping)
	for _, c := range slices.Backward(f.children) {
		c.stop()
	}
}

// stop sends SIGTERM, and SIGKILL after 20 seconds: the Hub waits for the servers of its users.
func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.exited:
	case <-time.After(20 * time.Second):
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
		<-c.exited
	}
}

// sweep ends the orphans we were handed: with SIGTERM and, after three seconds, with SIGKILL.
func sweep() {
	for end := time.Now().Add(3 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		orphans := childrenOf(os.Getpid())
		if len(orphans) == 0 || time.Now().After(end.Add(5*time.Second)) {
			return
		}
		for _, pid := range orphans {
			signal := syscall.SIGTERM
			if time.Now().After(end) {
				signal = syscall.SIGKILL
			}
			_ = syscall.Kill(pid, signal)
			_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		}
	}
}

func childrenOf(parent int) []int {
	var found []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// pid (comm) state ppid …: comm may hold anything, so count from its last parenthesis
		_, rest, _ := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
		fields := strings.Fields(string(rest))
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pid, _ := strconv.Atoi(strings.Split(path, "/")[2])
			found = append(found, pid)
		}
	}
	return found
}

// waitUntilHealthy tries an address until it answers 200.
func (c *child) waitUntilHealthy(ctx context.Context, url string, limit time.Duration) error {
	client := http.Client{Timeout: 2 * time.Second}
	for end := time.Now().Add(limit); ; {
		if answer, err := client.Get(url); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		if time.Now().After(end) {
			return c.lastLines(fmt.Sprintf("does not answer at %s", url))
		}
		select {
		case <-c.exited:
			return c.lastLines("stopped at once")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (c *child) lastLines(what string) error {
	return fmt.Errorf("%s %s; the last lines of %s:\n%s", c.name, what, c.log, devdb.Tail(c.log, 15))
}

// output runs a command to its end and returns what it printed to stdout; an error has what it printed to stderr.
func output(ctx context.Context, env []string, args ...string) (string, error) {
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Run(); err != nil {
		command := filepath.Base(args[0]) + " " + strings.Join(args[1:], " ")
		return "", fmt.Errorf("%s failed (%w):\n%s%s", command, err, stdout.String(), stderr.String())
	}
	return stdout.String(), nil
}
