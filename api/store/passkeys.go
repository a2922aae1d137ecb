package store

import (
	"context"
	"errors"
	"maps"
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
	WhyNot    string // UserDisabled or UserExpired; "" if a session may start
	Passkey   oidc.Passkey
	Enrolled  oidc.Enrolled
	Consented oidc.Consent
	Allowed   bool
	Answered  bool // the challenge was, before
}

var loadPasskey = compile(`
	SELECT ` + userColumns + `, ` + enrolledColumns + `, k.scopes, k.resources, ` + mayUse("@allowed_groups") + `, ` + whyNot("u") + `,
		EXISTS (SELECT FROM used_jtis WHERE jti_sha256 = @challenge), ` + passkeyColumns + `
	FROM passkeys p JOIN users u ON u.id = p.user_id ` + consentOfUser + ` WHERE p.credential_id = @credential`)

// LoadPasskey returns in one statement all that a sign-in with a passkey needs; ErrNotFound: there is none of that ID.
func (s *Store) LoadPasskey(
	ctx context.Context, credentialID []byte, challenge Digest, c *oidc.Client, now time.Time,
) (PasskeyCandidate, error) {
	var out PasskeyCandidate
	row := loadPasskey.row(ctx, s.pool, args{"credential": credentialID, "challenge": challenge[:], "client": c.ClientID,
		"allowed_groups": oidc.NotNil(c.AllowedGroups), "now": now})
	return out, failure(scanAll(row, userFields(&out.User), enrolledFields(&out.Enrolled), []any{&out.Consented.Scopes,
		&out.Consented.Resources, &out.Allowed, &out.WhyNot, &out.Answered}, passkeyFields(&out.Passkey)))
}

// UsedPasskey is a passkey that was used just now.
type UsedPasskey struct {
	CredentialID []byte
	SignCount    int64
	Challenge    JTI // that it has answered, which it may once
}

// usedPasskey are the parts of a statement that a passkey of a user is used in: its part passkey has a row if the passkey is there and the
// challenge has not been answered before. The counter of one that cannot be in two places has to have gone up, also since it was read.
func usedPasskey(user string) string {
	return `challenge AS (
			INSERT INTO used_jtis (jti_sha256, expires_at) SELECT @challenge, @challenge_expires_at
			WHERE ` + isRemembered("@challenge_made_at") + ` ON CONFLICT DO NOTHING RETURNING 1
		), passkey AS (
			UPDATE passkeys SET used_at = @now, sign_count = @sign_count
			WHERE credential_id = @credential AND user_id = ` + user + ` AND EXISTS (SELECT FROM challenge)
				AND (synced OR @sign_count > sign_count OR @sign_count + sign_count = 0)
			RETURNING user_id
		)`
}

func (k *UsedPasskey) args() args {
	return args{"credential": k.CredentialID, "sign_count": k.SignCount, "challenge": k.Challenge.SHA256[:],
		"challenge_made_at": k.Challenge.madeAt(), "challenge_expires_at": k.Challenge.ExpiresAt}
}

var spendPasskeyChallenge = provesWith(usedPasskey(`(SELECT user_id FROM person)`), `SELECT user_id FROM passkey`)

// ProvePasskey notes the use of a passkey whose answer counts, with what prove saves. ErrNotFound, too, where the challenge was answered
// before.
func (s *Store) ProvePasskey(ctx context.Context, p FactorProof, used UsedPasskey, now time.Time) error {
	return s.prove(ctx, spendPasskeyChallenge, p, used.args(), now)
}

// PasskeyAttempt is what is needed to look at the answer of an authenticator in somebody's session.
type PasskeyAttempt struct {
	Standing
	Passkey  *oidc.Passkey // nil: they have none of that ID
	Answered bool          // the challenge was, before
}

var loadPasskeyAttempt = standingOf(`, EXISTS (SELECT FROM used_jtis WHERE jti_sha256 = @challenge), ` + ownPasskeyColumns)

// ownPasskeyColumns are of the passkey @credential of user u: empty lists where they have none.
const ownPasskeyColumns = `ARRAY(SELECT public_key FROM passkeys p WHERE p.user_id = u.id AND p.credential_id = @credential),
		ARRAY(SELECT sign_count FROM passkeys p WHERE p.user_id = u.id AND p.credential_id = @credential),
		ARRAY(SELECT ARRAY[synced, hardware_protected] FROM passkeys p WHERE p.user_id = u.id AND p.credential_id = @credential),
		ARRAY(SELECT name FROM passkeys p WHERE p.user_id = u.id AND p.credential_id = @credential)`

