package store

import (
	"maps"
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
	claim := func(free LogoutPlaces) ([]Logout, error) { return s.ClaimLogouts(t.Context(), free, time.Minute) }
	all := []string{"c1", "c2", "c3", "c4", "c5", "c6"}
	first, err := claim(LogoutPlaces{Free: 100, PerPrompt: 3, Prompt: all, Busy: []string{"c2"}})
	if err != nil || len(first) != 4*3 { // c3 to c6
		t.Fatalf("%d claimed, want 12: %v", len(first), err)
	}
	if some, err := claim(LogoutPlaces{Free: 5, PerPrompt: 3, Prompt: all}); err != nil || len(some) != 5 {
		t.Fatalf("%d claimed, want 5: %v", len(some), err)
	}

	var mu sync.Mutex
	var wg sync.WaitGroup
	times := map[string]int{}
	for range 50 {
		wg.Go(func() {
			for range 3 {
				list, err := claim(LogoutPlaces{Free: 10, PerPrompt: 4, Prompt: all})
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
	_, err = s.pool.Exec(t.Context(), `UPDATE backchannel_logouts SET next_attempt_at = next_attempt_at - interval '1 minute'`)
	try(t, err)
	again, err := claim(LogoutPlaces{Free: 100, PerPrompt: 100, Prompt: all})
	if err != nil || len(again) != 50 || again[0].Attempts != 2 {
		t.Errorf("%d claimed after the lease, want 50: %v", len(again), err)
	}
	try(t, s.SaveLogout(t.Context(), again[0].ID, 2, LogoutResult{Delivered: now}))
	try(t, s.SaveLogout(t.Context(), again[0].ID, 2, LogoutResult{Error: "a late failure"}))
	try(t, s.SaveLogout(t.Context(), again[1].ID, 1, LogoutResult{Error: "of an attempt that lost its lease", GivenUp: true}))
	list, err := s.ListLogouts(t.Context(), again[0].ClientID, 100)
	others, othersErr := s.ListLogouts(t.Context(), again[1].ClientID, 100)
	if err != nil || othersErr != nil || len(list) < 10 {
		t.Fatal(len(list), err, othersErr)
	}
	for _, l := range append(list, others...) {
		if l.LastError != "" {
			t.Errorf("%+v", l)
		}
		if l.DeliveredAt != nil && (l.LastError != "" || l.NextAttemptAt != nil) {
			t.Errorf("%+v", l)
		}
	}
}

func TestSlowClientsAndThoseThatRegisteredThemselvesHavePlacesOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := managed(t)
	for _, sql := range []string{
		`INSERT INTO clients (client_id, token_endpoint_auth_method, backchannel_logout_uri, registration, metadata_fetched_at)
			SELECT kind || i, 'none', 'https://c.example.org/', nullif(kind, 'admin'), CASE kind WHEN 'document' THEN now() END
			FROM unnest('{admin,token,open,document}'::text[]) AS kind, generate_series(1, 3) AS i`,
		`INSERT INTO backchannel_logouts (client_id, sub, next_attempt_at, created_at)
			SELECT client_id, 'x', CASE WHEN client_id = 'admin1' THEN 'epoch' ELSE now() END, now() FROM clients, generate_series(1, 10)`,
	} {
		_, err := s.pool.Exec(t.Context(), sql)
		try(t, err)
	}
	list, err := s.ClaimLogouts(t.Context(), LogoutPlaces{Free: 7, FreeOfSlow: 100, PerPrompt: 4,
		Prompt: []string{"admin1"}, Slow: []string{"admin2"}}, time.Minute)
	try(t, err)
	all, slow := map[string]int{}, map[string]int{}
	for _, l := range list {
		all[l.ClientID]++
		if l.Slow {
			slow[l.ClientID]++
		}
	}
	want := map[string]int{"admin2": 1, "open1": 1, "open2": 1, "open3": 1, "document1": 1, "document2": 1, "document3": 1}
	if !maps.Equal(slow, want) || len(list) != 7+7 {
		t.Errorf("%v are slow of %v", slow, all)
	}
	for id, want := range map[string]int{"admin1": 3, "admin3": 1, "token1": 1, "token2": 1, "token3": 1} {
		if all[id] != want { // the first of each comes before any second, although that is older
			t.Errorf("%s has %d places, want %d", id, all[id], want)
		}
	}
}
