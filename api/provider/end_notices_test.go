package provider_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

const day = 24 * time.Hour

// noteEnds has four replicas look which ends are near, and returns how many mails there are about ends.
func (r *rig) noteEnds() int {
	r.Helper()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := r.Provider.NoteEnds(r.Context()); err != nil {
				r.Error(err)
			}
		})
	}
	all.Wait()
	return r.Count(`SELECT count(*) FROM mail_outbox WHERE template = 'end_near'`)
}

func TestAnAccountsEndIsToldThirtySevenAndOneDaysBefore(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	r.StopClock()
	ends := r.Now().Add(40 * day)
	r.Exec(`UPDATE users SET created_at = $1::timestamptz - interval '1 year', expires_at = $2 WHERE username = 'alice'`, r.Now(), ends)
	left := 40 * day
	for _, at := range []struct {
		left time.Duration
		want int
	}{
		{40 * day, 0}, {30*day + time.Second, 0}, {30 * day, 1}, {29 * day, 1}, {7*day + time.Second, 1}, {7 * day, 2}, {6 * day, 2},
		{day + time.Second, 2}, {day, 3}, {time.Hour, 3}, {0, 3}, {-day, 3},
	} {
		r.Later(left - at.left)
		left = at.left
		if n := r.noteEnds(); n != at.want {
			t.Fatalf("%s before the end: %d mails, want %d", at.left, n, at.want)
		}
		if at.left < day {
			continue
		}
		for i, mail := range r.WaitForMail(server, "alice@example.org", at.want) {
			if !strings.HasPrefix(mail.Subject, "Ihr Konto endet") || !strings.Contains(mail.Text, ends.UTC().Format("2006-01-02 15:04")) {
				t.Errorf("%d: %s\n%s", i, mail.Subject, mail.Text)
			}
		}
	}
}

// After a day of downtime, or a jump of the clock, people get one mail, not those that they missed; and a clock that goes back sends none.
func TestAJumpOfTheClockTellsOfAnEndOnce(t *testing.T) {
	t.Parallel()
	r, _ := whereMailGoes(t)
	r.StopClock()
	r.Exec(`UPDATE users SET created_at = $1::timestamptz - interval '1 year', expires_at = $1::timestamptz + interval '31 days'
		WHERE username = 'alice'`, r.Now())
	r.noteEnds()
	r.Later(30*day + 12*time.Hour)
	if n := r.noteEnds(); n != 1 {
		t.Errorf("%d mails", n)
	}
	r.Later(-10 * day)
	if n := r.noteEnds(); n != 1 {
		t.Errorf("%d mails after the clock went back", n)
	}
	r.Later(10 * day)
	if n := r.noteEnds(); n != 1 {
		t.Errorf("%d mails after it went on", n)
	}
}

func TestAnEndThatIsMovedIsToldAgain(t *testing.T) {
	t.Parallel()
	r, _ := whereMailGoes(t)
	r.StopClock()
	r.Exec(`INSERT INTO groups (name) VALUES ('class'), ('other'), ('later'); INSERT INTO group_members (username, group_name) VALUES
		('alice', 'class'), ('alice', 'other'), ('alice', 'later')`)
	until := func(groups string, left time.Duration) {
		r.Exec(`UPDATE group_members SET until = $1 WHERE group_name = ANY (string_to_array($2, ' '))`, r.Now().Add(left), groups)
	}
	until("class other", 5*day)
	if n := r.noteEnds(); n != 1 { // one mail for both
		t.Errorf("%d mails about two memberships", n)
	}
	until("later", 6*day)
	if n := r.noteEnds(); n != 2 {
		t.Errorf("%d mails about a third one", n)
	}
	until("class other later", 100*day)
	r.Later(69 * day)
	if n := r.noteEnds(); n != 2 {
		t.Errorf("%d mails 31 days before the end", n)
	}
	r.Later(day)
	if n := r.noteEnds(); n != 3 {
		t.Errorf("%d mails 30 days before the end", n)
	}
	r.Exec(`UPDATE users SET created_at = $1::timestamptz - interval '1 year', expires_at = $1::timestamptz + interval '20 days'`, r.Now())
	r.noteEnds()
	r.Later(15 * day) // the account ends before: nobody hears of memberships beside it
	if n := r.noteEnds(); n != 5 {
		t.Errorf("%d mails, want two about the account beside those before", n)
	}
	if n := r.Count(`SELECT count(*) FROM end_notices WHERE about = 'account' AND days = 7`); n != 1 {
		t.Error("the account's end was not told")
	}
}

