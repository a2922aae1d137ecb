package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// systemd is whoever started the process and wants to hear of it (sd_notify(3)); nobody, with an empty socket.
type systemd struct {
	socket   string        // a path, or an abstract one that begins with @
	watchdog time.Duration // after which the process is killed if nothing was heard; 0 for never
}

// superviseBy tells s that the process is ready, until ctx ends that it answers, and then that it stops. The watchdog hears something only
// after handler has answered, so that a process in which requests wait for each other for ever is started again.
func superviseBy(ctx context.Context, s systemd, handler http.Handler) {
	if s.socket == "" {
		return
	}
	s.tell("READY=1")
	defer s.tell("STOPPING=1")
	if s.watchdog <= 0 {
		<-ctx.Done()
		return
	}
	ticks := time.NewTicker(s.watchdog / 3)
	defer ticks.Stop()
	for {
		if answers(ctx, handler) {
			s.tell("WATCHDOG=1")
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

func (s systemd) tell(state string) {
	conn, err := net.Dial("unixgram", s.socket)
	if err == nil {
		defer conn.Close()
		_, err = conn.Write([]byte(state))
	}
	if err != nil {
		slog.Warn("systemd could not be told", "state", state, "error", err)
	}
}

// answers waits until handler has answered a request for the health check, or until ctx ends.
func answers(ctx context.Context, handler http.Handler) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/healthz", nil)
	if err != nil {
		return false
	}
	r.RemoteAddr = "127.0.0.1:0"
	done := make(chan struct{})
	go func() {
		defer close(done)
		handler.ServeHTTP(&unread{header: http.Header{}}, r)
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// unread is an answer that nobody reads.
type unread struct{ header http.Header }

func (u *unread) Header() http.Header       { return u.header }
func (*unread) Write(b []byte) (int, error) { return len(b), nil }
func (*unread) WriteHeader(int)             {}
