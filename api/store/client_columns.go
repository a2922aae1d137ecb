package store

import (
	"reflect"
	"slices"
	"strings"

	"gatehouse/api/oidc"
)

// clientColumn is a column of clients, and the field that it is read to and written from.
type clientColumn struct {
	name     string
	field    []int
	nullable bool // text that is NULL where the field is empty
}

// columnList writes statements for columns of clients. In a statement that stores them, each has its name for its argument.
type columnList []clientColumn

// clientColumns are all columns that are read; registeredColumns those that are stored when a client is registered, as the others
// have functions of their own; metadataColumns those that a client registers itself.
var (
	clientColumns     = columnsOf(reflect.TypeFor[oidc.Client]())
	registeredColumns = clientColumns.without("resources", "claims", "policy", "secrets", "registration", "disabled_at",
		"metadata_fetched_at", "created_at", "managed_by")
	metadataColumns = columnsOf(reflect.TypeFor[oidc.ClientMetadata]())
)

func columnsOf(t reflect.Type) (list columnList) {
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if column, ok := f.Tag.Lookup("db"); ok {
			name = column
		}
		list = append(list, clientColumn{name, f.Index, f.Type.Kind() == reflect.String && options == "omitempty"})
	}
	return list
}

func (l columnList) without(names ...string) columnList {
	return slices.DeleteFunc(slices.Clone(l), func(c clientColumn) bool { return slices.Contains(names, c.name) })
}

// each joins what write makes of each column.
func (l columnList) each(write func(c clientColumn) string) string {
	parts := make([]string, len(l))
	for i, c := range l {
		parts[i] = write(c)
	}
	return strings.Join(parts, ", ")
}

// resourcesOfClient are the rows of resources that are of use to a client c: those of its audiences, those that it may exchange tokens
// for, what it is itself and, if it registered itself, those that are open to whoever did. They are cached with it.
const resourcesOfClient = `(SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.identifier), '[]') FROM resources r
	WHERE r.identifier = c.client_id OR without_slash(r.identifier) IN (SELECT without_slash(a) FROM unnest(c.audiences) AS a)
		OR without_slash(r.identifier) IN (SELECT without_slash(x.audience) FROM exchange_policies x WHERE x.client_id = c.client_id)
		OR c.registration IS NOT NULL AND r.open_to = '` + oidc.OpenToRegistered + `') AS resources`

// claimsOfClient are the rows of client_claims of a client c. They are cached with it.
const claimsOfClient = `(SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.position), '[]') FROM client_claims r
	WHERE r.client_id = c.client_id) AS claims`

// secretsOfClient are the rows of client_secrets of a client c, for oidc.ClientSecret. They are cached with it.
const secretsOfClient = `(SELECT coalesce(jsonb_agg(jsonb_build_object('name', s.name,
	'secret_sha256', encode(s.secret_sha256, 'base64'), 'created_at', s.created_at, 'expires_at', s.expires_at,
	'used_at', s.used_at)
	ORDER BY s.created_at DESC, s.name DESC), '[]') FROM client_secrets s WHERE s.client_id = c.client_id) AS secrets`

func (c clientColumn) read() string {
	switch c.name {
	case "secrets":
		return secretsOfClient
	case "resources":
		return resourcesOfClient
	case "claims":
		return claimsOfClient
	case "policy":
		return policyColumn
	}
	if c.nullable {
		return "coalesce(" + c.name + ", '') AS " + c.name
	}
	return c.name
}

func (c clientColumn) stored() string {
	if c.nullable {
		return "nullif(@" + c.name + ", '')"
	}
	return "@" + c.name
}

func (c clientColumn) taken() string { return c.name + " = excluded." + c.name }

// fields are where the columns are read to in client, a pointer to the struct that they were made of.
func (l columnList) fields(client any) []any {
	row, list := reflect.ValueOf(client).Elem(), make([]any, len(l))
	for i, c := range l {
		list[i] = row.FieldByIndex(c.field).Addr().Interface()
	}
	return list
}

// args are the values of the columns in client, the struct that they were made of.
func (l columnList) args(client any) args {
	row, a := reflect.ValueOf(client), args{}
	for _, c := range l {
		value := row.FieldByIndex(c.field).Interface()
		if list, ok := value.([]string); ok {
			value = oidc.NotNil(list)
		}
		a[c.name] = value
	}
	return a
}

// namesInConstraints are the columns that a constraint calls by another name than theirs.
var namesInConstraints = map[string][]string{
	"access_token_alg":        {"access_token_signing_alg"},
	"auth_method":             {"token_endpoint_auth_method"},
	"id_token_alg":            {"id_token_signed_response_alg"},
	"public_redirect_uris":    {"redirect_uris"},
	"request_object_alg":      {"request_object_signing_alg"},
	"token_endpoint_auth_alg": {"token_endpoint_auth_signing_alg"},
	"userinfo_alg":            {"userinfo_signed_response_alg"},
}

// shown are what a refusal of client may show: texts and lists of text, hence no keys.
func (l columnList) shown(client any) values {
	v := values{}
	for name, value := range l.args(client) {
		switch value := value.(type) {
		case string:
			v[name] = value
		case []string:
			v[name] = join(value)
		}
	}
	addNamesInConstraints(v)
	return v
}

// addNamesInConstraints adds the values of columns by the names that constraints call them.
func addNamesInConstraints(v values) {
	for name, columns := range namesInConstraints {
		var list []string
		for _, column := range columns {
			if v[column] != "" {
				list = append(list, v[column])
			}
		}
		v[name] = join(list)
	}
}
