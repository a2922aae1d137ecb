package store

import (
	"math"
	"testing"
	"time"

	"gatehouse/api/authn"
)

func TestRecordFailureCountsAsTheRulesDo(t *testing.T) {
	t.Parallel()
	s := managed(t)
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	states := map[int32]authn.State{}
	var buckets []int32 // one of each kind
	for kind := authn.ByPair; kind <= authn.ByUserCodeUser; kind++ {
		buckets = append(buckets, int32(kind)<<16+7)
	}
	var leaks, capacities []float32
	for _, b := range buckets {
		limits := authn.Bucket(b).Limits()
		leaks, capacities = append(leaks, limits.Leak), append(capacities, limits.Capacity)
	}
	for i, minutes := range []float64{0, 0, 0.1, 0.5, 20, 19, 40} {
		now := noon.Add(time.Duration(minutes * float64(time.Minute)))
		for range 1 + 40*(i%2) { // some of them a flood, up to what a bucket holds
			if err := s.RecordFailure(t.Context(), buckets, leaks, capacities, FailedSignIn{}, now); err != nil {
				t.Fatal(err)
			}
			for i, b := range buckets {
				was := states[b]
				leaked := leaks[i] * float32(max(0, now.Sub(was.UpdatedAt).Seconds()))
				after := authn.State{Failures: min(capacities[i], max(0, was.Failures-leaked)+1), UpdatedAt: now}
				if was.UpdatedAt.After(now) {
					after.UpdatedAt = was.UpdatedAt
				}
				states[b] = after
			}
		}
		for _, b := range buckets {
			var got float64
			if err := s.pool.QueryRow(t.Context(), "SELECT failures FROM login_throttle WHERE bucket = $1", b).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if want := float64(states[b].Failures); math.Abs(got-want) > 0.01 {
				t.Errorf("after %v minutes bucket %d holds %v, want %v", minutes, b, got, want)
			}
		}
	}
}
