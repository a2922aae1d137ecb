package main

import (
	"context"
	"time"
)

// postgresAway crashes Postgres three times. Everybody is told to come again, and nothing that they were told before is lost: Postgres
// acknowledges a commit when it is on the disk.
func postgresAway(ctx context.Context, l *lab) (outcome, error) {
	db, err := l.postgres(ctx)
	if err != nil {
		return outcome{}, err
	}
	s, err := l.site(ctx, siteOptions{database: db.URL("gatehouse"), replicas: 2})
	if err != nil {
		return outcome{}, err
	}
	c := s.crowd(ctx, 8)
	defer c.stop()
	for range 3 {
		if err := pause(ctx, l.last(8*time.Second, time.Second)); err != nil {
			return outcome{}, err
		}
		db.Crash()
		if err := pause(ctx, l.last(5*time.Second, time.Second)); err != nil {
			return outcome{}, err
		}
		if err := db.Start(ctx); err != nil {
			return outcome{}, err
		}
		if err := c.goesOn(ctx, 50); err != nil {
			return outcome{}, err
		}
	}
	c.stop()
	return c.check(ctx)
}
