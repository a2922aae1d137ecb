package main

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// failoverSync kills the machine of the primary under load. What people were told is on the disks of two nodes by then, so nothing is lost.
func failoverSync(ctx context.Context, l *lab) (outcome, error) {
	c, err := l.patroni(ctx, true)
	if err != nil {
		return outcome{}, err
	}
	return c.failover(ctx, siteOptions{database: c.url(), replicas: 2}, nil)
}

// failoverAsync does so where the primary waits for nobody, a second after it stopped to send what it wrote. What people were told in
// that second is lost, and they sign in again.
func failoverAsync(ctx context.Context, l *lab) (outcome, error) {
	c, err := l.patroni(ctx, false)
	if err != nil {
		return outcome{}, err
	}
	o, err := c.failover(ctx, siteOptions{database: c.url(), replicas: 2}, func(primary *node) error {
		if err := c.stopSending(ctx, primary); err != nil {
			return err
		}
		return pause(ctx, time.Second)
	})
	o.mayLose = true
	return o, err
}

// stopSending stops the process of the primary that sends the standby what was written.
func (c *cluster) stopSending(ctx context.Context, primary *node) error {
	at := fmt.Sprintf("postgres://postgres:%s@%s/postgres", c.superuser, primary.address)
	return connected(ctx, at, func(conn *pgx.Conn) error {
		var sender int
		err := until(ctx, 20*time.Second, "a standby that follows", func() bool {
			return conn.QueryRow(ctx, "SELECT pid FROM pg_stat_replication WHERE state = 'streaming'").Scan(&sender) == nil
		})
		if err != nil {
			return err
		}
		return syscall.Kill(sender, syscall.SIGSTOP)
	})
}

// failover has a crowd on a site while the primary dies, another is promoted, the old one comes back and leads again. before is done to
// the primary just before.
func (c *cluster) failover(ctx context.Context, o siteOptions, before func(primary *node) error) (outcome, error) {
	s, err := c.site(ctx, o)
	if err != nil {
		return outcome{}, err
	}
	people := s.crowd(ctx, 8)
	defer people.stop()
	if err := people.goesOn(ctx, 100); err != nil {
		return outcome{}, err
	}
	old := c.leader()
	standby := c.another(old)
	if before != nil {
		if err := before(old); err != nil {
			return outcome{}, err
		}
	}
	died := time.Now()
	if err := old.die(); err != nil {
		return outcome{}, err
	}
	if err := c.leads(ctx, standby); err != nil {
		return outcome{}, err
	}
	c.say("%s leads %.1f s after %s died", standby.name, time.Since(died).Seconds(), old.name)
	if err := people.goesOn(ctx, 100); err != nil {
		return outcome{}, err
	}
	c.say("after %.1f s without an answer people go on; %s comes back", people.longestSilence().Seconds(), old.name)
	if err := c.comesBack(ctx, old, people); err != nil {
		return outcome{}, err
	}
	people.stop()
	return people.check(ctx)
}

// comesBack starts a node that died, waits until it follows, and has it lead again, as is planned.
func (c *cluster) comesBack(ctx context.Context, old *node, people *crowd) error {
	if err := old.start(); err != nil {
		return err
	}
	if err := c.has(ctx, len(c.nodes)); err != nil {
		return err
	}
	if err := people.goesOn(ctx, 50); err != nil {
		return err
	}
	began := time.Now()
	if err := c.switchover(ctx, c.another(old), old); err != nil {
		return err
	}
	if err := people.goesOn(ctx, 100); err != nil {
		return err
	}
	c.say("a switchover back, and a hundred answers after it, took %.1f s", time.Since(began).Seconds())
	return c.has(ctx, len(c.nodes))
}
