package main

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/store"
)

// What there is before and after; each login is a session with a grant, which has refresh tokens.
const (
	fewPeople, fewLogins = 1_000, 10_000
	people1M, logins10M  = 1_000_000, 10_000_000

	growthNeeds = 25 << 30 // bytes; about 12 GB stay below .cache/bench until the next run
)

//go:embed growth.sql
var growthSQL string

// growth measures what Postgres does for an SSO and a refresh among few and many logins, how large it is, and how fast the
// clean-up is.
func (b *bench) growth(ctx context.Context) ([]row, error) {
	manyPeople, manyLogins := people1M, logins10M
	if b.quick {
		manyPeople, manyLogins = people1M/100, logins10M/100
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(b.dir, &disk); err != nil || disk.Bavail*uint64(disk.Bsize) < growthNeeds {
		return nil, fmt.Errorf("growth needs %d GB in %s", growthNeeds>>30, b.dir)
	}
	if err := b.grow(ctx, 0, fewPeople, 0, fewLogins); err != nil {
		return nil, err
	}
	before, err := b.drive(ctx, fewLogins)
	if err != nil {
		return nil, err
	}
	if err := b.grow(ctx, fewPeople, manyPeople, fewLogins, manyLogins); err != nil {
		return nil, err
	}
	size, err := b.bytesOfLogins(ctx)
	if err != nil {
		return nil, err
	}
	after, err := b.drive(ctx, manyLogins)
	if err != nil {
		return nil, err
	}
	pace, err := b.cleanUp(ctx, manyLogins/100)
	if err != nil {
		return nil, err
	}
	var rows []row
	for i, w := range driven {
		ratio := after[i].median / before[i].median
		rows = append(rows, row{what: fmt.Sprintf("Postgres for %s, %d users, %d logins", w.what, manyPeople, manyLogins),
			ours: ms(after[i].median), floor: fmt.Sprintf("%s (%d users)", ms(before[i].median), fewPeople),
			ratio: fmt.Sprintf("%.2f", ratio), goal: "≤ 1.10", met: ratio <= 1.10,
			spread: before[i].spread() + ", then " + after[i].spread()})
	}
	return append(rows,
		row{what: "disk for an active login", ours: fmt.Sprintf("%d bytes", size/int64(manyLogins)), goal: "stated", met: true},
		row{what: "clean-up, in logins a second", ours: fmt.Sprintf("%.0f", pace), goal: "≥ 500", met: pace >= 500}), nil
}

// grow adds rows up to those numbers.
func (b *bench) grow(ctx context.Context, peopleFrom, peopleTo, loginsFrom, loginsTo int) error {
	progress("Up to %d users and %d logins", peopleTo, loginsTo)
	numbers := strings.NewReplacer("{people from}", strconv.Itoa(peopleFrom), "{people to}", strconv.Itoa(peopleTo),
		"{logins from}", strconv.Itoa(loginsFrom), "{logins to}", strconv.Itoa(loginsTo))
	return b.connected(ctx, b.ours.database, func(conn *pgx.Conn) error {
		steps := strings.Split(numbers.Replace(growthSQL), "\n\n")
		for _, step := range append(steps, "-- Statistics\nVACUUM (FREEZE, ANALYZE)", "-- The disk\nCHECKPOINT") {
			title, sql, _ := strings.Cut(step, "\n")
			progress("%s", strings.TrimPrefix(title, "-- "))
			// One by one: VACUUM wants no transaction around it.
			for statement := range strings.SplitSeq(sql, ";\n") {
				if _, err := conn.Exec(ctx, statement); err != nil {
					return fmt.Errorf("%s: %w", title, err)
				}
			}
		}
		return nil
	})
}

// bytesOfLogins is what sessions and grants take, with their indexes.
func (b *bench) bytesOfLogins(ctx context.Context) (size int64, err error) {
	return size, b.connected(ctx, b.ours.database, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT pg_total_relation_size('sessions') + pg_total_relation_size('grants')`).Scan(&size)
	})
}

// cleanUp has Gatehouse's store delete the logins that end first, and returns how many a second. While people sign in, it has
// less of the machine.
func (b *bench) cleanUp(ctx context.Context, logins int) (float64, error) {
	progress("Cleaning up %d logins", logins)
	var then time.Time
	if err := b.connected(ctx, b.ours.database, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT expires_at FROM sessions ORDER BY expires_at OFFSET $1 LIMIT 1`, logins).Scan(&then)
	}); err != nil {
		return 0, err
	}
	db, err := store.Open(ctx, b.db.URL(b.ours.database))
	if err != nil {
		return 0, err
	}
	defer db.Close()
	began := time.Now()
	deleted, err := db.CleanUp(ctx, store.Kept{SignIns: 90 * 24 * time.Hour, Audit: 400 * 24 * time.Hour}, then)
	if err == nil && deleted < int64(2*logins) { // each session and its grant
		err = fmt.Errorf("%d rows were cleaned up, not %d", deleted, 2*logins)
	}
	return float64(logins) / time.Since(began).Seconds(), err
}
