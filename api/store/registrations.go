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

// isUnused says of a client c that registered itself that nobody has signed in to it.
const isUnused = `NOT EXISTS (SELECT FROM consents WHERE client_id = c.client_id) AND NOT EXISTS (SELECT FROM grants
	WHERE client_id = c.client_id)`

// room is the part of a statement that counts what the bounds are for.
func room(network, now string) string {
	return `room AS (
			SELECT count(*) >= ` + strconv.Itoa(maxRegistrations) + ` AS many,
				count(*) FILTER (WHERE network_hmac = ` + network + `) >= ` + strconv.Itoa(maxRegistrationsPerNetwork) + ` AS many_here,
				(SELECT count(*) FROM clients c WHERE registration IN ('open', 'document')
				AND ` + isUnused + `) >= ` + strconv.Itoa(maxUnusedClients) + ` AS many_unused
			FROM recent_registrations WHERE registered_at > ` + now + `::timestamptz - interval '1 hour'
		)`
}

// NewRegistration is what belongs to a client that registers itself beside its row, whose Registration says how it does.
type NewRegistration struct {
	Secret       []byte  // its digest; nil: none
	AccessToken  *Digest // what it manages its registration with; nil: nothing
	InitialToken *Digest // what it registers itself with: one use of it is spent; nil: nothing, and the bounds hold
	Network      Digest  // keyed; where it comes from
}

