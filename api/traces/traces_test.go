package traces_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
	"gatehouse/api/config"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
	"gatehouse/api/store"
	"gatehouse/api/traces"
	"gatehouse/api/web"
)

func TestMain(m *testing.M) { Main(m) }

// received is a collector: what it was sent, decoded, and whole as text.
type received struct {
	mu    sync.Mutex
	spans []*otlp.Span
	text  string
}

func (r *received) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(q.Body, 8<<20))
	var sent collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &sent); err != nil || q.URL.Path != "/v1/traces" {
		w.WriteHeader(400)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text += sent.String()
	for _, of := range sent.GetResourceSpans() {
		for _, scope := range of.GetScopeSpans() {
			r.spans = append(r.spans, scope.GetSpans()...)
		}
	}
}

// named returns the span of that name, in the trace of that id unless it is nil.
func (r *received) named(name string, trace []byte) *otlp.Span {
	for _, s := range r.spans {
		if s.GetName() == name && (trace == nil || string(s.GetTraceId()) == string(trace)) {
			return s
		}
	}
	return nil
}

func attribute(s *otlp.Span, key string) string {
	for _, kv := range s.GetAttributes() {
		if kv.GetKey() == key {
			if v := kv.GetValue(); v.GetStringValue() != "" {
				return v.GetStringValue()
			}
			return fmt.Sprint(kv.GetValue().GetIntValue())
		}
	}
	return ""
}

// traced is an API that is traced, behind what trusted is; the address of the collector is endpoint.
func traced(t *testing.T, endpoint string, trusted ...netip.Prefix) (*Rig, *traces.Tracer) {
	t.Helper()
	r := Start(t)
	tracer, err := traces.Start(t.Context(), endpoint, "1.2.3", func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), r.URL, tracer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	sealer, err := keys.NewSealer(r.Seals)
	if err != nil {
		t.Fatal(err)
	}
	p := provider.New(r.Provider.Settings, db, sealer, authn.NewPasswords(1, 8), time.Now)
	p.TraceWith(tracer)
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(web.API(p, web.Proxies{Trusted: trusted}, config.Look{}))
	t.Cleanup(server.Close)
	r.Issuer = server.URL // where browsers of the test go
	return r, tracer
}

var loopback = netip.MustParsePrefix("127.0.0.0/8")

