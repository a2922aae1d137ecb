package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"gatehouse/api/devdb"
)

// cluster is Postgres on Patroni and etcd, as docs/operations.md has it.
type cluster struct {
	*lab
	where       string // of its files, in a folder that whoever it runs as can enter
	who         *syscall.Credential
	bin         string // of Postgres
	etcd        string // the address that its clients use
	synchronous bool
	superuser   string // passwords
	replicator  string
	gatehouse   string
	nodes       []*node
}

// node is a Postgres with the Patroni that looks after it.
type node struct {
	name, address, rest, home string
	patroni                   *process
	pooler                    *pooler // nil for none
}

// patroniYAML is the configuration of a node; docs/operations.md has the same.
const patroniYAML = `scope: gatehouse
name: %[1]s
restapi: {listen: "%[2]s", connect_address: "%[2]s"}
etcd3: {hosts: "%[3]s"}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 5
    retry_timeout: 5
    maximum_lag_on_failover: 1048576
    synchronous_mode: %[4]t
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters: {wal_log_hints: "on", synchronous_commit: "on", max_connections: 100}
  initdb: [{encoding: UTF8}, {locale: C}, data-checksums]
postgresql:
  listen: "%[5]s"
  connect_address: "%[5]s"
  data_dir: %[6]s/data
  bin_dir: %[7]s
  pgpass: %[6]s/pgpass
  authentication:
    superuser: {username: postgres, password: %[8]s}
    replication: {username: replicator, password: %[9]s}
  parameters: {unix_socket_directories: ""}
  pg_hba: ["host all all 127.0.0.1/32 scram-sha-256", "host replication replicator 127.0.0.1/32 scram-sha-256"]
watchdog: {mode: "off"}
`

