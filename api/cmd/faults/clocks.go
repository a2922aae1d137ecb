package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/api/devdb"
)

const fiveMinutes = 5 * time.Minute

// clocks has the clock of Postgres, of one of two replicas, and of a client be five minutes ahead of all others, and then behind.
func clocks(ctx context.Context, l *lab) (outcome, error) {
	program, err := l.programAhead(ctx)
	if err != nil {
		return outcome{}, err
	}
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
	if err := s.anotherClockOfPostgres(ctx, c, db); err != nil {
		return outcome{}, err
	}
	if err := s.anotherClockOfAReplica(ctx, c, program); err != nil {
		return outcome{}, err
	}
	if err := s.anotherClockOfAClient(ctx); err != nil {
		return outcome{}, err
	}
	return c.afterwards(ctx)
}

// anotherClockOfPostgres crashes it, as when codes were made counts afterwards (used_since).
func (s *site) anotherClockOfPostgres(ctx context.Context, c *crowd, db *devdb.Fresh) error {
	for _, offset := range []string{"+5m", "-5m", "+0"} {
		if err := c.goesOn(ctx, 50); err != nil {
			return err
		}
		db.Crash()
		if err := pause(ctx, 2*time.Second); err != nil {
			return err
		}
		if err := withAnotherClock(map[string]string{"FAKETIME": offset}, func() error { return db.Start(ctx) }); err != nil {
			return err
		}
		s.say("Postgres's clock is %s", offset)
		if err := pause(ctx, s.last(15*time.Second, 2*time.Second)); err != nil {
			return err
		}
	}
	return c.goesOn(ctx, 50)
}

// anotherClockOfAReplica has the second one go by another clock, which it, its metrics and doctor say.
func (s *site) anotherClockOfAReplica(ctx context.Context, c *crowd, program string) error {
	metrics, err := freeAddress()
	if err != nil {
		return err
	}
	off := s.replicas[1]
	right, env := off.command, off.env
	for _, offset := range []time.Duration{fiveMinutes, -fiveMinutes} {
		ahead := &clock{file: filepath.Join(s.dir, "clock"+offset.String())} // the one before is read until that program has ended
		if err := ahead.write(offset); err != nil {
			return err
		}
		off.command, off.env = []string{program, "serve"}, append(slices.Clone(env), "FAULTS_CLOCK="+ahead.file,
			"GATEHOUSE_METRICS_LISTEN="+metrics)
		if err := s.restart(ctx, c, 1); err != nil {
			return err
		}
		s.say("the clock of a replica is %s", offset)
		if err := s.repeatsRefreshes(ctx, c); err != nil {
			return err
		}
		if err := s.saysItsClock(ctx, program, ahead.file, metrics, offset); err != nil {
			return err
		}
		if err := c.goesOn(ctx, s.times(1000, 100)); err != nil {
			return err
		}
	}
	off.command, off.env = right, env
	return s.restart(ctx, c, 1)
}

// repeatsRefreshes has a client lose the answer to a refresh at one replica, and ask again at the other.
func (s *site) repeatsRefreshes(ctx context.Context, c *crowd) error {
	for first := range s.at {
		p := newPerson(c, 0)
		back, ok := p.signIn()
		if !ok {
			return fmt.Errorf("nobody could sign in")
		}
		t, ok := p.redeem("web", back.Query().Get("code"))
		for i := range s.at {
			there := *s
			there.issuer = s.at[(first+i)%len(s.at)]
			_, a, answered := newPerson(there.crowd(ctx, 0), 0).token("web",
				url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.Refresh}})
			if ok = ok && answered && a.status == http.StatusOK; !ok {
				c.misses(fmt.Sprintf("a refresh at the one replica and then at the other: %d %.200s", a.status, a.body))
			}
		}
	}
	return nil
}

// saysItsClock is an error unless all say it that should.
func (s *site) saysItsClock(ctx context.Context, program, file, metrics string, offset time.Duration) error {
	cmd := exec.CommandContext(ctx, program, "doctor")
	cmd.Env = append(ownEnvironment(), append(slices.Clone(s.env), "FAULTS_CLOCK="+file)...)
	out, _ := cmd.CombinedOutput() // it has more to say here, as nobody serves the pages
	if want := map[bool]string{true: "5m0s ahead of", false: "5m0s behind"}[offset > 0]; !strings.Contains(string(out), want) {
		return fmt.Errorf("doctor does not say %q:\n%s", want, out)
	}
	a, err := http.Get("http://" + metrics + "/metrics")
	if err != nil {
		return err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	_, rest, _ := strings.Cut(string(text), "\ngatehouse_clock_offset_seconds ")
	value, _, _ := strings.Cut(rest, "\n")
	if seconds, _ := strconv.ParseFloat(value, 64); err != nil || (time.Duration(seconds)*time.Second+offset).Abs() > 10*time.Second {
		return fmt.Errorf("the metric of the clock says %q where it is %s: %w", value, offset, err)
	}
	return nil
}

// anotherClockOfAClient has it told by how much.
func (s *site) anotherClockOfAClient(ctx context.Context) error {
	key := newSigner()
	jwks, _ := json.Marshal(map[string]any{"keys": []any{key.jwk()}})
	if err := execute(ctx, s.database, fmt.Sprintf(`INSERT INTO clients (client_id, token_endpoint_auth_method, jwks, grant_types, scope)
		VALUES ('signs', 'private_key_jwt', '%s', '{client_credentials}', 'read')`, jwks)); err != nil {
		return err
	}
	p := newPerson(s.crowd(ctx, 0), 0)
	for offset, says := range map[time.Duration]string{0: "access_token", fiveMinutes: "seconds after the clock here",
		-fiveMinutes: "seconds before the clock here"} {
		if a, ok := p.ask("POST", "/token", key.assertion("signs", s.issuer, offset)); !ok || !strings.Contains(string(a.body), says) {
			return fmt.Errorf("a client whose clock is %s is not told: %d %s", offset, a.status, a.body)
		}
	}
	return nil
}
