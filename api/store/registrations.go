package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// The bounds of clients that register themselves without an initial access token, for whoever does is not signed in. They hold exactly,
// over all replicas.
const (
	maxUnusedClients           = 1_000 // that nobody has signed in to yet
	maxRegistrations           = 1_000 // in an hour, changes among them
	maxRegistrationsPerNetwork = 20    // of these
)

// Why a client cannot register itself now.
var (
	ErrManyRegistrations     = errors.New("as many clients register themselves as may; the bound is in api/store/registrations.go")
	ErrManyRegistrationsHere = errors.New("as many clients register themselves from this network as may; the bound is in " +
		"api/store/registrations.go")
)

// registrationLock puts registrations in a line, so that each counts those before it.
const registrationLock = 0x7265676973746572 // "register"

// isUnused is the condition that nobody has signed in to a client c that registered itself.
const isUnused = `NOT EXISTS (SELECT FROM consents WHERE client_id = c.client_id) AND NOT EXISTS (SELECT FROM grants
	WHERE client_id = c.client_id)`

// room is the part of a statement that counts what the bounds are for.
var room = `room AS (
			SELECT count(*) >= ` + strconv.Itoa(maxRegistrations) + ` AS many,
				count(*) FILTER (WHERE network_hmac = @network) >= ` + strconv.Itoa(maxRegistrationsPerNetwork) + ` AS many_here,
				(SELECT count(*) FROM clients c WHERE registration IN ('open', 'document')
				AND ` + isUnused + `) >= ` + strconv.Itoa(maxUnusedClients) + ` AS many_unused
			FROM recent_registrations WHERE registered_at > @now::timestamptz - interval '1 hour'
		)`

var lockRegistrations = compile(`SELECT pg_advisory_xact_lock(` + strconv.Itoa(registrationLock) + `)`)

// NewRegistration is what the registration of a client needs apart from the client.
type NewRegistration struct {
	SecretSHA256 []byte  // of its secret; nil for a client that has none
	AccessToken  *Digest // what it manages its registration with; nil: nothing
	InitialToken *Digest // what it registers itself with: one use of it is spent; nil: nothing, and the bounds hold
	Network      Digest  // keyed; where it comes from
}

// RegisterClient stores a client that registers itself. ErrNotFound: its initial access token is spent, expired or unknown;
// ErrManyRegistrations, ErrManyRegistrationsHere: there is no room now. A client_id that is there already is left alone.
func (s *Store) RegisterClient(ctx context.Context, c oidc.Client, n NewRegistration, now time.Time) error {
	a := registeredColumns.args(c)
	a["registration"], a["registration_token"], a["now"] = c.Registration, bytesOf(n.AccessToken), now
	a["secret"] = n.SecretSHA256
	if n.InitialToken != nil {
		a["initial_token"] = n.InitialToken[:]
		return inWords(registerWithToken.row(ctx, s.pool, a).Scan(nil), registeredColumns.shown(c))
	}
	a["network"] = n.Network[:]
	var many, manyHere bool
	var batch pgx.Batch
	lockRegistrations.queue(&batch, nil)
	registerInRoom.queue(&batch, a).QueryRow(func(row pgx.Row) error { return row.Scan(&many, &manyHere) })
	err := s.pool.SendBatch(ctx, &batch).Close()
	return noRoom(inWords(err, registeredColumns.shown(c)), many, manyHere)
}

func noRoom(err error, many, manyHere bool) error {
	switch {
	case err != nil:
		return err
	case manyHere:
		return ErrManyRegistrationsHere
	case many:
		return ErrManyRegistrations
	}
	return nil
}

func bytesOf(d *Digest) []byte {
	if d == nil {
		return nil
	}
	return d[:]
}

// usableInitialToken is the condition that the initial access token is there and can be used.
const usableInitialToken = `token_sha256 = @initial_token AND uses_left IS DISTINCT FROM 0 AND expires_at > @now`

var (
	registrationInsert = `INSERT INTO clients (` + clientNames + `, registration, registration_access_token_sha256,
			created_at, metadata_fetched_at)
			SELECT ` + clientValues + `, @registration::text, @registration_token, @now::timestamptz,
			CASE WHEN @registration::text = 'document' THEN @now::timestamptz END`

	// secretInsert adds the secret of what is registered, if it has one.
	secretInsert = `INSERT INTO client_secrets (client_id, secret_sha256, created_at)
			SELECT client_id, @secret, @now::timestamptz FROM registered WHERE @secret::bytea IS NOT NULL`

	registerWithToken = compile(`
		WITH spent AS (
			UPDATE initial_access_tokens SET uses_left = uses_left - 1, used_at = @now::timestamptz
			WHERE ` + usableInitialToken + `
			RETURNING 1
		), registered AS (
			` + registrationInsert + ` FROM spent RETURNING client_id
		), secret AS (
			` + secretInsert + `
		)
		SELECT 1 FROM registered`)

	registerInRoom = compile(`
		WITH ` + room + `, registered AS (
			` + registrationInsert + ` FROM room WHERE NOT many AND NOT many_here AND NOT many_unused
			ON CONFLICT (client_id) DO NOTHING
			RETURNING client_id
		), secret AS (
			` + secretInsert + `
		), counted AS (
			INSERT INTO recent_registrations (network_hmac, registered_at) SELECT @network, @now::timestamptz FROM registered
		)
		SELECT many OR many_unused, many_here FROM room`)

	checkInitialToken = compile(`SELECT FROM initial_access_tokens WHERE ` + usableInitialToken)
)

