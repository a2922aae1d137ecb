package store

import (
	"errors"
	"testing"
	"time"

	"gatehouse/api/devdb"
)

// whoseClock has the clock of the store's machine be so far ahead.
func whoseClock(s *Store, ahead time.Duration) *Store {
	s.clock.machine = func() time.Time { return time.Now().Add(ahead) }
	return s
}

func TestMostClocksCountAndOfTwoNeitherDoes(t *testing.T) {
	t.Parallel()
	minutes := func(n ...time.Duration) (list []time.Duration) {
		for _, m := range n {
			list = append(list, m*time.Minute)
		}
		return list
	}
	for what, c := range map[string]struct {
		ahead  time.Duration   // of the machine's clock before that of Postgres
		others []time.Duration // those of the other replicas
		before time.Duration   // by how much it was wrong
		wrong  time.Duration
	}{
		"all are right":                              {0, minutes(0), 0, 0},
		"alone with Postgres":                        {5 * time.Minute, nil, 0, 0},
		"the other one agrees with Postgres":         {5 * time.Minute, minutes(0), 0, 5 * time.Minute},
		"behind, and they agree":                     {-5 * time.Minute, minutes(0, 0), 0, -5 * time.Minute},
		"the other one is wrong":                     {0, minutes(5), 0, 0},
		"Postgres is":                                {5 * time.Minute, minutes(5), 0, 0},
		"two against two":                            {5 * time.Minute, minutes(5, 0), 0, 0},
		"all three differ":                           {5 * time.Minute, minutes(-5), 0, 5 * time.Minute},
		"within what is tolerated":                   {2 * time.Second, minutes(0), 0, 0},
		"beyond it":                                  {2001 * time.Millisecond, minutes(0), 0, 2001 * time.Millisecond},
		"those who agreed with Postgres have left":   {5 * time.Minute, nil, 5 * time.Minute, 5 * time.Minute},
		"they have left, and the machine was mended": {time.Second, nil, 5 * time.Minute, 0},
	} {
		clock := &clock{machine: time.Now, wrong: c.before}
		if clock.goBy(c.ahead, c.others); clock.wrong != c.wrong {
			t.Errorf("%s: %s wrong, want %s", what, clock.wrong, c.wrong)
		}
	}
}

// Codes that one replica makes would have expired at another, and a refresh that is repeated there would be a replay.
func TestAReplicaWhoseClockDiffersFromTheOthersGoesByTheirs(t *testing.T) {
	t.Parallel()
	url := withPool(devdb.Test(t))
	off := whoseClock(open(t, url), 5*time.Minute)
	for _, s := range []*Store{open(t, url), off} {
		heard := make(chan struct{}, 100)
		go s.Watch(t.Context(), url, func() { heard <- struct{}{} })
		<-heard
	}
	for end := time.Now().Add(30 * time.Second); time.Until(off.Now()).Abs() > time.Second; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it is %s ahead", time.Until(off.Now()))
		}
	}
	server, err := off.DescribeServer(t.Context())
	gauges, err2 := off.Gauges(t.Context())
	for _, ahead := range []time.Duration{server.Ahead, gauges.Ahead} {
		if err := errors.Join(err, err2); err != nil || (ahead-5*time.Minute).Abs() > 10*time.Second {
			t.Errorf("its machine's clock is %s ahead of Postgres's: %v", ahead, err)
		}
	}
}

// Postgres crashes, and its clock is not that of the API, which says when codes are made.
func TestACrashIsNotedByTheClockThatCodesAreMadeBy(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{-5 * time.Minute, 5 * time.Minute} {
		s := whoseClock(open(t, withPool(devdb.Test(t))), ahead)
		made := func(what byte) JTI {
			return JTI{SHA256: Digest{what}, MadeAt: s.Now(), ExpiresAt: s.Now().Add(time.Hour)}
		}
		before := made(1)
		if err := s.UseOnce(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		if _, err := s.conns.Exec(t.Context(), `TRUNCATE used_jtis, used_since`); err != nil {
			t.Fatal(err)
		}
		s.conns.Reset()
		if err := s.UseOnce(t.Context(), before); !errors.Is(err, ErrUsed) {
			t.Errorf("%s ahead: used again after a crash: %v", ahead, err)
		}
		if err := s.UseOnce(t.Context(), made(2)); err != nil {
			t.Errorf("%s ahead: made after the crash: %v", ahead, err)
		}
	}
}
