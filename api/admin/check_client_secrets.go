package admin

import (
	"time"

	"gatehouse/api/oidc"
)

// secretEndsSoon is how long before a secret ends there is time to give the application another one.
const secretEndsSoon = 14 * day

// checkSecrets warns of secrets that have to be replaced by somebody: sentences that follow a client_id.
func checkSecrets(c oidc.Client, now time.Time, warn func(format string, args ...any)) {
	if !c.TakesSecret() {
		return
	}
	id, newest := shellWord(c.ClientID), c.NewestSecret(now)
	switch {
	case newest != nil:
	case len(c.Secrets) == 0:
		warn(" has no secret, so that it cannot authenticate: gatehouse client rotate-secret %s", id)
	default:
		warn(" cannot authenticate any more: its last secret, %q, ended on %s: gatehouse client rotate-secret %s",
			c.Secrets[0].Name, c.Secrets[0].ExpiresAt.UTC().Format(time.DateOnly), id)
	}
	for i := range c.Secrets {
		s := &c.Secrets[i]
		soon := s.ExpiresAt != nil && s.ExpiresAt.Before(now.Add(secretEndsSoon))
		switch {
		case !s.Live(now):
		case s == newest && soon:
			warn(" has no secret beyond %s, when %q ends: gatehouse client rotate-secret %s --keep 7d",
				s.ExpiresAt.UTC().Format(time.DateOnly), s.Name, id)
		case s == newest:
		case soon && s.UsedAt != nil && s.UsedAt.After(newest.CreatedAt):
			warn(" still uses its secret %q, which ends on %s: give the application the newest, %q",
				s.Name, s.ExpiresAt.UTC().Format(time.DateOnly), newest.Name)
		case soon:
			warn(" has an old secret, %q, which ends on %s: see that the application has the newest, %q",
				s.Name, s.ExpiresAt.UTC().Format(time.DateOnly), newest.Name)
		case s.UsedAt != nil && s.UsedAt.After(newest.CreatedAt):
			warn(" still uses its old secret %q: give the application the newest, %q, and then: gatehouse client remove-secret %s %s",
				s.Name, newest.Name, id, shellWord(s.Name))
		}
	}
}
