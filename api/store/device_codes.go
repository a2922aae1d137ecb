package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// What device_codes holds at most of codes that nobody has answered yet, for whoever asks for one is not signed in. Requests in
// parallel may go beyond by as many as there are connections.
const (
	maxDeviceCodes           = 10_000
	maxDeviceCodesPerNetwork = 100
)

// Why a device gets no code.
var (
	ErrManyDeviceCodes     = errors.New("as many device codes wait as may; the bound is in api/store/device_codes.go")
	ErrManyDeviceCodesHere = errors.New("as many device codes wait for this network as may; the bound is in api/store/device_codes.go")
)

// DeviceCode is a code to be, for a device and for the person who types its other half (RFC 8628 §3.2).
type DeviceCode struct {
	Device    Digest
	User      Digest // keyed
	Network   Digest // keyed; of the device
	GrantID   string // of the grant that its redemption makes
	ClientID  string
	Offline   bool
	Scope     string
	ExpiresAt time.Time
}

// SaveDeviceCode stores a code if there is room for it, else ErrManyDeviceCodes or ErrManyDeviceCodesHere.
func (s *Store) SaveDeviceCode(ctx context.Context, c DeviceCode, now time.Time) error {
	var tooMany, tooManyHere, saved bool
	err := s.pool.QueryRow(ctx, `
		WITH waiting AS (
			SELECT count(*) >= $10 AS too_many, count(*) FILTER (WHERE network_hmac = $3) >= $11 AS too_many_here
			FROM device_codes WHERE expires_at > $9 AND allowed IS NULL
		), saved AS (
			INSERT INTO device_codes (device_code_sha256, user_code_hmac, network_hmac, grant_id, client_id, offline, scope,
				poll_interval, expires_at)
			SELECT $1, $2, $3, $4, $5, $6, $7, $12, $8 FROM waiting WHERE NOT too_many AND NOT too_many_here
			ON CONFLICT (user_code_hmac) DO NOTHING
			RETURNING 1
		)
		SELECT too_many, too_many_here, EXISTS (SELECT FROM saved) FROM waiting`,
		c.Device[:], c.User[:], c.Network[:], c.GrantID, c.ClientID, c.Offline, c.Scope, c.ExpiresAt, now,
		maxDeviceCodes, maxDeviceCodesPerNetwork, oidc.DevicePollInterval).Scan(&tooMany, &tooManyHere, &saved)
	switch {
	case err != nil:
		return failure(err)
	case tooManyHere:
		return ErrManyDeviceCodesHere
	case tooMany || !saved: // not saved: somebody has the same user code just now, once in millions
		return ErrManyDeviceCodes
	}
	return nil
}

// DeviceRequest is what a device asks for.
type DeviceRequest struct {
	ClientID, Scope string
	ExpiresAt       time.Time
}

// Guesses is the row of login_throttle that somebody's wrong user codes are counted in, and its limits.
type Guesses struct {
	Bucket      int32
	Burst, Leak float32 // Leak is failures forgotten per second
}

// FindDeviceCode gives what a user code that waits for an answer is for, else ErrNotFound. Attempts are counted before the code is
// looked for, which their lock on the row puts in a line, so that no number of guesses sent at once gets through; the count is
// taken back if the code is right, and if the attempt is refused for it. failures is what there was before.
func (s *Store) FindDeviceCode(ctx context.Context, userCode Digest, g Guesses, now time.Time) (
	d DeviceRequest, failures float32, err error) {
	var batch pgx.Batch
	batch.Queue(`
		INSERT INTO login_throttle AS t (bucket, failures, updated_at) VALUES ($1, 1, $2)
		ON CONFLICT (bucket) DO UPDATE SET updated_at = GREATEST(t.updated_at, EXCLUDED.updated_at),
			failures = GREATEST(0, t.failures - $3::real * GREATEST(0, extract(epoch FROM EXCLUDED.updated_at - t.updated_at))) + 1
		RETURNING failures - 1`, g.Bucket, now, g.Leak).QueryRow(func(row pgx.Row) error { return row.Scan(&failures) })
	batch.Queue(`
		WITH found AS (
			SELECT client_id, scope, expires_at FROM device_codes WHERE user_code_hmac = $1 AND allowed IS NULL
		), taken_back AS (
			UPDATE login_throttle SET failures = failures - 1 WHERE bucket = $2 AND (failures > $3::real OR EXISTS (SELECT FROM found))
		)
		SELECT client_id, scope, expires_at FROM found`, userCode[:], g.Bucket, g.Burst).
		QueryRow(func(row pgx.Row) error { return row.Scan(&d.ClientID, &d.Scope, &d.ExpiresAt) })
	return d, failures, failure(s.pool.SendBatch(ctx, &batch).Close())
}

