package web_test

import (
	"encoding/pem"
	"net/http/httptest"
	"os"

	"gatehouse/api/provider"
)

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

// reachesTestServers lets the API send requests to servers of the test.
func reachesTestServers(s *provider.Settings) { s.PrivateHosts = append(s.PrivateHosts, "127.0.0.1") }
