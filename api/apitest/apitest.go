// Package apitest is the real API on a real Postgres, and a browser to use it with. Only tests import it.
package apitest

import (
	"cmp"
	"context"
	"flag"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"gatehouse/api/admin"
	"gatehouse/api/authn"
	"gatehouse/api/config"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
	"gatehouse/api/store"
	"gatehouse/api/web"
)

// What the rig is configured with, and its user and client.
const (
	UIOrigin = "https://ui.example.org"
	Callback = "https://rp.example.org/callback?fixed=1"
	Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	Password = "correct horse battery staple"
	Bye      = "https://rp.example.org/bye" // where the browser goes after a logout
)

// Rig is the real API on a real Postgres, with a clock that tests can move.
type Rig struct {
	*testing.T
	Issuer   string
	URL      string // of the database
	Direct   string // of the database where URL leads through a pooler, else ""
	DB       *pgxpool.Pool
	Provider *provider.Provider // of the latest replica
	Admin    *admin.Admin       // over its store
	heard    []*atomic.Int64    // changes to cached rows, by replica
	clock    atomic.Int64       // added to the time, in nanoseconds
	stopped  atomic.Pointer[time.Time]
	Seals    [][32]byte // GATEHOUSE_ENCRYPTION_KEY of the replicas to come
}

// Later moves the clock, and what is due by that of Postgres as much nearer.
func (r *Rig) Later(d time.Duration) {
	r.Helper()
	r.clock.Add(int64(d))
	for _, queue := range []string{"backchannel_logouts", "mail_outbox"} {
		r.Exec(`UPDATE `+queue+` SET next_attempt_at = next_attempt_at - $1::interval WHERE next_attempt_at IS NOT NULL`, d)
	}
}

// Now is the API's time.
func (r *Rig) Now() time.Time {
	now := time.Now()
	if stopped := r.stopped.Load(); stopped != nil {
		now = *stopped
	}
	return now.Add(time.Duration(r.clock.Load()))
}

// StopClock has it move by Later only, for what is exact to a second.
func (r *Rig) StopClock() {
	now := time.Now()
	r.stopped.Store(&now)
}

// Start runs the API with user alice, groups, a confidential first-party client "web" and a public third-party client "spa".
func Start(t *testing.T, change ...func(*provider.Settings)) *Rig {
	t.Helper()
	url := filled.Test(t)
	pool, err := pgxpool.New(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	r := &Rig{T: t, URL: url, DB: pool, Seals: [][32]byte{firstSeal}}
	server := httptest.NewUnstartedServer(nil)
	r.Issuer = "http://" + server.Listener.Addr().String()
	r.Serve(server, authn.NewPasswords(2, 64), change...)
	return r
}

// replicas is how many there are of what Serve serves; each request is another one's.
var replicas = flag.Int("replicas", 1, "replicas of the API behind each address")

// Replicas is how many replicas take turns behind each address.
func Replicas() int { return *replicas }

// OfOneProcess skips a test of what each process has for itself, such as what it fetched, where there are more.
func OfOneProcess(t *testing.T) {
	t.Helper()
	if *replicas > 1 {
		t.Skip("each process has its own")
	}
}

// Serve runs the API on server.
func (r *Rig) Serve(server *httptest.Server, passwords *authn.Passwords, change ...func(*provider.Settings)) {
	r.Helper()
	handlers := make([]http.Handler, *replicas)
	for i := range handlers {
		handlers[i] = r.replica(passwords, change...)
	}
	var turn atomic.Uint32
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		handlers[turn.Add(1)%uint32(len(handlers))].ServeHTTP(w, req)
	})
	server.Start()
	r.Cleanup(server.Close) // before what its handlers need
}

// replica starts one, which stops with the test.
func (r *Rig) replica(passwords *authn.Passwords, change ...func(*provider.Settings)) http.Handler {
	r.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	db, err := store.Open(ctx, r.URL)
	if err != nil {
		r.Fatal(err)
	}
	sealer, err := keys.NewSealer(r.Seals)
	if err != nil {
		r.Fatal(err)
	}
	p := provider.New(settings(r.Issuer, change...), db, sealer, passwords, r.Now)
	if err := p.Start(ctx); err != nil {
		r.Fatal(err)
	}
	r.Provider, r.Admin = p, newAdmin(p, db, sealer, passwords)
	var heard atomic.Int64
	listening := make(chan struct{})
	go p.Run(ctx, func(ctx context.Context, changed func()) {
		db.Watch(ctx, cmp.Or(r.Direct, r.URL), func() {
			changed()
			if heard.Add(1) == 1 {
				close(listening)
			}
		})
	})
	<-listening
	r.heard = append(r.heard, &heard)
	r.Cleanup(func() { cancel(); db.Close() })
	handler := web.API(p, web.Proxies{}, config.Look{})
	if p.AdminGroup != "" {
		handler = web.WithAdmin(handler, web.Admin(p, r.Admin, web.Proxies{}))
	}
	return handler
}

