package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	deadOfEachKind = 12 // the half of these take long, which is more than have places
	liveClients    = 3
	atFirst        = 10 // sessions that end at once
)

// deadLogouts has many applications dead or slow that are to hear of logouts, each in one of four ways. The others hear of each logout
// within seconds, once; the dead ones hear of all of them once they are back.
func deadLogouts(ctx context.Context, l *lab) (o outcome, err error) {
	db, err := l.postgres(ctx)
	if err != nil {
		return o, err
	}
	replicas := 2
	if l.quick {
		replicas = 1
	}
	s, err := l.site(ctx, siteOptions{database: db.URL("gatehouse"), replicas: replicas, env: []string{"GATEHOUSE_PRIVATE_HOSTS=127.0.0.1"}})
	if err != nil {
		return o, err
	}
	live, dead, err := s.logoutTargets(ctx)
	if err != nil {
		return o, err
	}
	ended, longest := 0, time.Duration(0)
	for over := time.Now().Add(l.last(time.Minute, 3*time.Second)); ended == 0 || time.Now().Before(over); {
		more := 1
		if ended == 0 {
			more = atFirst
		}
		began := time.Now()
		if err := execute(ctx, s.database, fmt.Sprintf(`UPDATE sessions SET ended_at = now() WHERE sid IN (
			SELECT sid FROM sessions WHERE ended_at IS NULL LIMIT %d)`, more)); err != nil {
			return o, err
		}
		ended += more
		err := until(ctx, 20*time.Second, "who answers hears of a logout", func() bool {
			return !slices.ContainsFunc(live, func(t *target) bool { _, different := t.arrived(); return different < ended })
		})
		if err != nil {
			return o, err
		}
		if longest = max(longest, time.Since(began)); ended == atFirst {
			l.say("%d logouts at once; those who answer had heard of all after %s", ended, longest)
		}
	}
	for _, t := range dead {
		if err := t.become(well); err != nil {
			return o, err
		}
	}
	if err := s.restarted(ctx, `UPDATE backchannel_logouts SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL`); err != nil {
		return o, err
	}
	back := time.Now()
	err = until(ctx, 2*time.Minute, "what is queued arrives", func() bool {
		left, err := s.count(ctx, "SELECT count(*) FROM backchannel_logouts WHERE delivered_at IS NULL")
		return err == nil && left == 0
	})
	if err == nil {
		l.say("what %d applications had missed had arrived %.1f s after they were back", len(dead), time.Since(back).Seconds())
	}
	for _, t := range slices.Concat(live, dead) {
		all, different := t.arrived()
		o.acknowledged += ended
		o.lost += ended - different
		o.doubled += all - different
	}
	o.saw = fmt.Sprintf("%d dead applications, %d others, which heard of %d logouts within %.1f s", len(dead), len(live), ended,
		longest.Seconds())
	if err == nil && longest > 10*time.Second {
		err = fmt.Errorf("a logout was heard of after %s", longest)
	}
	return o, err
}

// logoutTargets makes applications, at a target each, and a session of everybody, who has signed in to all of them.
func (s *site) logoutTargets(ctx context.Context) (live, dead []*target, err error) {
	hows := []howDead{refuses, silent, dribbles, floods}
	for n := range liveClients + len(hows)*deadOfEachKind { // all well at first, so that each keeps its address
		t, err := s.target()
		if err == nil {
			err = t.become(well)
		}
		if err == nil {
			err = execute(ctx, s.database, fmt.Sprintf(`INSERT INTO clients (client_id, token_endpoint_auth_method, backchannel_logout_uri)
				VALUES ('at-%[1]s', 'none', 'http://%[1]s/bye')`, t.at))
		}
		if err != nil {
			return nil, nil, err
		}
		if n < liveClients {
			live = append(live, t)
		} else {
			dead = append(dead, t)
		}
	}
	for n, t := range dead {
		if err := t.become(hows[n%len(hows)]); err != nil {
			return nil, nil, err
		}
	}
	return live, dead, execute(ctx, s.database, `
		INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
		SELECT id, sha256(username::bytea), id, now(), '{pwd}', now(), now() + interval '1 day', now() + interval '1 day' FROM users;
		INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT gen_random_uuid(), user_id, client_id, sid, false, 'openid', auth_time, amr, now(), now() + interval '1 day'
		FROM sessions, clients WHERE client_id LIKE 'at-%'`)
}

// restarted stops all replicas, which end what is under way, runs a statement, and starts them again.
func (s *site) restarted(ctx context.Context, statement string) error {
	for _, replica := range s.replicas {
		replica.stop()
	}
	if err := execute(ctx, s.database, statement); err != nil {
		return err
	}
	for i := range s.replicas {
		if err := s.start(ctx, i); err != nil {
			return err
		}
	}
	return nil
}