func TestARequestIsATraceWithItsStatementsAndItsID(t *testing.T) {
	got := &received{}
	server := httptest.NewServer(got)
	t.Cleanup(server.Close)
	log := TakeLog(t)
	r, tracer := traced(t, server.URL+"/v1/traces")
	b := r.Browser()
	login := b.Authorize(AuthParams()).Location()
	failed := b.Login(login, "alice", "a wrong password")
	code := b.Login(login, "alice", Password).Query("code")
	tokens := b.Token(Redeem(code))
	refused := b.Token(Redeem(code), "Authorization", Basic("web", "web-secret"),
		"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	b.Do("GET", "/no/such/path", url.Values{"q": {"a-secret-of-a-query"}})
	b.Do("GET", "/healthz", nil)
	tracer.Stop(t.Context())
	got.mu.Lock()
	defer got.mu.Unlock()
	span := got.named("POST /token", nil)
	if span == nil || attribute(span, "http.response.status_code") != "200" || attribute(span, "gatehouse.client_id") != "web" ||
		attribute(span, "gatehouse.request_id") != tokens.Header.Get("X-Request-Id") || attribute(span, "http.route") != "/token" {
		t.Fatalf("%v", span)
	}
	if statement := got.named("postgres RedeemCode", span.GetTraceId()); statement == nil ||
		string(statement.GetParentSpanId()) != string(span.GetSpanId()) {
		var names []string
		for _, s := range got.spans {
			names = append(names, s.GetName())
		}
		t.Errorf("the statement is not below its request: %v", names)
	}
	if !slices.ContainsFunc(strings.Split(log.String(), "\n"), func(line string) bool {
		return strings.Contains(line, tokens.Header.Get("X-Request-Id")) && strings.Contains(line, "trace_id") &&
			strings.Contains(line, fmt.Sprintf("%x", span.GetTraceId()))
	}) {
		t.Error("the log does not lead to the trace")
	}
	for _, s := range got.spans {
		if attribute(s, "gatehouse.request_id") == refused.Header.Get("X-Request-Id") &&
			(attribute(s, "error.type") != "invalid_grant" || fmt.Sprintf("%x", s.GetTraceId()) == "0af7651916cd43dd8448eb211c80319c") {
			t.Errorf("a stranger chose the trace, or the error is not there: %v", s)
		}
		if attribute(s, "gatehouse.request_id") == failed.Header.Get("X-Request-Id") && attribute(s, "error.type") != "invalid_credentials" {
			t.Errorf("%v", s)
		}
	}
	if got.named("GET (no such path)", nil) == nil || got.named("GET /healthz", nil) != nil {
		t.Error("another path than a route, or a probe, has a span of its own")
	}
	for _, secret := range []string{"alice", Password, "a wrong password", code, Str(tokens.JSON()["access_token"]), "a-secret-of-a-query",
		"SELECT", "UPDATE", "/no/such/path", login.Query().Get("request")} {
		if strings.Contains(got.text, secret) {
			t.Errorf("%s is in the traces", secret)
		}
	}
}

func TestATraceIsGoneOnWithForATrustedProxyAlone(t *testing.T) {
	got := &received{}
	server := httptest.NewServer(got)
	t.Cleanup(server.Close)
	r, tracer := traced(t, server.URL+"/v1/traces", loopback)
	b := r.Browser()
	b.Do("GET", "/authorize", AuthParams(), "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	b.Do("GET", "/account", nil, "Traceparent", "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00") // not sampled there
	b.Do("GET", "/jwks", nil, "Traceparent", "nonsense"+strings.Repeat("-0", 1000))
	tracer.Stop(t.Context())
	got.mu.Lock()
	defer got.mu.Unlock()
	span := got.named("GET /authorize", nil)
	if span == nil || fmt.Sprintf("%x", span.GetTraceId()) != "0af7651916cd43dd8448eb211c80319c" ||
		fmt.Sprintf("%x", span.GetParentSpanId()) != "b7ad6b7169203331" {
		t.Errorf("%v", span)
	}
	if got.named("GET /account", nil) != nil || got.named("GET /jwks", nil) == nil {
		t.Error("the proxy's word on what is sampled does not count, or nonsense does")
	}
}

// What is asked of others has a span by their host, and they are not told of the trace.
func TestARequestToSomebodyElseIsASpan(t *testing.T) {
	got := &received{}
	server := httptest.NewServer(got)
	t.Cleanup(server.Close)
	tracer, err := traces.Start(t.Context(), server.URL+"/v1/traces", "1.2.3", func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := tracer.Request(t.Context(), "GET", "/x", "id", "")
	_, ended := tracer.Begin(ctx, oidc.OutgoingSpan, "login.example.org")
	ended(io.EOF)
	tracer.Hear(ctx, oidc.SignedIn{Username: "alice", ClientID: strings.Repeat("x", 1000)})
	end(500, "server_error")
	tracer.Stop(t.Context())
	got.mu.Lock()
	defer got.mu.Unlock()
	span, outer := got.named("outgoing login.example.org", nil), got.named("GET /x", nil)
	if span == nil || outer == nil || len(attribute(outer, "gatehouse.client_id")) != 200 || len(outer.GetEvents()) != 1 ||
		outer.GetEvents()[0].GetName() != "signed_in" || strings.Contains(got.text, "alice") || outer.GetStatus().GetCode() != 2 {
		t.Errorf("%v\n%v", span, outer)
	}
}

// A collector that never answers, or is not there, keeps nobody waiting, whatever comes in.
func TestADeadCollectorDelaysNobody(t *testing.T) {
	stuck := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stuck }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(stuck) })
	for _, endpoint := range []string{slow.URL + "/v1/traces", "http://127.0.0.1:1/v1/traces"} {
		tracer, err := traces.Start(t.Context(), endpoint, "1.2.3", func(error) {})
		if err != nil {
			t.Fatal(err)
		}
		for range 20_000 { // many times what waits in memory; each export that was waited for would take ten seconds
			_, end := tracer.Request(t.Context(), "GET", "/x", "id", "")
			end(200, "")
		}
	}
}
