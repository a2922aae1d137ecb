package web

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// Whoever is connected when the process is told to end has an answer, although nobody had taken the connection yet.
func TestWhoeverIsConnectedWhenTheProcessEndsIsAnswered(t *testing.T) {
	t.Parallel()
	listener, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const callers = 20
	var waiting []net.Conn
	for range callers {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := io.WriteString(conn, "POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, conn)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // before anybody has been heard
	ended := make(chan error, 1)
	served := make(chan struct{}, callers)
	go func() {
		ended <- serveUntil(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			served <- struct{}{}
			w.WriteHeader(http.StatusNoContent)
		}), nil)
	}()
	for i, conn := range waiting {
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || answer.StatusCode != http.StatusNoContent {
			t.Fatalf("caller %d: %v", i, err)
		}
		answer.Body.Close()
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(served) != callers {
		t.Errorf("%d were served", len(served))
	}
	if conn, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		conn.Close()
		t.Error("it listens on")
	}
}
