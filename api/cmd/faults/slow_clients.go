package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

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
