package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Bounds of a slow client: of one that sends, and of one that reads, of which the kernel has buffers full.
const (
	slowSender = time.Minute
	slowReader = 2 * time.Minute
)

// slowClients has strangers send a byte a second, of the head and of the body, or half a body and no more, to each endpoint, and others
// read a byte a second of many answers that they asked for at once. They are cut off, and nobody waits for them.
func slowClients(ctx context.Context, l *lab) (outcome, error) {
	db, err := l.postgres(ctx)
	if err != nil {
		return outcome{}, err
	}
	s, err := l.site(ctx, siteOptions{database: db.URL("gatehouse"), env: []string{"GATEHOUSE_ADMIN_GROUP=admins"}})
	if err != nil {
		return outcome{}, err
	}
	paths, err := s.endpoints()
	if err != nil {
		return outcome{}, err
	}
	each := 25
	if l.quick {
		each = 3
	}
	c := s.crowd(ctx, 8)
	defer c.stop()
	if err := c.goesOn(ctx, 50); err != nil { // the connections that people need are there
		return outcome{}, err
	}
	open := s.openFiles()
	readers, cutOffReaders := s.slowReaders(ctx, []string{"/.well-known/openid-configuration", "/admin/v1/openapi.json"}, 25)
	var longest atomic.Int64
	var all sync.WaitGroup
	for _, path := range paths {
		for i := range each {
			head := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", path)
			if i%3 > 0 {
				head = fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\n", path) +
					"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n\r\n"
			}
			if i%3 == 2 {
				head += strings.Repeat("a", 2000)
			}
			all.Go(func() { most(&longest, cutOff(s.at[0], head, i%3 < 2)) })
		}
	}
	all.Wait()
	senders := time.Duration(longest.Load())
	began := time.Now()
	late := until(ctx, slowReader+10*time.Second, "files that are open are closed", func() bool { return s.openFiles() <= open+30 })
	took := senders + time.Since(began)
	cutOffReaders()
	o, err := c.afterwards(ctx)
	peak, unknown := s.peak()
	o.saw += fmt.Sprintf("; %d slow senders were cut off within %.0f s, %d slow readers within %.0f s; %d MiB of memory at most",
		each*len(paths), senders.Seconds(), readers, took.Seconds(), peak)
	if err := errors.Join(err, late, unknown); err != nil {
		return o, err
	}
	if o.silent > 5*time.Second || senders > slowSender || peak > 400 {
		return o, fmt.Errorf("people waited for strangers: %s, or it took too much: %s", o.silent, o.saw)
	}
	return o, nil
}

// slowReaders has n read each path of a replica, and returns how many they are, once all are connected, and what ends them.
func (s *site) slowReaders(ctx context.Context, paths []string, n int) (many int, end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all, connected sync.WaitGroup
	for _, path := range paths {
		for range n {
			connected.Add(1)
			all.Go(func() { readSlowly(ctx, s.at[0], path, connected.Done) })
		}
	}
	connected.Wait()
	return n * len(paths), func() { cancel(); all.Wait() }
}

// readSlowly asks for the same so often that no buffer has room for all of the answers, and reads a byte a second until ctx ends.
func readSlowly(ctx context.Context, origin, path string, begun func()) {
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		_ = raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1) })
		return err // before the window is offered
	}}
	conn, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(origin, "http://"))
	begun()
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(slowSender)) // nobody reads them to the end
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, _ = io.WriteString(conn, strings.Repeat("GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n", 3000))
	}()
	defer func() { <-asked }()
	for b := make([]byte, 1); pause(ctx, time.Second) == nil; {
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := conn.Read(b); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
	}
}

// endpoints are the paths of discovery's addresses, those that pages ask for, and some of the admin API.
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
	paths := []string{"/login", "/interaction", "/consent", "/forgot-password", "/.well-known/openid-configuration", "/no/such/path",
		"/admin/v1/openapi.json", "/admin/v1/users", "/admin/v1/users/import", "/admin/v1/groups/staff"}
	for _, value := range metadata {
		if text, ok := value.(string); ok && strings.HasPrefix(text, s.issuer+"/") {
			paths = append(paths, strings.TrimPrefix(text, s.issuer))
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// cutOff sends head and then, if more is to come, a byte a second, and returns how long it takes until the connection is closed.
func cutOff(origin, head string, more bool) time.Duration {
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
			if time.Since(began) > 2*slowSender {
				return time.Since(began)
			}
			if more {
				if _, err := io.WriteString(conn, "a"); err != nil {
					return time.Since(began)
				}
			}
		}
	}
}

// openFiles is how many the first replica has.
func (s *site) openFiles() int {
	list, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.replicas[0].cmd.Process.Pid))
	return len(list)
}
