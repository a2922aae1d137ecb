package authn

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"net/netip"
	"sync"
	"time"
)

// Guessing is slowed down, never shut out: failures fill leaky buckets, and a full one lets through as many attempts as leak
// from it. Who may try is decided from four kinds of bucket, so that each attacker meets a full one and the owner does not:
//
//   - ByDevice alone, where the browser has signed in to this account before (a cookie says so): whoever floods the account
//     from elsewhere does not touch it (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
//   - Otherwise ByPair (account and address), ByAddress (one address, many accounts) and ByAccount (one account, many
//     addresses); the longest wait counts.
//
// There is a fixed number of buckets, so no flood makes the table grow, and which one a name falls into is secret, so that
// none can be aimed at. Names that do not exist have buckets as well.
type Kind int

// The kinds. Numbers of buckets go up in this order, so that a statement that locks several locks them in one order.
const (
	ByPair Kind = iota
	ByAddress
	ByAccount
	ByDevice
)

// kindBits: a number is two bits of kind and fourteen of digest, so that kinds with different limits never share a bucket.
const kindBits = 14

// longestWait is in seconds.
const longestWait = 60

// kinds has the limits: attempts that may fail in a row before anyone waits, and the failures that leak away per second.
var kinds = [...]struct{ burst, leak float32 }{
	ByPair:    {5, 1.0 / 15},
	ByAddress: {50, 1.0 / 15},
	ByAccount: {100, 1.0 / 30},
	ByDevice:  {10, 1.0 / 15},
}

// Leaks has the failures that leak away per second, by Kind: the $3 of the statement at AfterFailure.
func Leaks() []float32 {
	return []float32{kinds[ByPair].leak, kinds[ByAddress].leak, kinds[ByAccount].leak, kinds[ByDevice].leak}
}

// Mosts has the most failures that a bucket holds, by Kind: the $4 of the statement at AfterFailure. Above the burst it is
// what leaks in longestWait, so that attempts in parallel cannot pile up a longer one.
func Mosts() []float32 {
	mosts := make([]float32, len(kinds))
	for kind, k := range kinds {
		mosts[kind] = k.burst - 1 + longestWait*k.leak
	}
	return mosts
}

// Bucket is a number of login_throttle.bucket.
type Bucket int32

// Kind gives the kind that the number was made for.
func (b Bucket) Kind() Kind { return Kind(b>>kindBits) & 3 }

// State is a row of login_throttle. No row: no failures.
type State struct {
	Bucket    Bucket
	Failures  float32
	UpdatedAt time.Time
	Trying    int // other attempts under way
}

// Buckets gives the buckets of an attempt, in ascending order. username is as the user is looked up; addr the client's
// address, the zero Addr if it is not known; device names the known-device cookie if it is valid for this very account, and
// is "" otherwise. Addresses count as one for IPv4 and per /64 for IPv6, which is what one customer has.
func Buckets(key [32]byte, username string, addr netip.Addr, device string) []Bucket {
	if device != "" {
		return []Bucket{bucket(key, ByDevice, username, device)}
	}
	if !addr.IsValid() {
		return []Bucket{bucket(key, ByAccount, username)}
	}
	network := Network(addr)
	return []Bucket{
		bucket(key, ByPair, username, network),
		bucket(key, ByAddress, network),
		bucket(key, ByAccount, username),
	}
}

// UserCodeBucket gives the bucket of somebody who types a device's user code (RFC 8628 §5.1): his own where his browser has signed in
// as username, else that of his site, so that nobody's guesses stand in the way of who is known or elsewhere. A guess costs no hash, so somebody with
// a bucket for each /64 could soon fill all there are, and wrong passwords are counted in them, too.
func UserCodeBucket(key [32]byte, addr netip.Addr, username string) Bucket {
	if username != "" {
		return bucket(key, ByDevice, "user code", username)
	}
	return bucket(key, ByAddress, "user code", Site(addr))
}

// Limits are the failures in a row before anyone waits, and those that leak away per second.
func (b Bucket) Limits() (burst, leak float32) { return kinds[b.Kind()].burst, kinds[b.Kind()].leak }