// LoadPasskeyAttempt returns in one statement what LoadStanding does, and the passkey. The Standing is empty where nobody is signed in.
func (s *Store) LoadPasskeyAttempt(
	ctx context.Context, cookie Digest, c *oidc.Client, credentialID []byte, challenge Digest, now time.Time,
) (out PasskeyAttempt, err error) {
	var keys [][]byte
	var counts []int64
	var flags []bool
	var names []string
	row := loadPasskeyAttempt.row(ctx, s.pool, args{"cookie": cookie[:], "now": now, "client": c.ClientID,
		"allowed_groups": oidc.NotNil(c.AllowedGroups), "credential": credentialID, "challenge": challenge[:]})
	err = failure(scanAll(row, append(standingFields(&out.Standing), []any{&out.Answered, &keys, &counts, &flags, &names})...))
	switch {
	case errors.Is(err, ErrNotFound):
		return PasskeyAttempt{}, nil
	case err != nil:
		return out, err
	}
	out.Session.Cookie = cookie
	if len(keys) > 0 {
		out.Passkey = &oidc.Passkey{CredentialID: credentialID, PublicKey: keys[0], SignCount: counts[0], Synced: flags[0],
			HardwareProtected: flags[1], Name: names[0]}
	}
	return out, nil
}

// passkeysAtMost are the passkeys of one person.
const passkeysAtMost = 20

var listOwnPasskeys = compile(`
	SELECT ` + passkeyColumns + ` FROM sessions s JOIN users u ON u.id = s.user_id JOIN passkeys p ON p.user_id = u.id
	WHERE s.sid = @session AND s.ended_at IS NULL AND s.expires_at > @now AND ` + mayAct("u") + ` ORDER BY p.created_at, p.credential_id`)

// ListOwnPasskeys returns those of the person whose session sid is; none once that has ended.
func (s *Store) ListOwnPasskeys(ctx context.Context, sid string, now time.Time) ([]oidc.Passkey, error) {
	rows, err := listOwnPasskeys.rows(ctx, s.pool, args{"session": sid, "now": now})
	if err != nil {
		return nil, failure(err)
	}
	list, err := pgx.CollectRows(rows, scanPasskey)
	return list, failure(err)
}

func scanPasskey(row pgx.CollectableRow) (k oidc.Passkey, err error) {
	return k, row.Scan(passkeyFields(&k)...)
}

// NewPasskey is a passkey that a person makes in their session.
type NewPasskey struct {
	oidc.Passkey
	Challenge     JTI
	SID           string
	Cookie        Digest
	AMR           []string // that the session has from now on, too
	First         bool     // whether they have no factor, as far as the caller knows
	RecoveryCodes [][]byte // for somebody who has none left; nil: none
}

var (
	lockPasskeysOf = compile(`SELECT FROM users u JOIN sessions s ON s.user_id = u.id WHERE s.sid = @session FOR NO KEY UPDATE OF u`)

	addPasskey = compile(`
		WITH ` + signedInPerson + `, room AS (
			SELECT user_id FROM person WHERE @most > (SELECT count(*) FROM passkeys k WHERE k.user_id = person.user_id)
		), challenge AS (
			INSERT INTO used_jtis (jti_sha256, expires_at) SELECT @challenge, @challenge_expires_at FROM room
			WHERE NOT @first OR NOT EXISTS (SELECT FROM passkeys k WHERE k.user_id = room.user_id)
				AND NOT EXISTS (SELECT FROM totp_secrets t WHERE t.user_id = room.user_id)
			ON CONFLICT DO NOTHING RETURNING 1
		), added AS (
			INSERT INTO passkeys (credential_id, user_id, rp_id, name, public_key, sign_count, synced, aaguid, transports, created_at)
			SELECT @credential, user_id, @rp_id, @name, @public_key, @sign_count, @synced, nullif(@aaguid, '')::uuid, @transports, @now
			FROM room, challenge
			ON CONFLICT DO NOTHING RETURNING user_id
		), ` + provenInSession("added") + `, ` + recoveryCodesWithFirst("added") + `
		SELECT EXISTS (SELECT FROM room), EXISTS (SELECT FROM challenge), EXISTS (SELECT FROM added), EXISTS (SELECT FROM codes) FROM person`)
)

func passkeyArgs(k oidc.Passkey) args {
	return args{"credential": k.CredentialID, "rp_id": k.RPID, "name": k.Name, "public_key": k.PublicKey, "sign_count": k.SignCount,
		"synced": k.Synced, "aaguid": k.AAGUID, "transports": oidc.NotNil(k.Transports)}
}

