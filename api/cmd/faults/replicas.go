package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"time"
)

// twoReplicasOf starts a site of two replicas, and a crowd.
func twoReplicasOf(ctx context.Context, l *lab) (*site, *crowd, error) {
	db, err := l.postgres(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := l.site(ctx, siteOptions{database: db.URL("gatehouse"), replicas: 2})
	if err != nil {
		return nil, nil, err
	}
	return s, s.crowd(ctx, l.times(24, 8)), nil
}

// rollingRestart replaces one replica after the other, as an upgrade does. Nobody notices: who is asked to stop (SIGTERM) finishes what
// was begun.
func rollingRestart(ctx context.Context, l *lab) (outcome, error) {
	s, c, err := twoReplicasOf(ctx, l)
	if err != nil {
		return outcome{}, err
	}
	defer c.stop()
	rounds := 5
	if l.quick {
		rounds = 1
	}
	if err := c.goesOn(ctx, 20); err != nil {
		return outcome{}, err
	}
	for range rounds {
		for i := range s.replicas {
			if err := s.restart(ctx, c, i); err != nil {
				return outcome{}, err
			}
		}
	}
	c.stop()
	o, err := c.check(ctx)
	if err == nil && o.saw != "nothing" {
		err = fmt.Errorf("people noticed: %s", o.saw)
	}
	return o, err
}

// restart restarts a replica under load.
func (s *site) restart(ctx context.Context, c *crowd, i int) error {
	if !s.replicas[i].stop() {
		return errors.New("a replica did not end when it was asked to")
	}
	if err := s.start(ctx, i); err != nil {
		return err
	}
	// nginx tries it again after fail_timeout, and until then the other one is all there is.
	if err := pause(ctx, 2*time.Second); err != nil {
		return err
	}
	return c.goesOn(ctx, 30)
}

// replicaKilled ends one process after the other without a warning. Whoever waited for an answer asks again.
func replicaKilled(ctx context.Context, l *lab) (outcome, error) {
	s, c, err := twoReplicasOf(ctx, l)
	if err != nil {
		return outcome{}, err
	}
	defer c.stop()
	rounds := 10
	if l.quick {
		rounds = 1
	}
	for range rounds {
		for i, replica := range s.replicas {
			if err := c.goesOn(ctx, 20); err != nil {
				return outcome{}, err
			}
			replica.kill()
			if err := pause(ctx, time.Second); err != nil {
				return outcome{}, err
			}
			if err := s.start(ctx, i); err != nil {
				return outcome{}, err
			}
		}
	}
	c.stop()
	return c.check(ctx)
}

var result = regexp.MustCompile(`(?m)^ *--- (PASS|FAIL): `)

// twoReplicas runs the tests of the provider and of the web room with two replicas, each request at the other one. What counts are tests.
func twoReplicas(ctx context.Context, l *lab) (o outcome, err error) {
	args := []string{"test", "-count=1", "-v", "./api/provider", "./api/web"}
	if l.quick {
		args = append(args, "-run", "TestA")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "-args", "-replicas=2")...)
	cmd.Dir, cmd.Env = l.root, ownEnvironment()
	out, err := cmd.CombinedOutput()
	for _, m := range result.FindAllSubmatch(out, -1) {
		o.acknowledged++
		if string(m[1]) == "FAIL" {
			o.lost++
		}
	}
	if err != nil {
		for _, line := range regexp.MustCompile(`(?m)^ *--- FAIL: .*$`).FindAllString(string(out), 20) {
			l.say("%s", line)
		}
	}
	return o, err
}
