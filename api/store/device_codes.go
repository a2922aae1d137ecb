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
	Resources []string // nil for all in the client's row
	Challenge string   // of the verifier that has to come with it, "" for none (RFC 7636)
	ExpiresAt time.Time
}

var saveDeviceCode = compile(`
	WITH waiting AS (
		SELECT count(*) >= @most AS too_many, count(*) FILTER (WHERE network_hmac = @network) >= @most_of_network AS too_many_here
		FROM device_codes WHERE expires_at > @now AND allowed IS NULL
	), saved AS (
		INSERT INTO device_codes (device_code_sha256, user_code_hmac, network_hmac, grant_id, client_id, offline, scope,
			resources, code_challenge, poll_interval, expires_at)
		SELECT @device_code, @user_code, @network, @grant, @client, @offline, @scope, @resources, nullif(@challenge, ''), @poll_interval,
			@expires_at
		FROM waiting WHERE NOT too_many AND NOT too_many_here
		ON CONFLICT (user_code_hmac) DO NOTHING
		RETURNING 1
	)
	SELECT too_many, too_many_here, EXISTS (SELECT FROM saved) FROM waiting`)

// SaveDeviceCode stores a code if there is room for it, else ErrManyDeviceCodes or ErrManyDeviceCodesHere.
func (s *Store) SaveDeviceCode(ctx context.Context, c DeviceCode, now time.Time) error {
	var tooMany, tooManyHere, saved bool
	err := saveDeviceCode.row(ctx, s.pool, args{"device_code": c.Device[:], "user_code": c.User[:], "network": c.Network[:],
		"grant": c.GrantID, "client": c.ClientID, "offline": c.Offline, "scope": c.Scope, "resources": c.Resources,
		"challenge": c.Challenge, "expires_at": c.ExpiresAt, "now": now,
		"most": maxDeviceCodes, "most_of_network": maxDeviceCodesPerNetwork, "poll_interval": oidc.DevicePollInterval}).
		Scan(&tooMany, &tooManyHere, &saved)
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
	Resources       []string // nil for all in the client's row
	ExpiresAt       time.Time
}

// Guesses is the row of login_throttle that somebody's wrong user codes are counted in, and its limits.
type Guesses struct {
	Bucket      int32
	Burst, Leak float32 // Leak is failures forgotten per second
}

var (
	countGuess = compile(`
		INSERT INTO login_throttle AS t (bucket, failures, updated_at) VALUES (@bucket, 1, @now)
		ON CONFLICT (bucket) DO UPDATE SET updated_at = GREATEST(t.updated_at, EXCLUDED.updated_at),
			failures = GREATEST(0, t.failures - @leak::real * GREATEST(0, extract(epoch FROM EXCLUDED.updated_at - t.updated_at))) + 1
		RETURNING failures - 1`)

	findDeviceCode = compile(`
		WITH found AS (
			SELECT client_id, scope, resources, expires_at FROM device_codes WHERE user_code_hmac = @user_code AND allowed IS NULL
		), taken_back AS (
			UPDATE login_throttle SET failures = failures - 1
			WHERE bucket = @bucket AND (failures > @burst::real OR EXISTS (SELECT FROM found))
		)
		SELECT client_id, scope, resources, expires_at FROM found`)
)

// FindDeviceCode returns what a user code that waits for an answer is for, else ErrNotFound. Attempts are counted before the code is
// looked for, which their lock on the row puts in a line, so that no number of guesses sent at once gets through; the count is
// taken back if the code is right, and if the attempt is refused for it. failures is what there was before.
func (s *Store) FindDeviceCode(ctx context.Context, userCode Digest, g Guesses, now time.Time) (
	d DeviceRequest, failures float32, err error) {
	var batch pgx.Batch
	countGuess.queue(&batch, args{"bucket": g.Bucket, "now": now, "leak": g.Leak}).
		QueryRow(func(row pgx.Row) error { return row.Scan(&failures) })
	findDeviceCode.queue(&batch, args{"user_code": userCode[:], "bucket": g.Bucket, "burst": g.Burst}).
		QueryRow(func(row pgx.Row) error { return row.Scan(&d.ClientID, &d.Scope, &d.Resources, &d.ExpiresAt) })
	return d, failures, failure(s.pool.SendBatch(ctx, &batch).Close())
}

var allowDevice = compile(`
	WITH ` + activeSession + `, allowed AS (
		UPDATE device_codes d SET allowed = true, user_id = s.user_id, sid = s.sid, auth_time = s.auth_time, amr = s.amr
		FROM session s
		WHERE d.user_code_hmac = @user_code AND d.client_id = @client AND d.scope = @scope AND d.expires_at > @now
			AND d.resources IS NOT DISTINCT FROM @resources
			AND (d.allowed IS NULL OR d.allowed AND d.sid = s.sid)
		RETURNING d.user_id, d.resources
	), ` + extendedIf("allowed") + `, consented AS (
		INSERT INTO consents (user_id, client_id, scopes, resources, granted_at)
		SELECT user_id, @client, string_to_array(@scope, ' '), @services, @now FROM allowed
		` + besideFormerConsent + `
	)
	SELECT EXISTS (SELECT FROM session), EXISTS (SELECT FROM allowed)`)