// RegisterClient stores a client that registers itself. ErrNotFound: its initial access token is spent, expired or unknown;
// ErrManyRegistrations, ErrManyRegistrationsHere: there is no room now. A client_id that is there already is left alone.
func (s *Store) RegisterClient(ctx context.Context, c ClientRow, n NewRegistration, now time.Time) error {
	args := append(registeredColumns.args(c, n.Secret), c.Registration, bytesOf(n.AccessToken), now)
	if n.InitialToken != nil {
		return inWords(s.pool.QueryRow(ctx, registerWithToken, append(args, n.InitialToken[:])...).Scan(nil), c.values())
	}
	var many, manyHere bool
	var batch pgx.Batch
	batch.Queue(`SELECT pg_advisory_xact_lock($1)`, int64(registrationLock))
	batch.Queue(registerInRoom, append(args, n.Network[:])...).QueryRow(func(row pgx.Row) error { return row.Scan(&many, &manyHere) })
	err := s.pool.SendBatch(ctx, &batch).Close()
	return noRoom(inWords(err, c.values()), many, manyHere)
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

// The arguments after those of the columns.
var (
	argKind  = registeredColumns.after(1) + "::text"
	argToken = registeredColumns.after(2)
	argNow   = registeredColumns.after(3) + "::timestamptz"
	argLast  = registeredColumns.after(4)
)

var (
	registrationInsert = `INSERT INTO clients (` + clientNames + `, registration, registration_access_token_sha256,
			created_at, metadata_fetched_at)
			SELECT ` + clientValues + `, ` + argKind + `, ` + argToken + `, ` + argNow + `,
			CASE WHEN ` + argKind + ` = 'document' THEN ` + argNow + ` END`

	registerWithToken = `
		WITH spent AS (
			UPDATE initial_access_tokens SET uses_left = uses_left - 1, used_at = ` + argNow + `
			WHERE token_sha256 = ` + argLast + ` AND uses_left IS DISTINCT FROM 0 AND expires_at > ` + argNow + `
			RETURNING 1
		)
		` + registrationInsert + ` FROM spent RETURNING 1`

	registerInRoom = `
		WITH ` + room(argLast, argNow) + `, registered AS (
			` + registrationInsert + ` FROM room WHERE NOT many AND NOT many_here AND NOT many_unused
			ON CONFLICT (client_id) DO NOTHING
			RETURNING 1
		), counted AS (
			INSERT INTO recent_registrations (network_hmac, registered_at) SELECT ` + argLast + `, ` + argNow + ` FROM registered
		)
		SELECT many OR many_unused, many_here FROM room`
)

// CheckInitialAccessToken gives ErrNotFound for a token that RegisterClient would refuse.
func (s *Store) CheckInitialAccessToken(ctx context.Context, token Digest, now time.Time) error {
	return failure(s.pool.QueryRow(ctx, `
		SELECT FROM initial_access_tokens WHERE token_sha256 = $1 AND uses_left IS DISTINCT FROM 0 AND expires_at > $2`, token[:], now).Scan())
}

// Registered is a client that registered itself.
type Registered struct {
	ClientRow
	SecretSHA256 []byte    `db:"client_secret_sha256"` // nil: none
	CreatedAt    time.Time `db:"created_at"`
}

// ownRegistration is what a client has to prove to manage its registration (RFC 7592 §2); a client that is disabled can no longer.
func ownRegistration(clientID, token string) string {
	return `c.client_id = ` + clientID + ` AND c.registration_access_token_sha256 = ` + token +
		` AND c.registration IS NOT NULL AND c.disabled_at IS NULL`
}

// Registration gives the client that the registration access token belongs to, else ErrNotFound.
func (s *Store) Registration(ctx context.Context, clientID string, token Digest) (Registered, error) {
	rows, err := s.pool.Query(ctx, clientSelect+`, client_secret_sha256, created_at FROM clients c WHERE `+ownRegistration("$1",
		"$2"), clientID, token[:])
	if err != nil {
		return Registered{}, failure(err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Registered])
	return c, failure(err)
}

// replaced is the part of a statement that makes the metadata of a client what metadataColumns.args say, where it fits; askedAgain has
// people asked for consent once more if the client now answers from elsewhere.
func replaced(where, set string) string {
	return `former AS (
			SELECT redirect_uris FROM clients WHERE client_id = $2
		), replaced AS (
			UPDATE clients c SET client_secret_sha256 = CASE WHEN $1::bytea IS NOT NULL THEN coalesce(c.client_secret_sha256, $1) END, ` + set +
		metadataColumns.each(func(c clientColumn, arg string) string { return c.name + " = " + arg }) + `
			FROM room WHERE ` + where + `
			RETURNING c.registration, c.redirect_uris, coalesce(c.client_secret_sha256 = $1, false) AS secret_is_new
		), asked_again AS (
			UPDATE consents SET scopes = '{}' FROM former, replaced WHERE client_id = $2 AND former.redirect_uris <> replaced.redirect_uris
		)`
}

// ReplaceRegistration makes the metadata of a client what it now says; ErrNotFound if the token is not its own. secret is the digest of one
// that it gets if it has none, nil for a client that has none; secretIsNew says whether it got it. What an administrator decides stays.
func (s *Store) ReplaceRegistration(ctx context.Context, c oidc.ClientMetadata, token Digest, secret []byte, network Digest,
	now time.Time) (
	secretIsNew bool, err error) {
	row := ClientRow{ClientMetadata: c}
	var many, manyHere bool
	var isNew *bool
	var batch pgx.Batch
	batch.Queue(`SELECT pg_advisory_xact_lock($1)`, int64(registrationLock))
	batch.Queue(replaceInRoom, append(metadataColumns.args(row, secret), token[:], network[:], now)...).
		QueryRow(func(row pgx.Row) error { return row.Scan(&many, &manyHere, &isNew) })
	err = inWords(s.pool.SendBatch(ctx, &batch).Close(), row.values())
	switch {
	case err != nil || isNew == nil && (many || manyHere):
		return false, noRoom(err, many, manyHere)
	case isNew == nil:
		return false, ErrNotFound
	}
	return *isNew, nil
}

var replaceInRoom = func() string {
	token, network, now := metadataColumns.after(1), metadataColumns.after(2), metadataColumns.after(3)
	return `
		WITH ` + room(network, now) + `, ` +
		replaced(ownRegistration("$2", token)+` AND (c.registration = 'token' OR NOT room.many AND NOT room.many_here)`, "") + `, counted AS (
			INSERT INTO recent_registrations (network_hmac, registered_at) SELECT ` + network + `, ` + now + ` FROM replaced
			WHERE registration = 'open'
		)
		SELECT many, many_here, (SELECT secret_is_new FROM replaced) FROM room`
}()

// RefreshDocument makes the metadata of a client what its document now says.
func (s *Store) RefreshDocument(ctx context.Context, c oidc.ClientMetadata, now time.Time) error {
	row := ClientRow{ClientMetadata: c}
	_, err := s.pool.Exec(ctx, refreshDocument, append(metadataColumns.args(row, nil), now)...)
	return inWords(err, row.values())
}

var refreshDocument = `
		WITH room AS (SELECT), ` + replaced(`c.client_id = $2
		AND c.registration = 'document'`, `metadata_fetched_at = `+metadataColumns.after(1)+`, `) + `
		SELECT FROM replaced`

// EndRegistration removes a client with its consents and tokens (RFC 7592 §2.3), if the token is its own, else ErrNotFound.
func (s *Store) EndRegistration(ctx context.Context, clientID string, token Digest) error {
	tag, err := s.pool.Exec(ctx, `DELETE FROM clients c WHERE `+ownRegistration("$1", "$2"), clientID, token[:])
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return failure(err)
}
