package web

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatehouse/api/config"
)

// writeCertificate writes a self-signed certificate for localhost with the given serial number.
func writeCertificate(t *testing.T, certFile, keyFile string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"},
		DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func tlsFiles(t *testing.T) *config.Config {
	dir := t.TempDir()
	cfg := &config.Config{TLSCertFile: filepath.Join(dir, "cert.pem"), TLSKeyFile: filepath.Join(dir, "key.pem")}
	writeCertificate(t, cfg.TLSCertFile, cfg.TLSKeyFile, 1)
	return cfg
}

// startServer serves until the test ends, and returns the address.
func startServer(t *testing.T, secure *tls.Config, handler http.HandlerFunc) (addr string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serveUntil(ctx, listener, handler, secure) }()
	stop = func() error { cancel(); return <-ended }
	return listener.Addr().String(), stop
}

func TestTLSOffersForwardSecrecyWithAESGCMOnly(t *testing.T) {
	t.Parallel()
	c, err := loadCertificate(tlsFiles(t))
	if err != nil {
		t.Fatal(err)
	}
	addr, stop := startServer(t, c.tls(), func(http.ResponseWriter, *http.Request) {})
	defer func() { _ = stop() }()
	for _, test := range []struct {
		name   string
		client *tls.Config
		ok     bool
	}{
		{"TLS 1.3", &tls.Config{MinVersion: tls.VersionTLS13}, true},
		{"TLS 1.2 with AES-GCM", &tls.Config{MaxVersion: tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}}, true},
		{"TLS 1.2 with CBC", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, false},
		{"TLS 1.2 with ChaCha20", &tls.Config{MaxVersion: tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}}, false},
		{"TLS 1.1", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
	} {
		test.client.InsecureSkipVerify = true
		conn, err := tls.Dial("tcp", addr, test.client)
		if (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
		if err == nil {
			conn.Close()
		}
	}
}

func TestARenewedCertificateIsServedWithoutARestart(t *testing.T) {
	t.Parallel()
	cfg := tlsFiles(t)
	c := &certificate{certFile: cfg.TLSCertFile, keyFile: cfg.TLSKeyFile}
	if err := c.load(); err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		pair, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.SerialNumber.Int64()
	}
	later := func() { // as if the file were newer and the last look long ago
		_ = os.Chtimes(cfg.TLSCertFile, time.Time{}, c.changed.Add(time.Minute))
		c.checked = time.Time{}
	}
	_ = os.WriteFile(cfg.TLSCertFile, []byte("half a certificate"), 0o600)
	if later(); serial() != 1 {
		t.Error("a broken file replaced the certificate")
	}
	writeCertificate(t, cfg.TLSCertFile, cfg.TLSKeyFile, 2)
	if later(); serial() != 2 {
		t.Error("the new certificate is not served")
	}
}

// Not parallel: the signal is the whole process's.
func TestSIGHUPReadsTheCertificateAndEndsNoConnection(t *testing.T) {
	cfg := tlsFiles(t)
	heard := notifySocket(t, cfg)
	addr := freeAddress(t)
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- ListenAndServe(ctx, cfg, Door{addr, http.NotFoundHandler()}) }()
	if got := heard(time.Minute); got != "READY=1" {
		t.Fatal(got)
	}
	dial := func() *tls.Conn {
		conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	serial := func(c *tls.Conn) int64 { return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64() }
	before := dial()
	defer before.Close()
	info, err := os.Stat(cfg.TLSCertFile)
	if err != nil || serial(before) != 1 {
		t.Fatal(err)
	}
	writeCertificate(t, cfg.TLSCertFile, cfg.TLSKeyFile, 2)
	_ = os.Chtimes(cfg.TLSCertFile, time.Time{}, info.ModTime()) // so that only the signal tells
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for now := int64(0); now != 2; time.Sleep(time.Millisecond) {
		conn := dial()
		now = serial(conn)
		conn.Close()
	}
	io.WriteString(before, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(before), nil)
	if err != nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("the connection from before: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// freeAddress returns a loopback address at which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestRequestsUnderWayAreFinishedAtTheEnd(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	addr, stop := startServer(t, nil, func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		io.WriteString(w, "done")
	})
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + addr)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		answer <- string(body)
	}()
	<-entered
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	for { // until no new connection is taken
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		conn.Close()
		time.Sleep(time.Millisecond)
	}
	close(leave)
	if got := <-answer; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	addr, stop := startServer(t, nil, func(http.ResponseWriter, *http.Request) {})
	defer func() { _ = stop() }()
	r, _ := http.NewRequest("GET", "http://"+addr, nil)
	r.Header.Set("Cookie", strings.Repeat("x", 64<<10))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KiB of cookies: %s", res.Status)
	}
}

func TestListenSaysWhatToDo(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	addr := listener.Addr().String()
	err = ListenAndServe(t.Context(), &config.Config{}, Door{Addr: addr})
	if err == nil || !strings.Contains(err.Error(), addr+" is in use by another process") {
		t.Error(err)
	}
	err = ListenAndServe(t.Context(), &config.Config{TLSCertFile: "/nowhere.pem", TLSKeyFile: "/nowhere.pem"}, Door{Addr: addr})
	if err == nil || !strings.Contains(err.Error(), "GATEHOUSE_TLS_CERT_FILE") {
		t.Error(err)
	}
}
