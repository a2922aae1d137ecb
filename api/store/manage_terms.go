package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// TermsRow is a version of terms as an administrator sees one, without its words.
type TermsRow struct {
	ID             string     `json:"id" help:"By which acceptances know it."`
	Name           string     `json:"name" help:"Under which versions follow each other."`
	Version        string     `json:"version" help:"Of this version."`
	Groups         []string   `json:"groups" help:"Whose members are asked; empty: everybody."`
	Clients        []string   `json:"clients" help:"Where they are asked for; empty: everywhere."`
	SignAgainAfter string     `json:"sign_again_after,omitempty" help:"Who accepted is asked again after so long, such as 365d."`
	InForceFrom    time.Time  `json:"in_force_from" help:"From when people are asked."`
	EndedAt        *time.Time `json:"ended_at,omitempty" help:"When nobody is asked any more."`
	Accepted       int        `json:"accepted" help:"How many have accepted it."`
	CreatedAt      time.Time  `json:"created_at" help:"When it was added."`
	ManagedBy      string     `json:"managed_by,omitempty" help:"Where a file declares it, such as hub.yaml:14; empty: none does."`
}

// TermsDetails are all that is known of a version of terms.
type TermsDetails struct {
	TermsRow
	Titles map[string]string `json:"titles" help:"By language."`
	Texts  map[string]string `json:"texts" help:"Plain text, by language."`
	URIs   map[string]string `json:"uris" help:"Where they can be read, by language."`
}

const termsColumns = `t.id::text AS id, t.name, t.version, t.groups, t.clients,
	coalesce(extract(epoch FROM t.sign_again_after)::bigint / 86400 || 'd', '') AS sign_again_after, t.in_force_from, t.ended_at,
	(SELECT count(*) FROM terms_acceptances a WHERE a.terms_id = t.id) AS accepted, t.created_at,
	coalesce(t.managed_by, '') AS managed_by`

var (
	addTerms = compile(`
		INSERT INTO terms (name, version, titles, texts, uris, groups, clients, sign_again_after, in_force_from, ended_at)
		VALUES (@name, @version, @titles, @texts, @uris, @groups, @clients, nullif(@sign_again_after, '')::interval,
			coalesce(@in_force_from, now()), @ended_at)`)
	showTerms = compile(`SELECT ` + termsColumns + `, t.titles, t.texts, t.uris
		FROM terms t WHERE t.name = @name AND t.version = @version`)
	listTerms = compile(`SELECT ` + termsColumns + ` FROM terms t
		WHERE t.name || ' ' || t.version > @after ORDER BY t.name || ' ' || t.version LIMIT @limit`)
	removeTerms = compile(`DELETE FROM terms WHERE name = @name AND version = @version RETURNING 1`)
)

func orEmpty(words map[string]string) map[string]string {
	if words == nil {
		return map[string]string{}
	}
	return words
}

// AddTerms adds a version of terms, in force from a time on or, with nil, from now on.
func (s *Store) AddTerms(ctx context.Context, t TermsDetails, from *time.Time) error {
	_, err := addTerms.run(ctx, s.pool, args{"name": t.Name, "version": t.Version, "titles": orEmpty(t.Titles), "texts": orEmpty(t.Texts),
		"uris": orEmpty(t.URIs), "groups": t.Groups, "clients": t.Clients, "sign_again_after": t.SignAgainAfter, "in_force_from": from,
		"ended_at": t.EndedAt})
	return inWords(err, values{"name": t.Name, "version": t.Version})
}

func missingTerms(name, version string) Missing {
	return Missing{"version of terms", name + " " + version}
}

// ShowTerms returns a version with its words. Errors: Missing.
func (s *Store) ShowTerms(ctx context.Context, name, version string) (TermsDetails, error) {
	return one[TermsDetails](ctx, s, missingTerms(name, version), showTerms, args{"name": name, "version": version})
}

