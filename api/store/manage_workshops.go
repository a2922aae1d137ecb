package store

import (
	"context"
	"errors"
	"time"
)

// WorkshopRow is a workshop as an administrator sees one.
type WorkshopRow struct {
	Name         string     `json:"name" help:"What it is called."`
	Group        string     `json:"group,omitempty" help:"That learners become members of; empty: it is gone, and nobody joins."`
	Code         string     `json:"code" help:"What learners type."`
	Prefix       string     `json:"prefix" help:"Of their usernames."`
	Seats        int        `json:"seats" help:"How many can join."`
	SeatsLeft    int        `json:"seats_left" help:"How many still can."`
	ClientID     string     `json:"client_id,omitempty" help:"Application where they end."`
	Until        time.Time  `json:"until" help:"When it ends, and their accounts with it."`
	Grace        string     `json:"grace" help:"After the end, until the accounts are deleted, such as 14d."`
	CodeClosedAt *time.Time `json:"code_closed_at,omitempty" help:"Since when nobody new joins."`
	ClosedAt     *time.Time `json:"closed_at,omitempty" help:"When it was ended early."`
	Owner        string     `json:"owner,omitempty" help:"Who opened it as an owner of its group; nobody joins once it is theirs no more."`
	CreatedBy    string     `json:"created_by" help:"Who opened it."`
	CreatedAt    time.Time  `json:"created_at" help:"When it was opened."`
}

const workshopColumns = `w.name, coalesce(w.group_name, '') AS "group", w.code, w.prefix, w.seats, w.seats_left,
	coalesce(w.client_id, '') AS client_id, w.until, extract(epoch FROM w.grace)::bigint / 86400 || 'd' AS grace, w.code_closed_at,
	w.closed_at, coalesce(w.owner, '') AS owner, w.created_by, w.created_at`

// goodByOwner is the condition that nobody has lost the right by which people join a workshop, a row of workshops under that alias: whoever
// opened it as an owner owns its group still.
func goodByOwner(workshop string) string {
	return `(` + workshop + `.owner IS NULL OR EXISTS (SELECT FROM groups wg WHERE wg.name = ` + workshop + `.group_name AND ` +
		owns(workshop+".owner", "wg") + `))`
}

var (
	openWorkshop = compile(`
		INSERT INTO workshops AS w (name, group_name, code, prefix, seats, seats_left, client_id, until, grace, owner)
		VALUES (@name, @group, @code, @prefix, @seats, @seats, nullif(@client_id, ''), @until, @grace::interval, nullif(@owner, ''))
		RETURNING ` + workshopColumns)
	showWorkshop  = compile(`SELECT ` + workshopColumns + ` FROM workshops w WHERE w.name = @name`)
	listWorkshops = compile(`SELECT ` + workshopColumns + ` FROM workshops w
		WHERE w.name > @after AND @group IN ('', w.group_name)
			AND (@owner = '' OR EXISTS (SELECT FROM groups wg WHERE wg.name = w.group_name AND ` + owns("@owner", "wg") + `))
		ORDER BY w.name LIMIT @limit`)
)

// OpenWorkshop adds a workshop with all its seats free. w.Grace is in days, such as 14d.
func (s *Store) OpenWorkshop(ctx context.Context, w WorkshopRow) (WorkshopRow, error) {
	opened, err := one[WorkshopRow](ctx, s, Missing{"workshop", w.Name}, openWorkshop, args{"name": w.Name, "group": w.Group, "code": w.Code,
		"prefix": w.Prefix, "seats": w.Seats, "client_id": w.ClientID, "until": w.Until, "grace": w.Grace, "owner": w.Owner})
	var refused Refusal
	if errors.As(err, &refused) && refused.cause != nil {
		err = inWords(refused.cause, values{"name": w.Name, "prefix": w.Prefix, "group": w.Group, "client": w.ClientID})
	}
	return opened, err
}

// ShowWorkshop returns one workshop. Errors: Missing.
func (s *Store) ShowWorkshop(ctx context.Context, name string) (WorkshopRow, error) {
	return one[WorkshopRow](ctx, s, Missing{"workshop", name}, showWorkshop, args{"name": name})
}

// ListWorkshops returns those of a group or, with "", all, by name; with an owner those of their groups.
func (s *Store) ListWorkshops(ctx context.Context, p Page, group, owner string, adm Administration) ([]WorkshopRow, error) {
	return listed[WorkshopRow](ctx, s, listWorkshops, adm.args(args{"after": p.After, "limit": p.Limit, "group": group, "owner": owner,
		"now": time.Now()}))
}

