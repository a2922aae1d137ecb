package store

import (
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
)

// AccountLink is an address with which a person sets a password, without its token.
type AccountLink struct {
	UserID    string
	Username  string
	Name      string
	Email     string
	ClientID  string // of the application where it ends; "" for the account page
	ExpiresAt time.Time
	SpentAt   *time.Time // used, or replaced by a newer one
	WhyNot    string     // UserDisabled or UserExpired; "" if the user may act
	HasFactor bool       // so that no other is set up by a link
}

var loadAccountLink = compile(`
	SELECT u.id::text, u.username, coalesce(u.name, concat_ws(' ', u.given_name, u.family_name)), coalesce(u.email, ''),
		coalesce(l.client_id, ''), l.expires_at, l.spent_at, ` + whyNot("u") + `, ` + hasFactor + `
	FROM account_links l JOIN users u USING (username) WHERE l.token_sha256 = @token`)

// LoadAccountLink returns a link, whether or not it is still good; ErrNotFound if there is none. Nothing is spent.
func (s *Store) LoadAccountLink(ctx context.Context, token Digest, now time.Time) (l AccountLink, err error) {
	err = loadAccountLink.row(ctx, s.pool, args{"token": token[:], "now": now}).
		Scan(&l.UserID, &l.Username, &l.Name, &l.Email, &l.ClientID, &l.ExpiresAt, &l.SpentAt, &l.WhyNot, &l.HasFactor)
	return l, failure(err)
}

// hasFactor is whether user u has one.
const hasFactor = `(EXISTS (SELECT FROM totp_secrets f WHERE f.user_id = u.id) OR EXISTS (SELECT FROM passkeys f WHERE f.user_id = u.id))`

var addPasskeyByLink = compile(`
	WITH spent AS (
		UPDATE account_links l SET spent_at = @now FROM users u
		WHERE l.token_sha256 = @token AND l.spent_at IS NULL AND l.expires_at > @now
			AND u.username = l.username AND ` + mayAct("u") + ` AND NOT ` + hasFactor + `
		RETURNING u.id, u.username
	), added AS (
		INSERT INTO passkeys (credential_id, user_id, rp_id, name, public_key, sign_count, synced, aaguid, transports, created_at)
		SELECT @credential, id, @rp_id, @name, @public_key, @sign_count, @synced, nullif(@aaguid, '')::uuid, @transports, @now FROM spent
	)
	SELECT username FROM spent`)

// AddPasskeyByLink spends a link for a passkey, of somebody who has no factor: else whoever has the link would get around it. ErrNotFound:
// it is not good any more, or they have one.
func (s *Store) AddPasskeyByLink(ctx context.Context, token Digest, k oidc.Passkey, now time.Time) (username string, err error) {
	a := passkeyArgs(k)
	a["token"], a["now"] = token[:], now
	err = addPasskeyByLink.row(ctx, s.pool, a).Scan(&username)
	return username, failure(err)
}

var setPasswordByLink = compile(`
	WITH spent AS (
		UPDATE account_links l SET spent_at = @now FROM users u
		WHERE l.token_sha256 = @token AND l.spent_at IS NULL AND l.expires_at > @now
			AND u.username = l.username AND ` + mayAct("u") + `
		RETURNING l.username
	)
	UPDATE users u SET password = @password, must_change_password = false FROM spent WHERE u.username = spent.username
	RETURNING u.username`)

// SetPasswordByLink spends a link for a password, whose hash it is given, and ends what was signed in before. ErrNotFound: it is not
// good any more.
func (s *Store) SetPasswordByLink(ctx context.Context, token Digest, hash string, now time.Time) (username string, err error) {
	err = setPasswordByLink.row(ctx, s.pool, args{"token": token[:], "password": hash, "now": now}).Scan(&username)
	return username, failure(err)
}

// OwnPassword is a password that a person sets in place of the one that they have, in a session.
type OwnPassword struct {
	SID      string
	Cookie   Digest
	Former   string  // the hash of the one that they have
	Hash     string  // of the new one
	Required bool    // only if they must change it
	Keep     bool    // what is signed in elsewhere
	Reset    []int32 // buckets of login_throttle that it clears
}

var setOwnPassword = compile(`
	WITH changed AS (
		UPDATE users u SET password = @password, must_change_password = false FROM sessions s
		WHERE s.sid = @session AND ` + signedIn + ` AND u.password = @former AND (u.must_change_password OR NOT @required)
			AND ` + keepSessions + `
		RETURNING u.id, u.username
	), ended AS (
		UPDATE sessions SET ended_at = @now FROM changed
		WHERE user_id = changed.id AND ended_at IS NULL AND sid <> @session AND NOT @keep
	), revoked AS (
		UPDATE grants g SET revoked_at = @now FROM changed
		WHERE g.user_id = changed.id AND g.revoked_at IS NULL AND g.sid IS DISTINCT FROM @session AND NOT @keep
	), reset AS (
		DELETE FROM login_throttle WHERE bucket = ANY (@reset) AND EXISTS (SELECT FROM changed)
	)
	SELECT username FROM changed`)

// SetOwnPassword replaces the password of the person whose session it is, which goes on; the others end unless Keep. ErrNotFound: the
// session has ended, or the password is another one by now.
func (s *Store) SetOwnPassword(ctx context.Context, n OwnPassword, now time.Time) (username string, err error) {
	err = setOwnPassword.row(ctx, s.pool, args{"session": n.SID, "cookie": n.Cookie[:], "former": n.Former, "password": n.Hash,
		"required": n.Required, "keep": n.Keep, "reset": n.Reset, "now": now}).Scan(&username)
	return username, failure(err)
}

var loadOwnPassword = compile(`
	SELECT u.username, coalesce(u.email, ''), u.password, u.must_change_password FROM sessions s, users u
	WHERE s.sid = @session AND ` + signedIn + ` AND u.password IS NOT NULL`)

// LoadOwnPassword returns the password, as a hash, of the person whose session it is, and whether they have to change it. ErrNotFound:
// the session has ended, or there is none.
func (s *Store) LoadOwnPassword(ctx context.Context, sid string, cookie Digest, now time.Time) (
	username, email, hash string, must bool, err error) {
	err = failure(loadOwnPassword.row(ctx, s.pool, args{"session": sid, "cookie": cookie[:], "now": now}).
		Scan(&username, &email, &hash, &must))
	return username, email, hash, must, err
}

var addAccountLink = compile(`
	INSERT INTO account_links (token_sha256, username, client_id, expires_at)
	SELECT @token, u.username, nullif(@client, ''), @now::timestamptz + @lives::interval FROM users u
	WHERE u.username = @username AND ` + mayAct("u") + `
	RETURNING expires_at`)

// AddAccountLink makes a link for a user who may act, in place of those that they have; it ends at a client, "" for the account page. It
// returns when it expires. Errors: Missing; a Refusal where there is no such client.
func (s *Store) AddAccountLink(
	ctx context.Context, username, clientID string, tokenSHA256 []byte, lives time.Duration,
) (expires time.Time, err error) {
	a := args{"token": tokenSHA256, "username": username, "client": clientID, "lives": lives, "now": time.Now()}
	err = failure(addAccountLink.row(ctx, s.pool, a).Scan(&expires))
	if errors.Is(err, ErrNotFound) {
		return expires, Missing{mayActUser, username}
	}
	return expires, inWords(err, values{"client": clientID})
}
