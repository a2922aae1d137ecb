package store

import (
	"context"
	"errors"
	"maps"
	"time"

	"gatehouse/api/oidc"
)

// FactorAttempt is what is needed to look at a code that somebody types in their session.
type FactorAttempt struct {
	Standing
	TOTPSecret []byte // sealed; nil: there is none
	Failures   []Failures
}

var loadFactorAttempt = standingOf(`, (SELECT secret FROM totp_secrets t WHERE t.user_id = u.id),
		ARRAY(SELECT bucket FROM login_throttle WHERE bucket = ANY (@buckets) ORDER BY bucket),
		ARRAY(SELECT failures FROM login_throttle WHERE bucket = ANY (@buckets) ORDER BY bucket),
		ARRAY(SELECT updated_at FROM login_throttle WHERE bucket = ANY (@buckets) ORDER BY bucket)`)

// LoadFactorAttempt returns in one statement what LoadStanding does, and what a code is held against. The Standing is empty where nobody
// is signed in.
func (s *Store) LoadFactorAttempt(
	ctx context.Context, cookie Digest, c *oidc.Client, buckets []int32, now time.Time,
) (out FactorAttempt, err error) {
	var numbers []int32
	var counts []float32
	var times []time.Time
	row := loadFactorAttempt.row(ctx, s.pool, args{"cookie": cookie[:], "now": now, "client": c.ClientID,
		"allowed_groups": oidc.NotNil(c.AllowedGroups), "buckets": buckets})
	err = failure(scanAll(row, append(standingFields(&out.Standing), []any{&out.TOTPSecret, &numbers, &counts, &times})...))
	if errors.Is(err, ErrNotFound) {
		return FactorAttempt{}, nil
	}
	if err == nil {
		out.Session.Cookie = cookie
	}
	for i := range numbers {
		out.Failures = append(out.Failures, Failures{numbers[i], counts[i], times[i]})
	}
	return out, err
}

// FactorProof is a factor that a person has just proven in their session.
type FactorProof struct {
	Place
	SID    string
	Cookie Digest
	AMR    []string // that the session has from now on, too
	Reset  []int32  // buckets of login_throttle that a success clears
	Issue  Issue    // empty where more is asked for first
}

// signedInPerson is the part of a statement that finds who is signed in by the session @session at the browser with @cookie.
var signedInPerson = `person AS (
			SELECT s.sid, s.user_id FROM sessions s, users u WHERE s.sid = @session AND ` + signedIn + `
		)`

// provenInSession is the part that adds @amr to what the session has, each method once, if the part named by has a row.
func provenInSession(by string) string {
	return `session AS (
			UPDATE sessions s SET amr = s.amr || ARRAY(SELECT method FROM unnest(@amr::text[]) AS method WHERE method <> ALL (s.amr))
			FROM ` + by + ` WHERE s.sid = @session AND s.ended_at IS NULL
			RETURNING s.sid, s.user_id, s.auth_time, s.amr, s.ends_at
		)`
}

// proves is for what spends something of the part named person, and has a row if it was good.
func proves(spent string) query { return provesWith("", spent) }

// provesWith is for what takes more parts, which come before.
func provesWith(parts, spent string) query {
	if parts != "" {
		parts += `, `
	}
	return compile(`
	WITH ` + signedInPerson + `, ` + parts + `spent AS (` + spent + `), ` + provenInSession("spent") + `, reset AS (
		DELETE FROM login_throttle WHERE bucket = ANY (@reset) AND EXISTS (SELECT FROM session)
	), ` + noteSignIn("factor_proven", "session") + `, ` + insertIssue + `
	SELECT ` + firstUse + ` FROM session`)
}

// prove saves in one statement that something is spent, what the session has proven by it, and what the request gets. ErrNotFound: it
// was spent before, is there no more, or the session has ended. ErrUsed: it is spent, but the request has had its answer before.
func (s *Store) prove(ctx context.Context, q query, p FactorProof, spends args, now time.Time) error {
	var first bool
	a := p.Issue.args(now)
	maps.Copy(a, args{"session": p.SID, "cookie": p.Cookie[:], "amr": p.AMR, "reset": p.Reset})
	maps.Copy(a, p.Place.args())
	maps.Copy(a, spends)
	err := q.row(ctx, s.pool, a).Scan(&first)
	if err == nil && !first {
		return ErrUsed
	}
	return failure(err)
}

