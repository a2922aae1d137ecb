package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/authn"
	"gatehouse/api/devdb"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// A step that no switch knows must not end in a code, whichever endpoint it is decided at.
func TestAStepThatNobodyKnowsIssuesNothingAtAnyDoor(t *testing.T) {
	const unknown = oidc.Step(99)
	authorize := func(client string) url.Values {
		return url.Values{"client_id": {client}, "redirect_uri": {"https://rp.example.org/cb"},
			"response_type": {"code id_token token"}, "scope": {"openid"}, "state": {"st"}, "nonce": {"no"},
			"code_challenge": {strings.Repeat("A", 43)}, "code_challenge_method": {"S256"}}
	}
	password := url.Values{"username": {"alice"}, "password": {"correct horse"}}
	signIn := func(b *visitor) { b.post(b.p.Login, b.get(b.p.Authorize, authorize("first")), password) }

	for door, walk := range map[string]func(b *visitor, unknownFromHere func()) Answer{
		"authorize": func(b *visitor, unknownFromHere func()) Answer {
			signIn(b)
			unknownFromHere()
			return b.get(b.p.Authorize, authorize("first"))
		},
		"authorize, nobody signed in": func(b *visitor, unknownFromHere func()) Answer {
			unknownFromHere()
			return b.get(b.p.Authorize, authorize("first"))
		},
		"login": func(b *visitor, unknownFromHere func()) Answer {
			page := b.get(b.p.Authorize, authorize("first"))
			unknownFromHere()
			return b.post(b.p.Login, page, password)
		},
		"upstream callback": func(b *visitor, unknownFromHere func()) Answer {
			page := b.get(b.p.Authorize, authorize("first"))
			there := b.post(b.p.LoginUpstream, page, url.Values{"upstream": {"hub"}})
			unknownFromHere()
			return b.get(b.p.UpstreamCallback, url.Values{"code": {"c"}, "state": {parsed(there.Location).Query().Get("state")}})
		},
		"consent": func(b *visitor, unknownFromHere func()) Answer {
			signIn(b)
			page := b.get(b.p.Authorize, authorize("third"))
			unknownFromHere()
			return b.post(b.p.Consent, page, url.Values{"consent": {"yes"}})
		},
		"device": func(b *visitor, unknownFromHere func()) Answer {
			signIn(b)
			userCode := b.deviceWaits()
			unknownFromHere()
			return b.post(b.p.Device, Answer{}, url.Values{"user_code": {userCode}})
		},
		"consent for a device": func(b *visitor, unknownFromHere func()) Answer {
			signIn(b)
			page := b.post(b.p.Device, Answer{}, url.Values{"user_code": {b.deviceWaits()}})
			unknownFromHere()
			return b.post(b.p.Consent, page, url.Values{"consent": {"yes"}})
		},
		"account": func(b *visitor, unknownFromHere func()) Answer {
			signIn(b)
			unknownFromHere()
			return b.get(b.p.Account, nil)
		},
	} {
		t.Run(door, func(t *testing.T) {
			b := newVisitor(t)
			var before map[string]int
			var log bytes.Buffer
			reached := false
			a := walk(b, func() {
				before = b.counts()
				old := slog.Default()
				slog.SetDefault(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelError})))
				t.Cleanup(func() { slog.SetDefault(old) })
				b.p.decide = func(oidc.AuthorizeRequest, *oidc.Client, oidc.Standing, bool, time.Time) (oidc.Step, *oidc.Error) {
					reached = true
					return unknown, nil
				}
			})
			if !reached {
				t.Fatalf("nothing was decided: %d %s", a.Status, a.Location)
			}
			if after := b.counts(); !maps.Equal(after, before) {
				t.Errorf("before there were %v, now there are %v", before, after)
			}
			for _, c := range a.Cookies {
				if c.Name == SessionCookie || c.Name == DeviceCookie {
					t.Errorf("it sets %s", c.Name)
				}
			}
			to := parsed(a.Location)
			said, _ := url.ParseQuery(to.Fragment)
			if to.Host == "rp.example.org" {
				if said.Get("error") != oidc.ServerError || said.Get("state") != "st" ||
					said.Has("code") || said.Has("access_token") || said.Has("id_token") {
					t.Errorf("the relying party is told %v", said)
				}
			} else if shown := b.shown(a); a.Status != 500 || shown["page"] != "error" ||
				fmt.Sprint(shown["error"]) != "map[code:server_error]" {
				t.Errorf("%d %v", a.Status, shown)
			}
			if !strings.Contains(log.String(), `"event":"step_unknown"`) || !strings.Contains(log.String(), `"step":99`) {
				t.Errorf("the log has %q", log.String())
			}
		})
	}
}

