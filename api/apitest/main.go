package apitest

import (
	"encoding/pem"
	"flag"
	"log/slog"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatehouse/api/devdb"
)

// Main is the TestMain of a package whose tests use this one.
func Main(m *testing.M) {
	slog.SetLogLoggerLevel(slog.LevelError + 4)
	flag.Parse()
	if !slices.ContainsFunc(os.Args, func(arg string) bool { return strings.HasPrefix(arg, "-test.parallel") }) {
		// Most of a test is waiting, for Postgres or for a moment.
		_ = flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0)))
	}
	defer trustTestServers()()
	defer devdb.DropFilled()
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
