package web_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"gatehouse/api/authn"
	"gatehouse/api/devdb"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
	"gatehouse/api/store"
	"gatehouse/api/web"
)

const (
	uiOrigin = "https://ui.example.org"
	callback = "https://rp.example.org/callback?fixed=1"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	password = "correct horse battery staple"
)

// rig is the real API on a real Postgres, with a clock that tests can move.
type rig struct {
	*testing.T
	issuer string
	url    string // of the database
	db     *pgxpool.Pool
	clock  atomic.Int64 // added to the time, in nanoseconds
	seals  [][32]byte   // GATEHOUSE_ENCRYPTION_KEY of the replicas to come
}

func (r *rig) later(d time.Duration) { r.clock.Add(int64(d)) }

// start runs the API with user alice, groups, a confidential first-party client "web" and a public third-party client "spa".
func start(t *testing.T, change ...func(*provider.Settings)) *rig {
	t.Helper()
	url := devdb.Test(t)
	pool, err := pgxpool.New(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	r := &rig{T: t, url: url, db: pool, seals: [][32]byte{{1, 2, 3}}}
	server := httptest.NewUnstartedServer(nil)
	r.issuer = "http://" + server.Listener.Addr().String()
	r.serve(server, authn.NewPasswords(2, 64), change...)
	r.exec(`INSERT INTO users (sub, username, password, name, email, email_verified) VALUES ('sub-alice', 'alice', crypt($1, gen_salt('bf', 4)), 'Alice', 'alice@example.org', true)`, password)
	r.exec(`INSERT INTO groups (name) VALUES ('hub-admins'), ('staff')`)
	r.exec(`INSERT INTO group_members (username, group_name) VALUES ('alice', 'staff')`)
	r.exec(`INSERT INTO clients (client_id, client_name, client_secret_sha256, redirect_uris, post_logout_redirect_uris, grant_types, first_party)
		VALUES ('web', 'Web', sha256('web-secret'), ARRAY[$1], '{https://rp.example.org/bye}', '{authorization_code,refresh_token}', true)`, callback)
	r.exec(`INSERT INTO clients (client_id, client_name, token_endpoint_auth_method, redirect_uris, grant_types)
		VALUES ('spa', 'The page', 'none', '{https://spa.example.org/cb}', '{authorization_code,refresh_token}')`)
	return r
}

// serve runs one replica of the API on server.
func (r *rig) serve(server *httptest.Server, passwords *authn.Passwords, change ...func(*provider.Settings)) {
	r.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	db, err := store.Open(ctx, r.url)
	if err != nil {
		r.Fatal(err)
	}
	sealer, err := keys.NewSealer(r.seals)
	if err != nil {
		r.Fatal(err)
	}
	settings := provider.Settings{Issuer: r.issuer, UIOrigin: uiOrigin, Name: "Gatehouse", CodeTTL: time.Minute, AccessTokenTTL: 15 * time.Minute, IDTokenTTL: 15 * time.Minute,
		RequestTTL: 30 * time.Minute, SessionIdle: 8 * time.Hour, SessionMax: 24 * time.Hour, RefreshIdle: 14 * 24 * time.Hour, RefreshMax: 90 * 24 * time.Hour,
		RefreshGrace: time.Minute, KeyRotation: 90 * 24 * time.Hour, KeyPublishAhead: 24 * time.Hour, ResponseTypes: []oidc.ResponseType{oidc.ResponseCode}}
	for _, f := range change {
		f(&settings)
	}
	p := provider.New(settings, db, sealer, passwords, func() time.Time { return time.Now().Add(time.Duration(r.clock.Load())) })
	if err := p.Start(ctx); err != nil {
		r.Fatal(err)
	}
	listening := make(chan struct{}, 100)
	go p.Run(ctx, func(ctx context.Context, changed func()) {
		db.Watch(ctx, r.url, func() { changed(); listening <- struct{}{} })
	})
	<-listening
	server.Config.Handler = web.API(p, nil)
	server.Start()
	r.Cleanup(func() { server.Close(); cancel(); db.Close() })
}

func (r *rig) exec(sql string, args ...any) {
	r.Helper()
	if _, err := r.db.Exec(context.Background(), sql, args...); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) count(sql string, args ...any) (n int) {
	r.Helper()
	if err := r.db.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		r.Fatal(err)
	}
	return n
}

// answer is a response, read whole.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) location() *url.URL {
	u, _ := url.Parse(a.header.Get("Location"))
	return u
}

