package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// passkeyColumns are those of a passkey p; passkeyFields takes them in this order.
const passkeyColumns = `p.credential_id, p.rp_id, p.public_key, p.sign_count, p.synced, p.hardware_protected,
	coalesce(p.aaguid::text, ''), p.transports, p.name, p.created_at, p.used_at`

func passkeyFields(k *oidc.Passkey) []any {
	return []any{&k.CredentialID, &k.RPID, &k.PublicKey, &k.SignCount, &k.Synced, &k.HardwareProtected, &k.AAGUID, &k.Transports,
		&k.Name, &k.CreatedAt, &k.UsedAt}
}

// PasskeyCandidate is who tries to sign in with a passkey.
type PasskeyCandidate struct {
	User      oidc.User
	Disabled  bool
	Passkey   oidc.Passkey
	Enrolled  oidc.Enrolled
	Consented oidc.Consent
	Allowed   bool
	Answered  bool // the challenge was, before
}

var loadPasskey = compile(`
	SELECT ` + userColumns + `, ` + enrolledColumns + `, k.scopes, k.resources, ` + mayUse("@allowed_groups") + `, u.disabled_at IS NOT NULL,
		EXISTS (SELECT FROM used_jtis WHERE jti_sha256 = @challenge), ` + passkeyColumns + `
	FROM passkeys p JOIN users u ON u.id = p.user_id ` + consentOfUser + ` WHERE p.credential_id = @credential`)

// LoadPasskey returns in one statement all that a sign-in with a passkey needs; ErrNotFound: there is none of that ID.
func (s *Store) LoadPasskey(ctx context.Context, credentialID []byte, challenge Digest, c *oidc.Client) (PasskeyCandidate, error) {
	var out PasskeyCandidate
	row := loadPasskey.row(ctx, s.pool, args{"credential": credentialID, "challenge": challenge[:], "client": c.ClientID,
		"allowed_groups": oidc.NotNil(c.AllowedGroups)})
	return out, failure(scanAll(row, userFields(&out.User), enrolledFields(&out.Enrolled), []any{&out.Consented.Scopes,
		&out.Consented.Resources, &out.Allowed, &out.Disabled, &out.Answered}, passkeyFields(&out.Passkey)))
}

// UsedPasskey is a passkey that was used just now.
type UsedPasskey struct {
	CredentialID []byte
	SignCount    int64
	Challenge    JTI // that it has answered, which it may once
}

// usedPasskey are the first parts of a statement that a passkey is used in: its part passkey has a row if the passkey is there and the
// challenge has not been answered before. The counter of one that cannot be in two places has to have gone up, also since it was read.
const usedPasskey = `challenge AS (
			INSERT INTO used_jtis (jti_sha256, expires_at) VALUES (@challenge, @challenge_expires_at) ON CONFLICT DO NOTHING RETURNING 1
		), passkey AS (
			UPDATE passkeys SET used_at = @now, sign_count = @sign_count
			WHERE credential_id = @credential AND user_id = @user AND (synced OR @sign_count > sign_count OR @sign_count + sign_count = 0)
				AND EXISTS (SELECT FROM challenge)
			RETURNING 1
		)`

func (k *UsedPasskey) args() args {
	return args{"credential": k.CredentialID, "sign_count": k.SignCount, "challenge": k.Challenge.SHA256[:],
		"challenge_expires_at": k.Challenge.ExpiresAt}
}

// passkeysAtMost are the passkeys of one person.
const passkeysAtMost = 20

var listOwnPasskeys = compile(`
	SELECT ` + passkeyColumns + ` FROM sessions s JOIN users u ON u.id = s.user_id JOIN passkeys p ON p.user_id = u.id
	WHERE s.sid = @session AND s.ended_at IS NULL AND s.expires_at > @now AND u.disabled_at IS NULL ORDER BY p.created_at, p.credential_id`)

func scanPasskey(row pgx.CollectableRow) (k oidc.Passkey, err error) {
	return k, row.Scan(passkeyFields(&k)...)
}

// NewPasskey is a passkey to be, and where it is made.
type NewPasskey struct {
	oidc.Passkey
	Challenge JTI
	SID       string // the session of the person
	Cookie    Digest
}

var (
	lockPasskeysOf = compile(`SELECT FROM users u JOIN sessions s ON s.user_id = u.id WHERE s.sid = @session FOR NO KEY UPDATE OF u`)

	addPasskey = compile(`
		WITH person AS (
			SELECT u.id, @most > (SELECT count(*) FROM passkeys WHERE user_id = u.id) AS has_room
			FROM sessions s, users u WHERE s.sid = @session AND ` + signedIn + `
		), challenge AS (
			INSERT INTO used_jtis (jti_sha256, expires_at) SELECT @challenge, @challenge_expires_at FROM person WHERE has_room
			ON CONFLICT DO NOTHING RETURNING 1
		), added AS (
			INSERT INTO passkeys (credential_id, user_id, rp_id, name, public_key, sign_count, synced, aaguid, transports, created_at)
			SELECT @credential, id, @rp_id, @name, @public_key, @sign_count, @synced, nullif(@aaguid, '')::uuid, @transports, @now
			FROM person, challenge
			ON CONFLICT DO NOTHING RETURNING 1
		)
		SELECT has_room, EXISTS (SELECT FROM challenge), EXISTS (SELECT FROM added) FROM person`)
)