func newAdmin(p *provider.Provider, db *store.Store, sealer *keys.Sealer, passwords *authn.Passwords) *admin.Admin {
	var seal func(string, map[string]string) []byte
	if p.SendsMail() {
		seal = func(template string, values map[string]string) []byte {
			return provider.SealMail(sealer, template, values)
		}
	}
	return admin.New(db, admin.Settings{SealMail: seal,
		MailedCode: func(of store.Digest) (string, store.Digest) { return provider.NewMailedCode(sealer, of) },
		Settings:   p.Settings, GrantTypes: provider.GrantTypes(), Passwords: passwords, Tell: provider.LogEvent,
		TryUpstream: p.TryUpstream,
		ProjectorAddress: func(workshop string, createdAt time.Time) string {
			return provider.ProjectorAddress(sealer, p.Settings, workshop, createdAt)
		},
		ReplaceKeys: func(ctx context.Context, _ *store.Store, algs []string, emergency bool) (store.Ended, bool, error) {
			return p.ReplaceKeys(ctx, algs, emergency)
		}})
}

func settings(issuer string, change ...func(*provider.Settings)) provider.Settings {
	const day = 24 * time.Hour
	s := provider.Settings{Issuer: issuer, UIOrigin: UIOrigin, Name: "Gatehouse", ResponseTypes: []oidc.ResponseType{oidc.ResponseCode},
		CodeTTL: time.Minute, AccessTokenTTL: 15 * time.Minute, IDTokenTTL: 15 * time.Minute, RequestTTL: 30 * time.Minute,
		SessionIdle: 8 * time.Hour, SessionMax: day, RefreshIdle: 14 * day, RefreshMax: 90 * day, RefreshGrace: time.Minute,
		KeyRotation: 90 * day, KeyPublishAhead: day, SignInsKept: 90 * day, AuditKept: 400 * day, AdminACR: "mfa"}
	for _, f := range change {
		f(&s)
	}
	return s
}

// Exec runs SQL as an administrator would.
func (r *Rig) Exec(sql string, args ...any) {
	r.Helper()
	if _, err := r.DB.Exec(context.Background(), sql, args...); err != nil {
		r.Fatal(err)
	}
}

// GiveSecret adds a secret to a client.
func (r *Rig) GiveSecret(clientID, secret string) {
	r.Helper()
	r.Exec(`INSERT INTO client_secrets (client_id, secret_sha256) VALUES ($1, sha256(convert_to($2, 'UTF8')))`, clientID, secret)
}

// Count returns the number that a query finds.
func (r *Rig) Count(sql string, args ...any) (n int) {
	r.Helper()
	if err := r.DB.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		r.Fatal(err)
	}
	return n
}

// WaitForNotify returns when every replica has heard of the changes to cached rows that were made before.
func (r *Rig) WaitForNotify() {
	r.Helper()
	before := make([]int64, len(r.heard))
	for i, heard := range r.heard {
		before[i] = heard.Load()
	}
	r.Exec("NOTIFY gatehouse_cached_rows_changed") // that of the changes may have been heard already
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		waits := false
		for i, heard := range r.heard {
			waits = waits || heard.Load() == before[i]
		}
		if !waits {
			return
		}
		if time.Now().After(end) {
			r.Fatal("a replica hears of no changes")
		}
	}
}

// HTTPSIssuer sets the scheme of the issuer to the one it has behind a proxy.
func HTTPSIssuer(s *provider.Settings) { s.Issuer = strings.Replace(s.Issuer, "http:", "https:", 1) }

// ReachesTestServers lets the API send requests to servers of the test.
func ReachesTestServers(s *provider.Settings) { s.PrivateHosts = append(s.PrivateHosts, "127.0.0.1") }
