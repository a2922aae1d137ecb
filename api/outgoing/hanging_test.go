package outgoing

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// A connection whose other end is gone without a word, as behind a firewall that forgot it or a balancer that died, is not used on and on:
// over HTTP/2 all requests to a host share one.
func TestAConnectionThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	var made atomic.Int32
	var hang atomic.Bool // those that there are; new ones do not
	relay, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	go func() {
		for {
			from, err := relay.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				return
			}
			first := made.Add(1) == 1
			pass := func(to, from net.Conn) {
				buffer := make([]byte, 32<<10)
				for n, err := from.Read(buffer); err == nil; n, err = from.Read(buffer) {
					if first && hang.Load() {
						continue
					}
					if _, err := to.Write(buffer[:n]); err != nil {
						return
					}
				}
			}
			go pass(to, from)
			go pass(from, to)
		}
	}()
	client := Client([]string{"127.0.0.1"})
	client.Transport.(bounded).inner.(*http.Transport).TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	address := "https://" + relay.Addr().String()
	if _, body, err := get(t, client, address); err != nil || body != "HTTP/2.0" {
		t.Fatalf("%q %v", body, err)
	}
	hang.Store(true)
	failed := 0
	for end := time.Now().Add(6 * Patience); ; failed++ {
		_, body, err := get(t, client, address)
		if err == nil && body == "HTTP/2.0" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("after %d requests none is answered: %v", failed, err)
		}
	}
	if failed > 2 {
		t.Errorf("%d requests failed", failed)
	}
}
