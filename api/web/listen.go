package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"gatehouse/api/config"
)

const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 60 * time.Second // a sign-in may wait for its hash
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 48 << 10         // a request of 16 KiB and cookies of another: sign-ins on their way to upstreams
	drainTimeout      = 20 * time.Second // below the 30 s that Kubernetes and the 90 s that systemd give
)

// ListenAndServe serves handler at addr until ctx ends, over TLS if cfg has a certificate, and then lets the requests under
// way finish.
func ListenAndServe(ctx context.Context, addr string, handler http.Handler, cfg *config.Config) error {
	secure, err := tlsConfig(cfg)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use by another process: stop that one, or choose another address "+
			"(GATEHOUSE_LISTEN; GATEHOUSE_UI_LISTEN for the pages)", addr)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s may not be used without a privilege: choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE", addr)
	case err != nil:
		return fmt.Errorf("cannot listen at %s: %w", addr, err)
	}
	slog.Info("listening", "address", listener.Addr().String(), "tls", secure != nil)
	return serveUntil(ctx, listener, handler, secure)
}

func serveUntil(ctx context.Context, listener net.Listener, handler http.Handler, secure *tls.Config) error {
	server := &http.Server{
		Handler:           handler,
		TLSConfig:         secure,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// What clients do wrong, such as a TLS handshake with something else, is no error of ours.
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() {
		if secure != nil {
			ended <- server.ServeTLS(listener, "", "")
		} else {
			ended <- server.Serve(listener)
		}
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		slog.Warn("closed connections that were still busy", "after", drainTimeout.String())
		return server.Close()
	}
	return nil
}

// tlsConfig is nil without a certificate. TLS 1.2 has forward secrecy and AES-GCM only (RFC 9325 §4.2), 1.3 what Go offers.
func tlsConfig(cfg *config.Config) (*tls.Config, error) {
	if cfg.TLSCertFile == "" {
		return nil, nil
	}
	c := &certificate{certFile: cfg.TLSCertFile, keyFile: cfg.TLSKeyFile}
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("GATEHOUSE_TLS_CERT_FILE and GATEHOUSE_TLS_KEY_FILE: %w", err)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		},
		GetCertificate: c.get,
	}, nil
}

// certificate is read again when its file has changed, so that a renewal needs no restart.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	pair    *tls.Certificate
	changed time.Time // of the file that pair is from
	checked time.Time
}

const certificateCheck = 10 * time.Second

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.checked) < certificateCheck {
		return c.pair, nil
	}
	c.checked = time.Now()
	if info, err := os.Stat(c.certFile); err != nil || info.ModTime().Equal(c.changed) {
		return c.pair, nil
	}
	if err := c.load(); err != nil { // half of the pair may have been written: the old one serves until the next look
		slog.Warn("keeps the certificate it has, since the new one cannot be used", "error", err)
	}
	return c.pair, nil
}

func (c *certificate) load() error {
	info, err := os.Stat(c.certFile)
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair, c.changed, c.checked = &pair, info.ModTime(), time.Now()
	return nil
}
