package admin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gatehouse/api/store"
)

// Health is how the deployment is.
type Health struct {
	Version string               `json:"version"`
	Trouble []Trouble            `json:"trouble"` // empty: all is well
	Keys    []SigningKey         `json:"keys"`
	Store   store.DatabaseHealth `json:"store"`
}

// Trouble is what is wrong, and what to do about it.
type Trouble struct {
	What string `json:"what"`
	Mend string `json:"mend"`
}

// Health looks at the database, the keys, and what waits to be sent.
func (a *Admin) Health(ctx context.Context, _ Nothing) (h Health, err error) {
	h.Version = a.Version
	if h.Store, err = a.store.Health(ctx); err != nil {
		return h, err
	}
	if h.Keys, err = a.ListSigningKeys(ctx, Nothing{}); err != nil {
		return h, err
	}
	trouble := func(bad bool, mend, what string, args ...any) {
		if bad {
			h.Trouble = append(h.Trouble, Trouble{fmt.Sprintf(what, args...), mend})
		}
	}
	h.Trouble = []Trouble{}
	s := h.Store
	trouble(len(s.MissingForAudit) > 0, "wait a minute: gatehouse serve makes them; if it does not, its log says why",
		"audit has no partition %s, so that changes go to audit_other", strings.Join(s.MissingForAudit, ", "))
	trouble(s.LogoutsLate, "gatehouse client logouts says which application, and why",
		"%d logouts wait to be told to applications, the oldest for more than an hour", s.LogoutsWaiting)
	trouble(s.LogoutsFailed > 0, "gatehouse client logouts says which application, and why",
		"%d logouts of the last 7 days were given up", s.LogoutsFailed)
	trouble(s.Connections*10 > s.MaxConnections*9, "raise max_connections, or put PgBouncer before Postgres",
		"%d of %d connections of Postgres are taken", s.Connections, s.MaxConnections)
	signs := func(k SigningKey) bool { return k.State == KeySigns }
	trouble(!slices.ContainsFunc(h.Keys, signs), "start gatehouse serve once: it makes keys", "no key signs")
	return h, nil
}
