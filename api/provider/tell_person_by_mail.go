package provider

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mileusna/useragent"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// noticesEvery is how long a notice waits at most until it is in mail_outbox, so that no request waits for that.
const noticesEvery = 2 * time.Second

// maxNotices is how many wait to be written; more are dropped, as those of a process that ends.
const maxNotices = 500

// notices tells people by mail of what they should know of, in case it was not they who did it.
type notices struct {
	seal    func(template string, values map[string]string) []byte
	now     func() time.Time
	mu      sync.Mutex
	waiting []store.Notice
}

// hear is a listener.
func (l *notices) hear(ctx context.Context, e oidc.Event) {
	switch e := e.(type) {
	case oidc.SignedIn:
		if e.NewBrowser {
			ua := useragent.Parse(e.UserAgent)
			l.note(ctx, e.Username, "new_browser", "Browser", strings.Join(slices.DeleteFunc([]string{ua.Name, ua.OS}, isEmpty), ", "))
		}
	case oidc.PasswordChanged:
		l.note(ctx, e.Username, "password_changed")
	case oidc.EmailVerified:
		if e.Former != "" {
			l.noteTo(ctx, e.Former, e.Username, "email_changed")
		}
	case oidc.AccountAdopted:
		l.note(ctx, e.Username, "account_adopted", "Adopted", e.Adopted)
	case oidc.FactorAdded:
		l.note(ctx, e.Username, "factor_added", "Factor", e.Factor)
	case oidc.FactorRemoved:
		l.note(ctx, e.Username, "factor_removed", "Factor", e.Factor)
	}
}

func isEmpty(s string) bool { return s == "" }

// note has a mail sent to the address that a person has when it is written.
func (l *notices) note(ctx context.Context, username, template string, more ...string) {
	l.noteTo(ctx, "", username, template, more...)
}

func (l *notices) noteTo(ctx context.Context, to, username, template string, more ...string) {
	now := l.now()
	values := map[string]string{"At": now.UTC().Format("2006-01-02 15:04 UTC")}
	if from := requestOf(ctx).addr; from.IsValid() && from.Zone() == "" {
		values["Addr"] = from.Unmap().String()
	}
	for i := 0; i+1 < len(more); i += 2 {
		values[more[i]] = more[i+1]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) < maxNotices {
		l.waiting = append(l.waiting, store.Notice{Username: username, To: to, Template: template, Sealed: l.seal(template, values), At: now})
	}
}

// writeNotices writes what waits, and what comes, until ctx ends.
func (p *Provider) writeNotices(ctx context.Context) {
	if p.outbox == nil {
		return
	}
	tick := time.NewTicker(noticesEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
		p.outbox.notices.mu.Lock()
		list := p.outbox.notices.waiting
		p.outbox.notices.waiting = nil
		p.outbox.notices.mu.Unlock()
		if len(list) > 0 {
			until, cancel := context.WithTimeout(context.WithoutCancel(ctx), cachedRowsPatience)
			if err := p.store.QueueNotices(until, list); err != nil {
				p.tell(ctx, oidc.MailNotQueued{Mails: len(list), Error: err.Error()})
			}
			cancel()
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// isNewBrowser reports whether somebody signs in with a password where nobody has signed in to their account before. What signs in without
// one leaves nothing at the browser to know it by.
func (p *Provider) isNewBrowser(v *visit) bool {
	return slices.Contains(v.starts.AMR, "pwd") && p.deviceOf(v.r).UserID != v.standing.User.ID
}