// What follows from a step is written down once: whoever adds one finds the switch, and none is forgotten.
func TestTheOnlySwitchOnAStepIsInNext(t *testing.T) {
	t.Parallel()
	files := token.NewFileSet()
	steps, mentions, inSwitch, closed := map[string]bool{}, map[string]int{}, 0, false
	eachFile(t, files, "..", func(path string, file *ast.File) {
		if path != "../oidc/authorize.go" {
			return
		}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				if first := g.Specs[0].(*ast.ValueSpec); first.Type != nil && fmt.Sprint(first.Type) == "Step" {
					for _, spec := range g.Specs {
						steps[spec.(*ast.ValueSpec).Names[0].Name] = true
					}
				}
			}
		}
	})
	isStep := func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		return ok && fmt.Sprint(s.X) == "oidc" && steps[s.Sel.Name]
	}
	eachFile(t, files, "..", func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if n != nil && isStep(n) {
				mentions[path]++
			}
			if s, ok := n.(*ast.SwitchStmt); ok && path == "next.go" {
				for _, clause := range s.Body.List {
					c := clause.(*ast.CaseClause)
					closed = closed || c.List == nil
					inSwitch += len(slices.DeleteFunc(slices.Clone(c.List), func(e ast.Expr) bool { return !isStep(e) }))
				}
			}
			return true
		})
	})
	if len(steps) < 3 || !closed || inSwitch != len(steps) {
		t.Errorf("of the steps %v, the switch in next.go has %d; it has a default: %t", slices.Sorted(maps.Keys(steps)), inSwitch, closed)
	}
	delete(mentions, "../admin/explain.go") // which says what would be, and does nothing
	if len(mentions) != 1 || mentions["next.go"] != len(steps) {
		t.Errorf("steps are named in %v; only the switch in next.go may", mentions)
	}
}

