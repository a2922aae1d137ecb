package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// Workshop is what somebody who joins, or who looks at the projector, has to know of a workshop.
type Workshop struct {
	Name       string
	Code       string
	Prefix     string // of usernames
	ClientID   string // where learners end; "": on the account page
	Seats      int
	SeatsLeft  int
	Until      time.Time
	CodeClosed bool
	CreatedAt  time.Time
}

const joinedWorkshop = `w.name, w.code, w.prefix, coalesce(w.client_id, ''), w.seats, w.seats_left, w.until,
	w.code_closed_at IS NOT NULL OR w.group_name IS NULL, w.created_at`

func (w *Workshop) fields() []any {
	return []any{&w.Name, &w.Code, &w.Prefix, &w.ClientID, &w.Seats, &w.SeatsLeft, &w.Until, &w.CodeClosed, &w.CreatedAt}
}

var findWorkshop = compile(`
	WITH found AS (
		SELECT ` + joinedWorkshop + ` FROM workshops w WHERE replace(w.code, '-', '') = @letters
	), taken_back AS (
		UPDATE login_throttle SET failures = failures - 1
		WHERE bucket = @bucket AND (failures > @burst::real OR EXISTS (SELECT FROM found))
	)
	SELECT * FROM found`)

// FindWorkshop returns the workshop whose code has these letters, whether or not it is open, else ErrNotFound. Guesses are counted as those
// at user codes are (FindDeviceCode).
func (s *Store) FindWorkshop(ctx context.Context, letters string, g Guesses, now time.Time) (w Workshop, failures float32, err error) {
	var batch pgx.Batch
	countGuess.queue(&batch, args{"bucket": g.Bucket, "now": now, "leak": g.Leak}).
		QueryRow(func(row pgx.Row) error { return row.Scan(&failures) })
	findWorkshop.queue(&batch, args{"letters": letters, "bucket": g.Bucket, "burst": g.Burst}).
		QueryRow(func(row pgx.Row) error { return row.Scan(w.fields()...) })
	return w, failures, failure(s.pool.SendBatch(ctx, &batch).Close())
}

var loadWorkshop = compile(`SELECT ` + joinedWorkshop + ` FROM workshops w WHERE w.name = @name`)

// LoadWorkshop returns a workshop by its name, else ErrNotFound.
func (s *Store) LoadWorkshop(ctx context.Context, name string) (w Workshop, err error) {
	return w, failure(loadWorkshop.row(ctx, s.pool, args{"name": name}).Scan(w.fields()...))
}

var loadWorkshopAndName = compile(`
	SELECT ` + joinedWorkshop + `, coalesce(chosen_name_problem(@username), ''), EXISTS (SELECT FROM users WHERE id = @user)
	FROM workshops w WHERE w.name = @name`)

// LoadWorkshopAndName returns a workshop with why nobody may choose a name for themselves ("" if they may; NameTaken and the others), and
// whether the account of that id is there already.
func (s *Store) LoadWorkshopAndName(ctx context.Context, name, username, userID string) (w Workshop, problem string, made bool, err error) {
	err = loadWorkshopAndName.row(ctx, s.pool, args{"name": name, "username": username, "user": userID}).
		Scan(append(w.fields(), &problem, &made)...)
	return w, problem, made, failure(err)
}

var freeNameLike = compile(`
	SELECT @name::text || n FROM generate_series(2, 99) AS n WHERE chosen_name_problem(@name::text || n) IS NULL LIMIT 1`)

// FreeNameLike returns a name with a number behind it that somebody may choose, "" where there is none.
func (s *Store) FreeNameLike(ctx context.Context, name string) (free string, err error) {
	err = failure(freeNameLike.row(ctx, s.pool, args{"name": name}).Scan(&free))
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return free, err
}