// Who has not signed in for long hears of it before they are disabled; a sign-in begins it anew.
func TestInactivityIsToldBeforeItDisables(t *testing.T) {
	t.Parallel()
	r, server := whereMailGoes(t)
	r.StopClock()
	r.Exec(`INSERT INTO groups (name, inactive_after) VALUES ('class', '100 days'), ('slow', '300 days'), ('quick', '2 days');
		INSERT INTO group_members (username, group_name) VALUES ('alice', 'class'), ('alice', 'slow')`)
	r.Exec(`UPDATE users SET active_at = $1 WHERE username = 'alice'`, r.Now())
	r.Later(69 * day)
	r.noteEnds()
	r.Later(day)
	if n := r.noteEnds(); n != 1 {
		t.Fatalf("%d mails 30 days before", n)
	}
	if mail := r.WaitForMail(server, "alice@example.org", 1)[0]; !strings.Contains(mail.Text, "lange niemand angemeldet") {
		t.Errorf("%s", mail.Text)
	}
	r.Exec(`UPDATE users SET active_at = $1 WHERE username = 'alice'`, r.Now()) // they sign in
	r.Later(40 * day)
	if n := r.noteEnds(); n != 1 {
		t.Errorf("%d mails after a sign-in", n)
	}
	r.Exec(`UPDATE group_members SET group_name = 'quick' WHERE group_name = 'slow'`)
	r.Exec(`UPDATE users SET active_at = $1`, r.Now())
	if n := r.noteEnds(); n != 1 {
		t.Errorf("%d mails: where two days are all there is, each sign-in would send one", n)
	}
}

func TestNobodyIsToldOfAnEndWhoHasNoVerifiedAddressOrIsShutOut(t *testing.T) {
	t.Parallel()
	r, _ := whereMailGoes(t)
	r.Exec(`UPDATE users SET created_at = now() - interval '1 year', expires_at = now() + interval '5 days'`)
	for _, set := range []string{`email_verified = false`, `disabled_at = now()`, `created_at = now() - interval '1 day'`} {
		r.Exec(`UPDATE users SET email_verified = true, disabled_at = NULL WHERE username = 'alice'; UPDATE users SET ` + set)
		if n := r.noteEnds(); n != 0 {
			t.Errorf("%s: %d mails", set, n)
		}
	}
	r.Exec(`UPDATE users SET created_at = now() - interval '1 year'`)
	// With no room for mail nothing is noted, so that it is told later.
	r.Exec(`INSERT INTO mail_outbox (template, created_at, expires_at, next_attempt_at)
		SELECT 'test', now(), now() + interval '9 days', now() + interval '8 days' FROM generate_series(1, 50000)`)
	if n := r.noteEnds(); n != 0 || r.Count(`SELECT count(*) FROM end_notices`) != 0 {
		t.Errorf("a full outbox: %d mails", n)
	}
	r.Exec(`DELETE FROM mail_outbox`)
	if n := r.noteEnds(); n != 1 {
		t.Errorf("with room again: %d mails", n)
	}
}

// More people than one transaction takes are all told, each once.
func TestManyEndsAreToldOnce(t *testing.T) {
	t.Parallel()
	r, _ := whereMailGoes(t)
	r.Exec(`INSERT INTO users (username, email, email_verified, created_at, expires_at)
		SELECT 'u' || i, 'u' || i || '@example.org', true, now() - interval '1 year', now() + interval '20 days'
		FROM generate_series(1, 250) AS i`)
	r.noteEnds()
	if n := r.noteEnds(); n != 250 {
		t.Errorf("%d mails", n)
	}
	if n := r.Count(`SELECT count(DISTINCT username) FROM mail_outbox`); n != 250 {
		t.Errorf("%d people", n)
	}
}
