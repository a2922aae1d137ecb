// Package metrics counts what happens, for Prometheus: it hears of events and of answers, and asks the database when it is scraped. It
// alone imports Prometheus' library. No label has a username, an address or anything else that anybody outside can make new values of.
package metrics

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gatehouse/api/oidc"
)

// Metrics are the numbers of one process.
type Metrics struct {
	registry *prometheus.Registry
	answers  *prometheus.HistogramVec
	events   *prometheus.CounterVec
	refusals *prometheus.CounterVec
	steps    *prometheus.CounterVec

	mu      sync.Mutex
	clients map[string]bool // that have a label of their own
}

var levels = map[oidc.EventLevel]string{oidc.LevelInfo: "info", oidc.LevelWarn: "warn", oidc.LevelError: "error", oidc.LevelDebug: "debug"}

// maxClients bounds the labels of clients: anybody may register some where that is on. What is more is counted as (other).
const maxClients = 200

// seconds are the upper bounds of the histogram of answers: a sign-on is some milliseconds, a sign-in has a hash in it.
var seconds = []float64{.0025, .005, .01, .025, .05, .1, .2, .4, .8, 1.6, 3.2, 10}

// New returns numbers that are all 0, with those of from, which is asked when they are scraped.
func New(version string, from Sources) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		answers: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "gatehouse_request_duration_seconds",
			Help: "How long answers took, by the route and the class of the status.", Buckets: seconds}, []string{"path", "status"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gatehouse_events_total",
			Help: "Events, by the names that the log has them under (docs/operations.md)."}, []string{"event", "level"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gatehouse_refusals_total",
			Help: "Requests of clients that were refused, by the error that they were told."}, []string{"endpoint", "error"}),
		steps: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gatehouse_sign_in_steps_total",
			Help: "How far sign-ins came: shown, typed, signed_in, factor, code, tokens; method is how, where the step says so."},
			[]string{"step", "client_id", "method"}),
		clients: map[string]bool{},
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "gatehouse_build_info", Help: "1.",
		ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	m.registry.MustRegister(m.answers, m.events, m.refusals, m.steps, build, newScrape(from),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers scrapes, two at a time.
func (m *Metrics) Handler() http.Handler {
	answer := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", answer)
	return mux
}

// Answered counts an answer: path is the route, not what was asked for.
func (m *Metrics) Answered(path string, status int, took time.Duration) {
	m.answers.WithLabelValues(path, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// Hear counts an event.
func (m *Metrics) Hear(_ context.Context, e oidc.Event) {
	kind := e.Kind()
	m.events.WithLabelValues(kind.Name, levels[kind.Level]).Inc()
	switch e := e.(type) {
	case oidc.LoginShown:
		m.step("shown", e.ClientID, "")
	case oidc.SignInFailed:
		m.step("typed", e.ClientID, "pwd")
	case oidc.SignedIn:
		m.step("typed", e.ClientID, method(e.AMR))
		m.step("signed_in", e.ClientID, method(e.AMR))
	case oidc.FactorProven:
		m.step("factor", e.ClientID, e.Way)
	case oidc.CodeIssued:
		m.step("code", e.ClientID, "")
	case oidc.TokensIssued:
		m.step("tokens", e.ClientID, e.GrantType)
	case oidc.RequestRefused:
		m.refusals.WithLabelValues(e.Endpoint, e.Error).Inc()
	case oidc.AuthorizationRefused:
		m.refusals.WithLabelValues("authorization", e.Error).Inc()
	}
}

func (m *Metrics) step(step, clientID, method string) {
	m.steps.WithLabelValues(step, m.client(clientID), method).Inc()
}

// client returns the label of a client.
func (m *Metrics) client(id string) string {
	if id == "" {
		return "(account page)"
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.clients[id] {
		if len(m.clients) >= maxClients {
			return "(other)"
		}
		m.clients[id] = true
	}
	return id
}

// method is the first word that a sign-in has for itself, if it is one of ours: upstreams may say anything.
func method(amr []string) string {
	if len(amr) > 0 {
		switch amr[0] {
		case oidc.AMRPassword, "hwk", "swk", "pop", "user", "otp", "fed":
			return amr[0]
		}
	}
	return "other"
}