// AllowDevice allows the device of a user code to sign in with the session sid, and saves what the person allowed the client: the
// scope, and services. It succeeds again if a form is sent twice. idleEnd moves the idle end of the session to it; zero leaves it alone.
// signedIn is false if the session has ended, waiting if the device no longer waits for an answer.
func (s *Store) AllowDevice(ctx context.Context, userCode Digest, d DeviceRequest, services []string, sid string, idleEnd, now time.Time) (
	signedIn, waiting bool, err error) {
	err = failure(allowDevice.row(ctx, s.pool, args{"session": sid, "now": now, "idle_end": idleEnd, "user_code": userCode[:],
		"client": d.ClientID, "scope": d.Scope, "resources": d.Resources, "services": oidc.NotNil(services)}).Scan(&signedIn, &waiting))
	return signedIn, waiting, err
}

var denyDevice = compile(`
	UPDATE device_codes SET allowed = false
	WHERE user_code_hmac = @user_code AND client_id = @client AND scope = @scope AND expires_at > @now AND allowed IS NOT TRUE`)

// DenyDevice refuses the device of a user code; ErrNotFound if it no longer waits for an answer.
func (s *Store) DenyDevice(ctx context.Context, userCode Digest, d DeviceRequest, now time.Time) error {
	tag, err := denyDevice.run(ctx, s.pool, args{"user_code": userCode[:], "client": d.ClientID, "scope": d.Scope, "now": now})
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return failure(err)
}

// RedeemDeviceCode spends a code that a person has allowed, as RedeemCode does; ErrNotFound: see PollDeviceCode.
func (s *Store) RedeemDeviceCode(
	ctx context.Context, code Digest, challenge string, to Restriction, r NewGrant, now time.Time,
) (oidc.Grant, oidc.User, error) {
	return s.redeem(ctx, &redeemDeviceCode, r, now, args{"device_code": code[:], "challenge": challenge, "wanted": oidc.NotNil(to.Resources),
		"allowed_resources": oidc.NotNil(to.Allowed)})
}

// mayWant is the condition that a device code was granted for the resources @wanted (RFC 8707 §2.2).
const mayWant = `@wanted::text[] <@ coalesce(d.resources, @allowed_resources)`

// isVerified is the condition that @challenge is of the verifier of whoever asked for a device code, "" for none.
const isVerified = `coalesce(d.code_challenge, '') = @challenge`

var redeemDeviceCode = compile(
	lockedSession(`device_codes d JOIN sessions s ON s.sid = d.sid`, `d.device_code_sha256 = @device_code`) + `, spent AS (
			UPDATE device_codes d SET used_at = @now
			FROM session s
			WHERE d.device_code_sha256 = @device_code AND d.client_id = @client AND d.allowed AND d.used_at IS NULL
				AND d.expires_at > @now AND s.sid = d.sid AND ` + isVerified + ` AND ` + mayWant + `
			RETURNING d.grant_id, d.user_id, d.sid, d.offline, d.scope, d.auth_time, d.amr, s.ends_at,
				NULL::text[] AS userinfo_claims, NULL::text[] AS id_token_claims, d.resources, NULL::text AS acr
		)` + grantOfSpent(endOldest))

// The states of a device code that cannot be redeemed (now); others are reasons for the log.
const (
	DevicePending = "pending"
	DeviceTooSoon = "polled too soon"
	DeviceDenied  = "denied"
	DeviceExpired = "expired"
)

// pollTolerance is what a poll may come early: a client waits from answer to request, but the network is not even.
const pollTolerance = time.Second

var pollDeviceCode = compile(`
	WITH code AS (
		SELECT d.*, coalesce(polled_at + poll_interval > @not_before, false) AS too_soon, ` + mayWant + ` AS may_want,
			` + isVerified + ` AS verified
		FROM device_codes d WHERE device_code_sha256 = @device_code FOR UPDATE
	), polled AS (
		UPDATE device_codes d SET polled_at = @now,
			poll_interval = d.poll_interval + CASE WHEN code.too_soon THEN @longer::interval ELSE '0' END
		FROM code
		WHERE d.device_code_sha256 = @device_code AND code.client_id = @client AND code.verified AND code.allowed IS NULL
			AND code.expires_at > @now
	), revoked AS (
		UPDATE grants g SET revoked_at = @now FROM code
		WHERE g.id = code.grant_id AND code.client_id = @client AND code.verified AND code.used_at IS NOT NULL AND g.revoked_at IS NULL
		RETURNING g.id
	)
	SELECT CASE
			WHEN client_id <> @client THEN 'issued to another client'
			WHEN NOT verified THEN 'code_verifier does not fit'
			WHEN used_at IS NOT NULL THEN 'used before'
			WHEN expires_at <= @now THEN '` + DeviceExpired + `'
			WHEN allowed AND NOT may_want THEN '` + oidc.ResourceTooWide + `'
			WHEN allowed THEN 'session ended, user disabled or no longer in an allowed group'
			WHEN NOT allowed THEN '` + DeviceDenied + `'
			WHEN too_soon THEN '` + DeviceTooSoon + `'
			ELSE '` + DevicePending + `' END,
		EXISTS (SELECT FROM revoked)
	FROM code`)

// PollDeviceCode finds out why RedeemDeviceCode found nothing. It counts the poll of a code that waits, whose interval grows if it came
// too soon (RFC 8628 §3.5), and revokes what a code that was used before had got.
func (s *Store) PollDeviceCode(
	ctx context.Context, code Digest, challenge, clientID string, to Restriction, now time.Time,
) (RefusedGrant, error) {
	return s.refusedGrant(ctx, &pollDeviceCode, args{"device_code": code[:], "challenge": challenge, "client": clientID, "now": now,
		"wanted": oidc.NotNil(to.Resources), "allowed_resources": oidc.NotNil(to.Allowed),
		"not_before": now.Add(pollTolerance), "longer": oidc.DevicePollInterval})
}
