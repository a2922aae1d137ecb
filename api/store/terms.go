package store

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// termsOfPolicy are all versions of all terms, without their words: oidc.TermsOfUse, in the order in which they come into force.
const termsOfPolicy = `(SELECT coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name, 'version', t.version, 'groups', t.groups,
			'clients', t.clients, 'sign_again_after', coalesce(extract(epoch FROM t.sign_again_after)::bigint / 86400, 0),
			'in_force_from', t.in_force_from, 'ended_at', t.ended_at) ORDER BY t.in_force_from, t.version), '[]') FROM terms t)`

// acceptedByUser is what user u accepted: oidc.Acceptances.
const acceptedByUser = `(SELECT jsonb_object_agg(a.terms_id, jsonb_build_object('at', a.accepted_at, 'uri', coalesce(a.uri, '')))
		FROM terms_acceptances a WHERE a.user_id = u.id)`

// uriOfTerms is the address that names terms t: the English one, or that of the first language.
const uriOfTerms = `coalesce(t.uris ->> 'en', (SELECT value FROM jsonb_each_text(t.uris) ORDER BY key LIMIT 1))`

// TermsWords are what a person is shown of a version of terms, by language.
type TermsWords struct {
	Name    string
	Version string
	Titles  map[string]string
	Texts   map[string]string
	URIs    map[string]string
}

var loadTerms = compile(`SELECT name, version, titles, texts, uris FROM terms WHERE id = @terms`)

// LoadTerms returns the words of a version of terms; ErrNotFound where it is gone.
func (s *Store) LoadTerms(ctx context.Context, id string) (t TermsWords, err error) {
	return t, failure(loadTerms.row(ctx, s.pool, args{"terms": id}).Scan(&t.Name, &t.Version, &t.Titles, &t.Texts, &t.URIs))
}

var acceptTerms = compile(`
	WITH ` + signedInPerson + `, accepted AS (
		INSERT INTO terms_acceptances AS a (user_id, terms_id, accepted_at, uri)
		SELECT p.user_id, t.id, @now, ` + uriOfTerms + ` FROM person p, terms t
		WHERE t.id = @terms AND t.in_force_from <= @now AND (t.ended_at IS NULL OR t.ended_at > @now)
		ON CONFLICT (user_id, terms_id) DO UPDATE SET accepted_at = EXCLUDED.accepted_at, uri = EXCLUDED.uri
		RETURNING terms_id
	)
	SELECT t.name, t.version FROM accepted JOIN terms t ON t.id = terms_id`)

// AcceptTerms notes that the person who is signed in by a session at the browser with the cookie accepts a version of terms, and returns
// which it is. ErrNotFound: nobody is signed in there, or the terms have ended.
func (s *Store) AcceptTerms(ctx context.Context, id, sid string, cookie Digest, now time.Time) (t oidc.TermsOfUse, err error) {
	t.ID = id
	err = acceptTerms.row(ctx, s.pool, args{"terms": id, "session": sid, "cookie": cookie[:], "now": now}).Scan(&t.Name, &t.Version)
	return t, failure(err)
}
