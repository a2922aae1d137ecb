package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// storm has many more people send their passwords than can be hashed. Who is signed in already does not notice.
func storm(ctx context.Context, l *lab) (outcome, error) {
	_, s, err := l.oneReplica(ctx)
	if err != nil {
		return outcome{}, err
	}
	calm := s.crowd(ctx, 0)
	regulars := make([]*person, 4)
	for i := range regulars {
		regulars[i] = newPerson(calm, i)
		if _, ok := regulars[i].signIn(); !ok {
			return outcome{}, fmt.Errorf("%s cannot sign in", regulars[i].name)
		}
	}
	c := s.crowd(ctx, 200)
	defer c.stop()
	var waited, signOns atomic.Int64
	over := time.Now().Add(l.last(30*time.Second, 4*time.Second))
	var all sync.WaitGroup
	for _, p := range regulars {
		all.Go(func() {
			for time.Now().Before(over) {
				began := time.Now()
				if code, ok := p.signOn(p.cookie()); ok {
					p.redeem("other", code)
					signOns.Add(1)
				}
				most(&waited, time.Since(began))
			}
		})
	}
	all.Wait()
	o, err := c.afterwards(ctx)
	o.acknowledged += calm.book.acknowledged
	o.lost += len(calm.book.lost)
	o.saw += fmt.Sprintf("; %d sign-ons of who was signed in took %.1f s at most", signOns.Load(), time.Duration(waited.Load()).Seconds())
	if err == nil && (len(calm.trouble) > 0 || signOns.Load() == 0) {
		err = fmt.Errorf("who was signed in noticed: %d sign-ons, %s", signOns.Load(), calm.saw())
	}
	return o, err
}

// most keeps the longest of some durations.
func most(longest *atomic.Int64, d time.Duration) {
	for old := longest.Load(); int64(d) > old && !longest.CompareAndSwap(old, int64(d)); {
		old = longest.Load()
	}
}

// slowClients has strangers send a byte a second, of the head and of the body, to each endpoint. They are cut off, and nobody waits for
// them.
func slowClients(ctx context.Context, l *lab) (outcome, error) {
	_, s, err := l.oneReplica(ctx)
	if err != nil {
		return outcome{}, err
	}
	paths, err := s.endpoints()
	if err != nil {
		return outcome{}, err
	}
	open := s.openFiles()
	c := s.crowd(ctx, 8)
	defer c.stop()
	each := 25
	if l.quick {
		each = 2
	}
	var longest atomic.Int64
	var all sync.WaitGroup
	for _, path := range paths {
		for i := range each {
			head := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", path)
			if i%2 == 1 {
				head = fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\n", path) +
					"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n\r\n"
			}
			all.Go(func() { most(&longest, cutOff(s.at[0], head)) })
		}
	}
	all.Wait()
	o, err := c.afterwards(ctx)
	o.saw += fmt.Sprintf("; %d slow clients were cut off within %.0f s", each*len(paths), time.Duration(longest.Load()).Seconds())
	if err != nil {
		return o, err
	}
	if o.silent > 5*time.Second || time.Duration(longest.Load()) > time.Minute {
		return o, fmt.Errorf("people waited for strangers")
	}
	return o, until(ctx, 30*time.Second, "files that are open are closed", func() bool { return s.openFiles() <= open+30 })
}

// endpoints are the paths of discovery's addresses, and those that pages ask for.
func (s *site) endpoints() ([]string, error) {
	c := &crowd{site: s}
	a, err := newPerson(c, 0).send("GET", "/.well-known/openid-configuration", nil)
	if err != nil {
		return nil, err
	}
	var metadata map[string]any
	if err := json.Unmarshal(a.body, &metadata); err != nil {
		return nil, err
	}
	paths := []string{"/login", "/interaction", "/consent", "/.well-known/openid-configuration", "/no/such/path"}
	for _, value := range metadata {
		if text, ok := value.(string); ok && strings.HasPrefix(text, s.issuer+"/") {
			paths = append(paths, strings.TrimPrefix(text, s.issuer))
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// cutOff sends head and then a byte a second, and returns how long it takes until the connection is closed.
func cutOff(origin, head string) time.Duration {
	began := time.Now()
	conn, err := net.Dial("tcp", strings.TrimPrefix(origin, "http://"))
	if err != nil {
		return 0
	}
	defer conn.Close()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, conn)
	}()
	if _, err := io.WriteString(conn, head); err != nil {
		return time.Since(began)
	}
	for {
		select {
		case <-closed:
			return time.Since(began)
		case <-time.After(time.Second):
			if _, err := io.WriteString(conn, "a"); err != nil || time.Since(began) > 2*time.Minute {
				return time.Since(began)
			}
		}
	}
}

// openFiles is how many the first replica has.
func (s *site) openFiles() int {
	list, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.replicas[0].cmd.Process.Pid))
	return len(list)
}

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