// Why a passkey was not added.
var (
	ErrTooMany = errors.New("there are too many already")
	ErrExists  = errors.New("it is there already")
)

// AddPasskey saves a passkey of the person whose session it is, at the browser with the cookie. ErrNotFound: the session has ended;
// ErrTooMany: they have 20; ErrUsed: the challenge was answered before; ErrExists: somebody has that passkey. The lock on the user makes
// parallel additions count each other.
func (s *Store) AddPasskey(ctx context.Context, n NewPasskey, now time.Time) error {
	var batch pgx.Batch
	var hasRoom, first, added bool
	lockPasskeysOf.queue(&batch, args{"session": n.SID})
	addPasskey.queue(&batch, args{"session": n.SID, "cookie": n.Cookie[:], "now": now, "most": passkeysAtMost,
		"challenge": n.Challenge.SHA256[:], "challenge_expires_at": n.Challenge.ExpiresAt, "credential": n.CredentialID, "rp_id": n.RPID,
		"name": n.Name, "public_key": n.PublicKey, "sign_count": n.SignCount, "synced": n.Synced, "aaguid": n.AAGUID,
		"transports": oidc.NotNil(n.Transports)}).
		QueryRow(func(row pgx.Row) error { return row.Scan(&hasRoom, &first, &added) })
	err := s.pool.SendBatch(ctx, &batch).Close()
	switch {
	case err != nil:
		return failure(err)
	case !hasRoom:
		return ErrTooMany
	case !first:
		return ErrUsed
	case !added:
		return ErrExists
	}
	return nil
}

var renamePasskey = compile(`
	WITH person AS (
		SELECT u.id FROM sessions s, users u WHERE s.sid = @session AND ` + signedIn + `
	), renamed AS (
		UPDATE passkeys SET name = @name FROM person WHERE user_id = person.id AND credential_id = @credential RETURNING 1
	)
	SELECT true FROM person`)

// RenamePasskey names a passkey of the person whose session it is; nothing happens if it is none of theirs. ErrNotFound: the session has
// ended.
func (s *Store) RenamePasskey(ctx context.Context, sid string, cookie Digest, credentialID []byte, name string, now time.Time) error {
	alive := false
	return failure(renamePasskey.row(ctx, s.pool, args{"session": sid, "cookie": cookie[:], "credential": credentialID, "name": name,
		"now": now}).Scan(&alive))
}

var removePasskey = compile(`
	WITH person AS (
		SELECT u.id, u.username, u.password IS NOT NULL OR EXISTS (SELECT FROM upstream_accounts a JOIN upstreams p ON p.name = a.upstream
				WHERE a.username = u.username AND p.disabled_at IS NULL)
			OR EXISTS (SELECT FROM passkeys WHERE user_id = u.id AND credential_id <> @credential) AS has_another
		FROM sessions s, users u WHERE s.sid = @session AND ` + signedIn + `
	), removed AS (
		DELETE FROM passkeys k USING person WHERE k.user_id = person.id AND k.credential_id = @credential AND person.has_another
		RETURNING k.name
	)
	SELECT has_another, coalesce((SELECT name FROM removed), '') FROM person`)

// ErrLastWayIn is the error of removing that without which nobody could sign in to the account.
var ErrLastWayIn = errors.New("it is the last way to sign in")

// RemovePasskey deletes a passkey of the person whose session it is, and returns its name: "" if it was none of theirs. ErrNotFound: the
// session has ended. The lock on the user has those that are removed in parallel see each other.
func (s *Store) RemovePasskey(ctx context.Context, sid string, cookie Digest, credentialID []byte, now time.Time) (name string, err error) {
	var batch pgx.Batch
	another := false
	lockPasskeysOf.queue(&batch, args{"session": sid})
	removePasskey.queue(&batch, args{"session": sid, "cookie": cookie[:], "credential": credentialID, "now": now}).
		QueryRow(func(row pgx.Row) error { return row.Scan(&another, &name) })
	if err := s.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return "", failure(err)
	}
	if !another {
		return "", ErrLastWayIn
	}
	return name, nil
}

// PasskeyRPID returns the relying party ID of all passkeys, and how many there are; "" and 0 where there are none.
func (s *Store) PasskeyRPID(ctx context.Context) (rpID string, n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT coalesce(min(rp_id), ''), count(*) FROM passkeys`).Scan(&rpID, &n)
	return rpID, n, failure(err)
}
