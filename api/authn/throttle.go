package authn

import (
	"math"
	"slices"
	"time"
)

// A Kind of bucket. Guessing is slowed down, never shut out: failures fill leaky buckets, and a full one lets through as many
// attempts as leak from it. An attempt is counted in buckets of several kinds, so that each attacker meets a full one and the
// owner does not:
//
//   - ByDevice alone, where the browser has signed in to this account before (a cookie proves it): whoever floods the account
//     from elsewhere does not touch it (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
//   - Otherwise ByPair (account and address), ByAddress (one address, many accounts), ByAccount (one account, many
//     addresses) and BySite (one customer with 65,536 addresses of IPv6, many accounts); the longest wait counts.
//   - Whoever was told to wait, and waited, has buckets of their own, which those who do not wait never fill: ByWaitedPair
//     (account and site), ByWaited (account) and ByWaitedSite.
//   - ByUserCodeSite and ByUserCodeUser are for the codes of devices, so that no guess at those counts as one at a password.
//   - ByCodeDevice, or else ByCodePair and ByCode, are for one-time codes: see CodeBuckets. ByRecoveryCode is for
//     recovery codes.
//   - ByWorkshopCodeSite and ByWaitedWorkshopCodeSite are for the codes of workshops: see WorkshopCodeBucket.
//   - ByClient is for secrets of clients, in no table: see ClientGuesses.
//
// There is a fixed number of buckets, so no flood makes the table grow. Names that do not exist have buckets as well.
type Kind byte

// The kinds. Numbers of buckets go up in this order, so that a statement that locks several locks them in one order.
const (
	ByPair Kind = iota
	ByAddress
	ByAccount
	ByDevice
	BySite
	ByWaitedPair
	ByWaited
	ByWaitedSite
	ByUserCodeSite
	ByUserCodeUser
	ByClient
	ByCodePair
	ByCode
	ByCodeDevice
	ByRecoveryCode
	ByWorkshopCodeSite
	ByWaitedWorkshopCodeSite
)

// longestWait is in seconds, where a failure leaks away in less.
const longestWait = 60

type limits struct {
	burst, leak float32
	shared      bool
}

// kinds has the limits: the attempts that may fail in a row before anyone waits, and the failures that leak away per second; and
// whether many people share such a bucket, who may all be signing in at once.
var kinds = [...]limits{
	ByPair:         {5, 1.0 / 15, false},
	ByAddress:      {50, 1.0 / 15, true},
	ByAccount:      {100, 1.0 / 30, false},
	ByDevice:       {10, 1.0 / 15, false},
	BySite:         {500, 1, true},
	ByWaitedPair:   {1, 1.0 / 60, false},
	ByWaited:       {20, 1.0 / 3, false},
	ByWaitedSite:   {50, 1.0 / 15, true},
	ByUserCodeSite: {50, 1.0 / 15, true},
	ByUserCodeUser: {10, 1.0 / 15, false},
	ByClient:       {20, 1.0 / 3, true},
	ByCodePair:     {5, 1.0 / 1800, false},
	ByCode:         {20, 1.0 / 600, false},
	ByCodeDevice:   {10, 1.0 / 900, false},
	ByRecoveryCode: {10, 1.0 / 60, false},

	ByWorkshopCodeSite: {300, 1, true}, ByWaitedWorkshopCodeSite: {50, 1.0 / 3, true},
}

// Limits are those of a bucket, in failures.
type Limits struct {
	Burst    float32 // that may come in a row before anyone waits
	Leak     float32 // that are forgotten per second
	Capacity float32 // that are counted at most: beyond the burst what leaks in the longest wait, or attempts in parallel would pile up more
}

// Limits returns the limits of the bucket's kind.
func (b Bucket) Limits() Limits {
	k := kinds[b.Kind()]
	return Limits{k.burst, k.leak, k.burst - 1 + float32(k.longest())*k.leak}
}

// longest returns the longest wait in seconds: a minute, or until one failure has leaked away.
func (k limits) longest() int { return max(longestWait, int(math.Round(float64(1/k.leak)))) }

// State is a row of login_throttle. No row means no failures.
type State struct {
	Bucket     Bucket
	Failures   float32
	UpdatedAt  time.Time
	InProgress int // other attempts
}

// Wait returns how long to wait before the next attempt, in whole seconds and at most a minute, or for codes half an hour; 0 means not at
// all. An attempt
// that has to wait is refused without computing a hash, and is no failure: asking early costs nobody anything.
func Wait(states []State, now time.Time) time.Duration {
	var longest time.Duration
	for _, s := range states {
		limits := s.Bucket.Limits()
		excess := level(s, now) + float32(s.InProgress) - (limits.Burst - 1)
		if excess < 0.001 { // a rounding error of real
			continue
		}
		seconds := min(int(math.Ceil(float64(excess/limits.Leak))), kinds[s.Bucket.Kind()].longest())
		longest = max(longest, time.Duration(seconds)*time.Second)
	}
	return longest
}

// AfterSuccess returns the buckets to empty: DELETE FROM login_throttle WHERE bucket = ANY ($1). Those of the address and of the
// account stay, or an attacker would empty them with an account of their own, or the owner's sign-in would allow 100 more
// guesses.
func AfterSuccess(buckets []Bucket) []Bucket {
	var empty []Bucket
	for _, b := range buckets {
		if kind := b.Kind(); slices.Contains(emptied, kind) {
			empty = append(empty, b)
		}
	}
	return empty
}

var emptied = []Kind{ByPair, ByDevice, ByWaitedPair, ByCodePair, ByCodeDevice, ByRecoveryCode}

// level returns the failures that have not leaked away by now. A clock that is behind leaks nothing.
func level(s State, now time.Time) float32 {
	elapsed := max(0, now.Sub(s.UpdatedAt).Seconds())
	return max(0, s.Failures-s.Bucket.Limits().Leak*float32(elapsed))
}