var joinWorkshop = compile(`
	WITH spent AS (
		UPDATE workshops w SET seats_left = seats_left - 1
		WHERE w.name = @workshop AND w.code = @code AND w.seats_left > 0 AND w.until > @now AND w.code_closed_at IS NULL
			AND w.group_name IS NOT NULL AND ` + goodByOwner("w") + `
		RETURNING w.name, w.group_name, w.until
	), added AS (
		INSERT INTO users (id, username, name, password, workshop, expires_at)
		SELECT @user, @username, nullif(@name, ''), nullif(@password, ''), name, until FROM spent RETURNING id, username
	), joined AS (
		INSERT INTO group_members (group_name, username, until) SELECT s.group_name, a.username, s.until FROM added a, spent s
	), made AS (
		INSERT INTO passkeys (credential_id, user_id, rp_id, name, public_key, sign_count, synced, aaguid, transports, created_at)
		SELECT @credential, id, @rp_id, @passkey_name, @public_key, @sign_count, @synced, nullif(@aaguid, '')::uuid, @transports, @now
		FROM added WHERE @password = ''
	)
	SELECT username FROM added`)

// JoinWorkshop makes an account, and spends one seat for it, or does neither. ErrNotFound: the code is good no more, as whoever opened it
// looks after the group no more, or there is no seat
// left. A Refusal says why nobody can be called so.
func (s *Store) JoinWorkshop(ctx context.Context, w Workshop, u InvitedUser, adm Administration, now time.Time) error {
	a := passkeyArgs(u.Passkey)
	a["passkey_name"] = a["name"]
	a["workshop"], a["code"], a["user"], a["username"], a["name"], a["password"], a["now"] =
		w.Name, w.Code, u.ID, u.Username, u.Name, u.Hash, now
	return inWords(joinWorkshop.row(ctx, s.pool, adm.args(a)).Scan(&u.Username), nil)
}

// The password is compared once more, so that the proof is of what there is now.
var adoptAccount = compile(`
	WITH them AS (
		SELECT u.id, u.username FROM sessions s JOIN users u ON ` + signedIn + ` WHERE s.sid = @session AND u.workshop IS NULL
	), adopted AS (
		UPDATE users a SET disabled_at = @now, adopted_by = them.username FROM them
		WHERE a.id = @user AND a.password = @verified AND a.workshop IS NOT NULL AND a.adopted_by IS NULL AND a.disabled_at IS NULL
			AND a.id <> them.id
		RETURNING a.username, a.workshop
	), joined AS (
		INSERT INTO group_members AS m (group_name, username, until)
		SELECT g.group_name, them.username, g.until
		FROM them, adopted JOIN workshops w ON w.name = adopted.workshop
			JOIN group_members g ON g.username = adopted.username AND g.group_name = w.group_name
		WHERE ` + memberNow("g") + `
		ON CONFLICT (username, group_name) DO UPDATE SET until = CASE
			WHEN m.until IS NULL OR excluded.until IS NULL THEN NULL ELSE greatest(m.until, excluded.until) END
	)
	SELECT them.username, adopted.username, adopted.workshop FROM them LEFT JOIN adopted ON true`)

// AdoptedAccount is an account of a workshop that somebody made part of their own.
type AdoptedAccount struct{ Username, Adopted, Workshop string }

// AdoptAccount makes an account of a workshop part of that of whose session it is: the group of the workshop is theirs, as long as it still
// counts, and nobody acts with the other one any more. verified is the hash of the phrase that was proven. ErrNotFound: the session has
// ended. Adopted is "" where the account is none to be adopted, by them or any more.
func (s *Store) AdoptAccount(ctx context.Context, sid string, cookie Digest, userID, verified string, now time.Time) (
	a AdoptedAccount, err error) {
	var adopted, workshop *string
	err = failure(adoptAccount.row(ctx, s.pool, args{"session": sid, "cookie": cookie[:], "user": userID, "verified": verified, "now": now}).
		Scan(&a.Username, &adopted, &workshop))
	if adopted != nil {
		a.Adopted, a.Workshop = *adopted, *workshop
	}
	return a, err
}
