package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// ClientRow is a client as an administrator sees one: what it says of itself, and what is Gatehouse's own to decide. A column is one line
// here or in oidc.ClientMetadata: the statements are made of them.
type ClientRow struct {
	oidc.ClientMetadata
	AccessTokenSigningAlg string     `json:"access_token_signing_alg" db:"access_token_signing_alg"`
	FirstParty            bool       `json:"first_party" db:"first_party"`
	SecurityProfile       string     `json:"security_profile" db:"security_profile"`
	IDTokenScopeClaims    bool       `json:"id_token_scope_claims" db:"id_token_scope_claims"`
	AllowedGroups         []string   `json:"allowed_groups,omitempty" db:"allowed_groups"`
	RefreshTokenFormat    string     `json:"refresh_token_format" db:"refresh_token_format"`
	ReleasedClaims        []string   `json:"released_claims,omitempty" db:"released_claims"`
	Audiences             []string   `json:"audiences,omitempty" db:"audiences"`
	AllowedUpstreams      []string   `json:"allowed_upstreams,omitempty" db:"allowed_upstreams"`
	Registration          string     `json:"registration,omitempty" db:"registration"` // how it registered itself; "" if it did not
	DisabledAt            *time.Time `json:"disabled_at,omitempty" db:"disabled_at"`
}

// NewClientRow has the defaults of the columns (RFC 7591 §2), which what is registered replaces.
func NewClientRow() ClientRow {
	return ClientRow{
		ClientMetadata: oidc.ClientMetadata{
			ApplicationType:          "web",
			GrantTypes:               []string{"authorization_code"},
			ResponseTypes:            []string{"code"},
			TokenEndpointAuthMethod:  "client_secret_basic",
			Scope:                    "openid profile email groups offline_access",
			IDTokenSignedResponseAlg: "RS256",
			RequirePKCE:              true,
			SubjectType:              "public",
		},
		AccessTokenSigningAlg: "ES256",
		RefreshTokenFormat:    "opaque",
		SecurityProfile:       "openid",
		IDTokenScopeClaims:    true,
	}
}

// Secret is what is to be stored of a client's secret.
type Secret struct {
	SHA256    []byte // nil: none
	IfMissing bool   // keep the one that a client has already
}

// clientColumn is a column that ClientRow has a field for.
type clientColumn struct {
	name     string
	field    []int
	nullable bool // text that is NULL where the field is empty
}

// columnList writes statements for columns of clients; each has its name for its argument, and @secret is the digest of the secret.
type columnList []clientColumn

// registeredColumns are all but those at the end, which have functions of their own; metadataColumns those of oidc.ClientMetadata.
var registeredColumns, metadataColumns = func() (all, metadata columnList) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[ClientRow]()) {
		name := f.Tag.Get("db")
		if name == "" || name == "registration" || name == "disabled_at" {
			continue
		}
		c := clientColumn{name, f.Index, f.Type.Kind() == reflect.String && strings.Contains(f.Tag.Get("json"), "omitempty")}
		all = append(all, c)
		if len(f.Index) > 1 {
			metadata = append(metadata, c)
		}
	}
	return all, metadata
}()

// each joins what write makes of each column and its argument.
func (l columnList) each(write func(c clientColumn, arg string) string) string {
	parts := make([]string, len(l))
	for i, c := range l {
		arg := "@" + c.name
		if c.nullable {
			arg = "nullif(" + arg + ", '')"
		}
		parts[i] = write(c, arg)
	}
	return strings.Join(parts, ", ")
}

// args are those of the columns and of the secret.
func (l columnList) args(c ClientRow, secret []byte) args {
	row, a := reflect.ValueOf(c), args{"secret": secret}
	for _, column := range l {
		value := row.FieldByIndex(column.field).Interface()
		if list, ok := value.([]string); ok {
			value = emptyNotNil(list)
		}
		a[column.name] = value
	}
	return a
}

// What INSERTs of registeredColumns.args are made of.
var (
	clientNames  = "client_secret_sha256, " + registeredColumns.each(func(c clientColumn, _ string) string { return c.name })
	clientValues = "@secret, " + registeredColumns.each(func(_ clientColumn, arg string) string { return arg })
	clientInsert = `INSERT INTO clients AS c (` + clientNames + `) VALUES (` + clientValues + `)`

	addClient    = compile(clientInsert)
	upsertClient = compile(clientInsert + `
		ON CONFLICT (client_id) DO UPDATE SET
			client_secret_sha256 = CASE WHEN @if_missing THEN coalesce(c.client_secret_sha256, excluded.client_secret_sha256)
				ELSE excluded.client_secret_sha256 END,
			` + registeredColumns.each(func(c clientColumn, _ string) string { return c.name + " = excluded." + c.name }) + `
		RETURNING xmax = 0, client_secret_sha256 IS NOT DISTINCT FROM @secret`)
)

// AddClient registers a new client.
func (s *Store) AddClient(ctx context.Context, c ClientRow, secret Secret) error {
	_, err := addClient.run(ctx, s.pool, registeredColumns.args(c, secret.SHA256))
	return inWords(err, c.values())
}

// ImportedClient is a client to import, and what became of it.
type ImportedClient struct {
	ClientRow
	Secret Secret

	New         bool // it was not registered before
	SecretIsNew bool // Secret is what is stored now
}