// Why a passkey was not added.
var (
	ErrTooMany = errors.New("there are too many already")
	ErrExists  = errors.New("it is there already")
)

// AddPasskey saves a passkey of the person whose session it is, at the browser with the cookie; codes reports whether the recovery codes
// were saved. ErrNotFound: the session has ended; ErrTooMany: they have 20; ErrUsed: the challenge was answered before, or another tab has
// set up a first factor; ErrExists: somebody has that passkey. The lock on the user makes parallel additions count each other.
func (s *Store) AddPasskey(ctx context.Context, n NewPasskey, now time.Time) (codes bool, err error) {
	var batch pgx.Batch
	var hasRoom, first, added bool
	lockPasskeysOf.queue(&batch, args{"session": n.SID})
	a := passkeyArgs(n.Passkey)
	maps.Copy(a, args{"session": n.SID, "cookie": n.Cookie[:], "now": now, "most": passkeysAtMost, "amr": n.AMR, "first": n.First,
		"challenge": n.Challenge.SHA256[:], "challenge_expires_at": n.Challenge.ExpiresAt, "codes": n.RecoveryCodes})
	addPasskey.queue(&batch, a).QueryRow(func(row pgx.Row) error { return row.Scan(&hasRoom, &first, &added, &codes) })
	err = s.pool.SendBatch(ctx, &batch).Close()
	switch {
	case err != nil:
		return false, failure(err)
	case !hasRoom:
		return false, ErrTooMany
	case !first:
		return false, ErrUsed
	case !added:
		return false, ErrExists
	}
	return codes, nil
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
		SELECT u.id, EXISTS (SELECT FROM passkeys WHERE user_id = u.id AND credential_id <> @credential) AS has_another,
			u.password IS NOT NULL OR EXISTS (SELECT FROM upstream_accounts a JOIN upstreams p ON p.name = a.upstream
				WHERE a.username = u.username AND p.disabled_at IS NULL) AS has_other_ways
		FROM sessions s, users u WHERE s.sid = @session AND ` + signedIn + `
	), removed AS (
		DELETE FROM passkeys k USING person
		WHERE k.user_id = person.id AND k.credential_id = @credential AND (has_another OR has_other_ways AND NOT @required)
		RETURNING k.name
	)
	SELECT has_another, has_other_ways, coalesce((SELECT name FROM removed), '') FROM person`)

// Why a passkey was not removed.
var (
	ErrLastWayIn = errors.New("it is the last way to sign in")
	ErrRequired  = errors.New("something asks for a second factor, and there is no other")
)

// RemovePasskey deletes a passkey of the person whose session it is, and returns its name: "" if it was none of theirs. The last one stays
// where it is required or the last way to sign in. ErrNotFound: the session has ended. The lock on the user has those that are removed in
// parallel see each other.
func (s *Store) RemovePasskey(
	ctx context.Context, sid string, cookie Digest, credentialID []byte, required bool, now time.Time,
) (name string, err error) {
	var batch pgx.Batch
	var another, otherWays bool
	lockPasskeysOf.queue(&batch, args{"session": sid})
	removePasskey.queue(&batch, args{"session": sid, "cookie": cookie[:], "credential": credentialID, "required": required, "now": now}).
		QueryRow(func(row pgx.Row) error { return row.Scan(&another, &otherWays, &name) })
	err = s.pool.SendBatch(ctx, &batch).Close()
	switch {
	case err != nil:
		return "", failure(err)
	case another:
		return name, nil
	case !otherWays:
		return "", ErrLastWayIn
	case required:
		return "", ErrRequired
	}
	return name, nil
}

var postponePasskey = compile(`
	UPDATE users u SET passkey_later_at = @now FROM sessions s WHERE s.sid = @session AND ` + signedIn + ` RETURNING true`)

// PostponePasskey notes that the person whose session it is wants no passkey yet. ErrNotFound: the session has ended.
func (s *Store) PostponePasskey(ctx context.Context, sid string, cookie Digest, now time.Time) error {
	noted := false
	return failure(postponePasskey.row(ctx, s.pool, args{"session": sid, "cookie": cookie[:], "now": now}).Scan(&noted))
}

// PasskeyRPID returns the relying party ID of all passkeys, and how many there are; "" and 0 where there are none.
func (s *Store) PasskeyRPID(ctx context.Context) (rpID string, n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT coalesce(min(rp_id), ''), count(*) FROM passkeys`).Scan(&rpID, &n)
	return rpID, n, failure(err)
}
