package provider

import (
	"context"
	"time"

	"gatehouse/api/authn"
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