// CheckInitialAccessToken returns ErrNotFound for a token that RegisterClient would refuse.
func (s *Store) CheckInitialAccessToken(ctx context.Context, token Digest, now time.Time) error {
	return failure(checkInitialToken.row(ctx, s.pool, args{"initial_token": token[:], "now": now}).Scan())
}

// ownRegistration is what a client has to prove to manage its registration (RFC 7592 §2); a client that is disabled can no longer.
const ownRegistration = `c.client_id = @client_id AND c.registration_access_token_sha256 = @registration_token
	AND c.registration IS NOT NULL AND c.disabled_at IS NULL`

var loadRegistration = compile(clientSelect + ` WHERE ` + ownRegistration)

// Registration returns the client that the registration access token belongs to, else ErrNotFound.
func (s *Store) Registration(ctx context.Context, clientID string, token Digest) (oidc.Client, error) {
	return s.oneClient(ctx, &loadRegistration, args{"client_id": clientID, "registration_token": token[:]})
}

// replaced is the part of a statement that replaces the metadata of a client by metadataColumns.args, where the client fits. If its
// redirect URIs change, people are asked for consent again.
func replaced(where, set string) string {
	return `former AS (
			SELECT redirect_uris FROM clients WHERE client_id = @client_id
		), replaced AS (
			UPDATE clients c SET ` + set +
		metadataColumns.each(func(c clientColumn) string { return c.name + " = " + c.stored() }) + `
			FROM room WHERE ` + where + `
			RETURNING c.client_id, c.registration, c.redirect_uris
		), live AS (
			SELECT name FROM client_secrets WHERE client_id = @client_id AND (expires_at IS NULL OR expires_at > @now::timestamptz)
		), removed AS (
			DELETE FROM client_secrets s USING replaced
			WHERE s.client_id = replaced.client_id AND (@secret::bytea IS NULL OR NOT EXISTS (SELECT FROM live))
			RETURNING 1
		), made AS (
			INSERT INTO client_secrets (client_id, secret_sha256, created_at) SELECT client_id, @secret, @now::timestamptz FROM replaced
			WHERE @secret::bytea IS NOT NULL AND NOT EXISTS (SELECT FROM live) AND ` + removedFirst + `
			RETURNING 1
		), asked_again AS (
			UPDATE consents SET scopes = '{}', resources = '{}' FROM former, replaced
			WHERE consents.client_id = @client_id AND former.redirect_uris <> replaced.redirect_uris AND ` + keepSessions + `
		)`
}

// ReplaceRegistration replaces the metadata of a client; ErrNotFound if the token is not its own. secret is the digest of one
// that it gets if it has no live one, nil for a client that has none; secretIsNew reports whether it got it. What an
// administrator decides stays.
func (s *Store) ReplaceRegistration(ctx context.Context, c oidc.ClientMetadata, token Digest, secret []byte, network Digest,
	now time.Time) (
	secretIsNew bool, err error) {
	var many, manyHere bool
	var isNew *bool
	var batch pgx.Batch
	lockRegistrations.queue(&batch, nil)
	a := metadataColumns.args(c)
	a["secret"], a["registration_token"], a["network"], a["now"] = secret, token[:], network[:], now
	replaceInRoom.queue(&batch, a).QueryRow(func(row pgx.Row) error { return row.Scan(&many, &manyHere, &isNew) })
	err = inWords(s.pool.SendBatch(ctx, &batch).Close(), metadataColumns.shown(c))
	switch {
	case err != nil || isNew == nil && (many || manyHere):
		return false, noRoom(err, many, manyHere)
	case isNew == nil:
		return false, ErrNotFound
	}
	return *isNew, nil
}

var replaceInRoom = compile(`
		WITH ` + room + `, ` +
	replaced(ownRegistration+` AND (c.registration = 'token' OR NOT room.many AND NOT room.many_here)`, "") + `, counted AS (
			INSERT INTO recent_registrations (network_hmac, registered_at) SELECT @network, @now FROM replaced
			WHERE registration = 'open'
		)
		SELECT many, many_here, (SELECT EXISTS (SELECT FROM made) FROM replaced) FROM room`)

// RefreshDocument replaces the metadata of a client by those in its document.
func (s *Store) RefreshDocument(ctx context.Context, c oidc.ClientMetadata, now time.Time) error {
	a := metadataColumns.args(c)
	a["secret"], a["now"] = nil, now
	_, err := refreshDocument.run(ctx, s.pool, a)
	return inWords(err, metadataColumns.shown(c))
}

var refreshDocument = compile(`
		WITH room AS (SELECT), ` +
	replaced(`c.client_id = @client_id AND c.registration = 'document'`, `metadata_fetched_at = @now, `) + `
		SELECT FROM replaced`)

var endRegistration = compile(`DELETE FROM clients c WHERE ` + ownRegistration)

// EndRegistration removes a client with its consents and tokens (RFC 7592 §2.3), if the token is its own, else ErrNotFound.
func (s *Store) EndRegistration(ctx context.Context, clientID string, token Digest) error {
	tag, err := endRegistration.run(ctx, s.pool, args{"client_id": clientID, "registration_token": token[:]})
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return failure(err)
}
