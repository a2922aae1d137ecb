package load

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

func TestTheClientReadsAnyBody(t *testing.T) {
	long := strings.Repeat("0123456789", 10_000)
	mux := http.NewServeMux()
	mux.HandleFunc("/length", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(long)))
		_, _ = w.Write([]byte(long))
	})
	mux.HandleFunc("/chunks", func(w http.ResponseWriter, _ *http.Request) {
		for part := range strings.SplitSeq(long, "9") {
			_, _ = w.Write([]byte(part + "9"))
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/close", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = w.Write([]byte(long))
	})
	mux.HandleFunc("/none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/length?a=b", http.StatusSeeOther) })
	server := httptest.NewServer(mux)
	defer server.Close()
	c := newClient()
	defer c.close()
	for path, want := range map[string]string{"/length": long, "/chunks": long + "9", "/close": long, "/none": ""} {
		for range 2 {
			got, err := c.do("GET", parse(t, server.URL+path), nil)
			if err != nil || string(got.body) != want {
				t.Errorf("%s: %v, %d bytes rather than %d", path, err, len(got.body), len(want))
			}
		}
	}
	if got, err := c.do("GET", parse(t, server.URL+"/away"), nil); err != nil || got.status != 303 || got.location != "/length?a=b" {
		t.Errorf("a redirect: %+v, %v", got, err)
	}
}

func TestTheClientOpensAConnectionThatWasClosedWhileItWasIdle(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.IdleTimeout = 20 * time.Millisecond
	server.Start()
	defer server.Close()
	c := newClient()
	defer c.close()
	for range 3 {
		if _, err := c.do("POST", parse(t, server.URL), []byte("a=b")); err != nil {
			t.Error(err)
		}
		time.Sleep(60 * time.Millisecond)
	}
}

func TestTheClientGoesNowhereElse(t *testing.T) {
	for _, address := range []string{"https://127.0.0.1:1", "http://192.0.2.1", "http://localhost:1"} {
		_, err := newClient().do("GET", parse(t, address), nil)
		if err == nil || !strings.Contains(err.Error(), "not on this machine") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestTheJarKeepsCookiesByPath(t *testing.T) {
	var j jar
	for _, line := range []string{"a=1; Path=/; HttpOnly", "b=2", "c=3; path=/x", "d=4; Path=/; Max-Age=0",
		"a=5; Path=/; SameSite=None", "e=6; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
		"f=7; Expires=Fri, 31 Dec 9999 00:00:00 GMT; Path=/"} {
		j.receive(line, "/login/page")
	}
	for path, want := range map[string]string{
		"/":            "Cookie: a=5; f=7\r\n",
		"/login/other": "Cookie: b=2; a=5; f=7\r\n",
		"/x/y":         "Cookie: c=3; a=5; f=7\r\n",
		"/xy":          "Cookie: a=5; f=7\r\n",
	} {
		if got := string(j.appendTo(nil, path)); got != want {
			t.Errorf("%s: %q rather than %q", path, got, want)
		}
	}
	j.receive("a=; Path=/; Max-Age=0", "/")
	j.receive("f=; Path=/; Max-Age=-1", "/")
	if got := string(j.appendTo(nil, "/")); got != "" {
		t.Errorf("%q", got)
	}
}

func TestCPUTimeAndMemoryAreThoseOfTheProcess(t *testing.T) {
	pid, began := os.Getpid(), CPU(os.Getpid())
	for CPU(pid)-began < 3*tick {
		_ = strings.Repeat("x", 1<<16)
	}
	if own() < 3*tick || busy() < own() || Resident(pid) < 1 {
		t.Errorf("%v own, %v busy, %v MiB", own(), busy(), Resident(pid))
	}
	if CPU(0) != 0 || Resident(0) != 0 {
		t.Error("no process has used something")
	}
}

func parse(t *testing.T, address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
