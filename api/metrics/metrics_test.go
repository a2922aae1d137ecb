package metrics_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/metrics"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

func TestMain(m *testing.M) { Main(m) }

// scraped returns what a scrape says.
func scraped(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// counted starts an API that counts.
func counted(t *testing.T) (*Rig, *metrics.Metrics) {
	r := Start(t)
	db, err := store.Open(t.Context(), r.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	m := metrics.New("1.2.3", metrics.Sources{Database: db.Gauges, Pool: db.Pool, Hashes: func() (int, int) { return 1, 66 }})
	r.Provider.CountWith(m)
	return r, m
}

func TestASignInIsCountedStepByStep(t *testing.T) {
	t.Parallel()
	r, m := counted(t)
	b := r.Browser()
	login := b.Authorize(AuthParams()).Location()
	b.Interaction(login.String())
	b.Login(login, "alice", "a wrong password")
	b.Login(login, "nobody-with-this-name", "a wrong password")
	code := b.Login(login, "alice", Password).Query("code")
	if a := b.Token(Redeem(code)); a.Status != 200 {
		t.Fatal(a.Status)
	}
	b.Token(Redeem(code))
	b.Token(url.Values{"grant_type": {"authorization_code"}, "code": {"wrong"}})
	b.Do("GET", "/no/such/path", nil)
	text := scraped(t, m)
	for _, line := range []string{
		`gatehouse_sign_in_steps_total{client_id="web",method="",step="shown"} 1`,
		`gatehouse_sign_in_steps_total{client_id="web",method="pwd",step="typed"} 3`,
		`gatehouse_sign_in_steps_total{client_id="web",method="pwd",step="signed_in"} 1`,
		`gatehouse_sign_in_steps_total{client_id="web",method="",step="code"} 1`,
		`gatehouse_sign_in_steps_total{client_id="web",method="authorization_code",step="tokens"} 1`,
		`gatehouse_events_total{event="sign_in_failed",level="warn"} 2`,
		`gatehouse_events_total{event="code_replayed",level="warn"} 1`,
		`gatehouse_request_duration_seconds_count{path="/login",status="3xx"} 3`,
		`gatehouse_request_duration_seconds_count{path="(no such path)",status="4xx"} 1`,
		`gatehouse_build_info{version="1.2.3"} 1`, `gatehouse_database_up 1`, `gatehouse_password_hashes_max 66`,
		`gatehouse_mails_waiting 0`, `gatehouse_logouts_oldest_seconds 0`, `gatehouse_clean_up_late_seconds{table="sessions"} 0`,
		`gatehouse_table_bytes{table="users"} `, `gatehouse_signing_key_age_seconds{alg="RS256"} `, `gatehouse_pool_connections{state="busy"} `,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("there is no %s in:\n%s", line, strings.Join(regexp.MustCompile(`(?m)^gatehouse.*`).FindAllString(text, -1), "\n"))
		}
	}
	for _, secret := range []string{"alice", "nobody-with-this-name", Password, code, "127.0.0.1"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is in the metrics", secret)
		}
	}
}

func TestNobodyOutsideCanMakeLabels(t *testing.T) {
	t.Parallel()
	m := metrics.New("", metrics.Sources{Database: func(context.Context) (store.Gauges, error) { return store.Gauges{}, nil },
		Pool: func() store.PoolNumbers { return store.PoolNumbers{} }, Hashes: func() (int, int) { return 0, 0 }})
	for i := range 1000 {
		m.Hear(t.Context(), oidc.SignedIn{ClientID: fmt.Sprintf("https://client-%d.example.org", i), AMR: []string{fmt.Sprint("amr", i)}})
	}
	lines := regexp.MustCompile(`(?m)^gatehouse_sign_in_steps_total.*step="signed_in".*`).FindAllString(scraped(t, m), -1)
	if len(lines) != 201 {
		t.Errorf("%d labels", len(lines))
	}
	if last := `gatehouse_sign_in_steps_total{client_id="(other)",method="other",step="signed_in"} 800`; !strings.Contains(
		strings.Join(lines, "\n"), last) {
		t.Errorf("there is no %s", last)
	}
}

func TestMetricsAreThereWithoutPostgres(t *testing.T) {
	t.Parallel()
	asked := 0
	m := metrics.New("", metrics.Sources{Database: func(context.Context) (store.Gauges, error) {
		asked++
		return store.Gauges{}, store.Unavailable{Err: context.DeadlineExceeded}
	}, Pool: func() store.PoolNumbers { return store.PoolNumbers{Max: 4} }, Hashes: func() (int, int) { return 0, 0 }})
	for range 5 {
		text := scraped(t, m)
		if !strings.Contains(text, "gatehouse_database_up 0") || !strings.Contains(text, "gatehouse_pool_connections_max 4") ||
			strings.Contains(text, "gatehouse_database_bytes ") {
			t.Fatal(text)
		}
	}
	if asked != 1 {
		t.Errorf("the database was asked %d times within a moment", asked)
	}
}
