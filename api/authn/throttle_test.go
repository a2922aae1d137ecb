package authn

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

var (
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	home = netip.MustParseAddr("192.0.2.7")
)

func TestWaitFollowsTheFailuresOfTheFullestBucket(t *testing.T) {
	t.Parallel()
	pair, address, account, device := Bucket(0), Bucket(1<<digestBits), Bucket(2<<digestBits), Bucket(3<<digestBits)
	for _, test := range []struct {
		name   string
		states []State
		want   time.Duration
	}{
		{"no rows", nil, 0},
		{"one attempt left of the five of a pair", []State{{pair, 4, noon, 0}}, 0},
		{"five failures of a pair", []State{{pair, 5, noon, 0}}, 15 * time.Second},
		{"and five seconds later", []State{{pair, 5, noon.Add(-5 * time.Second), 0}}, 10 * time.Second},
		{"and fifteen seconds later", []State{{pair, 5, noon.Add(-15 * time.Second), 0}}, 0},
		{"a minute at most", []State{{pair, 1000, noon, 0}}, time.Minute},
		{"49 failures of an address", []State{{address, 49, noon, 0}}, 0},
		{"50 failures of an address", []State{{address, 50, noon, 0}}, 15 * time.Second},
		{"99 failures of an account", []State{{account, 99, noon, 0}}, 0},
		{"100 failures of an account", []State{{account, 100, noon, 0}}, 30 * time.Second},
		{"9 failures of a device", []State{{device, 9, noon, 0}}, 0},
		{"10 failures of a device", []State{{device, 10, noon, 0}}, 15 * time.Second},
		{"the longest wait counts", []State{{pair, 5, noon, 0}, {address, 3, noon, 0}, {account, 101, noon, 0}}, time.Minute},
		{"a clock that is behind leaks nothing", []State{{pair, 5, noon.Add(time.Hour), 0}}, 15 * time.Second},
		{"two failures and three attempts under way", []State{{pair, 2, noon, 3}}, 15 * time.Second},
		{"a year later all is forgotten", []State{{account, 103, noon.AddDate(-1, 0, 0), 0}}, 0},
	} {
		if got := Wait(test.states, noon); got != test.want {
			t.Errorf("%s: wait %v, want %v", test.name, got, test.want)
		}
	}
}

func TestParallelFailuresNeverPileUpMoreThanAMinute(t *testing.T) {
	t.Parallel()
	for kind := ByPair; kind <= ByUserCodeUser; kind++ {
		s := State{Bucket: Bucket(kind) << digestBits, UpdatedAt: noon}
		for range 1000 {
			s.Failures = afterFailure(s, noon)
		}
		if got := Wait([]State{s}, noon); got != time.Minute {
			t.Errorf("kind %d: wait %v, want a minute", kind, got)
		}
		if got := Wait([]State{s}, noon.Add(time.Minute)); got != 0 {
			t.Errorf("kind %d: still %v to wait after a minute", kind, got)
		}
	}
}

func TestAPatientGuesserGetsOneAttemptPerLeak(t *testing.T) {
	t.Parallel()
	s, now, attempts := State{Bucket: 0, UpdatedAt: noon}, noon, 0
	for ; now.Before(noon.Add(time.Hour)); now = now.Add(time.Second) {
		if Wait([]State{s}, now) == 0 {
			s.Failures, s.UpdatedAt = afterFailure(s, now), now
			attempts++
		}
	}
	if attempts < 240 || attempts > 5+240 {
		t.Errorf("%d attempts in an hour, want the five of the burst and one per 15 s", attempts)
	}
}

func TestAKnownDeviceIsNotTouchedByAFloodOfItsAccount(t *testing.T) {
	t.Parallel()
	key := [32]byte{1}
	flood := Buckets(key, "alice", netip.MustParseAddr("198.51.100.1"), "", false)
	var states []State
	for _, b := range flood {
		states = append(states, State{Bucket: b, Failures: 1000, UpdatedAt: noon})
	}
	if Wait(states, noon) == 0 {
		t.Fatal("the flood is not slowed down")
	}
	own := Buckets(key, "alice", home, "the cookie's id", false)
	if len(own) != 1 || own[0].Kind() != ByDevice || slices.Contains(flood, own[0]) {
		t.Errorf("a known device has buckets %v, the flood %v", own, flood)
	}
}

