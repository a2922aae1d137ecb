package metrics

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse/api/store"
)

// Sources are asked when Prometheus scrapes.
type Sources struct {
	Database func(context.Context) (store.Gauges, error)
	Pool     func() store.PoolNumbers
	Hashes   func() (taken, places int) // of passwords, that are computed or wait, and how many may at most
}

// scrape reads the sources. The database is asked at most once in fresh, however many scrape.
type scrape struct {
	from Sources

	mu    sync.Mutex
	at    time.Time
	last  store.Gauges
	err   error
	clock float64 // seconds that the clock of the database is ahead of ours
}

// fresh is how long numbers of the database are good, and patience how long they may take.
const (
	fresh    = 10 * time.Second
	patience = 5 * time.Second
)

func newScrape(from Sources) *scrape { return &scrape{from: from} }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("gatehouse_"+name, help, labels, nil)
}

var (
	databaseUp     = desc("database_up", "1 where Postgres answered the question for these numbers, else 0.")
	clockOffset    = desc("clock_offset_seconds", "How far the clock of Postgres is ahead of this machine's.")
	databaseBytes  = desc("database_bytes", "Size of the database.")
	tableBytes     = desc("table_bytes", "Size of a table, with its indexes and partitions.", "table")
	tableRows      = desc("table_rows", "About how many rows it has.", "table")
	mailsWaiting   = desc("mails_waiting", "Mails that are still to be sent.")
	mailsOldest    = desc("mails_oldest_seconds", "For how long the oldest of them waits.")
	mailsGivenUp   = desc("mails_given_up", "Mails of the last week that are tried no more.")
	logoutsWaiting = desc("logouts_waiting", "Back-channel logouts that are still to be delivered.")
	logoutsOldest  = desc("logouts_oldest_seconds", "For how long the oldest of them waits.")
	logoutsGivenUp = desc("logouts_given_up", "Back-channel logouts of the last week that are tried no more.")
	keyAge         = desc("signing_key_age_seconds", "For how long the newest active key of an algorithm has signed.", "alg")
	cleanUpLate    = desc("clean_up_late_seconds", "How far the oldest row of a table is past its end.", "table")
	poolMax        = desc("pool_connections_max", "Connections to Postgres at most (pool_max_conns).")
	poolTaken      = desc("pool_connections", "Connections to Postgres, by what they do.", "state")
	poolWaits      = desc("pool_waits_total", "How often a statement had to wait for a connection.")
	poolWaited     = desc("pool_wait_seconds_total", "For how long, altogether.")
	hashes         = desc("password_hashes", "Password hashes that are computed or wait.")
	hashPlaces     = desc("password_hashes_max", "How many may at most; the next one is answered 503.")
)

// Describe is of prometheus.Collector.
func (s *scrape) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{databaseUp, clockOffset, databaseBytes, tableBytes, tableRows, mailsWaiting, mailsOldest,
		mailsGivenUp, logoutsWaiting, logoutsOldest, logoutsGivenUp, keyAge, cleanUpLate, poolMax, poolTaken,
		poolWaits, poolWaited, hashes, hashPlaces} {
		to <- d
	}
}

// Collect is of prometheus.Collector.
func (s *scrape) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	pool := s.from.Pool()
	gauge(poolMax, float64(pool.Max))
	gauge(poolTaken, float64(pool.Busy), "busy")
	gauge(poolTaken, float64(pool.Idle), "idle")
	to <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(pool.Waits))
	to <- prometheus.MustNewConstMetric(poolWaited, prometheus.CounterValue, pool.Waited.Seconds())
	taken, places := s.from.Hashes()
	gauge(hashes, float64(taken))
	gauge(hashPlaces, float64(places))

	n, clock, err := s.numbers()
	if err != nil {
		gauge(databaseUp, 0)
		return
	}
	gauge(databaseUp, 1)
	gauge(clockOffset, clock)
	gauge(databaseBytes, float64(n.DatabaseBytes))
	gauge(mailsWaiting, float64(n.MailsWaiting))
	gauge(mailsOldest, n.MailsOldest)
	gauge(mailsGivenUp, float64(n.MailsGivenUp))
	gauge(logoutsWaiting, float64(n.LogoutsWaiting))
	gauge(logoutsOldest, n.LogoutsOldest)
	gauge(logoutsGivenUp, float64(n.LogoutsGivenUp))
	for alg, age := range n.KeyAges {
		gauge(keyAge, age, alg)
	}
	for table, late := range n.CleanUpLate {
		gauge(cleanUpLate, late, table)
	}
	for _, t := range n.Tables {
		gauge(tableBytes, float64(t.Bytes), t.Table)
		gauge(tableRows, float64(t.Rows), t.Table)
	}
}

// numbers asks the database, unless it answered a moment ago.
func (s *scrape) numbers() (store.Gauges, float64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.at) < fresh {
		return s.last, s.clock, s.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s.last, s.err = s.from.Database(ctx)
	s.at = time.Now()
	if s.err != nil {
		slog.Warn("the numbers of the database were not read", "error", s.err)
		return s.last, 0, s.err
	}
	s.clock = -s.last.Ahead.Seconds()
	return s.last, s.clock, nil
}