// SetWorkshop writes those columns of a workshop, and seats_left with its seats. Errors: Missing.
func (s *Store) SetWorkshop(ctx context.Context, name string, changes Columns) error {
	if _, ok := changes["seats"]; ok {
		changes["seats_left"] = expression(`seats_left + @seats::integer - seats`)
	}
	if closed, ok := changes["code_closed"].(bool); ok {
		delete(changes, "code_closed")
		changes["code_closed_at"] = time.Time{}
		if closed {
			changes["code_closed_at"] = expression(`coalesce(code_closed_at, now())`)
		}
	}
	return s.Set(ctx, "workshops", name, changes)
}

// endOfWorkshop has a workshop, the accounts that were made with its code, and their memberships end at @until; but those that somebody had
// end at another time, or not at all, stay as they are. Whoever joins locks the row of the workshop first, too.
func endOfWorkshop(until, columns string) query {
	return compile(`
		WITH w AS (
			SELECT name, group_name, until AS former, ` + until + ` AS latter FROM workshops WHERE name = @name FOR UPDATE
		), accounts AS (
			UPDATE users u SET expires_at = w.latter FROM w WHERE u.workshop = w.name AND u.expires_at = w.former RETURNING u.username
		), members AS (
			UPDATE group_members m SET until = w.latter FROM w, accounts a
			WHERE m.group_name = w.group_name AND m.username = a.username AND m.until = w.former
		)
		UPDATE workshops x SET until = w.latter, ` + columns + ` FROM w WHERE x.name = w.name RETURNING 1`)
}

var (
	moveEndOfWorkshop = endOfWorkshop(`@until::timestamptz`, `closed_at = NULL`)
	closeWorkshop     = endOfWorkshop(`least(until, @now::timestamptz)`,
		`closed_at = coalesce(x.closed_at, CASE WHEN w.former > @now THEN @now END), code_closed_at = coalesce(x.code_closed_at, @now)`)
)

// MoveEndOfWorkshop has a workshop end at another time, and all with it. Errors: Missing.
func (s *Store) MoveEndOfWorkshop(ctx context.Context, name string, until time.Time) error {
	return s.manageOne(ctx, Missing{"workshop", name}, nil, moveEndOfWorkshop, args{"name": name, "until": until})
}

// CloseWorkshop ends a workshop now, and all with it. Errors: Missing.
func (s *Store) CloseWorkshop(ctx context.Context, name string, now time.Time) error {
	return s.manageOne(ctx, Missing{"workshop", name}, nil, closeWorkshop, args{"name": name, "now": now})
}

// WorkshopAccount is an account that was made with the code of a workshop.
type WorkshopAccount struct {
	Username     string     `json:"username" help:"What they typed to sign in."`
	Name         string     `json:"name,omitempty" help:"What they called themselves."`
	State        string     `json:"state" help:"active, kept, adopted, removed, ended or deleted."`
	Home         string     `json:"home" help:"Their folder on machines: what to archive."`
	JoinedAt     time.Time  `json:"joined_at" help:"When they made the account."`
	LastSignInAt *time.Time `json:"last_sign_in_at,omitempty" help:"When they last signed in."`
	AdoptedBy    string     `json:"adopted_by,omitempty" help:"Whose account it was made part of: whose the home is."`
	DeletedAt    *time.Time `json:"deleted_at,omitempty" help:"Since when the account is gone."`
}

// workshopAccount are the columns of an account u of a workshop w, at @now.
const workshopAccount = `u.username, coalesce(u.name, '') AS name,
	CASE WHEN u.adopted_by IS NOT NULL THEN 'adopted' WHEN u.disabled_at IS NOT NULL THEN 'removed' WHEN u.expires_at <= @now THEN 'ended'
		WHEN u.expires_at = w.until THEN 'active' ELSE 'kept' END AS state,
	coalesce(u.home, u.username) AS home, u.created_at AS joined_at,
	(SELECT max(i.at) FROM sign_ins i WHERE i.user_id = u.id AND i.outcome = 'signed_in') AS last_sign_in_at,
	coalesce(u.adopted_by, '') AS adopted_by`

var (
	reportWorkshop = compile(`
		WITH w AS (SELECT name, until, former_accounts FROM workshops WHERE name = @name), people AS (
			SELECT ` + workshopAccount + `, NULL::timestamptz AS deleted_at FROM users u JOIN w ON w.name = u.workshop
			UNION ALL
			SELECT f.username, f.name, 'deleted', f.home, f.joined_at, f.last_sign_in_at, f.adopted_by, f.deleted_at
			FROM w, jsonb_to_recordset(w.former_accounts) AS f (username text, name text, home text, joined_at timestamptz,
				last_sign_in_at timestamptz, adopted_by text, deleted_at timestamptz)
		)
		SELECT * FROM people WHERE username > @after ORDER BY username LIMIT @limit`)
	workshopIsThere = compile(`SELECT FROM workshops WHERE name = @name`)
)

