package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	. "gatehouse/api/apitest"
)

func TestInputIsBoundedBeforeItIsParsed(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	many := url.Values{}
	for i := range 200 {
		many.Add("p", strings.Repeat("x", i%3))
	}
	opaque := regexp.MustCompile(`request=[\w-]+`) // random, so it may have any three letters
	for what, a := range map[string]Answer{
		"a long body":          b.Do("POST", "/token", url.Values{"code": {strings.Repeat("x", 70<<10)}}),
		"a long login":         b.Do("POST", "/login", url.Values{"password": {strings.Repeat("x", 70<<10)}}, "Origin", UIOrigin),
		"many parameters":      b.Do("POST", "/token", many),
		"a long query":         b.Do("GET", "/authorize", url.Values{"state": {strings.Repeat("x", 17<<10)}}),
		"JSON for a form":      b.Do("POST", "/token", url.Values{"grant_type": {"x"}}, "Content-Type", "application/json"),
		"a broken form":        b.Do("GET", "/authorize?a=%zz", nil),
		"a NUL in a code":      b.Token(Redeem("a\x00b")),
		"broken UTF-8":         b.Token(Redeem("\xff\xfe")),
		"a NUL in a client_id": b.Token(Redeem("x", "client_id", "web\x00", "client_secret", "x")),
		"a repeated code":      b.Token(url.Values{"grant_type": {"authorization_code"}, "code": {"a", "b"}}),
		"a huge bearer token":  b.Userinfo(strings.Repeat("x", 10<<10)),
	} {
		body := opaque.ReplaceAllString(a.Body, "")
		if a.Status < 400 || a.Status >= 500 || strings.Contains(body, "SQL") || strings.Contains(body, "goroutine") {
			t.Errorf("%s: %d %.200s", what, a.Status, a.Body)
		}
	}
	if a := b.Do("GET", "/nothing/../here", nil); a.Status != 404 {
		t.Errorf("no such path: %d", a.Status)
	}
	if a := b.Do("GET", "/token", nil); a.Status != 405 {
		t.Errorf("GET /token: %d", a.Status)
	}
}

func TestJSONClientsGetTheAnswerOfTheOriginalExample(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	at := b.Authorize(AuthParams()).Location()
	for _, name := range []string{"alice", "nobody"} {
		a := b.Login(at, name, "wrong", "Accept", "application/json")
		if a.Status != 401 || strings.TrimSpace(a.Body) != `{"detail":"Invalid credentials"}` {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
}

func TestWithoutPostgresAnswersAre503AndRecover(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	at := b.Authorize(AuthParams()).Location()
	access := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["access_token"])
	var name string
	if err := b.API.DB.QueryRow(context.Background(), "SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	cut := func(allow string) {
		other := b.API.DB.Config().ConnConfig.Copy()
		other.Database = "postgres"
		execAs(t, other, "ALTER DATABASE "+name+" WITH ALLOW_CONNECTIONS "+allow)
		execAs(t, other, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
	}
	cut("false")
	if a := b.Do("GET", "/readyz", nil); a.Status != 503 {
		t.Errorf("/readyz: %d", a.Status)
	}
	if a := b.Do("GET", "/healthz", nil); a.Status != 200 {
		t.Errorf("/healthz: %d", a.Status)
	}
	if a := b.Userinfo(access); a.Status != 503 || a.Header.Get("Retry-After") == "" {
		t.Errorf("userinfo: %d", a.Status)
	}
	a := b.Login(at, "alice", Password)
	if page := b.Interaction(a.LeadsTo()); a.Status != 503 || page["page"] != "login" ||
		page["error"].(map[string]any)["code"] != "temporarily_unavailable" {
		t.Errorf("login: %d %v", a.Status, page)
	}
	a = b.Authorize(AuthParams())
	page := b.Interaction(a.LeadsTo())
	again, _ := page["try_again"].(string)
	if a.Status != 503 || a.Header.Get("Retry-After") == "" || page["error"].(map[string]any)["code"] != "temporarily_unavailable" {
		t.Errorf("authorize: %d %v", a.Status, page)
	}
	if a := b.Token(Redeem("x")); a.Status != 503 {
		t.Errorf("token: %d", a.Status)
	}
	cut("true")
	deadline := time.Now().Add(10 * time.Second)
	for b.Userinfo(access).Status != http.StatusOK {
		if time.Now().After(deadline) {
			t.Fatal("no recovery within 10 s")
		}
		time.Sleep(50 * time.Millisecond)
	}
	if a := b.Do("GET", again, nil); a.Query("code") == "" {
		t.Errorf("trying again: %d %s", a.Status, again)
	}
}

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
