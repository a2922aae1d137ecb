package web

import (
	"context"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

// lastCalls is a listener that, once closed, still hands out the connections that the kernel had made by then. A plain one resets them: a
// proxy that has sent a POST there cannot know whether it was done, and answers 502.
type lastCalls struct {
	*net.TCPListener
	mu   sync.Mutex
	late []net.Conn
}

func (l *lastCalls) Accept() (net.Conn, error) {
	conn, err := l.TCPListener.Accept()
	if err == nil {
		return conn, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.late) == 0 {
		return nil, err
	}
	conn, l.late = l.late[0], l.late[1:]
	return conn, nil
}

// Close may be called again. The kernel goes on making connections until the last descriptor is closed, and the one of
// the listener is only when whoever waits in Accept has gone: so another is kept until then.
func (l *lastCalls) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := -1
	if raw, err := l.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { kept, _ = syscall.Dup(int(fd)) }) // if it fails, it is a plain listener
	}
	err := l.TCPListener.Close()
	for conn := acceptNow(kept); conn != nil; conn = acceptNow(kept) {
		l.late = append(l.late, conn)
	}
	_ = syscall.Close(kept)
	return err
}

// acceptNow returns a connection that waits, or nil.
func acceptNow(listening int) net.Conn {
	fd, _, err := syscall.Accept4(listening, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
	if err != nil {
		return nil
	}
	file := os.NewFile(uintptr(fd), "")
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		return nil
	}
	return conn
}

// unheard are the connections whose first request has not been read.
type unheard struct{ conns sync.Map }

// follow is a http.Server's ConnState.
func (u *unheard) follow(conn net.Conn, state http.ConnState) {
	if state == http.StateNew {
		u.conns.Store(conn, nil)
	} else {
		u.conns.Delete(conn)
	}
}

// callPatience bounds the wait for requests of those who are connected: who connects to send one does so at once.
const callPatience = 500 * time.Millisecond

// wait returns once there are none, or nobody sends.
func (u *unheard) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	for ctx.Err() == nil {
		none := true
		u.conns.Range(func(any, any) bool { none = false; return false })
		if none {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}
