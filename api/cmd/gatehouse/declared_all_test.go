package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatehouse/api/declared"
)

// everyColumn declares rows of every table with every column that a file may have, none of them its default.
const everyColumn = `acr_values:
  - value: "0755"
    position: -5
    factors: 2
    phishing_resistant: true
    hardware_protected: true
groups:
  - name: "yes"
    description: |-
      It's "all",
      in lines: a #1

      and # one more
    mfa: true
    mfa_from: 2027-03-01T08:00:00+01:00
    inactive_after: 365d
    gid: 4294967293
upstreams:
  - name: google
    display_name: Größe – 日本 \n 'x'
    kind: github
    issuer: https://github.example.org
    client_id: us
    client_secret: {env: GOOGLE_SECRET}
    scope: read:user
    authorization_params: {prompt: consent, "1": "on", "a b": "~"}
    email_domains: [example.org, "ä.example"]
    trusts_email: true
    creates_users: true
    username_prefix: gh-
    username_pattern: '[a-z]{2}\d+'
    position: 7
    mfa_values: [mfa, "1"]
    disabled_at: 2027-01-01
resources:
  - identifier: https://mcp.example.org/mcp
    name: "on"
    scopes: {"mcp:tools": "Use: the tools", "null": "1e3"}
    open_to: registered
    access_token_lifetime: 60
    allowed_groups: ["yes"]
    min_acr: "0755"
    disabled_at: 2027-01-01T00:00:00.123456Z
clients:
  - client_id: '*.$HOME\:#'
    client_name: "- O'Hub: \\\"#1\""
    client_uri: https://a.example.org/?x=1&y=2
    logo_uri: https://a.example.org/logo
    policy_uri: https://a.example.org/policy
    tos_uri: https://a.example.org/tos
    contacts: ["null", " a@b ", "line\nbreak", "it's"]
    initiate_login_uri: https://a.example.org/login
    application_type: native
    redirect_uris: [https://a.example.org/cb, org.example.app:/cb]
    localhost_any_port: true
    grant_types: [authorization_code, refresh_token]
    response_types: []
    scope: openid
    default_max_age: 0
    cors_origins: [capacitor://localhost]
    token_endpoint_auth_method: private_key_jwt
    token_endpoint_auth_signing_alg: ES256
    jwks: {keys: [{kty: EC, crv: P-256, x: a, y: "2", n: 1.50, big: 12345678901234567890123, t: true, z: null, l: [], o: {}}]}
    request_uris: [https://a.example.org/ro.jwt]
    request_object_signing_alg: ES256
    require_signed_request_object: true
    require_pushed_authorization_requests: true
    require_pkce: false
    dpop_bound_access_tokens: true
    id_token_signed_response_alg: ES256
    access_token_signing_alg: PS256
    access_token_typ: JWT
    userinfo_signed_response_alg: EdDSA
    refresh_token_format: jwt
    subject_type: pairwise
    sector_identifier_uri: https://a.example.org/uris
    id_token_scope_claims: false
    released_claims: [preferred_username]
    audiences: [https://mcp.example.org/mcp]
    post_logout_redirect_uris: [https://a.example.org/]
    frontchannel_logout_uri: https://a.example.org/out
    frontchannel_logout_session_required: true
    backchannel_logout_uri: https://a.example.org/back
    backchannel_logout_session_required: true
    first_party: true
    allowed_groups: ["yes"]
    allowed_upstreams: [google]
    resource_server: true
    short_lived_request_objects: true
    min_acr: "0755"
    min_acr_from: 2027-03-01
    disabled_at: infinity
  - client_id: fapi
    token_endpoint_auth_method: private_key_jwt
    jwks_uri: https://a.example.org/jwks
    security_profile: fapi2
    require_pushed_authorization_requests: true
    dpop_bound_access_tokens: true
    id_token_signed_response_alg: ES256
  - client_id: hub
    client_secret: {env: HUB_SECRET}
terms:
  - name: terms-of-use
    version: 2027-03.b
    titles: {en: "Terms: of \"use\"", de-CH: "no"}
    texts: {en: "1. Be kind.\n\n  2. 'Really': #1 <b>\n", de: "ü"}
    uris: {en: "https://a.example.org/terms?x=1&y=2"}
    groups: ["yes"]
    clients: [hub, "on"]
    sign_again_after: 365d
    in_force_from: 2099-03-01T08:00:00+01:00
    ended_at: 2099-04-01
client_claims:
  - client_id: hub
    position: 2
    claim: roles
    value: {a: ["1", 2, null]}
    from_group: "yes"
    shape: list
    in_access_token: true
  - client_id: hub
    position: 3
    claim: more
    from_group_prefix: hub-
    keep_prefix: true
  - client_id: hub
    position: 4
    claim: department
    from_field: department
exchange_policies:
  - client_id: hub
    audience: https://mcp.example.org/mcp
    scope: mcp:tools
    subject_audience: other
    impersonation: true
users:
  - username: ada
    sub: "007"
    name: Ada Lovelace
    given_name: "true"
    family_name: "~"
    email: ada@example.org
    email_verified: true
    picture: https://a.example.org/ada.png
    zoneinfo: Europe/London
    locale: "no"
    claims: {department: physics, "on": [1.0, {deep: "x\ny"}]}
    uid: 1000
    gid: 4294967293
    home: /home/ada
    shell: "/bin/yes"
    disabled_at: 2027-01-01
    expires_at: 2027-09-30T23:59:00+02:00
group_members:
  - group_name: "yes"
    username: ada
    until: 2027-03-28
group_owners:
  - group_name: "yes"
    username: ada
`

