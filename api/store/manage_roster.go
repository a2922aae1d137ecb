package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// KnownPerson is somebody whom a line of a roster may be about, or who is in its group.
type KnownPerson struct {
	Username   string
	Name       string
	Email      string // in lower case
	Member     bool   // of the group
	CanSignIn  bool   // they have a password, a factor or a linked account, or a link that is good
	DisabledAt *time.Time
}

var usernameRule = compile(`
	SELECT CASE WHEN conname LIKE '%\_address\_or\_%' THEN 'email' WHEN conname LIKE '%\_unix\_name\_%' THEN 'unix' ELSE 'open' END
	FROM pg_constraint WHERE conrelid = 'users'::regclass AND contype = 'c' AND conname LIKE 'users\_username\_must\_be\_%'`)

// UsernameRule returns what usernames may be: unix, email or open.
func (s *Store) UsernameRule(ctx context.Context) (rule string, err error) {
	err = usernameRule.row(ctx, s.pool, args{}).Scan(&rule)
	return rule, inWords(err, nil)
}

var listKnownPeople = compile(`
	SELECT u.username, coalesce(u.name, concat_ws(' ', u.given_name, u.family_name)) AS name, coalesce(lower(u.email), '') AS email,
		m.username IS NOT NULL AS member, u.disabled_at,
		u.password IS NOT NULL OR ` + hasFactor + ` OR EXISTS (SELECT FROM upstream_accounts a WHERE a.username = u.username)
			OR EXISTS (SELECT FROM account_links l WHERE l.username = u.username AND l.spent_at IS NULL AND l.expires_at > @now) AS can_sign_in
	FROM users u
	LEFT JOIN group_members m ON m.username = u.username AND m.group_name = @group AND ` + memberNow("m") + `
	LEFT JOIN (
		SELECT username FROM users WHERE username = ANY (@usernames::text[])
		UNION SELECT username FROM users WHERE lower(email) = ANY (@emails::text[])
	) n ON n.username = u.username
	WHERE m.username IS NOT NULL OR n.username IS NOT NULL ORDER BY u.username`)

// ListKnownPeople returns who has one of the usernames or addresses, which are in lower case, and who is in the group; "" is no group.
func (s *Store) ListKnownPeople(ctx context.Context, usernames, emails []string, group string) ([]KnownPerson, error) {
	return listed[KnownPerson](ctx, s, listKnownPeople, args{"usernames": usernames, "emails": emails, "group": group, "now": time.Now()})
}

// Roster is what an import of one writes.
type Roster struct {
	ExpiresAt *time.Time // of the accounts of those who are new; nil: none
	Until     *time.Time // of the memberships
	Group     string     // that all of them are made members of; "" for none
	New       []UserRow  // of whom the username, the names and the address count
	Members   []string   // usernames, of those who are there already too
	Links     []NewLink
	ClientID  string   // of the application where the links end; "" for the account page
	Disable   []string // usernames
}

// NewLink is an account link to make.
type NewLink struct {
	Username  string
	SHA256    []byte
	ExpiresAt time.Time
}

var (
	addRosterUsers = compile(`
		INSERT INTO users (username, name, given_name, family_name, email, expires_at)
		SELECT username, nullif(name, ''), nullif(given_name, ''), nullif(family_name, ''), nullif(email, ''), @expires_at::timestamptz
		FROM unnest(@usernames::text[], @names::text[], @given_names::text[], @family_names::text[], @emails::text[])
			AS u (username, name, given_name, family_name, email)`)
	addRosterLinks = compile(`
		INSERT INTO account_links (token_sha256, username, expires_at, client_id)
		SELECT *, nullif(@client, '') FROM unnest(@tokens::bytea[], @usernames::text[], @expires::timestamptz[])`)
	disableUsers = compile(`UPDATE users SET disabled_at = now() WHERE username = ANY (@usernames::text[]) AND disabled_at IS NULL`)
)

// ImportRoster writes all of a roster, or nothing. Errors: a Refusal by a constraint of users, groups or links.
func (s *Store) ImportRoster(ctx context.Context, r Roster) error {
	people, links := args{}, args{}
	column := func(of func(UserRow) string) (list []string) {
		for _, u := range r.New {
			list = append(list, of(u))
		}
		return list
	}
	people["expires_at"] = r.ExpiresAt
	people["usernames"] = column(func(u UserRow) string { return u.Username })
	people["names"] = column(func(u UserRow) string { return u.Name })
	people["given_names"] = column(func(u UserRow) string { return u.GivenName })
	people["family_names"] = column(func(u UserRow) string { return u.FamilyName })
	people["emails"] = column(func(u UserRow) string { return u.Email })
	tokens, usernames, expires := [][]byte{}, []string{}, []time.Time{}
	for _, l := range r.Links {
		tokens, usernames, expires = append(tokens, l.SHA256), append(usernames, l.Username), append(expires, l.ExpiresAt)
	}
	links["tokens"], links["usernames"], links["expires"] = tokens, usernames, expires
	links["client"] = r.ClientID
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := addRosterUsers.run(ctx, tx, people); err != nil {
			return err
		}
		if r.Group != "" {
			if _, err := addGroupMembers.run(ctx, tx, args{"group": r.Group, "usernames": distinct(r.Members), "until": r.Until,
				"now": time.Now()}); err != nil {
				return err
			}
		}
		if _, err := addRosterLinks.run(ctx, tx, links); err != nil {
			return err
		}
		_, err := disableUsers.run(ctx, tx, args{"usernames": r.Disable})
		return err
	})
	return inWords(err, values{"group": r.Group, "client": r.ClientID})
}
