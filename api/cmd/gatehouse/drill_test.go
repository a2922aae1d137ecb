package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	. "gatehouse/api/apitest"
)

// drill is an installation on which the procedures of docs/operations.md are followed to the letter.
type drill struct {
	*shell
	etc    string // in place of /etc/gatehouse
	issuer string
	ui     string
	db     *pgx.Conn
	stop   func()
	said   bytes.Buffer // by all commands
}

func newDrill(t *testing.T) *drill {
	t.Helper()
	d := &drill{shell: newShell(t), etc: t.TempDir(), stop: func() {}}
	var err error
	if d.db, err = pgx.Connect(t.Context(), d.url); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	d.issuer = "http://" + address
	other := httptest.NewServer(http.HandlerFunc(d.serveOthers))
	d.ui = other.URL
	d.env = append(d.env, "GATEHOUSE_ISSUER="+d.issuer, "GATEHOUSE_UI_ORIGIN="+d.ui, "GATEHOUSE_LISTEN="+address,
		"GATEHOUSE_ENCRYPTION_KEY_FILE="+filepath.Join(d.etc, "encryption_key"), "GATEHOUSE_PRIVATE_HOSTS=127.0.0.1")
	t.Cleanup(func() { d.stop(); other.Close(); d.db.Close(context.Background()) })
	for _, sql := range []string{
		`INSERT INTO users (username, password) VALUES ('alice', password_hash('` + passphrase + `'))`,
		`INSERT INTO clients (client_id, redirect_uris, grant_types, first_party)
			VALUES ('web', '{` + Callback + `}', '{authorization_code,refresh_token}', true)`,
		`INSERT INTO client_secrets (client_id, secret_sha256) VALUES ('web', sha256('web-secret'))`,
		`INSERT INTO personal_access_tokens (token_sha256, username, name, expires_at)
			VALUES (sha256('gatehouse_pat_x'), 'alice', 'x', now() + interval '1 day')`,
		`INSERT INTO upstreams (name, issuer, client_id, client_secret) VALUES ('google', '` + d.ui + `', 'us', 'the-old-secret')`,
		`INSERT INTO upstream_accounts (upstream, issuer, sub, username) VALUES ('google', '` + d.ui + `', 'thief', 'alice')`,
	} {
		d.sql(sql)
	}
	d.sh("openssl rand -base64 32 > /etc/gatehouse/encryption_key")
	d.start()
	return d
}

