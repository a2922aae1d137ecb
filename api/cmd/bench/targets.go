package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// target is a server that is measured. Several can be one process: Gatehouse under two clients.
type target struct {
	name    string
	dir     string
	origin  string
	command []string // nil where another target starts the process
	client  string
	*process
}

func (b *bench) allTargets() []*target {
	dir := func(name string) string { return filepath.Join(b.dir, name) }
	floor := func(alg, port string) *target {
		name := "floor-" + strings.ToLower(alg)
		return &target{name: name, dir: dir(name), origin: "http://127.0.0.1:" + port, client: "web", command: []string{"env",
			"ALG=" + alg, "ADDR=127.0.0.1:" + port, "DSN=" + b.db.URL(strings.ReplaceAll(name, "-", "_")), b.bin("floorop")}}
	}
	return []*target{
		{name: "gatehouse", dir: dir("gatehouse"), origin: issuer, client: "web", command: append(b.environment(), b.bin("gatehouse"), "serve")},
		{name: "gatehouse-es256", dir: dir("gatehouse"), origin: issuer, client: "web-es256"},
		floor("RS256", "7980"), floor("ES256", "7981"),
		{name: "hello", dir: dir("hello"), origin: hello, command: []string{b.bin("hello")}},
	}
}

func (t *target) profile() string { return filepath.Join(t.dir, t.name+".json") }

func (t *target) ours() bool { return t.origin == issuer }

func (t *target) start(ctx context.Context) (err error) {
	if t.command == nil {
		return nil
	}
	if err := free(t.origin); err != nil {
		return err
	}
	if t.process, err = start(t.dir, t.command...); err != nil {
		return err
	}
	return t.await(ctx, t.origin+"/.well-known/openid-configuration")
}

func (t *target) stop() {
	if t.process != nil {
		t.process.stop()
		t.process = nil
	}
}

// writeProfile tells the load generator about the target (profile.example.json there).
func (b *bench) writeProfile(t *target) error {
	type client map[string]string
	secret := func(id string) string { return id + "-secret-" + id + "-secret" }
	p := map[string]any{
		"name": t.name, "issuer": t.origin, "start": t.command, "skip": t.skipped(),
		"client":    client{"id": t.client, "secret": secret("web"), "auth": "basic", "redirect_uri": callback, "scope": "openid offline_access email"},
		"cc_client": client{"id": "svc", "secret": secret("svc"), "auth": "basic"},
		"users":     map[string]any{"username": "user%04d@example.com", "password": password, "count": people},
	}
	if t.client != "" {
		p["database"] = strings.ReplaceAll(t.name, "-", "_") // Postgres's share is counted
	}
	if t.ours() {
		p["database"] = "gatehouse"
		p["users"] = map[string]any{"username": "user%04d", "password": password, "count": people}
		p["introspect_client"] = client{"id": "svc", "secret": secret("svc"), "auth": "basic"}
		p["session_file"] = "sessions" // in which it finds who is signed in already
		origin := map[string]string{"Origin": ui}
		p["login"] = map[string]any{"steps": []map[string]any{
			{"method": "GET", "url": issuer + "/interaction?request={{query:request}}", "headers": origin},
			{"method": "POST", "url": issuer + "/login", "headers": origin, "next": "location",
				"form": map[string]string{"request": "{{query:request}}", "username": "{{user}}", "password": "{{pass}}"}},
		}}
	}
	if err := os.MkdirAll(t.dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(t.dir, "sessions"), []byte(sessions()), 0o644); err != nil {
		return err
	}
	return writeJSON(t.profile(), p)
}

// sessions are the cookies of people that seed.sql signs in.
func sessions() string {
	var lines strings.Builder
	for i := range people {
		fmt.Fprintf(&lines, "gatehouse-session=session-of-user%04d\n", i)
	}
	return lines.String()
}

// skipped are the workloads for which nothing is compared with the target. The load generator leaves userinfo out of SSO where it is one.
func (t *target) skipped() []string {
	return slices.DeleteFunc(workloads(), func(w string) bool { return t.has(w) || w == "userinfo" && t.has("sso") })
}

// has says whether something is compared with the target in this workload.
func (t *target) has(workload string) bool {
	return slices.ContainsFunc(comparisons, func(c comparison) bool { return c.workload == workload && (c.ours == t.name || c.floor == t.name) })
}
