package keys

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const day = 24 * time.Hour

var policy = Policy{Every: 90 * day, PublishAhead: day, KeepAfter: time.Hour}

// at returns a row without a key, in days after noon; retires 0: not yet.
func at(kid, alg string, activates, retires time.Duration) Row {
	r := Row{KID: kid, Alg: alg, CreatedAt: noon.Add(activates - day), ActivatesAt: noon.Add(activates)}
	if retires != 0 {
		r.RetiresAt = noon.Add(retires)
	}
	return r
}

// save does with rows what the store does with a plan.
func save(rows []Row, add []NewKey, retire []Retirement, now time.Time) []Row {
	rows = slices.Clone(rows)
	for _, r := range retire {
		for i := range rows {
			if rows[i].KID == r.KID {
				rows[i].RetiresAt = r.RetiresAt
			}
		}
	}
	for _, k := range add {
		rows = append(rows, Row{KID: fmt.Sprintf("new %d", len(rows)), Alg: k.Alg, CreatedAt: now, ActivatesAt: k.ActivatesAt})
	}
	return rows
}

func TestPlan(t *testing.T) {
	t.Parallel()
	one := []string{RS256}
	for _, test := range []struct {
		name   string
		rows   []Row
		algs   []string
		now    time.Duration
		add    []NewKey
		retire []Retirement
	}{
		{"first start: a key of each that signs now", nil, []string{RS256, ES256}, 0,
			[]NewKey{{RS256, noon}, {ES256, noon}}, nil},
		{"nothing is due", []Row{at("a", RS256, 0, 0)}, one, 88 * day, nil, nil},
		{"a day before it is due", []Row{at("a", RS256, 0, 0)}, one, 89 * day,
			[]NewKey{{RS256, noon.Add(90 * day)}}, []Retirement{{"a", noon.Add(90*day + time.Hour)}}},
		{"overdue after an outage: still published a day ahead", []Row{at("a", RS256, 0, 0)}, one, 200 * day,
			[]NewKey{{RS256, noon.Add(201 * day)}}, []Retirement{{"a", noon.Add(201*day + time.Hour)}}},
		{"a successor waits", []Row{at("a", RS256, 0, 90*day+time.Hour), at("b", RS256, 90*day, 0)}, one, 89*day + time.Hour, nil, nil},
		{"a successor added by hand retires its predecessor", []Row{at("a", RS256, 0, 0), at("b", RS256, 5*day, 0)}, one, 4 * day,
			nil, []Retirement{{"a", noon.Add(5*day + time.Hour)}}},
		{"two replicas started at once: one of the two retires", []Row{at("b", RS256, 0, 0), at("a", RS256, 0, 0)}, one, time.Minute,
			nil, []Retirement{{"a", noon.Add(time.Hour)}}},
		{"all have retired: as at first start", []Row{at("a", RS256, 0, day)}, one, 2 * day, []NewKey{{RS256, noon.Add(2 * day)}}, nil},
		{"an operator retires the only key", []Row{at("a", RS256, 0, 10*day)}, one, 2 * day, nil, nil},
		{"a successor is there in time", []Row{at("a", RS256, 0, 10*day)}, one, 9 * day,
			[]NewKey{{RS256, noon.Add(10 * day)}}, nil},
		{"another algorithm is no successor", []Row{at("a", RS256, 0, 0), at("b", ES256, 50*day, 0)}, one, 89 * day,
			[]NewKey{{RS256, noon.Add(90 * day)}}, []Retirement{{"a", noon.Add(90*day + time.Hour)}}},
		{"algorithms that are no longer asked for are left alone", []Row{at("a", EdDSA, 0, 0)}, nil, 500 * day, nil, nil},
		{"the clock is a little behind: nothing", []Row{at("a", RS256, 0, 0)}, one, -time.Minute, nil, nil},
		{"the clock is far behind: as at first start", []Row{at("a", RS256, 0, 0)}, one, -400 * day,
			[]NewKey{{RS256, noon.Add(-400 * day)}}, nil},
	} {
		now := noon.Add(test.now)
		add, retire := Plan(test.rows, test.algs, now, policy)
		if !slices.Equal(add, test.add) || !slices.Equal(retire, test.retire) {
			t.Errorf("%s:\nadd    %v\nwant   %v\nretire %v\nwant   %v", test.name, add, test.add, retire, test.retire)
		}
		if add, retire = Plan(save(test.rows, add, retire, now), test.algs, now, policy); add != nil || retire != nil {
			t.Errorf("%s: planned again, adds %v and retires %v", test.name, add, retire)
		}
	}
}