// Network is what one customer has: an IPv4 address, or a /64 of IPv6.
func Network(addr netip.Addr) string { return network(addr, 64) }

// Site is what one customer can have for the asking: an IPv4 address, or a /48 of IPv6 (RFC 6177), which is 65,536 networks. It is for
// bounds that somebody with so many would otherwise reach alone.
func Site(addr netip.Addr) string { return network(addr, 48) }

func network(addr netip.Addr, bits int) string {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		prefix, _ := addr.Prefix(bits) // it fits
		return prefix.String()
	}
	return addr.String()
}

func bucket(key [32]byte, kind Kind, values ...string) Bucket {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte{byte(kind)})
	for _, value := range values {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(value)))) // or "ab","c" would be "a","bc"
		mac.Write([]byte(value))
	}
	digest := binary.BigEndian.Uint16(mac.Sum(nil))
	return Bucket(kind)<<kindBits | Bucket(digest>>(16-kindBits))
}

// Wait tells how long to wait before the next attempt, in whole seconds and at most a minute; 0: go ahead. An attempt that
// has to wait is refused without computing a hash, and is no failure: asking early costs nobody anything.
func Wait(states []State, now time.Time) time.Duration {
	var longest time.Duration
	for _, s := range states {
		k := kinds[s.Bucket.Kind()]
		excess := level(s, now) + float32(s.Trying) - (k.burst - 1)
		if excess < 0.001 { // a rounding error of real
			continue
		}
		seconds := min(int(math.Ceil(float64(excess/k.leak))), longestWait)
		longest = max(longest, time.Duration(seconds)*time.Second)
	}
	return longest
}

// Trying counts the attempts under way in this process, so that guesses sent all at once are not all let through before the first
// has failed.
type Trying struct {
	mu sync.Mutex
	n  map[Bucket]int
}

// Enter counts an attempt in its buckets until leave is called. Call it before the states are loaded, and Wait with what busy
// makes of them: as if every other attempt under way had failed. An address is not counted so, for a whole class may sign in
// from one at nine o'clock.
func (t *Trying) Enter(buckets []Bucket) (busy func([]State) []State, leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = map[Bucket]int{}
	}
	others := make(map[Bucket]int, len(buckets))
	for _, b := range buckets {
		others[b] = t.n[b]
		t.n[b]++
	}
	busy = func(states []State) []State { return withOthers(buckets, states, others) }
	return busy, func() { t.leave(buckets) }
}

func (t *Trying) leave(buckets []Bucket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range buckets {
		if t.n[b]--; t.n[b] == 0 {
			delete(t.n, b)
		}
	}
}

func withOthers(buckets []Bucket, states []State, others map[Bucket]int) []State {
	var all []State
	for _, b := range buckets {
		s := State{Bucket: b}
		for _, loaded := range states {
			if loaded.Bucket == b {
				s = loaded
			}
		}
		if b.Kind() != ByAddress {
			s.Trying = others[b]
		}
		all = append(all, s)
	}
	return all
}

// AfterFailure gives what the bucket holds after one more failure. The store computes the same in SQL, for all buckets of an attempt
// at once (RecordFailure); a test there holds the two together.
func AfterFailure(s State, now time.Time) (failures float32) {
	return min(Mosts()[s.Bucket.Kind()], level(s, now)+1)
}

// AfterSuccess gives the buckets to empty: DELETE FROM login_throttle WHERE bucket = ANY ($1). Those of the address and of
// the account stay, or an attacker would empty them with an account of his own, or the owner's sign-in would give him 100
// more guesses.
func AfterSuccess(buckets []Bucket) []Bucket {
	var empty []Bucket
	for _, b := range buckets {
		if kind := b.Kind(); kind == ByPair || kind == ByDevice {
			empty = append(empty, b)
		}
	}
	return empty
}

// level is what has not leaked away by now. A clock that is behind leaks nothing.
func level(s State, now time.Time) float32 {
	elapsed := max(0, now.Sub(s.UpdatedAt).Seconds())
	return max(0, s.Failures-kinds[s.Bucket.Kind()].leak*float32(elapsed))
}
