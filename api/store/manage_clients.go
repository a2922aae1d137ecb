package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// ClientRow is a client as an administrator sees one, in the names of RFC 7591 §2 and OpenID Connect Dynamic Registration §2;
// those from access_token_signing_alg on are Gatehouse's own. A column is one line here: the statements are made of them.
type ClientRow struct {
	ClientID                    string          `json:"client_id" db:"client_id"`
	ClientName                  string          `json:"client_name,omitempty" db:"client_name"`
	ClientURI                   string          `json:"client_uri,omitempty" db:"client_uri"`
	LogoURI                     string          `json:"logo_uri,omitempty" db:"logo_uri"`
	PolicyURI                   string          `json:"policy_uri,omitempty" db:"policy_uri"`
	TOSURI                      string          `json:"tos_uri,omitempty" db:"tos_uri"`
	Contacts                    []string        `json:"contacts,omitempty" db:"contacts"`
	ApplicationType             string          `json:"application_type" db:"application_type"`
	RedirectURIs                []string        `json:"redirect_uris" db:"redirect_uris"`
	PostLogoutRedirectURIs      []string        `json:"post_logout_redirect_uris,omitempty" db:"post_logout_redirect_uris"`
	GrantTypes                  []string        `json:"grant_types" db:"grant_types"`
	ResponseTypes               []string        `json:"response_types" db:"response_types"`
	TokenEndpointAuthMethod     string          `json:"token_endpoint_auth_method" db:"token_endpoint_auth_method"`
	TokenEndpointAuthSigningAlg string          `json:"token_endpoint_auth_signing_alg,omitempty" db:"token_endpoint_auth_signing_alg"`
	JWKS                        json.RawMessage `json:"jwks,omitempty" db:"jwks"`
	JWKSURI                     string          `json:"jwks_uri,omitempty" db:"jwks_uri"`
	Scope                       string          `json:"scope" db:"scope"`
	SubjectType                 string          `json:"subject_type" db:"subject_type"`
	SectorIdentifierURI         string          `json:"sector_identifier_uri,omitempty" db:"sector_identifier_uri"`
	IDTokenSignedResponseAlg    string          `json:"id_token_signed_response_alg" db:"id_token_signed_response_alg"`
	UserinfoSignedResponseAlg   string          `json:"userinfo_signed_response_alg,omitempty" db:"userinfo_signed_response_alg"`
	RequestObjectSigningAlg     string          `json:"request_object_signing_alg,omitempty" db:"request_object_signing_alg"`
	RequireSignedRequestObject  bool            `json:"require_signed_request_object,omitempty" db:"require_signed_request_object"`
	RequestURIs                 []string        `json:"request_uris,omitempty" db:"request_uris"`
	RequirePushedRequests       bool            `json:"require_pushed_authorization_requests,omitempty" db:"require_pushed_authorization_requests"`
	DPoPBoundAccessTokens       bool            `json:"dpop_bound_access_tokens,omitempty" db:"dpop_bound_access_tokens"`
	DefaultMaxAge               *int            `json:"default_max_age,omitempty" db:"default_max_age"`
	InitiateLoginURI            string          `json:"initiate_login_uri,omitempty" db:"initiate_login_uri"`
	BackchannelLogoutURI        string          `json:"backchannel_logout_uri,omitempty" db:"backchannel_logout_uri"`
	BackchannelLogoutSession    bool            `json:"backchannel_logout_session_required,omitempty" db:"backchannel_logout_session_required"`
	FrontchannelLogoutURI       string          `json:"frontchannel_logout_uri,omitempty" db:"frontchannel_logout_uri"`
	FrontchannelLogoutSession   bool            `json:"frontchannel_logout_session_required,omitempty" db:"frontchannel_logout_session_required"`
	AccessTokenSigningAlg       string          `json:"access_token_signing_alg" db:"access_token_signing_alg"`
	FirstParty                  bool            `json:"first_party" db:"first_party"`
	RequirePKCE                 bool            `json:"require_pkce" db:"require_pkce"`
	SecurityProfile             string          `json:"security_profile" db:"security_profile"`
	IDTokenScopeClaims          bool            `json:"id_token_scope_claims" db:"id_token_scope_claims"`
	AllowedGroups               []string        `json:"allowed_groups,omitempty" db:"allowed_groups"`
	RefreshTokenFormat          string          `json:"refresh_token_format" db:"refresh_token_format"`
	ReleasedClaims              []string        `json:"released_claims,omitempty" db:"released_claims"`
	Audiences                   []string        `json:"audiences,omitempty" db:"audiences"`
	AllowedUpstreams            []string        `json:"allowed_upstreams,omitempty" db:"allowed_upstreams"`
	DisabledAt                  *time.Time      `json:"disabled_at,omitempty" db:"disabled_at"`
}

