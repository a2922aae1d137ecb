package provider_test

import (
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/api/apitest"
	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/provider"
)

// queueMail adds a mail as a program beside the API does.
func queueMail(r *apitest.Rig, template, to, expires string) (id string) {
	r.Helper()
	sealer, err := keys.NewSealer(r.Seals)
	if err != nil {
		r.Fatal(err)
	}
	err = r.DB.QueryRow(r.Context(), `INSERT INTO mail_outbox (recipient, template, locale, sealed, created_at, expires_at, next_attempt_at)
		VALUES ($1, $2, 'de-CH,fr', $3, now(), now() + $4::interval, now()) RETURNING id::text`,
		to, template, provider.SealMail(sealer, template, map[string]string{}), expires).Scan(&id)
	if err != nil {
		r.Fatal(err)
	}
	return id
}

func TestMailIsSentOnceByReplicasTogether(t *testing.T) {
	t.Parallel()
	server := apitest.StartSMTP(t)
	r := apitest.Start(t, server.Settings)
	r.Serve(httptest.NewUnstartedServer(nil), authn.NewPasswords(1, 1), server.Settings)
	var ids []string
	for range 20 {
		ids = append(ids, queueMail(r, "test", "ada@example.org", "4 days"))
	}
	mails := r.WaitForMail(server, "ada@example.org", len(ids))
	wait(t, func() bool {
		return r.Count(`SELECT count(*) FROM mail_outbox WHERE sent_at IS NOT NULL AND sealed IS NULL`) == len(ids)
	})
	seen := map[string]bool{}
	for _, m := range server.Mails() {
		seen[m.Header.Get("Message-Id")] = true
	}
	if len(server.Mails()) != len(ids) || len(seen) != len(ids) || !seen["<"+ids[0]+"@example.org>"] {
		t.Errorf("%d mails of %d with the ids %v", len(server.Mails()), len(ids), seen)
	}
	m := mails[0]
	if m.From != "no-reply@example.org" || m.Subject != "Probemail von Gatehouse" || !strings.Contains(m.Text, "Es ist nichts zu tun.") ||
		m.Header.Get("Auto-Submitted") != "auto-generated" || m.Header.Get("From") != `"Gatehouse" <no-reply@example.org>` {
		t.Errorf("from %s: %s\n%s", m.From, m.Subject, m.Raw)
	}
}

func TestGreylistedMailIsSentLaterAndRefusedMailNever(t *testing.T) {
	t.Parallel()
	server := apitest.StartSMTP(t)
	r := apitest.Start(t, server.Settings)
	var later atomic.Bool
	server.Answers(func(command string) string {
		switch {
		case strings.Contains(command, "nobody@"):
			return "550 5.1.1 no such person"
		case strings.HasPrefix(command, "RCPT") && !later.Load():
			return "451 4.7.1 greylisted, come again"
		}
		return ""
	})
	late, refused := queueMail(r, "test", "ada@example.org", "4 days"), queueMail(r, "test", "nobody@example.org", "4 days")
	brief, odd := queueMail(r, "test", "grace@example.org", "10 seconds"), queueMail(r, "test", "a>b@example.org", "4 days")
	wait(t, func() bool { return r.Count(`SELECT count(*) FROM mail_outbox WHERE last_error IS NOT NULL`) == 4 })
	for id, want := range map[string]string{
		late:    "1 t recipient: 451 4.7.1 greylisted, come again",
		refused: "1 f recipient: 550 5.1.1 no such person",
		brief:   "1 f recipient: 451 4.7.1 greylisted, come again", // there is no time for a second attempt
		odd:     "1 f recipient: it is no address",
	} {
		if got := mailState(r, id); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	later.Store(true)
	r.Later(40 * time.Second) // the first pause is 30 s, and a quarter more at most
	r.WaitForMail(server, "ada@example.org", 1)
	wait(t, func() bool {
		return r.Count(`SELECT count(*) FROM mail_outbox WHERE sent_at IS NOT NULL AND attempts = 2`) == 1
	})
	if n := len(server.Mails()); n != 1 {
		t.Errorf("%d mails were sent", n)
	}
}

func TestTheSMTPServerIsGreetedByAName(t *testing.T) {
	t.Parallel()
	for issuer, want := range map[string]string{"https://api.example.org:8443": "api.example.org", "http://127.0.0.1:4000": "localhost",
		"http://[::1]:4000": "localhost", "": "localhost"} {
		if got := provider.HeloOf(issuer); got != want {
			t.Errorf("%s: %s", issuer, got)
		}
	}
}

func mailState(r *apitest.Rig, id string) (state string) {
	r.Helper()
	if err := r.DB.QueryRow(r.Context(), `SELECT concat_ws(' ', attempts, CASE WHEN next_attempt_at IS NULL THEN 'f' ELSE 't' END, last_error)
		FROM mail_outbox WHERE id = $1`, id).Scan(&state); err != nil {
		r.Fatal(err)
	}
	return state
}

// Between the last line of a mail and the server's answer nobody can know whether it was sent: it is not sent again by itself.
func TestAMailThatMayHaveBeenSentIsGivenUpAndSaysSo(t *testing.T) {
	t.Parallel()
	server := apitest.StartSMTP(t)
	r := apitest.Start(t, server.Settings)
	const id = "00000000-0000-4000-8000-000000000001"
	r.Exec(`INSERT INTO mail_outbox (id, recipient, template, sealed, created_at, expires_at, attempts, handed_at, next_attempt_at)
		VALUES ($1, 'ada@example.org', 'test', '', now(), now() + interval '1 day', 1, now(), now())`, id)
	wait(t, func() bool {
		return r.Count(`SELECT count(*) FROM mail_outbox WHERE given_up_at IS NOT NULL AND handed_at IS NOT NULL`) == 1
	})
	if got := mailState(r, id); !strings.Contains(got, "may have been sent") || len(server.Mails()) != 0 {
		t.Errorf("%q, and %d mails", got, len(server.Mails()))
	}
}

// wait returns when something is so.
func wait(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is not so after 20 s")
		}
	}
}

// An attempt that takes longer than its lease has lost the mail to whoever claimed it since, and must not send it.
func TestAnAttemptThatLostItsLeaseSendsNothing(t *testing.T) {
	t.Parallel()
	server := apitest.StartSMTP(t)
	r := apitest.Start(t, server.Settings)
	entered, goOn := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	server.Answers(func(command string) string {
		if command == "DATA" && first.CompareAndSwap(false, true) {
			close(entered)
			<-goOn
		}
		return ""
	})
	id := queueMail(r, "test", "ada@example.org", "4 days")
	<-entered
	r.Exec(`UPDATE mail_outbox SET next_attempt_at = now() WHERE id = $1`, id) // the lease is over
	r.WaitForMail(server, "ada@example.org", 1)
	close(goOn)
	wait(t, func() bool {
		return r.Count(`SELECT count(*) FROM mail_outbox WHERE sent_at IS NOT NULL AND attempts = 2`) == 1
	})
	r.Later(time.Hour)
	other := queueMail(r, "test", "grace@example.org", "4 days")
	r.WaitForMail(server, "grace@example.org", 1)
	if n := len(server.Mails()); n != 2 || other == id {
		t.Errorf("%d mails were sent", n)
	}
}