// patroni starts a cluster of two nodes, with an empty database gatehouse of a role of the same name.
func (l *lab) patroni(ctx context.Context, synchronous bool) (*cluster, error) {
	c := &cluster{lab: l, synchronous: synchronous, superuser: rand.Text(), replicator: rand.Text(), gatehouse: rand.Text()}
	if err := c.settle(); err != nil {
		return nil, err
	}
	if err := c.startEtcd(ctx); err != nil {
		return nil, err
	}
	for i := range 2 {
		n, err := c.newNode(fmt.Sprintf("node%d", i+1))
		if err != nil {
			return nil, err
		}
		c.nodes = append(c.nodes, n)
		if err := n.patroni.start(); err != nil {
			return nil, err
		}
		l.atEnd(func() { n.patroni.stop() })
		if err := c.has(ctx, i+1); err != nil {
			return nil, err
		}
	}
	c.say("a cluster of %d runs", len(c.nodes))
	admin := c.urlOf("postgres", c.superuser, "postgres")
	for _, statement := range []string{fmt.Sprintf("CREATE ROLE gatehouse LOGIN PASSWORD '%s'", c.gatehouse),
		"CREATE DATABASE gatehouse OWNER gatehouse", "ALTER DATABASE gatehouse SET random_page_cost = 1.1"} {
		if err := execute(ctx, admin, statement); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// settle finds the programs, and makes an empty folder for whoever they run as, since Postgres refuses root.
func (c *cluster) settle() error {
	for _, program := range []string{"etcd", "patroni"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("etcd and Patroni are needed (as root: apt-get install etcd-server patroni): %w", err)
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_rewind")
	if len(found) == 0 {
		return errors.New("PostgreSQL of Debian's packages is needed (as root: apt-get install postgresql)")
	}
	slices.Sort(found)
	c.bin = filepath.Dir(found[len(found)-1])
	var err error
	if c.who, c.where, err = devdb.Account(filepath.Join(c.dir, "patroni")); err != nil {
		return err
	}
	if err := os.RemoveAll(c.where); err != nil {
		return err
	}
	return c.mkdir(c.where)
}

// mkdir makes a folder of whoever the servers run as.
func (c *cluster) mkdir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil || c.who == nil {
		return err
	}
	return os.Chown(dir, int(c.who.Uid), int(c.who.Gid))
}

// write makes a file that only they can read.
func (c *cluster) write(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil || c.who == nil {
		return err
	}
	return os.Chown(path, int(c.who.Uid), int(c.who.Gid))
}

func (c *cluster) startEtcd(ctx context.Context) error {
	var peers string
	var err error
	if c.etcd, err = freeAddress(); err != nil {
		return err
	}
	if peers, err = freeAddress(); err != nil {
		return err
	}
	etcd := &process{command: []string{"etcd", "--name=etcd1", "--data-dir=" + filepath.Join(c.where, "etcd"), "--logger=zap",
		"--listen-client-urls=http://" + c.etcd, "--advertise-client-urls=http://" + c.etcd, "--listen-peer-urls=http://" + peers,
		"--initial-advertise-peer-urls=http://" + peers, "--initial-cluster=etcd1=http://" + peers},
		dir: c.where, log: filepath.Join(c.dir, "etcd.log"), who: c.who}
	if err := etcd.start(); err != nil {
		return err
	}
	c.atEnd(func() { etcd.stop() })
	return until(ctx, 20*time.Second, "etcd: "+etcd.log, func() bool { return answers("http://" + c.etcd + "/health") })
}

func (c *cluster) newNode(name string) (*node, error) {
	n := &node{name: name, home: filepath.Join(c.where, name)}
	var err error
	if n.address, err = freeAddress(); err != nil {
		return nil, err
	}
	if n.rest, err = freeAddress(); err != nil {
		return nil, err
	}
	if err := c.mkdir(n.home); err != nil {
		return nil, err
	}
	config := filepath.Join(n.home, "patroni.yml")
	n.patroni = &process{command: []string{"patroni", config}, dir: n.home, log: filepath.Join(c.dir, name+".log"), who: c.who}
	return n, c.write(config, fmt.Sprintf(patroniYAML, name, n.rest, c.etcd, c.synchronous, n.address, n.home, c.bin, c.superuser,
		c.replicator))
}

// urlOf leads to the primary, whichever node it is.
func (c *cluster) urlOf(user, password, database string) string {
	var hosts []string
	for _, n := range c.nodes {
		hosts = append(hosts, n.address)
	}
	return fmt.Sprintf("postgres://%s:%s@%s/%s?target_session_attrs=read-write", user, password, strings.Join(hosts, ","), database)
}

// url is what Gatehouse is given as DATABASE_URL.
func (c *cluster) url() string { return c.urlOf("gatehouse", c.gatehouse, "gatehouse") }

// member is a node as Patroni describes it.
type member struct{ Name, Role, State string }

// members are those of the cluster, as any node knows them that answers.
func (c *cluster) members() []member {
	for _, n := range c.nodes {
		answer, err := http.Get("http://" + n.rest + "/cluster")
		if err != nil {
			continue
		}
		var is struct{ Members []member }
		err = json.NewDecoder(answer.Body).Decode(&is)
		answer.Body.Close()
		if err == nil && len(is.Members) > 0 {
			return is.Members
		}
	}
	return nil
}

// leader is the node that is the primary, nil while there is none that answers.
func (c *cluster) leader() *node {
	for _, n := range c.nodes {
		if answers("http://" + n.rest + "/primary") {
			return n
		}
	}
	return nil
}

// has waits until so many nodes run and one leads; where it is synchronous, until commits wait for another one.
func (c *cluster) has(ctx context.Context, nodes int) error {
	return until(ctx, time.Minute, fmt.Sprintf("a cluster of %d: %s", nodes, c.dir), func() bool {
		is := map[string]int{}
		for _, m := range c.members() {
			if m.State == "running" || m.State == "streaming" {
				is["running"]++
				is[m.Role]++
			}
		}
		return is["running"] == nodes && is["leader"] == 1 && c.leader() != nil && (!c.synchronous || nodes == 1 || is["sync_standby"] > 0)
	})
}

// another is the node beside n.
func (c *cluster) another(n *node) *node {
	return c.nodes[slices.IndexFunc(c.nodes, func(other *node) bool { return other != n })]
}

// die ends all that runs on a node at once, as its power does.
func (n *node) die() error {
	n.patroni.kill()
	if n.pooler != nil {
		n.pooler.kill()
	}
	text, err := os.ReadFile(filepath.Join(n.home, "data/postmaster.pid"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	postmaster, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	for _, pid := range append(childrenOf(postmaster), postmaster) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
	}
	return nil
}

func childrenOf(parent int) (pids []int) {
	found, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range found {
		text, err := os.ReadFile(path)
		_, after, ok := strings.Cut(string(text), ") ") // of the name
		fields := strings.Fields(after)                 // state, parent, …
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && ok && len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// start starts what runs on a node that died.
func (n *node) start() error {
	if n.pooler != nil {
		if err := n.pooler.start(); err != nil {
			return err
		}
	}
	return n.patroni.start()
}

func portOf(address string) string {
	_, port, _ := strings.Cut(address, ":")
	return port
}

// listens reports whether somebody listens there.
func listens(address string) bool {
	conn, err := net.Dial("tcp", address)
	return err == nil && conn.Close() == nil
}

// leads waits until a node does.
func (c *cluster) leads(ctx context.Context, n *node) error {
	return until(ctx, time.Minute, n.name+" to lead", func() bool { return c.leader() == n })
}

// switchover has another node lead, as is planned.
func (c *cluster) switchover(ctx context.Context, from, to *node) error {
	order := fmt.Sprintf(`{"leader": %q, "candidate": %q}`, from.name, to.name)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+from.rest+"/switchover", strings.NewReader(order))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("Patroni does not switch over: %s", answer.Status)
	}
	return c.leads(ctx, to)
}
