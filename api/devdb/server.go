package devdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// maxSocketPath is what fits into sockaddr_un (108 bytes with the final zero) besides "/.s.PGSQL.5432".
const maxSocketPath = 107 - len("/.s.PGSQL.5432")

// server is a running Postgres that this process started.
type server struct {
	cmd       *exec.Cmd
	exited    <-chan struct{}
	socketDir string
	log       string
	stopping  atomic.Bool
	cleanUp   func()
}

// start runs a Postgres with its data below dir, and makes the data first if there is none.
// Settings are postgres's -c options, such as fsync=off.
func start(ctx context.Context, dir string, progress func(string), settings ...string) (*server, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	found, err := find(root)
	if err != nil {
		return nil, err
	}
	who, dir, err := settle(root, dir)
	if err != nil {
		return nil, err
	}
	bin, err := who.readable(choose(found, dir))
	if err != nil {
		return nil, err
	}
	data := bin.dataDir(dir)
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); err != nil {
		progress(fmt.Sprintf("Making a database folder with PostgreSQL %d", bin.major))
		if err := who.initdb(ctx, bin, data); err != nil {
			return nil, err
		}
	}
	progress(fmt.Sprintf("Starting PostgreSQL %d", bin.major))
	return who.run(ctx, bin, data, settings)
}

// initdb fills a folder next to data and renames it, so that an interrupted one is never taken for data.
func (u user) initdb(ctx context.Context, bin binaries, data string) error {
	half := data + ".part"
	if err := os.RemoveAll(half); err != nil {
		return err
	}
	if err := u.mkdir(half); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin.dir, "initdb"), "-D", half, "-U", "gatehouse",
		"--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
	cmd.Dir = half
	cmd.Env = environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.credential, Pdeathsig: syscall.SIGKILL}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb failed (%w); its output:\n%s", err, out)
	}
	return os.Rename(half, data)
}

// run starts postgres and waits until it answers. A predecessor that is still going down gets ten seconds.
func (u user) run(ctx context.Context, bin binaries, data string, settings []string) (*server, error) {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		s, err := u.launch(bin, data, settings)
		if err != nil {
			return nil, err
		}
		if err = s.waitUntilReady(ctx); err == nil {
			return s, nil
		}
		s.stop()
		if !strings.Contains(Tail(s.log, 3), "postmaster.pid") || time.Now().After(deadline) || ctx.Err() != nil {
			return nil, err
		}
	}
}

// launch starts postgres on a socket in its data folder or, where that path is too long for one, in a folder of its own.
func (u user) launch(bin binaries, data string, settings []string) (*server, error) {
	s := &server{socketDir: data, log: data + ".log", cleanUp: func() {}}
	if len(data) > maxSocketPath {
		short, err := os.MkdirTemp("/tmp", "gatehouse-")
		if err != nil {
			return nil, err
		}
		if err := u.own(short); err != nil {
			return nil, err
		}
		s.socketDir, s.cleanUp = short, func() { os.RemoveAll(short) }
	}
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	args := []string{"-D", data}
	own := []string{"listen_addresses=", "unix_socket_permissions=0700", "unix_socket_directories=" + s.socketDir,
		"random_page_cost=1.1"} // as docs/operations.md advises
	for _, setting := range append(own, settings...) {
		args = append(args, "-c", setting)
	}
	s.cmd = exec.Command(filepath.Join(bin.dir, "postgres"), args...)
	s.cmd.Dir = data
	s.cmd.Env = environ()
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.credential, Setpgid: true}
	s.exited, err = Start(s.cmd, syscall.SIGINT)
	return s, err
}

// stop ends the server: SIGINT is Postgres's fast shutdown, SIGQUIT its immediate one.
func (s *server) stop() {
	if s.stopping.Swap(true) {
		return
	}
	defer s.cleanUp()
	if s.exited == nil {
		return
	}
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		_ = s.cmd.Process.Signal(signal)
		select {
		case <-s.exited:
			return
		case <-time.After(10 * time.Second):
		}
	}
}

// Start runs cmd so that it gets the signal when this process dies, even by SIGKILL. The kernel sends it when the thread
// that started the child ends (prctl(2), PR_SET_PDEATHSIG), so one thread is kept for each child.
// The channel is closed when cmd has ended.
func Start(cmd *exec.Cmd, onDeath syscall.Signal) (<-chan struct{}, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = onDeath
	started, exited := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer close(exited)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in cmd.ProcessState
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return exited, nil
}

// environ drops the PG… variables of the caller: they name another server. Messages are in English, for Tail.
func environ() []string {
	env := []string{"LC_ALL=C"}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "PG") && !strings.HasPrefix(pair, "LC_ALL=") {
			env = append(env, pair)
		}
	}
	return env
}

var errNobody = errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as: set DATABASE_URL")