// serveOthers is the UI, and the upstream google.
func (d *drill) serveOthers(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/config.json" {
		fmt.Fprintf(w, `{"api": %q}`, d.issuer)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"issuer": %q, "authorization_endpoint": "%s/a", "token_endpoint": "%s/t", "jwks_uri": "%s/k", "keys": []}`, d.ui, d.ui,
		d.ui, d.ui)
}

// start runs `gatehouse serve` until stop.
func (d *drill) start() {
	d.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	var log LockedBuffer
	go func() { ended <- run(ctx, []string{"serve"}, &app{environ: d.env, stdout: io.Discard, stderr: &log}) }()
	d.stop = func() { cancel(); <-ended; d.stop = func() {} }
	for range 500 {
		if res, err := http.Get(d.issuer + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case code := <-ended:
			ended <- code
			d.t.Fatalf("serve ended with %d: %s", code, log.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	d.t.Fatalf("serve is not ready: %s", log.String())
}

func (d *drill) sql(text string) {
	d.t.Helper()
	if _, err := d.db.Exec(context.Background(), text); err != nil {
		d.t.Fatalf("%s: %v", text, err)
	}
}

// sh runs a line as a root shell would, with another /etc/gatehouse.
func (d *drill) sh(line string) {
	d.t.Helper()
	out, err := exec.Command("sh", "-c", strings.ReplaceAll(line, "/etc/gatehouse", d.etc)).CombinedOutput()
	if err != nil {
		d.t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

var fenced = regexp.MustCompile("(?s)```(sh|sql)\n(.*?)```")

// blocks are the code blocks of a section of docs/operations.md, each "sh" or "sql" and its text.
func blocks(t *testing.T, heading string) (list [][2]string) {
	t.Helper()
	page, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut("\n"+string(page), "\n"+heading+"\n")
	if !found {
		t.Fatalf("there is no %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n##")
	for _, m := range fenced.FindAllStringSubmatch(section, -1) {
		list = append(list, [2]string{m[1], m[2]})
	}
	return list
}

// follow does what a block says.
func (d *drill) follow(block [2]string) {
	d.t.Helper()
	if block[0] == "sql" {
		d.sql(block[1])
		return
	}
	for line := range strings.Lines(block[1]) {
		switch line = strings.TrimSpace(line); {
		case line == "systemctl stop gatehouse-api":
			d.stop()
		case line == "systemctl start gatehouse-api", line == "systemctl restart gatehouse-api":
			d.stop()
			d.start()
		case strings.HasPrefix(line, "gatehouse "):
			d.said.WriteString(d.good("", strings.Fields(line)[1:]...))
		default:
			d.sh(line)
		}
	}
}

// holdings is what alice and an application have.
type holdings struct {
	browser             *Browser
	access, refresh     string
	code                string // not redeemed yet
	kids                []string
	personalAccessToken string
}

func (d *drill) signIn() holdings {
	d.t.Helper()
	b := (&Rig{T: d.t, Issuer: d.issuer}).Browser()
	at := b.Authorize(AuthParams("scope", "openid offline_access")).Location()
	a := b.Do("POST", "/login", url.Values{"request": {at.Query().Get("request")}, "username": {"alice"}, "password": {passphrase}},
		"Origin", d.ui)
	tokens := b.Token(Redeem(a.Query("code"))).JSON()
	h := holdings{browser: b, access: Str(tokens["access_token"]), refresh: Str(tokens["refresh_token"]), kids: d.kids(),
		code: b.Authorize(AuthParams("scope", "openid offline_access")).Query("code"), personalAccessToken: "gatehouse_pat_x"}
	if h.access == "" || h.refresh == "" || h.code == "" || len(h.kids) < 4 {
		d.t.Fatalf("%v %v %v, %d %v", h.access != "", h.refresh != "", h.code != "", a.Status, h.kids)
	}
	return h
}

func (d *drill) kids() (list []string) {
	a := (&Rig{T: d.t, Issuer: d.issuer}).Browser().Do("GET", "/jwks", nil)
	for _, key := range a.JSON()["keys"].([]any) {
		list = append(list, Str(key.(map[string]any)["kid"]))
	}
	return list
}

// counts reports which of them still count.
func (h holdings) counts(t *testing.T) (names string) {
	t.Helper()
	var list []string
	for name, counts := range map[string]bool{
		"session":  h.browser.Authorize(AuthParams("prompt", "none", "scope", "openid offline_access")).Query("code") != "",
		"access":   h.browser.Userinfo(h.access).Status == 200,
		"personal": h.browser.Userinfo(h.personalAccessToken).Status == 200,
		"code":     h.browser.Token(Redeem(h.code)).Status == 200,
		"refresh":  h.browser.Token(Refresh(h.refresh)).Status == 200,
	} {
		if counts {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// The page must not leave a thief anything, nor ask for the key that they have.
func TestTheDrillOfALeakedEncryptionKey(t *testing.T) {
	t.Parallel()
	d := newDrill(t)
	before := d.signIn()
	if got := before.counts(t); got != "access code personal refresh session" {
		t.Fatalf("before: %s", got)
	}
	before = d.signIn()
	leaked, err := os.ReadFile(filepath.Join(d.etc, "encryption_key"))
	if err != nil {
		t.Fatal(err)
	}
	d.sql(`UPDATE signing_keys SET created_at = created_at + interval '5 s' WHERE alg = 'PS256'`) // of a clock that is ahead
	for _, block := range blocks(t, "### It has leaked") {
		d.follow(block)
	}
	if got := before.counts(t); got != "" {
		t.Errorf("the thief has: %s", got)
	}
	after := d.signIn()
	for _, kid := range before.kids {
		if slices.Contains(after.kids, kid) {
			t.Errorf("%s is still trusted", kid)
		}
	}
	if now, _ := os.ReadFile(filepath.Join(d.etc, "encryption_key")); strings.Contains(string(now), strings.TrimSpace(string(leaked))) {
		t.Error("the leaked key is still there")
	}
	said := d.said.String()
	if !strings.Contains(said, "The new PS256 key signs from now on.") ||
		!regexp.MustCompile(`Ended: [1-9]\d* sessions, [1-9]\d* grants, 1 personal access tokens\.`).MatchString(said) ||
		regexp.MustCompile(`(?i)put .* back|belongs there|warning`).MatchString(said) {
		t.Errorf("the commands said:\n%s", said)
	}
	var links int
	if err := d.db.QueryRow(t.Context(), "SELECT count(*) FROM upstream_accounts").Scan(&links); err != nil || links != 0 {
		t.Errorf("%d links, %v", links, err)
	}
}

// Whoever rotates before they have replaced the key has to be told.
func TestAnEmergencyUnderTheOldEncryptionKeyIsWarnedOf(t *testing.T) {
	t.Parallel()
	d := newDrill(t)
	if out := d.good("", "key", "rotate", "--all", "--emergency"); !strings.Contains(out, "warning: the new keys are encrypted with the "+
		"GATEHOUSE_ENCRYPTION_KEY of the old ones") {
		t.Error(out)
	}
	d.bad(`ALG "HS256" is not supported`, "", "key", "rotate", "HS256")
}

func TestTheDrillOfALostEncryptionKey(t *testing.T) {
	t.Parallel()
	d := newDrill(t)
	before := d.signIn()
	for _, block := range blocks(t, "### It is lost") {
		d.follow(block)
	}
	if got := before.counts(t); got != "personal session" {
		t.Errorf("what still counts: %s", got)
	}
	d.signIn()
}

func TestTheDrillOfAChangedEncryptionKey(t *testing.T) {
	t.Parallel()
	d := newDrill(t)
	before := d.signIn()
	steps := blocks(t, "## The encryption key")
	for i, block := range steps {
		if i == len(steps)-1 { // what has to pass meanwhile
			d.sql(`UPDATE signing_keys SET created_at = created_at - interval '3 days', activates_at = activates_at - interval '3 days',
				retires_at = retires_at - interval '3 days'`)
			for range 500 { // until it has heard of that
				if !slices.ContainsFunc(d.kids(), func(kid string) bool { return slices.Contains(before.kids, kid) }) {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			d.sql(`UPDATE upstreams SET client_secret = 'the-old-secret'`)
			renewed := before.browser.Token(Refresh(before.refresh)).JSON()
			before.refresh = Str(renewed["refresh_token"])
			before.access = Str(renewed["access_token"])
			before.code = before.browser.Authorize(AuthParams("scope", "openid offline_access")).Query("code")
		}
		d.follow(block)
	}
	if got := before.counts(t); got != "access code personal refresh session" {
		t.Errorf("what still counts: %s", got)
	}
	for _, kid := range d.kids() {
		if slices.Contains(before.kids, kid) {
			t.Errorf("%s is still trusted", kid)
		}
	}
	file, err := os.ReadFile(filepath.Join(d.etc, "encryption_key"))
	if key, bad := base64.StdEncoding.DecodeString(strings.TrimSpace(string(file))); err != nil || bad != nil || len(key) != 32 {
		t.Errorf("the file has %d bytes, %v, %v", len(file), err, bad)
	}
	if out := d.good("", "doctor"); strings.Contains(out, "fail ") {
		t.Error(out)
	}
}

// pg_dump and pg_restore are not everywhere that Postgres is; api/store has a test of what they would meet.
func TestTheDrillOfABackup(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"pg_dump", "pg_restore", "createdb"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Logf("there is no %s here", program)
			return
		}
	}
	d := newDrill(t)
	before := d.signIn()
	config, err := pgx.ParseConfig(d.url)
	if err != nil {
		t.Fatal(err)
	}
	restored := config.Database + "_restored"
	t.Cleanup(func() { d.sql("DROP DATABASE IF EXISTS " + restored + " WITH (FORCE)") })
	names := strings.NewReplacer("runuser -u postgres -- ", fmt.Sprintf("env PGDATABASE=postgres PGHOST=%s PGPORT=%d "+
		"PGUSER=%s PGPASSWORD=%s ", config.Host, config.Port, config.User, config.Password), "/var/backups", d.etc,
		"DATABASE gatehouse ", "DATABASE "+restored+" ", "=gatehouse ", "="+config.User+" ")
	steps := blocks(t, "## Backup and restore")
	d.sh(strings.Replace(names.Replace(steps[0][1]), "data gatehouse ", "data "+config.Database+" ", 1))
	d.stop()
	for line := range strings.Lines(steps[1][1]) {
		line = strings.Replace(names.Replace(line), "--dbname="+config.User+" ", "--dbname="+restored+" ", 1)
		d.sh(strings.Replace(line, " gatehouse\n", " "+restored+"\n", 1))
	}
	d.env[0] = strings.Replace(d.env[0], config.Database, restored, 1)
	if d.db, err = pgx.Connect(t.Context(), strings.TrimPrefix(d.env[0], "DATABASE_URL=")); err != nil {
		t.Fatal(err)
	}
	d.start()
	// A code of before may have been used after the dump was made.
	if got := before.counts(t); got != "access personal refresh session" {
		t.Errorf("right after the restore: %s", got)
	}
	d.good("", "audit", "verify")
	before = d.signIn()
	d.follow(steps[2])
	if got := before.counts(t); got != "personal" {
		t.Errorf("once all is ended: %s", got)
	}
	d.stop()
	d.db.Close(t.Context())
	if d.db, err = pgx.Connect(t.Context(), d.url); err != nil {
		t.Fatal(err)
	}
}
