package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/api/devdb"
)

// clock is that of a Postgres and of a program, which go ahead together. It is a file in the words of libfaketime and
// of Go, such as "+300s".
type clock struct {
	file  string
	ago   time.Time // when it was set up
	ahead time.Duration
}

// aheadOfTime has the program read the clock each time, so that it jumps at once, and look after its rows each second instead of each
// minute.
const aheadOfTime = `package store

import (
	"os"
	"strings"
	"sync/atomic"
	"time"
)

var ahead atomic.Int64

func later() time.Time {
	text, _ := os.ReadFile(os.Getenv("FAULTS_CLOCK"))
	if d, err := time.ParseDuration(strings.TrimSpace(string(text))); err == nil { // or it is being written
		ahead.Store(int64(d))
	}
	return time.Now().Add(time.Duration(ahead.Load()))
}
`

// programAhead builds a program that goes by the clock.
func (l *lab) programAhead(ctx context.Context) (string, error) {
	files := map[string]string{"api/store/later.go": aheadOfTime}
	for path, changes := range map[string][]string{
		"api/store/store.go":  {"&clock{machine: time.Now}", "&clock{machine: later}"},
		"api/provider/run.go": {"time.NewTicker(time.Minute)", "time.NewTicker(time.Second)"},
	} {
		text, err := os.ReadFile(filepath.Join(l.root, path))
		if err != nil {
			return "", err
		}
		for i := 0; i < len(changes); i += 2 {
			if !strings.Contains(string(text), changes[i]) {
				return "", fmt.Errorf("%s has no %q any more", path, changes[i])
			}
		}
		files[path] = strings.NewReplacer(changes...).Replace(string(text))
	}
	return l.overlaid(ctx, "ahead", files)
}

// postgresAhead starts a Postgres that goes by a clock of its own. Its autovacuum looks at each table once a second, as it does 1440 times
// in a day.
func (l *lab) postgresAhead(ctx context.Context) (*devdb.Fresh, *clock, error) {
	c := &clock{file: filepath.Join(l.dir, "clock"), ago: time.Now()}
	if err := c.set(0); err != nil {
		return nil, nil, err
	}
	var db *devdb.Fresh
	err := withAnotherClock(map[string]string{"FAKETIME_TIMESTAMP_FILE": c.file, "FAKETIME_CACHE_DURATION": "1"}, func() (err error) {
		db, err = l.postgres(ctx, "autovacuum_naptime=1s")
		return err
	})
	return db, c, err
}

// withAnotherClock has what start starts go by libfaketime, with its settings: children have the environment of this program, and Postgres
// alone is to have this.
func withAnotherClock(settings map[string]string, start func() error) error {
	found, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if found == nil {
		return errors.New("another clock needs libfaketime (as root: apt-get install faketime)")
	}
	env := maps.Clone(settings)
	env["LD_PRELOAD"], env["DONT_FAKE_MONOTONIC"], env["FAKETIME_DONT_FAKE_MONOTONIC"] = found[0], "1", "1"
	for name, value := range env {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
		defer os.Unsetenv(name)
	}
	return start()
}

// set has the clocks be so many days ahead.
func (c *clock) set(days int) error {
	c.ahead = time.Duration(days) * 24 * time.Hour
	return c.write(c.ahead)
}

// write sets the clock so far ahead.
func (c *clock) write(ahead time.Duration) error {
	return os.WriteFile(c.file, fmt.Appendf(nil, "%+ds\n", int64(ahead.Seconds())), 0o644)
}

// reaches waits until Postgres is so many days ahead; the program is by then.
func (c *clock) reaches(ctx context.Context, s *site, days int) error {
	if err := c.set(days); err != nil {
		return err
	}
	hours := days*24 - 1
	asked := fmt.Sprintf("SELECT count(*) WHERE now() > to_timestamp(%d) + interval '%d hours'", c.ago.Unix(), hours)
	return until(ctx, 10*time.Second, fmt.Sprintf("Postgres %d days ahead", days), func() bool {
		n, err := s.count(ctx, asked)
		return err == nil && n == 1
	})
}
