package store

import (
	"sync"
	"testing"
	"time"
)

func TestEachLogoutIsClaimedByOneReplicaAtATimeAndAFewOfEachClient(t *testing.T) {
	t.Parallel()
	s := managed(t)
	now := time.Now().Truncate(time.Microsecond)
	for _, sql := range []string{
		`INSERT INTO clients (client_id, token_endpoint_auth_method, backchannel_logout_uri)
			SELECT 'c' || i, 'none', CASE WHEN i > 1 THEN 'https://c.example.org/' END FROM generate_series(1, 6) AS i`,
		`INSERT INTO backchannel_logouts (client_id, sub, next_attempt_at, created_at)
			SELECT 'c' || i, 'x', 'epoch', now() FROM generate_series(1, 6) AS i, generate_series(1, 10)`,
		`INSERT INTO backchannel_logouts (client_id, sub, next_attempt_at, created_at)
			VALUES ('c2', 'x', now() + interval '1 y', now()), ('c2', 'x', NULL, now())`,
	} {
		_, err := s.pool.Exec(t.Context(), sql)
		try(t, err)
	}
	first, err := s.ClaimLogouts(t.Context(), 100, 3, []string{"c2"}, now, time.Minute)
	if err != nil || len(first) != 4*3 { // c3 to c6
		t.Fatalf("%d claimed, want 12: %v", len(first), err)
	}
	if some, err := s.ClaimLogouts(t.Context(), 5, 3, nil, now, time.Minute); err != nil || len(some) != 5 {
		t.Fatalf("%d claimed, want 5: %v", len(some), err)
	}

	var mu sync.Mutex
	var wg sync.WaitGroup
	times := map[string]int{}
	for range 50 {
		wg.Go(func() {
			for range 3 {
				list, err := s.ClaimLogouts(t.Context(), 10, 4, nil, now, time.Minute)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, l := range list {
					times[l.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(times) != 50-12-5 {
		t.Errorf("%d claimed, want 33", len(times))
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s was claimed %d times", id, n)
		}
	}
	again, err := s.ClaimLogouts(t.Context(), 100, 100, nil, now.Add(time.Minute), time.Minute)
	if err != nil || len(again) != 50 || again[0].Attempts != 2 {
		t.Errorf("%d claimed after the lease, want 50: %v", len(again), err)
	}
	try(t, s.SaveLogout(t.Context(), again[0].ID, LogoutResult{Delivered: now}))
	try(t, s.SaveLogout(t.Context(), again[0].ID, LogoutResult{Error: "a late failure"}))
	list, err := s.ListLogouts(t.Context(), again[0].ClientID, 100)
	if err != nil || len(list) < 10 {
		t.Fatal(len(list), err)
	}
	for _, l := range list {
		if l.DeliveredAt != nil && (l.LastError != "" || l.NextAttemptAt != nil) {
			t.Errorf("%+v", l)
		}
	}
}
