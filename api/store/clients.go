package store

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

var (
	clientSelect = `SELECT ` + clientColumns.each(clientColumn.read) + ` FROM clients c`
	loadClient   = compile(clientSelect + ` WHERE client_id = @client`)
)

// Client returns a registered client, from the cache where it is; ErrNotFound for one that is not registered.
func (s *Store) Client(ctx context.Context, clientID string) (*oidc.Client, error) {
	return s.clients.get(clientID, func() (*oidc.Client, error) {
		c, err := s.oneClient(ctx, &loadClient, args{"client": clientID})
		return &c, err
	})
}

// oneClient reads the client of a clientSelect.
func (s *Store) oneClient(ctx context.Context, q *query, a args) (oidc.Client, error) {
	rows, err := q.rows(ctx, s.pool, a)
	if err != nil {
		return oidc.Client{}, failure(err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[oidc.Client])
	return c, failure(err)
}

// anyPort is the condition that a client may use its redirect URI uri with any port; the rule is oidc.Client.HasRedirectURI.
const anyPort = `(uri ~ '^http://localhost([:/?]|$)' AND (localhost_any_port OR application_type = 'native' AND registration IS NOT NULL)
	OR uri ~ '^http://(127[.]0[.]0[.]1|\[::1\])([:/?]|$)' AND application_type = 'native')`

// withAnyPort stands for the port in such an origin.
const withAnyPort = ":*"

var clientOrigins = compile(`
	SELECT origin_of(uri) FROM clients, unnest(redirect_uris) AS uri WHERE disabled_at IS NULL AND origin_of(uri) IS NOT NULL
	UNION
	SELECT regexp_replace(origin_of(uri), '(:[0-9]+)?$', '` + withAnyPort + `') FROM clients, unnest(redirect_uris) AS uri
	WHERE disabled_at IS NULL AND ` + anyPort + `
	UNION
	SELECT unnest(cors_origins) FROM clients WHERE disabled_at IS NULL`)

// IsClientOrigin reports whether a browser page of origin belongs to a registered client: it has a redirect URI there, or says so in
// its row.
func (s *Store) IsClientOrigin(ctx context.Context, origin string) (bool, error) {
	origins, err := s.origins.get("", func() (map[string]bool, error) {
		rows, err := clientOrigins.rows(ctx, s.pool, args{})
		if err != nil {
			return nil, failure(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		set := make(map[string]bool, len(list))
		for _, o := range list {
			set[o] = true
		}
		return set, failure(err)
	})
	port := strings.LastIndexByte(origin, ':')
	if strings.HasSuffix(origin, "]") || port < len("http:") {
		port = len(origin)
	}
	return origins[origin] || origins[origin[:port]+withAnyPort], err
}
