package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"gatehouse/api/devdb"
)

// process is a server that this one started; it ends with it.
type process struct {
	cmd    *exec.Cmd
	dir    string
	exited <-chan struct{}
}

// start runs a command in dir, with its output in dir/log.
func start(dir string, command ...string) (*process, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{cmd: exec.Command(command[0], command[1:]...), dir: dir}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, ownEnvironment(), log, log
	p.exited, err = devdb.Start(p.cmd, syscall.SIGTERM)
	return p, err
}

// ownEnvironment leaves out what points to somebody's own server.
func ownEnvironment() []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "GATEHOUSE_") && !strings.HasPrefix(pair, "DATABASE_") && !strings.HasPrefix(pair, "PG") {
			env = append(env, pair)
		}
	}
	return env
}

// await waits until url is answered, for at most half a minute.
func (p *process) await(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if answer, err := http.Get(url); err == nil {
			return answer.Body.Close()
		}
		select {
		case <-p.exited:
		case <-ctx.Done():
		case <-time.After(2 * time.Millisecond): // a cold start is some thirty
			continue
		}
		return fmt.Errorf("%s does not answer:\n%s", url, devdb.Tail(filepath.Join(p.dir, "log"), 8))
	}
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}

// free returns an error if the address of an origin is in use.
func free(origin string) error {
	listener, err := net.Listen("tcp", origin[len("http://"):])
	if err != nil {
		return fmt.Errorf("another process listens at %s: stop it first", origin)
	}
	return listener.Close()
}
