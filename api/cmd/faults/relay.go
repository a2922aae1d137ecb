package main

import (
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"

	"github.com/jackc/pgx/v5"
)

// relay is between Gatehouse and Postgres, and passes on what both say until it is silent: then it keeps connections open and passes
// nothing on any more, as a firewall does that forgot them, or a machine that died.
type relay struct {
	to        string // the socket of Postgres
	mu        sync.Mutex
	silent    map[net.Conn]bool // those that there are, and whether they are
	allTheNew bool              // connections are silent from the beginning
}

// relay returns the URL of the database of another one that leads through it.
func (l *lab) relay(database string) (r *relay, through string, err error) {
	config, err := pgx.ParseConfig(database)
	if err != nil {
		return nil, "", err
	}
	r = &relay{to: filepath.Join(config.Host, ".s.PGSQL.5432"), silent: map[net.Conn]bool{}}
	listener, err := net.Listen("unix", filepath.Join(l.dir, ".s.PGSQL.5432"))
	if err != nil {
		return nil, "", err
	}
	l.atEnd(func() {
		_ = listener.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		for c := range r.silent {
			_ = c.Close()
		}
	})
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go r.serve(c)
		}
	}()
	return r, "postgres://" + config.User + "@/" + config.Database + "?host=" + url.QueryEscape(l.dir), nil
}

func (r *relay) serve(c net.Conn) {
	r.mu.Lock()
	r.silent[c] = r.allTheNew
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.silent, c)
		_ = c.Close()
	}()
	if r.isSilent(c) {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	postgres, err := net.Dial("unix", r.to)
	if err != nil {
		return
	}
	go func() {
		defer c.Close()
		r.pass(c, c, postgres)
	}()
	r.pass(c, postgres, c)
	_ = postgres.Close()
}

// pass passes on what comes until the connection c is silent; from then on it is read, and that is all.
func (r *relay) pass(c net.Conn, to io.Writer, from io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			if r.isSilent(c) { // nobody hears that it has ended
				select {}
			}
			return
		}
		if r.isSilent(c) {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (r *relay) isSilent(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.silent[c]
}

// silence has all that are open say nothing any more, and, if newOnes are to, those that come until it is called again.
func (r *relay) silence(newOnes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.silent {
		r.silent[c] = true
	}
	r.allTheNew = newOnes
}
