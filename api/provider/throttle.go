package provider

import (
	"context"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// recordFailure counts a wrong password, or code, in the buckets of its attempt, and notes it among the sign-ins of its user.
func (p *Provider) recordFailure(ctx context.Context, f store.FailedSignIn, buckets []authn.Bucket, now time.Time) error {
	leaks, capacities := make([]float32, len(buckets)), make([]float32, len(buckets))
	for i, b := range buckets {
		limits := b.Limits()
		leaks[i], capacities[i] = limits.Leak, limits.Capacity
	}
	return p.store.RecordFailure(ctx, numbers(buckets), leaks, capacities, f, now)
}

// failedSignIn is an attempt of u, nil for nobody, that failed; why is one of the words of store.
func failedSignIn(ctx context.Context, r Request, client *oidc.Client, u *oidc.User, why string) store.FailedSignIn {
	f := store.FailedSignIn{Place: placeOf(ctx, r, client), Why: why}
	if u != nil {
		f.UserID = u.ID
	}
	return f
}

// placeOf returns what is kept of where an attempt comes from, and what it is for.
func placeOf(ctx context.Context, r Request, client *oidc.Client) store.Place {
	return store.Place{ClientID: client.ClientID, Addr: addrOf(r), UserAgent: r.UserAgent, RequestID: requestOf(ctx).id}
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
