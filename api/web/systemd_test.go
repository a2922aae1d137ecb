package web

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/api/config"
)

// notifySocket listens as systemd does, and has cfg name the socket. What it returns waits for the next message, "" if there is none.
func notifySocket(t *testing.T, cfg *config.Config) func(wait time.Duration) string {
	t.Helper()
	cfg.NotifySocket = filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: cfg.NotifySocket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return func(wait time.Duration) string {
		_ = conn.SetReadDeadline(time.Now().Add(wait))
		text := make([]byte, 100)
		n, _ := conn.Read(text)
		return string(text[:n])
	}
}

func TestSystemdHearsOfAProcessWhileItAnswers(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{Watchdog: 30 * time.Millisecond}
	heard := notifySocket(t, cfg)
	asked, answer := make(chan string), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- ListenAndServe(ctx, cfg, Door{freeAddress(t), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked <- r.URL.Path
			<-answer
		})})
	}()
	if got := heard(time.Minute); got != "READY=1" {
		t.Errorf("at the start: %q", got)
	}
	if path := <-asked; path != "/healthz" {
		t.Errorf("asked for %s", path)
	}
	if got := heard(3 * cfg.Watchdog); got != "" {
		t.Errorf("while nothing answers: %q", got)
	}
	answer <- struct{}{}
	for range 2 {
		if got := heard(time.Minute); got != "WATCHDOG=1" {
			t.Errorf("after an answer: %q", got)
		}
		<-asked
		answer <- struct{}{}
	}
	go func() { // the one that may be under way
		for range asked {
			answer <- struct{}{}
		}
	}()
	stop()
	last := ""
	for last != "STOPPING=1" {
		if last = heard(time.Minute); last == "" {
			t.Fatal("nothing was said at the end")
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWithoutSystemdNothingIsSaid(t *testing.T) {
	t.Parallel()
	superviseBy(t.Context(), systemd{watchdog: time.Nanosecond}, nil)
}
