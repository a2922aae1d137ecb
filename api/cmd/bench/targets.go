package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"gatehouse/api/cmd/bench/floor"
	"gatehouse/api/cmd/bench/load"
)

// server is a program that is measured.
type server struct {
	name     string
	origin   string
	database string // "" if it has none
	dir      string
	command  []string
	*process
}

func (b *bench) server(name, origin, database string, command ...string) *server {
	return &server{name: name, origin: origin, database: database, dir: filepath.Join(b.dir, name), command: command}
}

func (s *server) start(ctx context.Context) (err error) {
	if err := free(s.origin); err != nil {
		return err
	}
	if s.process, err = start(s.dir, s.command...); err != nil {
		return err
	}
	return s.await(ctx, s.origin+"/.well-known/openid-configuration")
}

func (s *server) stop() {
	if s.process != nil {
		s.process.stop()
		s.process = nil
	}
}

// target is a client at a server.
type target struct {
	load.Target
	server *server
}

// The names of targets.
const (
	ours, oursES256        = "gatehouse", "gatehouse-es256"
	before, beforeES256    = "before", "before-es256"
	floorRS256, floorES256 = "floor-rs256", "floor-es256"
	hello                  = "hello"
)

func (s *server) target(name, clientID, sessionCookie string) *target {
	return &target{load.Target{
		Name: name, Issuer: s.origin, RedirectURI: floor.RedirectURI, Scope: "openid offline_access email", UIOrigin: ui,
		Client: load.Client{ID: clientID, Secret: floor.Secret("web")}, Service: load.Client{ID: "svc", Secret: floor.Secret("svc")},
		Users: people,
		User: func(n int) load.User {
			name := fmt.Sprintf("user%04d", n) // seed.sql, floor/protocol.sql
			return load.User{SessionCookie: sessionCookie, Session: "session-of-" + name, Username: name, Password: password}
		},
	}, s}
}

// addTargets fills in what is measured beside Gatehouse, and the clients of all.
func (b *bench) addTargets() {
	const cookie = "gatehouse-session"
	b.servers = append(b.servers, b.ours.server)
	b.targets = append(b.targets, b.ours.target(ours, "web", cookie), b.ours.target(oursES256, "web-es256", cookie))
	if b.before != nil {
		b.servers = append(b.servers, b.before.server)
		b.targets = append(b.targets, b.before.target(before, "web", cookie), b.before.target(beforeES256, "web-es256", cookie))
	}
	for _, f := range []struct{ name, alg, address, database string }{
		{floorRS256, "RS256", "127.0.0.1:7980", "floor_rs256"},
		{floorES256, "ES256", "127.0.0.1:7981", "floor_es256"},
	} {
		s := b.server(f.name, "http://"+f.address, f.database, b.self, "floor", "protocol", f.address, f.alg, b.db.URL(f.database))
		b.servers = append(b.servers, s)
		b.targets = append(b.targets, s.target(f.name, "web", "sid"))
	}
	s := b.server(hello, "http://127.0.0.1:7990", "", b.self, "floor", "hello", "127.0.0.1:7990")
	b.servers = append(b.servers, s)
	b.targets = append(b.targets, s.target(hello, "", ""))
}

// target returns the one with the name.
func (b *bench) target(name string) *target {
	return b.targets[slices.IndexFunc(b.targets, func(t *target) bool { return t.Name == name })]
}