// AllowDevice says yes to the device whose user code it is, in the name of the session sid, and saves what the person allowed the
// client. It is as good the second time, if a form is sent again. touch moves the idle end of the session to it; zero leaves it alone.
// signedIn is false if the session has ended, waiting if the device no longer waits for an answer.
func (s *Store) AllowDevice(ctx context.Context, userCode Digest, d DeviceRequest, sid string, touch, now time.Time) (
	signedIn, waiting bool, err error) {
	err = failure(s.pool.QueryRow(ctx, `
		WITH `+livingSession("$1")+`, allowed AS (
			UPDATE device_codes d SET allowed = true, user_id = s.user_id, sid = s.sid, auth_time = s.auth_time, amr = s.amr
			FROM session s
			WHERE d.user_code_hmac = $4 AND d.client_id = $5 AND d.scope = $6 AND d.expires_at > $2
				AND (d.allowed IS NULL OR d.allowed AND d.sid = s.sid)
			RETURNING d.user_id
		), `+touched("$1", "$3", "allowed")+`, consented AS (
			INSERT INTO consents (user_id, client_id, scopes, granted_at) SELECT user_id, $5, string_to_array($6, ' '), $2 FROM allowed
			`+besideFormerConsent+`
		)
		SELECT EXISTS (SELECT FROM session), EXISTS (SELECT FROM allowed)`,
		sid, now, touch, userCode[:], d.ClientID, d.Scope).Scan(&signedIn, &waiting))
	return signedIn, waiting, err
}

// DenyDevice says no to the device whose user code it is; ErrNotFound if it no longer waits for an answer.
func (s *Store) DenyDevice(ctx context.Context, userCode Digest, d DeviceRequest, now time.Time) error {
	tag, err := s.pool.Exec(ctx, `
		UPDATE device_codes SET allowed = false
		WHERE user_code_hmac = $1 AND client_id = $2 AND scope = $3 AND expires_at > $4 AND allowed IS NOT TRUE`,
		userCode[:], d.ClientID, d.Scope, now)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return failure(err)
}

// RedeemDeviceCode spends a code that a person has allowed, as RedeemCode does; ErrNotFound: see PollDeviceCode.
func (s *Store) RedeemDeviceCode(ctx context.Context, code Digest, r Redemption, now time.Time) (oidc.Grant, oidc.User, error) {
	return s.redeem(ctx, redeemDeviceSQL, code[:], r, now)
}

var redeemDeviceSQL = aliveSession(`device_codes d JOIN sessions s ON s.sid = d.sid`, `d.device_code_sha256 = $1`) + `, spent AS (
			UPDATE device_codes d SET used_at = $3
			FROM session s
			WHERE d.device_code_sha256 = $1 AND d.client_id = $2 AND d.allowed AND d.used_at IS NULL AND d.expires_at > $3
				AND s.sid = d.sid
			RETURNING d.grant_id, d.user_id, d.sid, d.offline, d.scope, d.auth_time, d.amr, s.ends_at,
				NULL::text[] AS userinfo_claims, NULL::text[] AS id_token_claims, NULL::text[] AS resources
		)` + grantOfSpent

// The states of a device code that cannot be redeemed (now); others are reasons for the log.
const (
	DevicePending = "pending"
	DeviceTooSoon = "polled too soon"
	DeviceDenied  = "denied"
	DeviceExpired = "expired"
)

// pollTolerance is what a poll may come early: a client waits from answer to request, but the network is not even.
const pollTolerance = time.Second

// PollDeviceCode finds out why RedeemDeviceCode found nothing. It counts the poll of a code that waits, whose interval grows if it came
// too soon (RFC 8628 §3.5), and revokes what a code that was used before had got.
func (s *Store) PollDeviceCode(ctx context.Context, code Digest, clientID string, now time.Time) (Misfit, error) {
	return s.misfit(ctx, `
		WITH code AS (
			SELECT *, coalesce(polled_at + poll_interval > $4, false) AS too_soon FROM device_codes WHERE device_code_sha256 = $1 FOR UPDATE
		), polled AS (
			UPDATE device_codes d SET polled_at = $3, poll_interval = d.poll_interval + CASE WHEN code.too_soon THEN $5::interval ELSE '0' END
			FROM code
			WHERE d.device_code_sha256 = $1 AND code.client_id = $2 AND code.allowed IS NULL AND code.expires_at > $3
		), revoked AS (
			UPDATE grants g SET revoked_at = $3 FROM code
			WHERE g.id = code.grant_id AND code.client_id = $2 AND code.used_at IS NOT NULL AND g.revoked_at IS NULL
			RETURNING g.id
		)
		SELECT CASE
				WHEN client_id <> $2 THEN 'issued to another client'
				WHEN used_at IS NOT NULL THEN 'used before'
				WHEN expires_at <= $3 THEN '`+DeviceExpired+`'
				WHEN allowed THEN 'session ended, user disabled or no longer in an allowed group'
				WHEN NOT allowed THEN '`+DeviceDenied+`'
				WHEN too_soon THEN '`+DeviceTooSoon+`'
				ELSE '`+DevicePending+`' END,
			EXISTS (SELECT FROM revoked)
		FROM code`, code[:], clientID, now, now.Add(pollTolerance), oidc.DevicePollInterval)
}