func (a answer) query(name string) string { return a.location().Query().Get(name) }

func (a answer) json() map[string]any {
	var m map[string]any
	_ = json.Unmarshal([]byte(a.body), &m)
	return m
}

// leadsTo is the address of a page that an error leads to.
func (a answer) leadsTo() string {
	_, rest, _ := strings.Cut(a.body, `;url=`)
	to, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(to, "&amp;", "&")
}

// browser keeps cookies and follows nothing by itself.
type browser struct {
	*rig
	http *http.Client
}

func (r *rig) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{r, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) do(method, path string, form url.Values, headers ...string) answer {
	b.Helper()
	target := path
	if strings.HasPrefix(path, "/") {
		target = b.issuer + path
	}
	var body io.Reader
	if method == "POST" {
		body = strings.NewReader(form.Encode())
	} else if form != nil {
		target += "?" + form.Encode()
	}
	req, err := http.NewRequest(method, target, body)
	if err != nil {
		b.Fatal(err)
	}
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.http.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// authParams is a good request of client "web"; changes are name, value pairs, "" removes one.
func authParams(changes ...string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	v := url.Values{"client_id": {"web"}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid profile email groups"},
		"state": {"st"}, "nonce": {"no"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			v.Del(changes[i])
		} else {
			v.Set(changes[i], changes[i+1])
		}
	}
	return v
}

func spaParams(changes ...string) url.Values {
	return authParams(append([]string{"client_id", "spa", "redirect_uri", "https://spa.example.org/cb"}, changes...)...)
}

func (b *browser) authorize(params url.Values) answer { return b.do("GET", "/authorize", params) }

// login posts the login form that location leads to.
func (b *browser) login(location *url.URL, username, pass string, headers ...string) answer {
	b.Helper()
	headers = append([]string{"Origin", uiOrigin}, headers...)
	return b.do("POST", "/login", url.Values{"request": {location.Query().Get("request")}, "username": {username}, "password": {pass}}, headers...)
}

// interaction asks what the page at location shows.
func (b *browser) interaction(location string) map[string]any {
	u, _ := url.Parse(location)
	return b.do("GET", "/interaction", url.Values{"request": {u.Query().Get("request")}}, "Origin", uiOrigin).json()
}

// code signs alice in for params, consents where it is asked for, and gives the code.
func (b *browser) code(params url.Values) string {
	b.Helper()
	a := b.authorize(params)
	if a.location().Path == "/login" {
		a = b.login(a.location(), "alice", password)
	}
	if a.location().Path == "/consent" {
		a = b.do("POST", "/consent", url.Values{"request": {a.query("request")}, "consent": {"yes"}}, "Origin", uiOrigin)
	}
	if a.query("code") == "" {
		b.Fatalf("no code: %d %s %s", a.status, a.header.Get("Location"), a.body)
	}
	return a.query("code")
}

// token posts to the token endpoint as client "web" unless form says who it is.
func (b *browser) token(form url.Values, headers ...string) answer {
	b.Helper()
	form = maps.Clone(form)
	if form.Get("client_id") == "" && len(headers) == 0 {
		form.Set("client_id", "web")
		form.Set("client_secret", "web-secret")
	}
	return b.do("POST", "/token", form, headers...)
}

func redeem(code string, changes ...string) url.Values {
	v := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	for i := 0; i < len(changes); i += 2 {
		v.Set(changes[i], changes[i+1])
	}
	return v
}

func (b *browser) userinfo(token string) answer {
	return b.do("GET", "/userinfo", nil, "Authorization", "Bearer "+token)
}

// claims decodes a JWT without verifying it.
func claims(token string) (out map[string]any) {
	part, _ := base64.RawURLEncoding.DecodeString(strings.Split(token+"..", ".")[1])
	_ = json.Unmarshal(part, &out)
	return out
}

func str(v any) string { s, _ := v.(string); return s }

func TestMain(m *testing.M) {
	slog.SetLogLoggerLevel(slog.LevelError + 4)
	defer trustTestServers()()
	m.Run()
}

func contains(s, part string) bool { return strings.Contains(s, part) }

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// httpsIssuer gives the issuer the scheme it has behind a proxy.
func httpsIssuer(s *provider.Settings) { s.Issuer = strings.Replace(s.Issuer, "http:", "https:", 1) }

func execAs(t *testing.T, config *pgx.ConnConfig, sql string) {
	t.Helper()
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}
