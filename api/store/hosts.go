package store

import (
	"context"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// takesNoWrites reports whether an error is that of a server which is no primary: a standby, as a primary is after a failover, where a
// write is refused (read_only_sql_transaction), and so is the reading of an unlogged table; or one that somebody has set so.
func takesNoWrites(err *pgconn.PgError) bool {
	const readOnly, notSupported = "25006", "0A000"
	return err.Code == readOnly || err.Code == notSupported && err.Routine == "get_relation_info"
}

// writable makes connections lead to the primary: of several hosts only one that takes writes will do, which is what
// target_session_attrs=read-write says, and a connection on which a write is refused is closed, so that the next one is looked for anew.
func writable(cfg *pgconn.Config) {
	elsewhere := func(f *pgconn.FallbackConfig) bool { return f.Host != cfg.Host || f.Port != cfg.Port }
	if slices.ContainsFunc(cfg.Fallbacks, elsewhere) && cfg.ValidateConnect == nil {
		cfg.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	stays := cfg.OnPgError
	cfg.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool { return !takesNoWrites(err) && stays(conn, err) }
}

// primary remembers which of several hosts answered last, so that a connection is tried there first: one before it that is dead says
// nothing, and would cost each of them connectPatience.
type primary struct {
	mu      sync.Mutex
	address string              // of the last one
	ips     map[string][]string // of each host, when it was looked up last
}

// follow has the connections of cfg tried there first.
func (p *primary) follow(cfg *pgconn.Config) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := append([]*pgconn.FallbackConfig{{Host: cfg.Host, Port: cfg.Port, TLSConfig: cfg.TLSConfig}}, cfg.Fallbacks...)
	slices.SortStableFunc(all, func(a, b *pgconn.FallbackConfig) int { return p.distance(a) - p.distance(b) })
	cfg.Host, cfg.Port, cfg.TLSConfig, cfg.Fallbacks = all[0].Host, all[0].Port, all[0].TLSConfig, all[1:]
	lookup := cfg.LookupFunc
	cfg.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		ips, err := lookup(ctx, host)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.ips == nil {
			p.ips = map[string][]string{}
		}
		p.ips[host] = ips
		return ips, err
	}
}

// distance is 0 for the host that answered last.
func (p *primary) distance(f *pgconn.FallbackConfig) int {
	for _, ip := range append(slices.Clone(p.ips[f.Host]), f.Host) {
		if _, address := pgconn.NetworkAddress(ip, f.Port); address == p.address {
			return 0
		}
	}
	return 1
}

// answered notes where a connection leads to.
func (p *primary) answered(conn *pgx.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.address = conn.PgConn().Conn().RemoteAddr().String()
}