var everySecret = []string{"HUB_SECRET=it's-a-secret-of-some-length", "GOOGLE_SECRET=GOCSPX-'of'-the-console",
	"CLIENT_SECRET_HUB=it's-a-secret-of-some-length", "UPSTREAM_SECRET_GOOGLE=GOCSPX-'of'-the-console"}

// psql has statements of a plan have what a person sets in psql for the secrets.
func psql(plan string) string {
	return regexp.MustCompile(`:'([A-Z_]+)'`).ReplaceAllStringFunc(plan, func(variable string) string {
		for _, set := range everySecret {
			if value, ok := strings.CutPrefix(set, strings.Trim(variable, ":'")+"="); ok {
				return declared.Literal(value)
			}
		}
		return variable
	})
}

func TestEveryColumnIsDeclaredPlannedAppliedAndExported(t *testing.T) {
	t.Parallel()
	for _, n := range declared.Nouns { // the file is as whole as the test says
		for _, column := range n.Columns {
			if !strings.Contains(everyColumn[strings.Index(everyColumn, "\n"+n.Name+":")+1:], " "+column+": ") {
				t.Errorf("the file does not declare %s.%s", n.Name, column)
			}
		}
	}
	s := newShell(t, everySecret...)
	hub := write(t, "hub.yaml", everyColumn)
	planned, _ := s.plan(hub, "--people")
	s.good("", "apply", hub, "--people")
	if out, changes := s.plan(hub, "--people"); changes {
		t.Errorf("after apply: %s", out)
	}
	exported := s.good("", "export", "--people")
	for _, n := range declared.Nouns {
		if of := exported[strings.Index("\n"+exported, "\n"+n.Name+":"):]; n.Name != "acr_values" {
			for _, column := range n.Columns {
				if !strings.Contains(of, " "+column+":") {
					t.Errorf("the export has no %s.%s", n.Name, column)
				}
			}
		}
	}
	if strings.Contains(exported+planned, "of-some-length") || strings.Contains(exported+planned, "GOCSPX") {
		t.Error("a secret is shown")
	}
	copied := write(t, "hub.yaml", exported)
	if out, changes := s.plan(copied, "--people"); changes {
		t.Errorf("what is exported differs from what there is: %s", out)
	}
	s.env = s.env[:1] // the secrets are not known
	if out, changes := s.plan(copied, "--people"); changes {
		t.Errorf("without its secrets: %s", out)
	}

	empty := newShell(t, everySecret...)
	empty.good("", "apply", copied, "--people")
	if again := empty.good("", "export", "--people"); again != exported {
		t.Errorf("exported from another database:\n%s\nbefore:\n%s", again, exported)
	}
	pasted := newShell(t, everySecret...)
	pasted.sql(psql(planned))
	if out, changes := pasted.plan(hub, "--people"); changes {
		t.Errorf("after the statements of the plan: %s", out)
	}
	if again := pasted.good("", "export", "--people"); again != exported {
		t.Errorf("exported after the statements:\n%s\nbefore:\n%s", again, exported)
	}

	// Back to nothing but what was there, and to all again.
	nothing := write(t, "hub.yaml", "")
	deletion, _ := pasted.plan(nothing, "--people", "--prune")
	pasted.sql(psql(deletion))
	if left := pasted.good("", "export", "--people"); strings.Contains(left, "clients:") || strings.Contains(left, "users:") {
		t.Errorf("left: %s", left)
	}
	s.good("", "apply", nothing, "--people", "--prune")
	if left := s.good("", "export", "--people"); strings.Contains(left, "clients:") || strings.Contains(left, "users:") {
		t.Errorf("left: %s", left)
	}
}

func TestAPlanIsAMigrationThatGoesBothWays(t *testing.T) {
	for _, set := range everySecret {
		name, value, _ := strings.Cut(set, "=")
		t.Setenv(name, strings.ReplaceAll(value, "'", "-")) // goose has them as they are
	}
	s := newShell(t, "HUB_SECRET=it-s-a-secret-of-some-length", "GOOGLE_SECRET=GOCSPX--of--the-console")
	before := s.good("", "export", "--people")
	steps := []string{everyColumn,
		strings.NewReplacer("    description: |-", "    description: |\n      ; -- +goose Down\n      -- $HOME",
			"resource_server: true", "resource_server: false").Replace(everyColumn)}
	folder := t.TempDir()
	var states []string
	for i, content := range steps {
		file := write(t, "hub.yaml", content)
		migration, changes := s.plan(file, "--people", "--as-migration")
		if !changes {
			t.Fatal("there is nothing to migrate")
		}
		path := filepath.Join(folder, []string{"00001_first.sql", "00002_second.sql"}[i])
		if err := os.WriteFile(path, []byte(migration), 0o600); err != nil {
			t.Fatal(err)
		}
		s.good("", "migrate", "--dir", folder)
		if out, changes := s.plan(file, "--people"); changes {
			t.Errorf("after the migration: %s\n%s", out, migration)
		}
		states = append(states, s.good("", "export", "--people"))
	}
	// The way back is what goose reads below Down.
	for i, name := range slices.Backward([]string{"00001_first.sql", "00002_second.sql"}) {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		_, down, _ := strings.Cut(string(text), "\n-- +goose Down\n")
		s.sql("BEGIN;" + down + ";COMMIT")
		want := append([]string{before}, states...)[i]
		if now := s.good("", "export", "--people"); now != want {
			t.Errorf("%s down:\n%s\nwant\n%s", name, now, want)
		}
	}
}
