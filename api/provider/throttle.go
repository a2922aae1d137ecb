package provider

import (
	"context"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/store"
)

// recordFailure counts a wrong password in the buckets of its attempt.
func (p *Provider) recordFailure(ctx context.Context, buckets []authn.Bucket, now time.Time) error {
	leaks, capacities := make([]float32, len(buckets)), make([]float32, len(buckets))
	for i, b := range buckets {
		limits := b.Limits()
		leaks[i], capacities[i] = limits.Leak, limits.Capacity
	}
	return p.store.RecordFailure(ctx, numbers(buckets), leaks, capacities, now)
}

func numbers(buckets []authn.Bucket) []int32 {
	list := make([]int32, len(buckets))
	for i, b := range buckets {
		list[i] = int32(b)
	}
	return list
}

func throttleStates(rows []store.Failures) []authn.State {
	list := make([]authn.State, len(rows))
	for i, f := range rows {
		list[i] = authn.State{Bucket: authn.Bucket(f.Bucket), Failures: f.Count, UpdatedAt: f.UpdatedAt}
	}
	return list
}
