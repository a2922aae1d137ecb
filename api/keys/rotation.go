package keys

import (
	"slices"
	"time"
)

// Policy is when signing keys change.
type Policy struct {
	Every        time.Duration // how long a key signs
	PublishAhead time.Duration // how long a key is in the JWKS before it signs, for those who cache the JWKS
	KeepAfter    time.Duration // how long a key stays in the JWKS after its last signature: at least the longest lifetime of a token
}

// NewKey is a key to generate.
type NewKey struct {
	Alg         string
	ActivatesAt time.Time
}

// Retirement is a retires_at to set.
type Retirement struct {
	KID       string
	RetiresAt time.Time
}

// Plan returns what rows lack at now. It may be called at any time and by any replica: once its result is saved, it returns
// nothing. Nobody else may save between reading the rows and saving the result, or there would be two keys where one is due; both
// would work, and the older would retire in time. Keys of a clock that was far ahead are ignored: waiting for them would stop the
// rotation for as long.
func Plan(rows []Row, algs []string, now time.Time, p Policy) (add []NewKey, retire []Retirement) {
	horizon := now.Add(p.PublishAhead + p.Every)
	for _, alg := range algs {
		live := slices.DeleteFunc(liveKeys(rows, alg, now), func(r Row) bool { return r.ActivatesAt.After(horizon) })
		if len(live) == 0 {
			add = append(add, NewKey{alg, now})
			continue
		}
		for i, key := range live[:len(live)-1] {
			if key.RetiresAt.IsZero() {
				retire = append(retire, Retirement{key.KID, live[i+1].ActivatesAt.Add(p.KeepAfter)})
			}
		}
		newest := live[len(live)-1]
		due := newest.ActivatesAt.Add(p.Every)
		if !newest.RetiresAt.IsZero() { // its successor was deleted, or an operator retires it
			due = earlier(due, newest.RetiresAt.Add(-p.KeepAfter))
		}
		if due.After(now.Add(p.PublishAhead)) {
			continue
		}
		activates := later(now.Add(p.PublishAhead), due)
		if newest.RetiresAt.IsZero() {
			retire = append(retire, Retirement{newest.KID, activates.Add(p.KeepAfter)})
		} else {
			activates = earlier(activates, newest.RetiresAt)
		}
		add = append(add, NewKey{alg, activates})
	}
	return add, retire
}

// Rotate adds a key of alg ahead of its time: published now, signing after PublishAhead. In an emergency (others know a key) it
// signs at once and every other key of alg retires at once: their signatures are refused from then on, and relying parties that
// cache the JWKS have to fetch it again.
func Rotate(rows []Row, alg string, now time.Time, p Policy, emergency bool) (add []NewKey, retire []Retirement) {
	activates := now.Add(p.PublishAhead)
	if emergency {
		activates = now
	}
	for _, key := range liveKeys(rows, alg, now) {
		switch {
		case emergency:
			retire = append(retire, Retirement{key.KID, now})
		case key.RetiresAt.IsZero() && !key.ActivatesAt.After(activates):
			retire = append(retire, Retirement{key.KID, activates.Add(p.KeepAfter)})
		}
	}
	return []NewKey{{alg, activates}}, retire
}

// liveKeys returns the keys of alg that have not retired, the newest last.
func liveKeys(rows []Row, alg string, now time.Time) []Row {
	var live []Row
	for _, row := range rows {
		if row.Alg == alg && !row.retired(now) {
			live = append(live, row)
		}
	}
	slices.SortFunc(live, newer)
	return live
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
