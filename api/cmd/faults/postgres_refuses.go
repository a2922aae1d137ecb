package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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

// poolExhausted has others take each connection that Postgres has, somebody lock tables that requests need, first of sign-ins and then
// those that workers take from, connections go silent without an end, and backends stop. Meanwhile each request is answered in time.
func poolExhausted(ctx context.Context, l *lab) (outcome, error) {
	db, err := l.postgres(ctx, "max_connections=20", "superuser_reserved_connections=0")
	if err != nil {
		return outcome{}, err
	}
	between, through, err := l.relay(db.URL("gatehouse"))
	if err != nil {
		return outcome{}, err
	}
	mail, err := l.mailTarget()
	if err == nil {
		err = mail.become(well)
	}
	if err != nil {
		return outcome{}, err
	}
	s, err := l.site(ctx, siteOptions{database: through, direct: db.URL("gatehouse"),
		env: []string{"GATEHOUSE_SMTP_URL=smtp://" + mail.at, "GATEHOUSE_MAIL_FROM=no-reply@example.org"}})
	if err != nil {
		return outcome{}, err
	}
	if err := execute(ctx, s.database, "UPDATE clients SET backchannel_logout_uri = 'https://127.0.0.1:1/bye'"); err != nil {
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
	hold := func() error { return pause(ctx, l.last(20*time.Second, 5*time.Second)) }
	saw, err := c.asksThroughout(ctx, []trouble{
		{"a table of sign-ins is locked", func() error { return s.locked(ctx, "sessions", hold) }},
		{"tables of workers are locked", func() error {
			return s.locked(ctx, "mail_outbox, backchannel_logouts, audit, sign_ins, end_notices", hold)
		}},
		{"connections are silent", func() error { between.silence(false); return hold() }},
		{"all that come are silent, too", func() error {
			between.silence(true)
			defer between.silence(false)
			return hold()
		}},
		{"backends stop", func() error { return s.stopped(ctx, hold) }},
	})
	if err != nil {
		return outcome{}, err
	}
	o, err := c.afterwards(ctx)
	o.saw += saw
	return o, err
}

// trouble is what is the matter with Postgres for a while.
type trouble struct {
	what string
	have func() error
}

// asksThroughout has people ask while there is trouble, of one kind after the other, for a code and for a mail, and returns what they saw.
func (c *crowd) asksThroughout(ctx context.Context, troubles []trouble) (saw string, err error) {
	regulars, err := c.regulars(2)
	if err != nil {
		return "", err
	}
	n, longest := 0, time.Duration(0)
	for _, t := range troubles {
		codes := probing(ctx, regulars, func(p *person) (answer, error) {
			return p.send("GET", "/authorize", authorization("other", "none"))
		}, func(a answer) bool { return a.location().Query().Get("code") != "" })
		mails := probing(ctx, []*person{newPerson(c, 2), newPerson(c, 3)}, (*person).asksForMail, func(a answer) bool {
			return a.status == http.StatusSeeOther || a.status == http.StatusTooManyRequests // of mails to one person
		})
		err := t.have()
		err = errors.Join(err, codes.ended(), mails.ended())
		c.say("%s: codes %s; mails %s", t.what, codes, mails)
		if err != nil {
			return "", fmt.Errorf("%s: %w", t.what, err)
		}
		for _, b := range []*probe{codes, mails} {
			n, longest = n+b.good+b.refused, max(longest, b.longest)
		}
		if err := c.goesOn(ctx, 50); err != nil {
			return "", fmt.Errorf("after %s: %w", t.what, err)
		}
	}
	return fmt.Sprintf("; %d who asked for a code or a mail meanwhile were answered within %.1f s", n, longest.Seconds()), nil
}

// regulars are n people who are signed in.
func (c *crowd) regulars(n int) ([]*person, error) {
	people := make([]*person, n)
	for i := range people {
		people[i] = newPerson(c, i)
		if _, ok := people[i].signIn(); !ok {
			return nil, fmt.Errorf("%s cannot sign in", people[i].name)
		}
	}
	return people, nil
}

// locked has tables locked, so that nobody even reads them, until done.
func (s *site) locked(ctx context.Context, tables string, done func() error) error {
	return connected(ctx, s.database, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "BEGIN; LOCK TABLE "+tables); err != nil {
			return err
		}
		return done() // and then the connection is closed
	})
}

