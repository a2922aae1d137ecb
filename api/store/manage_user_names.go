package store

import (
	"context"
	"time"
)

var setUsernameRule = compile(`SELECT set_username_rule(@rule)`)

// SetUsernameRule sets what usernames may be: unix, email or open (docs/sql.md). A Refusal names users whom the rule does not fit.
func (s *Store) SetUsernameRule(ctx context.Context, rule string) error {
	_, err := setUsernameRule.run(ctx, s.pool, args{"rule": rule})
	return inWords(err, nil)
}

// SharedAddress is what several users who may act could type for their username, or be known by.
type SharedAddress struct {
	Address   string
	Usernames []string // who have it verified
	Owner     string   // who has it for a username; "" for nobody
}

var listSharedAddresses = compile(`
	SELECT lower(e.email COLLATE "C") AS address, array_agg(e.username ORDER BY e.username) AS usernames,
		coalesce(max(n.username), '') AS owner
	FROM users e LEFT JOIN users n ON n.username = lower(e.email COLLATE "C") AND n.id <> e.id AND ` + mayAct("n") + `
	WHERE e.email_verified AND ` + mayAct("e") + `
	GROUP BY 1 HAVING count(*) > 1 OR max(n.username) IS NOT NULL ORDER BY 1 LIMIT @limit`)

// ListSharedAddresses returns verified addresses that do not stand for one user who may act, limit of them at most.
func (s *Store) ListSharedAddresses(ctx context.Context, limit int) ([]SharedAddress, error) {
	return listed[SharedAddress](ctx, s, listSharedAddresses, args{"limit": limit, "now": time.Now()})
}
