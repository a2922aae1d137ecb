package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
)

// startWithoutPostgres starts the API before there is a Postgres, and later has Postgres refuse its role, as after a change of the
// password. It needs nobody to be well again.
func startWithoutPostgres(ctx context.Context, l *lab) (outcome, error) {
	db, s, err := l.oneReplica(ctx)
	if err != nil {
		return outcome{}, err
	}
	s.replicas[0].stop()
	db.Crash()
	if err := s.replicas[0].start(); err != nil {
		return outcome{}, err
	}
	c := s.crowd(ctx, 8)
	defer c.stop()
	if err := pause(ctx, l.last(10*time.Second, 2*time.Second)); err != nil {
		return outcome{}, err
	}
	if err := db.Start(ctx); err != nil {
		return outcome{}, err
	}
	if err := c.goesOn(ctx, 50); err != nil {
		return outcome{}, err
	}
	if err := execute(ctx, db.URL("gatehouse"), "CREATE ROLE keeper SUPERUSER LOGIN"); err != nil {
		return outcome{}, err
	}
	keeper := strings.Replace(db.URL("gatehouse"), "gatehouse@", "keeper@", 1)
	if err := execute(ctx, keeper, `ALTER ROLE gatehouse NOLOGIN;
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gatehouse'`); err != nil {
		return outcome{}, err
	}
	if err := pause(ctx, l.last(10*time.Second, 2*time.Second)); err != nil {
		return outcome{}, err
	}
	if err := execute(ctx, keeper, "ALTER ROLE gatehouse LOGIN"); err != nil {
		return outcome{}, err
	}
	return c.afterwards(ctx)
}

// poolExhausted has others take each connection that Postgres has, and then somebody lock a table that each sign-in needs.
func poolExhausted(ctx context.Context, l *lab) (outcome, error) {
	db, s, err := l.oneReplica(ctx, "max_connections=20", "superuser_reserved_connections=0")
	if err != nil {
		return outcome{}, err
	}
	c := s.crowd(ctx, 8)
	defer c.stop()
	if err := c.goesOn(ctx, 20); err != nil {
		return outcome{}, err
	}
	if err := s.takeEachConnection(ctx, db, l.last(10*time.Second, 3*time.Second)); err != nil {
		return outcome{}, err
	}
	if err := c.goesOn(ctx, 50); err != nil {
		return outcome{}, err
	}
	err = connected(ctx, s.database, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "BEGIN; LOCK TABLE sessions"); err != nil {
			return err
		}
		return pause(ctx, l.last(40*time.Second, 3*time.Second)) // and then the connection is closed
	})
	if err != nil {
		return outcome{}, err
	}
	return c.afterwards(ctx)
}

// takeEachConnection ends those of the API, and holds all that there are for a while.
func (s *site) takeEachConnection(ctx context.Context, db *devdb.Fresh, long time.Duration) error {
	var held []*pgx.Conn
	defer func() {
		for _, conn := range held {
			_ = conn.Close(context.WithoutCancel(ctx))
		}
	}()
	for full := 0; full < 20; { // the API's pool takes some as they come free
		conn, err := pgx.Connect(ctx, db.URL("gatehouse"))
		if err != nil {
			full++
			if len(held) > 0 {
				_, _ = held[0].Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
					WHERE pid <> pg_backend_pid() AND application_name = 'gatehouse'`)
			}
			continue
		}
		if _, err := conn.Exec(ctx, "SET application_name = 'somebody else'"); err != nil {
			return err
		}
		held = append(held, conn)
	}
	s.say("%d connections are held", len(held))
	return pause(ctx, long)
}

// diskFull fills the disk of Postgres, a small one in memory, for a while.
func diskFull(ctx context.Context, l *lab) (outcome, error) {
	disk := filepath.Join(l.dir, "disk")
	if err := os.MkdirAll(disk, 0o755); err != nil {
		return outcome{}, err
	}
	mount := exec.CommandContext(ctx, "mount", "-t", "tmpfs", "-o", "size=256m,mode=755", "gatehouse-faults", disk)
	if out, err := mount.CombinedOutput(); err != nil {
		return outcome{}, fmt.Errorf("a small disk could not be mounted, as root may: %w: %s", err, out)
	}
	l.atEnd(func() { _ = exec.Command("umount", "--lazy", disk).Run() })
	db, err := l.postgresIn(ctx, filepath.Join(disk, "postgres"), "min_wal_size=32MB", "max_wal_size=64MB")
	if err != nil {
		return outcome{}, err
	}
	s, err := l.site(ctx, siteOptions{database: db.URL("gatehouse")})
	if err != nil {
		return outcome{}, err
	}
	c := s.crowd(ctx, 8)
	defer c.stop()
	if err := c.goesOn(ctx, 50); err != nil {
		return outcome{}, err
	}
	filler := filepath.Join(disk, "filler")
	if err := fill(filler); err != nil {
		return outcome{}, err
	}
	if err := pause(ctx, l.last(30*time.Second, 5*time.Second)); err != nil {
		return outcome{}, err
	}
	if err := os.Remove(filler); err != nil {
		return outcome{}, err
	}
	if err := execute(ctx, db.URL("gatehouse"), "SELECT 1"); err != nil {
		l.say("Postgres has ended, as it does where there is no room for its log: %v", err)
		db.Crash()
		if err := db.Start(ctx); err != nil {
			return outcome{}, err
		}
	}
	return c.afterwards(ctx)
}

// fill writes until there is no more room.
func fill(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, size := range []int{1 << 20, 4 << 10} {
		block := make([]byte, size)
		for err == nil {
			_, err = file.Write(block)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return err
		}
		err = nil
	}
	return nil
}

// clocks has Postgres's clock be five minutes ahead of that of the API, and then five minutes behind.
func clocks(ctx context.Context, l *lab) (outcome, error) {
	db, s, err := l.oneReplica(ctx)
	if err != nil {
		return outcome{}, err
	}
	c := s.crowd(ctx, 8)
	defer c.stop()
	for _, offset := range []string{"+5m", "-5m", "+0"} {
		if err := c.goesOn(ctx, 50); err != nil {
			return outcome{}, err
		}
		db.Stop()
		if err := withAnotherClock(map[string]string{"FAKETIME": offset}, func() error { return db.Start(ctx) }); err != nil {
			return outcome{}, err
		}
		l.say("Postgres's clock is %s", offset)
		if err := pause(ctx, l.last(15*time.Second, 2*time.Second)); err != nil {
			return outcome{}, err
		}
	}
	return c.afterwards(ctx)
}

// oneReplica starts a Postgres with settings and a site of one replica.
func (l *lab) oneReplica(ctx context.Context, settings ...string) (*devdb.Fresh, *site, error) {
	db, err := l.postgres(ctx, settings...)
	if err != nil {
		return nil, nil, err
	}
	s, err := l.site(ctx, siteOptions{database: db.URL("gatehouse")})
	return db, s, err
}

// afterwards waits until the crowd goes on, ends it, and checks what it was told.
func (c *crowd) afterwards(ctx context.Context) (outcome, error) {
	if err := c.goesOn(ctx, 50); err != nil {
		return outcome{}, err
	}
	c.stop()
	return c.check(ctx)
}
