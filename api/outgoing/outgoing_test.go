package outgoing

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func get(t *testing.T, c *http.Client, address string) (*http.Response, string, error) {
	t.Helper()
	resp, err := c.Get(address)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func TestOnlyNamedHostsMayBePrivateOrPlain(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "inside") }))
	defer server.Close()
	if _, body, err := get(t, Client([]string{"127.0.0.1"}), server.URL); err != nil || body != "inside" {
		t.Errorf("a named host: %q %v", body, err)
	}
	for _, private := range [][]string{nil, {"localhost"}, {"127.0.0.1.example.org"}} {
		if _, _, err := get(t, Client(private), server.URL); err == nil || !strings.Contains(err.Error(), "GATEHOUSE_PRIVATE_HOSTS") {
			t.Errorf("with %v: %v", private, err)
		}
	}
}

func TestAPrivateAddressIsRefusedWhenItIsDialled(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "0.0.0.0", "192.168.1.1", "[::1]", "[fd00::1]",
		"[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1]", "[fec0::1]", "[::7f00:1]", "[::ffff:0:7f00:1]", "[2001:0:7f00:1::]",
		"[2002:7f00:1::]",
		"224.0.0.1", "255.255.255.255"} {
		if err := refusePrivate("tcp", address+":443", nil); err == nil {
			t.Errorf("%s may be dialled", address)
		}
	}
	for _, address := range []string{"93.184.216.34", "[2606:2800:220:1::1]"} {
		if err := refusePrivate("tcp", address+":443", nil); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, _, err := get(t, Client(nil), "https://localhost:1/"); err == nil || !strings.Contains(err.Error(), "GATEHOUSE_PRIVATE_HOSTS") {
		t.Errorf("a name that points inside: %v", err)
	}
}

func TestNoRedirectIsFollowedAndNoAnswerIsEndless(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	mux.Handle("/redirect", http.RedirectHandler("/secret", http.StatusFound))
	mux.HandleFunc("/secret", func(http.ResponseWriter, *http.Request) { t.Error("followed a redirect") })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("x", MaxBody+1)) })
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		small := gzip.NewWriter(w)
		defer small.Close()
		io.WriteString(small, strings.Repeat("x", 20*MaxBody))
	})
	u, _ := url.Parse(server.URL)
	client := Client([]string{u.Hostname()})
	if resp, _, err := get(t, client, server.URL+"/redirect"); err != nil || resp.StatusCode != http.StatusFound {
		t.Errorf("redirect: %v %v", resp, err)
	}
	if _, _, err := get(t, client, server.URL+"/endless"); err == nil {
		t.Error("an answer of more than MaxBody bytes was read to its end")
	}
	if _, body, err := get(t, client, server.URL+"/bomb"); err == nil || len(body) > MaxBody+1 {
		t.Errorf("a small answer became %d bytes: %v", len(body), err)
	}
}
