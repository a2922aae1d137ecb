package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// pooler is a PgBouncer on the machine of a node, before its Postgres.
type pooler struct {
	address string
	*process
}

// pgbouncerINI has the settings of docs/operations.md.
const pgbouncerINI = `[databases]
gatehouse = host=127.0.0.1 port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = scram-sha-256
auth_file = %s
pool_mode = transaction
default_pool_size = 20
server_login_retry = 1
`

// pgbouncers is a failover behind them: the one of the node that dies goes with it, and the one of a node that leads no more stays, with
// everybody's connections, before a Postgres that takes no writes.
func pgbouncers(ctx context.Context, l *lab) (outcome, error) {
	c, err := l.patroni(ctx, true)
	if err != nil {
		return outcome{}, err
	}
	var hosts []string
	for _, n := range c.nodes {
		if err := c.pooled(ctx, n); err != nil {
			return outcome{}, err
		}
		hosts = append(hosts, n.pooler.address)
	}
	through := fmt.Sprintf("postgres://gatehouse:%s@%s/gatehouse?target_session_attrs=read-write&default_query_exec_mode=cache_describe",
		c.gatehouse, strings.Join(hosts, ","))
	return c.failover(ctx, siteOptions{database: through, direct: c.url(), replicas: 2,
		env: []string{"DATABASE_LISTEN_URL=" + c.url()}}, nil)
}

// pooled starts a PgBouncer before a node.
func (c *cluster) pooled(ctx context.Context, n *node) error {
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		return fmt.Errorf("PgBouncer is needed (as root: apt-get install pgbouncer): %w", err)
	}
	at, err := freeAddress()
	if err != nil {
		return err
	}
	users := filepath.Join(n.home, "users.txt")
	if err := c.write(users, fmt.Sprintf("%q %q\n", "gatehouse", c.gatehouse)); err != nil {
		return err
	}
	ini := filepath.Join(n.home, "pgbouncer.ini")
	if err := c.write(ini, fmt.Sprintf(pgbouncerINI, portOf(n.address), portOf(at), users)); err != nil {
		return err
	}
	n.pooler = &pooler{at, &process{command: []string{program, ini}, dir: n.home, log: filepath.Join(c.dir, n.name+"-pgbouncer.log"),
		who: c.who}}
	if err := n.pooler.start(); err != nil {
		return err
	}
	c.atEnd(func() {
		_ = n.pooler.cmd.Process.Signal(syscall.SIGTERM)
		<-n.pooler.exited
	})
	return until(ctx, 10*time.Second, "pgbouncer: "+n.pooler.log, func() bool { return listens(at) })
}
