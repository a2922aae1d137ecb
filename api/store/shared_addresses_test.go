package store

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestAddressesThatDoNotStandForOneUserAreNamed(t *testing.T) {
	t.Parallel()
	s := managed(t)
	_, err := s.pool.Exec(t.Context(), `
		SELECT set_username_rule('email');
		INSERT INTO users (username, email, email_verified, disabled_at) VALUES ('alice', 'alice@example.org', true, NULL),
			('bob', 'both@example.org', true, NULL), ('carol', 'Both@Example.org', true, NULL), ('dave', 'both@example.org', false, NULL),
			('erin', 'old@example.org', true, now()), ('frank', 'old@example.org', true, NULL),
			('grace', 'heidi@example.org', true, NULL), ('heidi@example.org', NULL, false, NULL),
			('ivan@example.org', 'ivan@example.org', true, NULL)`, pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	got, err := s.ListSharedAddresses(t.Context(), 10)
	want := []SharedAddress{{"both@example.org", []string{"bob", "carol"}, ""}, {"heidi@example.org", []string{"grace"}, "heidi@example.org"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v; %v", got, want, err)
	}
}

// Whoever comes from two upstreams at once becomes one user: the other account is theirs to link.
func TestOneUserIsMadeOfAnAddressThatComesTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := managed(t)
	_, err := s.pool.Exec(t.Context(), `INSERT INTO upstreams (name, issuer, client_id, creates_users, username_prefix)
		VALUES ('up', 'https://up.example.org', 'c', true, 'up-')`)
	try(t, err)
	now := time.Now()
	create := func(i int, email string) error {
		name := fmt.Sprint("up-", i)
		return s.CreateUpstreamUser(t.Context(), UpstreamAccount{Upstream: "up", Issuer: "https://up.example.org", Sub: name},
			NewUpstreamUser{Username: name, Email: email}, now)
	}
	var group sync.WaitGroup
	made := make([]error, 20)
	for i := range made {
		group.Go(func() { made[i] = create(i, []string{"Ada@example.org", "ada@example.org"}[i%2]) })
	}
	group.Wait()
	won := 0
	for _, err := range made {
		if err == nil {
			won++
		}
	}
	var n int
	try(t, s.pool.QueryRow(t.Context(), `SELECT count(*) FROM users`).Scan(&n))
	if won != 1 || n != 1 {
		t.Errorf("%d were told that they were made, %d were", won, n)
	}
	try(t, create(100, "other@example.org"))
	try(t, create(101, ""))
	try(t, create(102, ""))
}