// stopped has the backends of Gatehouse's connections stand still until done, as where their disk hangs.
func (s *site) stopped(ctx context.Context, done func() error) error {
	var pids []int
	err := connected(ctx, s.database, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT array_agg(pid) FROM pg_stat_activity WHERE application_name LIKE 'gatehouse%'`).Scan(&pids)
	})
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			return err
		}
		defer func() { _ = syscall.Kill(pid, syscall.SIGCONT) }() // it may have ended
	}
	return errors.Join(err, done())
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
	disk, err := l.smallDisk(ctx, "disk")
	if err != nil {
		return outcome{}, err
	}
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

// smallDisk makes one, in memory.
func (l *lab) smallDisk(ctx context.Context, name string) (path string, err error) {
	path = filepath.Join(l.dir, name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return "", err
	}
	mount := exec.CommandContext(ctx, "mount", "-t", "tmpfs", "-o", "size=256m,mode=755", "gatehouse-faults", path)
	if out, err := mount.CombinedOutput(); err != nil {
		return "", fmt.Errorf("a small disk could not be mounted, as root may: %w: %s", err, out)
	}
	l.atEnd(func() { _ = exec.Command("umount", "--lazy", path).Run() })
	return path, nil
}

// dataFull fills the disk of the tables and leaves room for the log, which is on another: what is read goes on, and what is written is
// answered 503 where it needs another page.
func dataFull(ctx context.Context, l *lab) (outcome, error) {
	data, err := l.smallDisk(ctx, "data")
	if err != nil {
		return outcome{}, err
	}
	log, err := l.smallDisk(ctx, "log")
	if err != nil {
		return outcome{}, err
	}
	db, err := l.postgresIn(ctx, filepath.Join(data, "postgres"), "min_wal_size=32MB", "max_wal_size=64MB")
	if err != nil {
		return outcome{}, err
	}
	db.Stop()
	here, there := filepath.Join(filepath.Dir(db.PIDFile), "pg_wal"), filepath.Join(log, "pg_wal")
	if out, err := exec.CommandContext(ctx, "mv", here, there).CombinedOutput(); err != nil { // with whose it is
		return outcome{}, fmt.Errorf("mv %s: %w: %s", here, err, out)
	}
	if err := os.Symlink(there, here); err != nil {
		return outcome{}, err
	}
	if err := db.Start(ctx); err != nil {
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
	reader := newPerson(c, 0)
	back, ok := reader.signIn()
	if !ok {
		return outcome{}, errors.New("the reader cannot sign in")
	}
	tokens, ok := reader.redeem("web", back.Query().Get("code"))
	if !ok {
		return outcome{}, errors.New("the reader has no tokens")
	}
	filler := filepath.Join(data, "filler")
	if err := fill(filler); err != nil {
		return outcome{}, err
	}
	reads := probing(ctx, []*person{reader}, func(p *person) (answer, error) {
		return p.send("GET", "/userinfo", nil, "Authorization", "Bearer "+tokens.Access)
	}, func(a answer) bool { return a.status == http.StatusOK })
	late := until(ctx, 2*time.Minute, "the crowd, which writes, is refused", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.trouble) > 0
	})
	wait := pause(ctx, l.last(30*time.Second, 5*time.Second))
	wrong := reads.ended()
	if err := errors.Join(late, wait, os.Remove(filler)); err != nil {
		return outcome{}, err
	}
	if wrong != nil || reads.refused > 0 {
		return outcome{}, fmt.Errorf("reads did not go on: %s: %w", reads, wrong)
	}
	o, err := c.afterwards(ctx)
	o.saw += fmt.Sprintf("; %d reads went on, within %.1f s", reads.good, reads.longest.Seconds())
	return o, err
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