// ReportWorkshop returns the accounts that were made with the code of a workshop, those that are deleted by now, too, by username. Errors:
// Missing.
func (s *Store) ReportWorkshop(ctx context.Context, p Page, name string, now time.Time) ([]WorkshopAccount, error) {
	list, err := listed[WorkshopAccount](ctx, s, reportWorkshop, args{"name": name, "after": p.After, "limit": p.Limit, "now": now})
	if err == nil && len(list) == 0 { // is it there?
		return nil, s.manageOne(ctx, Missing{"workshop", name}, nil, workshopIsThere, args{"name": name})
	}
	return list, err
}

// deleteWorkshopAccounts deletes accounts whose workshop has ended, and whose own end has come, for longer than the grace; what the report
// says of them stays. Triggers retire their names.
var deleteWorkshopAccounts = compile(`
	WITH w AS (
		SELECT name, until, grace FROM workshops WHERE until + grace < @now FOR UPDATE SKIP LOCKED
	), gone AS (
		SELECT u.id, w.name AS workshop, ` + workshopAccount + ` FROM users u JOIN w ON w.name = u.workshop
		WHERE u.expires_at + w.grace < @now LIMIT @limit
	), noted AS (
		UPDATE workshops x SET former_accounts = former_accounts || g.list
		FROM (SELECT workshop, jsonb_agg(to_jsonb(gone) - '{id,workshop,state}'::text[] || jsonb_build_object('deleted_at', @now::timestamptz)
			ORDER BY username) AS list FROM gone GROUP BY workshop) AS g (workshop, list)
		WHERE x.name = g.workshop
	)
	DELETE FROM users WHERE id IN (SELECT id FROM gone)`)

// isTemporary is the condition that an account of the workshop @name, a row of users under that alias, ends with it: an administrator has
// not kept it for somebody.
func isTemporary(user string) string {
	return user + `.expires_at = (SELECT until FROM workshops WHERE name = @name)`
}

var (
	// Where there was no password, no trigger ends sessions.
	setPhrase = compile(`
		WITH changed AS (
			UPDATE users SET password = @password, must_change_password = false
			WHERE username = @username AND workshop = @name AND adopted_by IS NULL AND (NOT @temporary OR ` + isTemporary("users") + ` AND NOT
				EXISTS (SELECT FROM group_members m JOIN workshops w ON w.name = @name WHERE m.username = users.username
					AND m.group_name IS DISTINCT FROM w.group_name AND ` + memberNow("m") + `))
			RETURNING id
		), ended AS (
			UPDATE sessions s SET ended_at = now() FROM changed WHERE s.user_id = changed.id AND s.ended_at IS NULL
		), revoked AS (
			UPDATE grants g SET revoked_at = now() FROM changed WHERE g.user_id = changed.id AND g.revoked_at IS NULL
		)
		SELECT FROM changed`)
	removeFromWorkshop = compile(`
		WITH w AS (
			SELECT name, group_name FROM workshops WHERE name = @name FOR UPDATE
		), removed AS (
			UPDATE users u SET disabled_at = now() FROM w
			WHERE u.username = @username AND u.workshop = w.name AND u.disabled_at IS NULL
				AND (NOT @temporary OR ` + isTemporary("u") + `) RETURNING u.username
		), left_group AS (
			DELETE FROM group_members m USING w, removed r WHERE m.group_name = w.group_name AND m.username = r.username
		)
		UPDATE workshops x SET seats_left = least(x.seats_left + 1, x.seats) FROM w, removed WHERE x.name = w.name RETURNING 1`)
)

// SetPhrase replaces the password of an account of a workshop, and ends its sessions and what applications hold; with temporary only of one
// that ends with the workshop and is in no other group, as the phrase lets in whoever has it. Errors: Missing.
func (s *Store) SetPhrase(ctx context.Context, name, username, hash string, temporary bool) error {
	return s.manageOne(ctx, Missing{"account of workshop " + name + " called", username}, nil, setPhrase,
		args{"name": name, "username": username, "password": hash, "temporary": temporary, "now": time.Now()})
}

// RemoveFromWorkshop shuts an account of a workshop out, from the next request on, and frees its seat; with temporary
// only one that ends with the workshop. Errors: Missing.
func (s *Store) RemoveFromWorkshop(ctx context.Context, name, username string, temporary bool) error {
	return s.manageOne(ctx, Missing{"account of workshop " + name + " called", username}, nil, removeFromWorkshop,
		args{"name": name, "username": username, "temporary": temporary})
}