// ListTerms returns all versions; their key is the name and the version with a space between them.
func (s *Store) ListTerms(ctx context.Context, p Page) ([]TermsRow, error) {
	return listed[TermsRow](ctx, s, listTerms, args{"after": p.After, "limit": p.Limit})
}

// SetTerms writes those columns of a version, and no others. Errors: Missing.
func (s *Store) SetTerms(ctx context.Context, name, version string, changes Columns) error {
	return s.set(ctx, "terms", noun{kind: "version of terms"}, "name = @the_name AND version = @the_version",
		args{"the_name": name, "the_version": version}, missingTerms(name, version), changes)
}

// RemoveTerms removes a version that nobody has accepted. Errors: Missing, Refusal.
func (s *Store) RemoveTerms(ctx context.Context, name, version string) error {
	err := s.manageOne(ctx, missingTerms(name, version), nil, removeTerms, args{"name": name, "version": version})
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.ConstraintName == "terms_acceptances_keep_their_terms" {
		return Refusal{refused.ConstraintName, "people have accepted this version, and that is kept: set ended_at instead", err}
	}
	return err
}

// NotAccepted is somebody who would be asked for terms.
type NotAccepted struct {
	Username   string     `json:"username" help:"Who it is."`
	Name       string     `json:"name,omitempty" help:"Their full name."`
	Email      string     `json:"email,omitempty" help:"Their address."`
	Version    string     `json:"version,omitempty" help:"The version that they accepted last; empty: none."`
	AcceptedAt *time.Time `json:"accepted_at,omitempty" help:"When they did."`
}

// inForce is the version of @name that is in force at @now.
const inForce = `(SELECT t.* FROM (
		SELECT * FROM terms WHERE name = @name AND in_force_from <= @now ORDER BY in_force_from DESC, version DESC LIMIT 1
	) AS t WHERE t.ended_at IS NULL OR t.ended_at > @now)`

var (
	termsAreInForce = compile(`SELECT FROM ` + inForce + ` AS t`)
	reportTerms     = compile(`
		SELECT u.username, coalesce(u.name, '') AS name, coalesce(u.email, '') AS email, coalesce(last.version, '') AS version, last.accepted_at
		FROM ` + inForce + ` AS t CROSS JOIN users u
		LEFT JOIN LATERAL (
			SELECT v.version, a.accepted_at, v.id FROM terms_acceptances a JOIN terms v ON v.id = a.terms_id
			WHERE a.user_id = u.id AND v.name = t.name ORDER BY v.id = t.id DESC, a.accepted_at DESC LIMIT 1
		) AS last ON true
		WHERE u.username > @after AND ` + mayAct("u") + ` AND ` + mayUse("t.groups") + `
			AND (cardinality(t.clients) = 0 OR EXISTS (SELECT FROM clients c WHERE c.client_id = ANY (t.clients)
				AND ` + mayUse("c.allowed_groups") + `))
			AND (@group = '' OR EXISTS (SELECT FROM group_members m
				WHERE m.username = u.username AND m.group_name = @group AND ` + memberNow("m") + `))
			AND (last.id IS DISTINCT FROM t.id OR last.accepted_at <= @now::timestamptz - t.sign_again_after)
		ORDER BY u.username LIMIT @limit`)
)

// ReportTerms returns who has not accepted the terms in force under a name, of all or of a group, and may sign in where they are asked for.
// Their key is the username. Errors: Missing, where none are in force.
func (s *Store) ReportTerms(ctx context.Context, p Page, name, group string, now time.Time) ([]NotAccepted, error) {
	err := s.manageOne(ctx, Missing{"terms in force of the name", name}, nil, termsAreInForce, args{"name": name, "now": now})
	if err != nil {
		return nil, err
	}
	return listed[NotAccepted](ctx, s, reportTerms, args{"name": name, "group": group, "now": now, "after": p.After, "limit": p.Limit})
}