// Ten years of planning, hourly, daily or now and then, with a clock that jumps: at any time one key signs, it was published
// for a day before (but for the first), and stays published for an hour after.
func TestAtAnyTimeAKeySignsThatWasPublishedAhead(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{time.Hour, 25 * time.Hour, 40 * day, 400 * day} {
		var rows []Row
		signed := map[string]time.Time{} // kid → when it signed last
		for now := noon; now.Before(noon.Add(3650 * day)); now = now.Add(step) {
			add, retire := Plan(rows, []string{RS256}, now, policy)
			rows = save(rows, add, retire, now)
			live := liveKeys(rows, RS256, now)
			var signer *Row
			for i := range live {
				if !live[i].ActivatesAt.After(now) {
					signer = &live[i]
				}
			}
			if signer == nil {
				t.Fatalf("step %v: nothing signs at %v", step, now)
			}
			if signer.CreatedAt != noon && now.Sub(signer.CreatedAt) < policy.PublishAhead {
				t.Fatalf("step %v: %s signs %v after it was published", step, signer.KID, now.Sub(signer.CreatedAt))
			}
			signed[signer.KID] = now
			for kid, last := range signed {
				if now.Sub(last) < policy.KeepAfter && !slices.ContainsFunc(live, func(r Row) bool { return r.KID == kid }) {
					t.Fatalf("step %v: %s left %v after it signed", step, kid, now.Sub(last))
				}
			}
		}
		if step == time.Hour && len(rows) != 41 {
			t.Errorf("%d keys in ten years, want 41", len(rows))
		}
	}
}

func TestAClockThatJumpsAheadAndBackDoesNotStopTheRotation(t *testing.T) {
	t.Parallel()
	one := []string{RS256}
	ahead := noon.Add(1000 * day)
	rows := []Row{at("a", RS256, 0, 0)}
	add, retire := Plan(rows, one, ahead, policy)
	rows = save(rows, add, retire, ahead)
	if add, retire = Plan(rows, one, noon.Add(day), policy); add != nil || retire != nil {
		t.Errorf("back again: adds %v, retires %v", add, retire)
	}
	if live := liveKeys(rows, RS256, noon.Add(day)); live[0].KID != "a" {
		t.Errorf("back again, the key that signed is gone: %v", live)
	}
	add, retire = Plan(rows, one, noon.Add(89*day), policy)
	if want := []NewKey{{RS256, noon.Add(90 * day)}}; !slices.Equal(add, want) || retire != nil {
		t.Errorf("when it is due: adds %v, retires %v, want %v", add, retire, want)
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	rows := []Row{at("retired", RS256, -100*day, -day), at("old", RS256, -90*day, time.Hour), at("now", RS256, 0, 0),
		at("next", RS256, 2*day, 0), at("other", ES256, 0, 0)}
	add, retire := Rotate(rows, RS256, noon, policy, false)
	if want := []NewKey{{RS256, noon.Add(day)}}; !slices.Equal(add, want) {
		t.Errorf("adds %v, want %v", add, want)
	}
	if want := []Retirement{{"now", noon.Add(day + time.Hour)}}; !slices.Equal(retire, want) {
		t.Errorf("retires %v, want %v", retire, want)
	}

	add, retire = Rotate(rows, RS256, noon, policy, true)
	if want := []NewKey{{RS256, noon}}; !slices.Equal(add, want) {
		t.Errorf("in an emergency adds %v, want %v", add, want)
	}
	if want := []Retirement{{"old", noon}, {"now", noon}, {"next", noon}}; !slices.Equal(retire, want) {
		t.Errorf("in an emergency retires %v, want %v", retire, want)
	}
	rows = save(rows, add, retire, noon)
	if live := liveKeys(rows, RS256, noon); len(live) != 1 || live[0].ActivatesAt != noon {
		t.Errorf("after an emergency there is %v", live)
	}
	if add, retire = Plan(rows, []string{RS256, ES256}, noon, policy); add != nil || retire != nil {
		t.Errorf("after an emergency, planning adds %v and retires %v", add, retire)
	}
}