// ImportClients registers each client, or makes a registered one what it says, all or none. A client that is disabled stays so.
func (s *Store) ImportClients(ctx context.Context, list []ImportedClient) error {
	return inWords(pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		for i := range list {
			c := &list[i]
			a := registeredColumns.args(c.ClientRow, c.Secret.SHA256)
			a["if_missing"] = c.Secret.IfMissing
			err := upsertClient.row(ctx, tx, a).Scan(&c.New, &c.SecretIsNew)
			if err != nil {
				return fmt.Errorf("client %s: %w", c.ClientID, inWords(err, c.values()))
			}
		}
		return nil
	}), nil)
}

var (
	rotateClientSecret = compile(`UPDATE clients SET client_secret_sha256 = @secret WHERE client_id = @client RETURNING 1`)
	disableClient      = compile(`UPDATE clients SET disabled_at = coalesce(disabled_at, now()) WHERE client_id = @client RETURNING 1`)
	enableClient       = compile(`UPDATE clients SET disabled_at = NULL WHERE client_id = @client RETURNING 1`)
	removeClient       = compile(`DELETE FROM clients WHERE client_id = @client RETURNING 1`)
)

// RotateClientSecret replaces the secret at once: the old one is refused from the next request on.
func (s *Store) RotateClientSecret(ctx context.Context, clientID string, sha256 []byte) error {
	return s.manageOne(ctx, Missing{"client", clientID}, values{}, rotateClientSecret,
		args{"client": clientID, "secret": sha256})
}

// DisableClient refuses a client and all it holds, from the next request on.
func (s *Store) DisableClient(ctx context.Context, clientID string) error {
	return s.manageOne(ctx, Missing{"client", clientID}, nil, disableClient, args{"client": clientID})
}

// EnableClient accepts a client again.
func (s *Store) EnableClient(ctx context.Context, clientID string) error {
	return s.manageOne(ctx, Missing{"client", clientID}, nil, enableClient, args{"client": clientID})
}

// RemoveClient removes a client with its consents, codes and tokens.
func (s *Store) RemoveClient(ctx context.Context, clientID string) error {
	return s.manageOne(ctx, Missing{"client", clientID}, nil, removeClient, args{"client": clientID})
}

var clientSelect = `SELECT ` + registeredColumns.each(func(c clientColumn, _ string) string {
	if c.nullable {
		return "coalesce(" + c.name + ", '') AS " + c.name
	}
	return c.name
}) + `, coalesce(registration, '') AS registration, disabled_at`

// ClientQuery is which clients are wanted; their key is the client_id.
type ClientQuery struct {
	Page
	Search string // in the client_id or the name
}

var (
	listClients = compile(clientSelect + `
	FROM clients WHERE client_id > @after AND ` + contains("client_id, client_name") + ` ORDER BY client_id LIMIT @limit`)
	showClient = compile(clientSelect + ` FROM clients WHERE client_id = @client`)
)

// ListClients returns clients by id.
func (s *Store) ListClients(ctx context.Context, q ClientQuery) ([]ClientRow, error) {
	return listed[ClientRow](ctx, s, listClients, args{"after": q.After, "limit": q.Limit, "search": q.Search})
}

// ShowClient returns one client as it is registered. Errors: Missing.
func (s *Store) ShowClient(ctx context.Context, clientID string) (ClientRow, error) {
	rows, err := showClient.rows(ctx, s.pool, args{"client": clientID})
	if err != nil {
		return ClientRow{}, inWords(err, nil)
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[ClientRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return c, Missing{"client", clientID}
	}
	return c, inWords(err, nil)
}

// values are what a refusal may show: all but the secret.
func (c ClientRow) values() values {
	return values{
		"client_id":                 c.ClientID,
		"client_name":               c.ClientName,
		"application_type":          c.ApplicationType,
		"redirect_uris":             join(c.RedirectURIs),
		"public_redirect_uris":      join(c.RedirectURIs),
		"post_logout_redirect_uris": join(c.PostLogoutRedirectURIs),
		"links":                     join([]string{c.ClientURI, c.LogoURI, c.PolicyURI, c.TOSURI, c.InitiateLoginURI}),
		"backchannel_logout_uri":    c.BackchannelLogoutURI,
		"auth_method":               c.TokenEndpointAuthMethod,
		"scope":                     c.Scope,
		"id_token_alg":              c.IDTokenSignedResponseAlg,
		"access_token_alg":          c.AccessTokenSigningAlg,
		"refresh_token_format":      c.RefreshTokenFormat,
		"released_claims":           join(c.ReleasedClaims),
		"audiences":                 join(c.Audiences),
		"allowed_upstreams":         join(c.AllowedUpstreams),
		"jwks_uri":                  c.JWKSURI,
		"request_uris":              join(c.RequestURIs),
		"sector_identifier_uri":     c.SectorIdentifierURI,
		"frontchannel_logout_uri":   c.FrontchannelLogoutURI,
		"subject_type":              c.SubjectType,
		"security_profile":          c.SecurityProfile,
		"userinfo_alg":              c.UserinfoSignedResponseAlg,
		"token_endpoint_auth_alg":   c.TokenEndpointAuthSigningAlg,
		"request_object_alg":        c.RequestObjectSigningAlg,
	}
}
