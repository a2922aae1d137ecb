package store

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// addresses are the columns that check_uris looks at, and which kind each is of.
var addresses = map[string]string{
	"clients.redirect_uris": "any", "clients.post_logout_redirect_uris": "any", "clients.request_uris": "request",
	"clients.client_uri": "http", "clients.logo_uri": "http", "clients.policy_uri": "http", "clients.tos_uri": "http",
	"clients.initiate_login_uri": "http", "clients.jwks_uri": "http", "clients.sector_identifier_uri": "https",
	"clients.frontchannel_logout_uri": "http", "clients.backchannel_logout_uri": "http", "upstreams.issuer": "http",
}

// brokenRules are the ends of the constraints' names, of which kinds ("" for all), and what each refuses.
var brokenRules = []struct {
	rule, kinds string
	values      []string
}{
	{"must_not_be_null", "any request", []string{"NULL"}},
	{"must_be_at_most_100", "any request", []string{"array_fill('https://c.example.org/'::text, '{101}')"}},
	{"must_have_at_most_1000_characters", "", []string{"'https://c.example.org/' || repeat('x', 1000)"}},
	{"must_have_no_white_space", "", []string{"'https://c.example.org/a b'", "E'https://c.example.org/\\n'"}},
	{"must_have_no_control_characters", "", []string{"E'https://c.example.org/\\x7f'"}},
	{"must_have_no_fragment", "any http https", []string{"'https://c.example.org/cb#x'", "'https://c.example.org/cb#'"}},
	{"must_have_no_fragment", "request", []string{"'https://c.example.org/x#<'", "'https://c.example.org/x#a#b'"}},
	{"must_have_no_wildcard", "", []string{"'https://*.example.org/cb'", "'https://c.example.org/*'"}},
	{"must_have_special_characters_percent_encoded", "", []string{
		`'https://c.example.org\@evil.example.org/'`, "'https://c.example.org/{id}'", `'https://c.example.org/"'`}},
	{"must_be_absolute", "", []string{"'/cb'", "'//c.example.org'", "'c.example.org'", "''", "'my_app://cb'"}},
	{"must_have_the_scheme_in_lower_case", "", []string{"'HTTPS://c.example.org/'", "'JavaScript:alert(1)'"}},
	{"must_have_a_scheme_of_the_application", "any", []string{"'javascript:alert(1)'", "'data:text/html,x'", "'file:///etc/passwd'",
		"'vbscript:x'", "'blob:https://c.example.org/x'", "'about:blank'", "'ftp://c.example.org/'", "'httpx://c.example.org/'",
		"'http+unix://c/'", "'ws://c.example.org/'", "'mailto:a@example.org'", "'view-source:https://c.example.org/'",
		"'urn:ietf:wg:oauth:2.0:oob'"}},
	{"must_be_http_or_https", "http https request", []string{"'javascript:alert(1)'", "'org.example:/x'", "'myapp://cb'"}},
	{"must_be_https", "https", []string{"'http://c.example.org/'"}},
	{"must_have_a_host", "", []string{"'https:///cb'", "'https:c.example.org/cb'", "'https:/c.example.org'", "'https://?x'"}},
	{"must_have_no_user_name", "", []string{"'https://user@c.example.org/'", "'https://user:pw@c.example.org/'"}},
	{"must_have_a_valid_host", "", []string{
		"'https://-c.example.org/'", "'https://münchen.example/'", "'https://a,b/'", "'https://[x]/'"}},
	{"must_have_a_valid_port", "", []string{
		"'https://c.example.org:x/'", "'https://c.example.org:/'", "'https://c.example.org:123456/'"}},
}

// RFC 9700 §4.1, RFC 8252 §7.1.
func TestAnAddressIsRefusedByTheOneRuleThatItBreaks(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	if _, err := conn.Exec(t.Context(), someRows, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	for column, kind := range addresses {
		table, name, _ := strings.Cut(column, ".")
		for _, broken := range brokenRules {
			if broken.kinds != "" && !slices.Contains(strings.Fields(broken.kinds), kind) {
				continue
			}
			for _, value := range broken.values {
				if strings.HasSuffix(name, "s") && !strings.HasPrefix(value, "array_fill") {
					value = "ARRAY['https://c.example.org/', " + value + "]"
				}
				_, err := conn.Exec(t.Context(), "UPDATE "+table+" SET "+name+" = "+value)
				var refusal *pgconn.PgError
				if !errors.As(err, &refusal) || refusal.ConstraintName != table+"_"+name+"_"+broken.rule {
					t.Errorf("%s = %s: %v (%+v), want %s", column, value, err, refusal, broken.rule)
				} else if words := inWords(err, nil).Error(); strings.Contains(words, "pw") ||
					!strings.HasPrefix(words, name+" "+strings.ReplaceAll(broken.rule, "_", " ")) {
					t.Errorf("%s = %s: %s", column, value, words)
				}
			}
		}
	}
}

func TestEveryAddressIsLookedAt(t *testing.T) {
	t.Parallel()
	rows, err := connect(t).Query(t.Context(), `
		SELECT a.attrelid::regclass || '.' || a.attname, coalesce(substring(pg_get_constraintdef(c.oid) FROM '''(\w+)''::text\)\)+$'), '')
		FROM pg_attribute a LEFT JOIN pg_constraint c
			ON c.conrelid = a.attrelid AND pg_get_constraintdef(c.oid) ~ ('check_uris.*' || quote_literal(a.attname))
		WHERE a.attrelid IN ('clients'::regclass, 'upstreams'::regclass) AND (a.attname ~ '_uris?$' OR a.attname = 'issuer')`)
	if err != nil {
		t.Fatal(err)
	}
	type address struct{ Column, Kind string }
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[address])
	if err != nil || len(found) != len(addresses) {
		t.Errorf("%v, %v", found, err)
	}
	for _, f := range found {
		if f.Kind == "" || addresses[f.Column] != f.Kind {
			t.Errorf("%s is looked at as %q, want %q", f.Column, f.Kind, addresses[f.Column])
		}
	}
}
