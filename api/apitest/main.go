package apitest

import (
	"encoding/pem"
	"log/slog"
	"net/http/httptest"
	"os"
	"testing"
)

// Main is the TestMain of a package whose tests use this one.
func Main(m *testing.M) {
	slog.SetLogLoggerLevel(slog.LevelError + 4)
	defer trustTestServers()()
	defer filled.Drop()
	m.Run()
}

// trustTestServers makes the certificate that all TLS servers of httptest have one of the roots, which Go reads once, at the first use.
func trustTestServers() (forget func()) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	roots, err := os.CreateTemp("", "gatehouse-roots-*.pem")
	if err == nil {
		err = pem.Encode(roots, &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	}
	if err != nil {
		panic(err)
	}
	roots.Close()
	os.Setenv("SSL_CERT_FILE", roots.Name())
	return func() { os.Remove(roots.Name()) }
}