// NewClientRow has the defaults of the columns (RFC 7591 §2), which what is registered replaces.
func NewClientRow() ClientRow {
	return ClientRow{
		ApplicationType:          "web",
		GrantTypes:               []string{"authorization_code"},
		ResponseTypes:            []string{"code"},
		TokenEndpointAuthMethod:  "client_secret_basic",
		Scope:                    "openid profile email groups offline_access",
		IDTokenSignedResponseAlg: "RS256",
		AccessTokenSigningAlg:    "ES256",
		RequirePKCE:              true,
		RefreshTokenFormat:       "opaque",
		SubjectType:              "public",
		SecurityProfile:          "openid",
		IDTokenScopeClaims:       true,
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
	field    int
	nullable bool // text that is NULL where the field is empty
}

// registeredColumns are all but disabled_at, which has commands of its own.
var registeredColumns = func() (list []clientColumn) {
	row := reflect.TypeFor[ClientRow]()
	for i := range row.NumField() {
		f := row.Field(i)
		if name := f.Tag.Get("db"); name != "disabled_at" {
			list = append(list, clientColumn{name, i, f.Type.Kind() == reflect.String && strings.Contains(f.Tag.Get("json"), "omitempty")})
		}
	}
	return list
}()

// eachColumn joins what write makes of each registered column and the number of its argument: $1 is the secret's digest.
func eachColumn(write func(c clientColumn, arg string) string) string {
	var parts []string
	for i, c := range registeredColumns {
		parts = append(parts, write(c, "$"+strconv.Itoa(i+2)))
	}
	return strings.Join(parts, ", ")
}

// clientInsert takes ClientRow.args.
var clientInsert = `
	INSERT INTO clients AS c (client_secret_sha256, ` + eachColumn(func(c clientColumn, _ string) string { return c.name }) + `)
	VALUES ($1, ` + eachColumn(func(c clientColumn, arg string) string {
	if c.nullable {
		return "nullif(" + arg + ", '')"
	}
	return arg
}) + `)`

func (c ClientRow) args(secret Secret) []any {
	row, args := reflect.ValueOf(c), []any{secret.SHA256}
	for _, column := range registeredColumns {
		value := row.Field(column.field).Interface()
		if list, ok := value.([]string); ok {
			value = emptyNotNil(list)
		}
		args = append(args, value)
	}
	return args
}

// AddClient registers a new client.
func (s *Store) AddClient(ctx context.Context, c ClientRow, secret Secret) error {
	_, err := s.pool.Exec(ctx, clientInsert, c.args(secret)...)
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
			err := tx.QueryRow(ctx, clientUpsert, append(c.args(c.Secret), c.Secret.IfMissing)...).Scan(&c.New, &c.SecretIsNew)
			if err != nil {
				return fmt.Errorf("client %s: %w", c.ClientID, inWords(err, c.values()))
			}
		}
		return nil
	}), nil)
}

// clientUpsert takes ClientRow.args and Secret.IfMissing.
var clientUpsert = clientInsert + `
	ON CONFLICT (client_id) DO UPDATE SET
		client_secret_sha256 = CASE WHEN $` + strconv.Itoa(len(registeredColumns)+2) + ` THEN coalesce(c.client_secret_sha256, excluded.client_secret_sha256)
			ELSE excluded.client_secret_sha256 END,
		` + eachColumn(func(c clientColumn, _ string) string { return c.name + " = excluded." + c.name }) + `
	RETURNING xmax = 0, client_secret_sha256 IS NOT DISTINCT FROM $1`

// RotateClientSecret replaces the secret at once: the old one is refused from the next request on.
func (s *Store) RotateClientSecret(ctx context.Context, clientID string, sha256 []byte) error {
	return s.manageOne(ctx, Missing{"client", clientID}, values{},
		`UPDATE clients SET client_secret_sha256 = $2 WHERE client_id = $1 RETURNING 1`, clientID, sha256)
}

// DisableClient refuses a client and all it holds, from the next request on.
func (s *Store) DisableClient(ctx context.Context, clientID string) error {
	return s.manageOne(ctx, Missing{"client", clientID}, nil,
		`UPDATE clients SET disabled_at = coalesce(disabled_at, now()) WHERE client_id = $1 RETURNING 1`, clientID)
}

// EnableClient takes a client in again.
func (s *Store) EnableClient(ctx context.Context, clientID string) error {
	return s.manageOne(ctx, Missing{"client", clientID}, nil,
		`UPDATE clients SET disabled_at = NULL WHERE client_id = $1 RETURNING 1`, clientID)
}

// RemoveClient removes a client with its consents, codes and tokens.
func (s *Store) RemoveClient(ctx context.Context, clientID string) error {
	return s.manageOne(ctx, Missing{"client", clientID}, nil, `DELETE FROM clients WHERE client_id = $1 RETURNING 1`, clientID)
}

var clientSelect = `SELECT ` + eachColumn(func(c clientColumn, _ string) string {
	if c.nullable {
		return "coalesce(" + c.name + ", '') AS " + c.name
	}
	return c.name
}) + `, disabled_at FROM clients`

// ListClients gives all clients by id.
func (s *Store) ListClients(ctx context.Context) ([]ClientRow, error) {
	rows, err := s.pool.Query(ctx, clientSelect+` ORDER BY client_id`)
	if err != nil {
		return nil, inWords(err, nil)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[ClientRow])
	return list, inWords(err, nil)
}

// ShowClient gives one client as it is registered.
func (s *Store) ShowClient(ctx context.Context, clientID string) (ClientRow, error) {
	rows, err := s.pool.Query(ctx, clientSelect+` WHERE client_id = $1`, clientID)
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