// eachFile calls visit for each file of Go below dir that is not a test, by its path from here.
func eachFile(t *testing.T, files *token.FileSet, dir string, visit func(path string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err == nil {
			visit(strings.TrimPrefix(path, "../provider/"), file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

const (
	testIssuer = "https://id.example.org"
	testUI     = "https://ui.example.org"
)

// visitor is a browser at a provider of its own: it keeps cookies, and posts the forms of pages.
type visitor struct {
	*testing.T
	p       *Provider
	db      *pgx.Conn
	cookies map[CookieName]string
}

// withKeys has the signing keys of visitedProvider.
var withKeys = devdb.Filled{Fill: func(ctx context.Context, url string) error {
	db, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	p, err := visitedProvider(db)
	if err != nil {
		return err
	}
	return p.Start(ctx)
}}

func visitedProvider(db *store.Store) (*Provider, error) {
	sealer, err := keys.NewSealer([][32]byte{{1, 2, 3}})
	if err != nil {
		return nil, err
	}
	hour := time.Hour
	settings := Settings{Issuer: testIssuer, UIOrigin: testUI, Name: "Gatehouse", CodeTTL: hour, AccessTokenTTL: hour, IDTokenTTL: hour,
		RequestTTL: hour, SessionIdle: hour, SessionMax: hour, RefreshIdle: hour, RefreshMax: hour, KeyRotation: 90 * 24 * hour,
		KeyPublishAhead: hour, PrivateHosts: []string{"127.0.0.1"}, ResponseTypes: []oidc.ResponseType{"code id_token token"}}
	return New(settings, db, sealer, authn.NewPasswords(1, 4), time.Now), nil
}

// newVisitor returns a browser at a provider with user alice, clients first, third and tv, and an upstream where alice has
// an account.
func newVisitor(t *testing.T) *visitor {
	address := withKeys.Test(t)
	db, err := store.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	p, err := visitedProvider(db)
	if err != nil {
		t.Fatal(err)
	}
	b := &visitor{t, p, conn, map[CookieName]string{}}
	if err := b.p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, map[string]string{"/login/oauth/access_token": `{"access_token": "t", "token_type": "bearer"}`,
			"/api/v3/user": `{"login": "alice", "id": 7}`, "/api/v3/user/emails": `[]`}[r.URL.Path])
	}))
	t.Cleanup(hub.Close)
	for _, sql := range []string{
		`INSERT INTO users (sub, username, password) VALUES ('sub-alice', 'alice', crypt('correct horse', gen_salt('bf', 4)))`,
		`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, grant_types, response_types, first_party)
			SELECT id, 'none', '{https://rp.example.org/cb}', '{authorization_code,implicit,refresh_token}',
				'{"code id_token token"}', id = 'first'
			FROM unnest('{first,third}'::text[]) AS id`,
		`INSERT INTO clients (client_id, token_endpoint_auth_method, grant_types)
			VALUES ('tv', 'none', '{` + oidc.GrantDeviceCode + `}')`,
		`INSERT INTO upstreams (name, kind, display_name, issuer, client_id, client_secret, scope)
			VALUES ('hub', 'github', 'Hub', '` + hub.URL + `', 'us', 'secret', 'read:user')`,
		`INSERT INTO upstream_accounts (upstream, issuer, sub, username) VALUES ('hub', '` + hub.URL + `', '7', 'alice')`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (b *visitor) get(endpoint func(context.Context, Request) Answer, params url.Values) Answer {
	r := Request{Method: "GET", Params: params}
	if parts := params["state"]; len(parts) > 0 && params.Has("code") {
		r.Name = "hub"
	}
	return b.send(endpoint, r)
}

// post sends the form of the page that from leads to.
func (b *visitor) post(endpoint func(context.Context, Request) Answer, from Answer, form url.Values) Answer {
	form = maps.Clone(form)
	form.Set("request", parsed(from.Location).Query().Get("request"))
	return b.send(endpoint, Request{Method: "POST", Params: form, Origin: testUI})
}

func (b *visitor) send(endpoint func(context.Context, Request) Answer, r Request) Answer {
	r.Addr, r.Cookies = netip.MustParseAddr("192.0.2.1"), maps.Clone(b.cookies)
	a := endpoint(WithRequest(b.Context(), "ABCDEFGHIJKL", r.Addr), r)
	for _, c := range a.Cookies {
		b.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return a
}

// shown returns what the page shows that an answer leads to.
func (b *visitor) shown(a Answer) (shown map[string]any) {
	b.Helper()
	answer := b.get(b.p.Interaction, url.Values{"request": {parsed(a.Location).Query().Get("request")}})
	text, err := json.Marshal(answer.JSON)
	if err == nil {
		err = json.Unmarshal(text, &shown)
	}
	if err != nil {
		b.Fatal(err)
	}
	return shown
}

// deviceWaits returns the user code of a device that begins to wait.
func (b *visitor) deviceWaits() string {
	b.Helper()
	r := Request{Method: "POST", Path: "/device_authorization", Params: url.Values{"client_id": {"tv"}}}
	a := b.send(b.p.DeviceAuthorization, r)
	begun, ok := a.JSON.(oidc.DeviceAuthorization)
	if !ok {
		b.Fatalf("%d %v", a.Status, a.JSON)
	}
	return begun.UserCode
}

// counts returns how many there are of what an authorization request can bring about.
func (b *visitor) counts() map[string]int {
	b.Helper()
	out := map[string]int{}
	for what, sql := range map[string]string{"sessions": "SELECT count(*) FROM sessions", "grants": "SELECT count(*) FROM grants",
		"consents":         "SELECT count(*) FROM consents",
		"devices answered": "SELECT count(*) FROM device_codes WHERE user_id IS NOT NULL"} {
		var n int
		if err := b.db.QueryRow(b.Context(), sql).Scan(&n); err != nil {
			b.Fatal(err)
		}
		out[what] = n
	}
	return out
}

func parsed(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		return &url.URL{}
	}
	return u
}
