package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// halfMade has strangers begin sign-ins that nobody ends, push requests that nobody uses, and ask for codes for devices that are not there.
func halfMade(ctx context.Context, l *lab) (outcome, error) {
	_, s, err := l.oneReplica(ctx)
	if err != nil {
		return outcome{}, err
	}
	if err := execute(ctx, s.database, `UPDATE clients SET grant_types = grant_types || '{urn:ietf:params:oauth:grant-type:device_code}'
		WHERE client_id = 'web'`); err != nil {
		return outcome{}, err
	}
	c := s.crowd(ctx, 4)
	defer c.stop()
	if err := c.goesOn(ctx, 20); err != nil {
		return outcome{}, err
	}
	many := 10_000
	if l.quick {
		many = 300
	}
	asClient := func(form url.Values) url.Values {
		form.Set("client_id", "web")
		form.Set("client_secret", secret)
		return form
	}
	memory := s.memory()
	var said []string
	for _, half := range []struct {
		what, method, path string
		form               url.Values
	}{
		{"authorization requests", "GET", "/authorize", authorization("web", "")},
		{"pushed requests", "POST", "/par", asClient(authorization("web", ""))},
		{"device codes", "POST", "/device_authorization", asClient(url.Values{"scope": {"openid"}})},
	} {
		before, err := s.rows(ctx)
		if err != nil {
			return outcome{}, err
		}
		statuses := s.askMany(many, half.method, half.path, half.form)
		after, err := s.rows(ctx)
		if err != nil {
			return outcome{}, err
		}
		left := after["device_codes"] + after["used_jtis"] - before["device_codes"] - before["used_jtis"]
		l.say("%d %s: answers %v, %d rows", many, half.what, statuses, left)
		said = append(said, fmt.Sprintf("%d rows of %d %s", left, many, half.what))
		if left > 2000 {
			return outcome{}, fmt.Errorf("%d rows were written for strangers by %s", left, half.path)
		}
	}
	grown := s.memory() - memory
	o, err := c.afterwards(ctx)
	o.saw += "; " + strings.Join(said, ", ") + fmt.Sprintf("; %d MiB of memory", grown>>20)
	if err == nil && grown > 128<<20 {
		err = fmt.Errorf("the process grew by %d MiB", grown>>20)
	}
	return o, err
}

// askMany sends a request so many times, 16 at once, and returns how often it was answered with which status.
func (s *site) askMany(many int, method, path string, form url.Values) map[int]int {
	statuses := map[int]int{}
	var mu sync.Mutex
	var next atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			p := newPerson(&crowd{site: s}, 0)
			defer p.browser.CloseIdleConnections()
			for next.Add(1) <= int64(many) {
				a, _ := p.send(method, path, form)
				mu.Lock()
				statuses[a.status]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return statuses
}

// rows counts those of the tables that somebody who is not signed in writes to.
func (s *site) rows(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	for _, table := range []string{"device_codes", "used_jtis"} {
		n, err := s.count(ctx, "SELECT count(*) FROM "+table)
		if err != nil {
			return nil, err
		}
		counts[table] = n
	}
	return counts, nil
}

// memory is what the first replica has of the machine's, in bytes.
func (s *site) memory() int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.replicas[0].cmd.Process.Pid))
	if fields := strings.Fields(string(text)); len(fields) > 1 {
		pages, _ := strconv.Atoi(fields[1])
		return pages * os.Getpagesize()
	}
	return 0
}
