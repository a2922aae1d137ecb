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
	"os/signal"
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

// Door is an address, and what is served there.
type Door struct {
	Addr    string
	Handler http.Handler
}

// ListenAndServe serves at each door until ctx ends or one of them fails, over TLS if cfg has a certificate, and then lets the requests
// under way finish. systemd hears when all of them listen, and of the first, while it answers, that it does. SIGHUP has the certificate
// read again.
func ListenAndServe(ctx context.Context, cfg *config.Config, doors ...Door) error {
	certificate, err := loadCertificate(cfg)
	if err != nil {
		return err
	}
	var listeners []net.Listener
	for _, door := range doors {
		listener, err := listen(door.Addr)
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
			return err
		}
		slog.Info("listening", "address", listener.Addr().String(), "tls", certificate != nil)
		listeners = append(listeners, listener)
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	ctx, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	beside.Go(func() { certificate.readAt(ctx, hangups) })
	beside.Go(func() { superviseBy(ctx, systemd{cfg.NotifySocket, cfg.Watchdog}, doors[0].Handler) })
	ended := make(chan error, len(doors))
	for i, door := range doors {
		go func() {
			defer stop()
			ended <- serveUntil(ctx, listeners[i], door.Handler, certificate.tls())
		}()
	}
	for range doors {
		err = errors.Join(err, <-ended)
	}
	return err
}

func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another process: stop that one, or choose another address "+
			"(GATEHOUSE_LISTEN; GATEHOUSE_UI_LISTEN for the pages)", addr)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s may not be used without a privilege: choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE", addr)
	case err != nil:
		return nil, fmt.Errorf("cannot listen at %s: %w", addr, err)
	}
	return &lastCalls{TCPListener: listener.(*net.TCPListener)}, nil
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
	var unheard unheard
	server.ConnState = unheard.follow
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
	// Shutdown drops the connections whose first request comes after it, so it waits for those.
	server.SetKeepAlivesEnabled(false)
	if err := listener.Close(); err == nil {
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			return err
		}
		unheard.wait(drain)
	}
	if err := server.Shutdown(drain); err != nil {
		slog.Warn("closed connections that were still busy", "after", drainTimeout.String())
		return server.Close()
	}
	return nil
}