// Factors are what a person has set up beside a password.
type Factors struct {
	TOTPSince     *time.Time `json:"totp_since,omitempty" db:"totp_since"` // nil: none
	TOTPUsedAt    *time.Time `json:"totp_used_at,omitempty" db:"totp_used_at"`
	Passkeys      int        `json:"passkeys" db:"passkeys"`
	RecoveryCodes int        `json:"recovery_codes" db:"recovery_codes"` // that are left
}

// factorsOf is for the condition on a user_id that it is equal to.
func factorsOf(user string) query {
	return compile(`
		SELECT max(t.created_at) AS totp_since, max(t.used_at) AS totp_used_at,
			(SELECT count(*) FROM passkeys WHERE user_id = p.id) AS passkeys,
			(SELECT count(*) FROM recovery_codes WHERE user_id = p.id AND spent_at IS NULL) AS recovery_codes
		FROM (SELECT ` + user + ` AS id) AS p LEFT JOIN totp_secrets t ON t.user_id = p.id GROUP BY p.id`)
}

var (
	factorsOfSession = factorsOf(`(SELECT user_id FROM sessions WHERE sid = @session)`)
	loadFactorsOf    = factorsOf(`(SELECT id FROM users WHERE username = @username)`)
)

// FactorsOf returns what a user has set up.
func (s *Store) FactorsOf(ctx context.Context, username string) (f Factors, err error) {
	if _, err := s.AddressOf(ctx, username); err != nil {
		return f, err
	}
	list, err := listed[Factors](ctx, s, loadFactorsOf, args{"username": username})
	if err != nil || len(list) == 0 {
		return f, err
	}
	return list[0], nil
}

var resetFactors = compile(`
	WITH person AS (
		SELECT u.id, u.username FROM users u WHERE u.username = @username AND ` + mayAct("u") + `
	), totp AS (
		DELETE FROM totp_secrets t USING person WHERE t.user_id = person.id RETURNING 1
	), keys AS (
		DELETE FROM passkeys k USING person WHERE k.user_id = person.id RETURNING 1
	), codes AS (
		DELETE FROM recovery_codes r USING person WHERE r.user_id = person.id AND r.spent_at IS NULL RETURNING 1
	), ended AS (
		UPDATE sessions s SET ended_at = @now FROM person WHERE s.user_id = person.id AND s.ended_at IS NULL RETURNING 1
	), link AS (
		INSERT INTO account_links (token_sha256, username, expires_at)
		SELECT @token, username, @now::timestamptz + @lives::interval FROM person RETURNING expires_at
	)
	SELECT (SELECT count(*) FROM totp), (SELECT count(*) FROM keys), (SELECT count(*) FROM codes), (SELECT count(*) FROM ended), expires_at
	FROM link`)

// ResetFactors is what was removed of a person at once.
type ResetFactors struct {
	TOTP          bool
	Passkeys      int
	RecoveryCodes int
	Sessions      int       // that ended
	ExpiresAt     time.Time // of the account link
}

// ResetFactors removes, in one statement, all factors of a user who may act, ends their sessions, and makes an account link in place of
// those that they have.
func (s *Store) ResetFactors(ctx context.Context, username string, tokenSHA256 []byte, lives time.Duration) (r ResetFactors, err error) {
	totp := 0
	err = failure(resetFactors.row(ctx, s.pool, args{"username": username, "token": tokenSHA256, "lives": lives,
		"now": time.Now()}).
		Scan(&totp, &r.Passkeys, &r.RecoveryCodes, &r.Sessions, &r.ExpiresAt))
	if errors.Is(err, ErrNotFound) {
		return r, Missing{mayActUser, username}
	}
	r.TOTP = totp > 0
	return r, inWords(err, nil)
}
