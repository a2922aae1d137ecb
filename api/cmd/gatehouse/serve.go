package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/config"
	"gatehouse/api/keys"
	"gatehouse/api/metrics"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
	"gatehouse/api/store"
	"gatehouse/api/traces"
	"gatehouse/api/web"
)

type serveCmd struct{}

func (serveCmd) Run(ctx context.Context, a *app) error {
	cfg, err := a.config(config.ForServe)
	if err != nil {
		return err
	}
	a.startLog(cfg)
	var tracers []oidc.Tracer
	var tracer *traces.Tracer
	if cfg.TracesEndpoint != "" {
		if tracer, err = startTraces(ctx, cfg.TracesEndpoint); err != nil {
			return err
		}
		defer stopTraces(tracer) //nolint:contextcheck // ctx has ended by then
		tracers = append(tracers, tracer)
	}
	db, err := store.Open(ctx, cfg.DatabaseURL, tracers...)
	if err != nil {
		return err
	}
	defer db.Close()
	passwords := authn.NewPasswords(cfg.HashWorkers, cfg.HashQueue)
	p, err := newProvider(cfg, db, passwords)
	if err != nil {
		return err
	}
	var counter *metrics.Metrics
	if cfg.MetricsListen != "" {
		counter = metrics.New(version, metrics.Sources{Database: db.Gauges, Pool: db.Pool, Hashes: passwords.InUse})
		p.CountWith(counter)
	}
	if tracer != nil {
		p.TraceWith(tracer)
	}
	switch err := p.Start(ctx); {
	case errors.As(err, new(store.Unavailable)):
		slog.Warn("Postgres does not answer; every request is answered 503 until it does", "error", err)
	case err != nil && !errors.As(err, new(store.SchemaTooOld)): // which is mended without a new start: Run tells of it
		return err
	}
	collectSeldom(cfg.HashWorkers)
	background, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		p.Run(background, func(ctx context.Context, changed func()) { db.Watch(ctx, cfg.DatabaseListenURL, changed) })
	})
	defer running.Wait() // before the database is closed
	defer stop()
	proxies := web.Proxies{Trusted: cfg.TrustedProxies, Header: cfg.ForwardedHeader}
	api := web.API(p, proxies, cfg.Look) //nolint:contextcheck // a line of the log belongs to its request, which has a context of its own
	doors := []web.Door{{Addr: cfg.Listen, Handler: api}}
	if cfg.AdminGroup != "" {
		adm := web.Admin(p, newAdmin(cfg, db, passwords), proxies) //nolint:contextcheck // as above
		if cfg.AdminListen == "" {
			doors[0].Handler = web.WithAdmin(api, adm)
		} else {
			doors = append(doors, web.Door{Addr: cfg.AdminListen, Handler: adm})
		}
	}
	if counter != nil {
		doors = append(doors, web.Door{Addr: cfg.MetricsListen, Handler: counter.Handler()})
	}
	return web.ListenAndServe(ctx, cfg, doors...)
}

// startTraces says at most once a minute that nobody takes them.
func startTraces(ctx context.Context, endpoint string) (*traces.Tracer, error) {
	var told atomic.Int64
	return traces.Start(ctx, endpoint, version, func(err error) {
		if now, last := time.Now().Unix(), told.Load(); now-last >= 60 && told.CompareAndSwap(last, now) {
			slog.Warn("traces were not sent: check OTEL_EXPORTER_OTLP_ENDPOINT", "error", err)
		}
	})
}

// stopTraces sends what waits, for two seconds at most.
func stopTraces(t *traces.Tracer) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	t.Stop(ctx)
}

// collectSeldom trades some memory for less work of the garbage collector: what lives is a few MiB, so that by default it would be
// looked through after each few MiB more. GOGC and GOMEMLIMIT overrule it.
func collectSeldom(hashWorkers int) {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(memoryLimit(hashWorkers))
	}
}

// memoryLimit returns what the garbage collector may let grow, in bytes: for each worker a hash that is computed and some that are
// garbage, and room for all else. A limit below what lives would have it run all the time.
func memoryLimit(hashWorkers int) int64 { return 64<<20 + 3*authn.HashMemory*int64(hashWorkers) }

func newProvider(cfg *config.Config, db *store.Store, passwords *authn.Passwords) (*provider.Provider, error) {
	sealer, err := keys.NewSealer(cfg.EncryptionKeys)
	if err != nil {
		return nil, err
	}
	return provider.New(cfg.Settings, db, sealer, passwords, db.Now), nil
}