func TestBucketsOfAnAttempt(t *testing.T) {
	t.Parallel()
	key := [32]byte{1}
	of := func(name, addr, device string) []Bucket {
		var a netip.Addr
		if addr != "" {
			a = netip.MustParseAddr(addr)
		}
		return Buckets(key, name, a, device, false)
	}
	all := of("alice", "192.0.2.7", "")
	if len(all) != 3 || !slices.IsSorted(all) {
		t.Errorf("buckets %v, want three in ascending order", all)
	}
	for i, kind := range []Kind{ByPair, ByAddress, ByAccount} {
		if all[i].Kind() != kind || all[i] > 1<<24-1 || all[i] < 0 {
			t.Errorf("bucket %d is %d of kind %d, want kind %d below 16777216", i, all[i], all[i].Kind(), kind)
		}
	}
	for _, test := range []struct {
		name string
		a, b []Bucket
		same bool
	}{
		{"IPv4 in IPv6 is IPv4", all, of("alice", "::ffff:192.0.2.7", ""), true},
		{"a neighbour has an address of his own", all[1:2], of("alice", "192.0.2.8", "")[1:2], false},
		{"a /64 is one address", of("alice", "2001:db8:0:1::1", ""), of("alice", "2001:db8:0:1:ffff::2", ""), true},
		{"and another /64 another", of("alice", "2001:db8:0:1::1", "")[1:2], of("alice", "2001:db8:0:2::1", "")[1:2], false},
		{"whose address is not known may be anybody", of("alice", "fe80::1%unknown", "")[1:], of("alice", "", ""), true},
		{"and is not the proxy", of("alice", "fe80::1%unknown", "")[:1], of("alice", "fe80::1", "")[:1], false},
		{"and is told apart by what it says", of("alice", "fe80::1%_a", "")[:1], of("alice", "fe80::1%_b", "")[:1], false},
		{"an account is one from everywhere", all[2:], of("alice", "198.51.100.1", "")[2:], true},
		{"and without an address", all[2:], of("alice", "", ""), true},
		{"devices have buckets of their own", of("alice", "192.0.2.7", "1"), of("alice", "192.0.2.7", "2"), false},
		{"values do not run together", of("ab", "", "c"), of("a", "", "bc"), false},
		{"another key, other buckets", all, Buckets([32]byte{2}, "alice", home, "", false), false},
	} {
		if slices.Equal(test.a, test.b) != test.same {
			t.Errorf("%s: %v and %v", test.name, test.a, test.b)
		}
	}
}

// A /48 has 65,536 addresses for the asking; 500 failures of all of them together are enough.
func TestASiteOfIPv6IsCountedAsOneToo(t *testing.T) {
	t.Parallel()
	key := [32]byte{1}
	a := Buckets(key, "alice", netip.MustParseAddr("2001:db8:1:1::1"), "", false)
	b := Buckets(key, "bob", netip.MustParseAddr("2001:db8:1:ffff::1"), "", false)
	other := Buckets(key, "bob", netip.MustParseAddr("2001:db8:2:ffff::1"), "", false)
	if len(a) != 4 || a[3].Kind() != BySite || a[3] != b[3] || b[3] == other[3] || !slices.IsSorted(a) {
		t.Errorf("%v, %v, %v", a, b, other)
	}
	if Wait([]State{{a[3], 499, noon, 0}}, noon) != 0 || Wait([]State{{a[3], 500, noon, 0}}, noon) != time.Second {
		t.Error("not 500")
	}
}

// Guesses at user codes stand in nobody's way to sign in, whatever the names.
func TestUserCodesShareNoBucketWithPasswords(t *testing.T) {
	t.Parallel()
	key := [32]byte{1}
	for _, name := range []string{"", "alice", "user code"} {
		code := UserCodeBucket(key, home, name)
		for _, device := range []string{"", name, "user code"} {
			for _, waited := range []bool{false, true} {
				for _, b := range Buckets(key, name, home, device, waited) {
					if b.Kind() == code.Kind() {
						t.Errorf("%q: %v and %v", name, b, code)
					}
				}
			}
		}
	}
}

func TestWhoWaitedSharesNoBucketWithWhoDidNot(t *testing.T) {
	t.Parallel()
	key := [32]byte{1}
	waited := Buckets(key, "alice", home, "", true)
	for _, b := range Buckets(key, "alice", home, "", false) {
		for _, own := range waited {
			if b.Kind() == own.Kind() {
				t.Errorf("%v and %v", b, own)
			}
		}
	}
	if len(waited) != 3 || !slices.IsSorted(waited) || Wait([]State{{waited[0], 1, noon, 0}}, noon) != time.Minute {
		t.Errorf("%v", waited)
	}
}

func TestSuccessEmptiesPairAndDeviceOnly(t *testing.T) {
	t.Parallel()
	key := [32]byte{1}
	all := Buckets(key, "alice", home, "", false)
	if got := AfterSuccess(all); !slices.Equal(got, all[:1]) {
		t.Errorf("emptied %v of %v, want the pair", got, all)
	}
	device := Buckets(key, "alice", home, "cookie", false)
	if got := AfterSuccess(device); !slices.Equal(got, device) {
		t.Errorf("emptied %v of %v, want the device", got, device)
	}
}

// afterFailure computes what RecordFailure does in SQL; a test of the store holds that to the limits, too.
func afterFailure(s State, now time.Time) (failures float32) {
	return min(s.Bucket.Limits().Capacity, level(s, now)+1)
}
