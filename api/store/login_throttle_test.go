package store

import (
	"math"
	"testing"
	"time"

	"gatehouse/api/authn"
)

func TestRecordFailureCountsAsTheRulesDo(t *testing.T) {
	s := managed(t)
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	states := map[int32]authn.State{}
	buckets := []int32{7, 1<<14 + 7, 2<<14 + 7, 3<<14 + 7} // one of each kind
	for i, minutes := range []float64{0, 0, 0.1, 0.5, 20, 19, 40} {
		now := noon.Add(time.Duration(minutes * float64(time.Minute)))
		for range 1 + 40*(i%2) { // some of them a flood, up to what a bucket holds
			if err := s.RecordFailure(t.Context(), buckets, authn.Leaks(), authn.Mosts(), now); err != nil {
				t.Fatal(err)
			}
			for _, b := range buckets {
				was := states[b]
				was.Bucket = authn.Bucket(b)
				after := authn.State{Bucket: was.Bucket, Failures: authn.AfterFailure(was, now), UpdatedAt: now}
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
