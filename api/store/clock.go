package store

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// tolerated is by how much clocks may differ without a word: two replicas then differ by less than oidc.Leeway.
const tolerated = 2 * time.Second

// clock is what a replica goes by: the clock of its machine, unless most of the others, those of the other replicas and of Postgres,
// agree on another time. Of two nobody can say which is wrong; then each is left alone.
type clock struct {
	machine func() time.Time
	tells   string // how far it is ahead of that of Postgres, in seconds; "" at first

	mu    sync.Mutex
	wrong time.Duration // how far that of the machine is ahead of what counts; 0 where it counts itself
	apart bool          // it was said that it and the one of Postgres differ
}

// Now returns the time by which rows are written and looked at.
func (s *Store) Now() time.Time { return s.clock.now() }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.machine().Add(-c.wrong)
}

// ahead returns how far the clock of the machine is ahead of that of Postgres, which said its time in an answer to what began then.
func (c *clock) ahead(postgres, began time.Time) time.Duration {
	return began.Add(c.machine().Sub(began) / 2).Sub(postgres)
}

// ours is the name that a connection which listens has: what its machine's clock is ahead of that of Postgres, in seconds. Nobody but a
// role of Gatehouse's can have one with it.
const ours = "gatehouse clock "

// compareClocks asks what time it is, and by how much those of the other replicas are ahead, and tells what was found out the last time.
const compareClocks = `SELECT clock_timestamp(), ARRAY(SELECT substr(application_name, length($1) + 1) FROM pg_stat_activity
	WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid() AND starts_with(application_name, $1)),
	set_config('application_name', $1 || $2, false)`

// compare compares the clock with all others by the connection that listens, and tells it.
func (c *clock) compare(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	began := c.machine()
	var postgres time.Time
	var told []string
	if err := conn.QueryRow(ctx, compareClocks, ours, c.tells).Scan(&postgres, &told, nil); err != nil {
		return err
	}
	ahead := c.ahead(postgres, began)
	var others []time.Duration
	for _, seconds := range told {
		if n, err := strconv.ParseFloat(seconds, 64); err == nil {
			others = append(others, time.Duration(n*float64(time.Second)))
		}
	}
	c.goBy(ahead, others)
	c.tells = fmt.Sprintf("%.3f", ahead.Seconds())
	return nil
}

// goBy notes what the replica goes by, where its machine's clock is so far ahead of that of Postgres, and those of the others are.
func (c *clock) goBy(ahead time.Duration, others []time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := append(others, ahead, 0)
	slices.Sort(all)
	// With as many on either side, anything between the two in the middle is as good.
	middle := min(max(ahead, all[(len(all)-1)/2]), all[len(all)/2])
	if len(others) == 0 && c.wrong != 0 {
		middle = 0 // those who agreed with Postgres have left, and nothing says that it is wrong since
	}
	wrong := ahead - middle
	if wrong.Abs() <= tolerated {
		wrong = 0
	}
	switch {
	case wrong != 0 && c.wrong == 0:
		slog.Warn("the clock of this machine differs from most of those of Postgres and the other replicas, which count: keep it with NTP",
			"ahead", wrong.Round(time.Millisecond).String())
	case wrong == 0 && c.wrong != 0:
		slog.Info("the clock of this machine counts again")
	case wrong == 0 && ahead.Abs() > tolerated && !c.apart:
		slog.Warn("the clocks of this machine and of Postgres differ: keep both with NTP", "ahead", ahead.Round(time.Millisecond).String())
	}
	c.wrong, c.apart = wrong, ahead.Abs() > tolerated
}
