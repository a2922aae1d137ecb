package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"gatehouse/api/config"
)

// certificate is read again when its file has changed, and at SIGHUP, so that a renewal needs no restart and ends no connection. A nil one
// is that of who speaks no TLS.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	pair    *tls.Certificate
	changed time.Time // of the file that pair is from
	checked time.Time
}

const certificateCheck = 10 * time.Second

// loadCertificate returns nil where cfg names none.
func loadCertificate(cfg *config.Config) (*certificate, error) {
	if cfg.TLSCertFile == "" {
		return nil, nil
	}
	c := &certificate{certFile: cfg.TLSCertFile, keyFile: cfg.TLSKeyFile}
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("GATEHOUSE_TLS_CERT_FILE and GATEHOUSE_TLS_KEY_FILE: %w", err)
	}
	return c, nil
}

// tls returns nil without a certificate. TLS 1.2 has forward secrecy and AES-GCM only (RFC 9325 §4.2), 1.3 what Go offers.
func (c *certificate) tls() *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		},
		GetCertificate: c.get,
	}
}

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
	c.renew()
	return c.pair, nil
}

// renew reads the files; with c.mu held. Half of the pair may have been written: the old one serves until the next look.
func (c *certificate) renew() {
	if err := c.load(); err != nil {
		slog.Warn("keeps the certificate it has, since the new one cannot be used", "error", err)
	}
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

// readAt reads the files at once at each of the signals, until ctx ends. Without a certificate they do nothing.
func (c *certificate) readAt(ctx context.Context, signals <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
		}
		if c == nil {
			slog.Info("there is no certificate to read again")
			continue
		}
		c.mu.Lock()
		c.renew()
		expires := c.pair.Leaf.NotAfter
		c.mu.Unlock()
		slog.Info("asked to read the certificate again", "expires", expires)
	}
}
