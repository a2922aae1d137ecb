package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// write writes a file and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sql runs statements as an operator does, by no door of Gatehouse.
func (s *shell) sql(statements string) {
	s.t.Helper()
	if err := s.trySQL(statements); err != nil {
		s.t.Fatalf("%v in\n%s", err, statements)
	}
}

func (s *shell) trySQL(statements string) error {
	conn, err := pgx.Connect(s.t.Context(), s.url)
	if err != nil {
		return err
	}
	defer conn.Close(s.t.Context())
	_, err = conn.Exec(s.t.Context(), statements, pgx.QueryExecModeSimpleProtocol)
	return err
}

// plan returns what plan prints, and whether it says that there are changes.
func (s *shell) plan(args ...string) (stdout string, changes bool) {
	s.t.Helper()
	code, stdout, stderr := s.run("", append([]string{"plan"}, args...)...)
	if code != 0 && code != 2 {
		s.t.Fatalf("plan %q: exit code %d\n%s", args, code, stderr)
	}
	return stdout, code == 2
}

const hubFile = `groups:
  - name: staff
    description: Everybody who works here
  - name: admins
    mfa: true
clients:
  - client_id: hub
    client_name: "The Hub: ours"
    client_secret: {env: HUB_SECRET}
    redirect_uris: [https://hub.example.org/hub/oauth_callback]
    allowed_groups:
      - staff
  - client_id: app
    token_endpoint_auth_method: none
    redirect_uris:
      - https://app.example.org/in
    min_acr: mfa
    min_acr_from: 2027-03-01
`

func TestWhatAFileDeclaresIsPlannedAppliedAndThenNoChange(t *testing.T) {
	t.Parallel()
	s := newShell(t, "HUB_SECRET=a-secret-of-some-length-and-more")
	hub := write(t, "hub.yaml", hubFile)
	planned, changes := s.plan(hub)
	if !changes {
		t.Fatal("plan says that there are no changes")
	}
	for _, want := range []string{
		"-- hub.yaml, line 2: group \"staff\" is new\nINSERT INTO groups (name, description, managed_by)\n" +
			"VALUES ('staff', 'Everybody who works here', 'hub.yaml:2');\n",
		"managed_by)\nVALUES ('hub', 'The Hub: ours', ARRAY['https://hub.example.org/hub/oauth_callback'], ARRAY['staff'], 'hub.yaml:7')",
		"INSERT INTO client_secrets (client_id, secret_sha256) SELECT client_id, sha256(convert_to(:'HUB_SECRET', 'UTF8')) FROM client;",
		"'2027-03-01T00:00:00+00:00'", "-- 4 to insert\n",
	} {
		if !strings.Contains(planned, want) {
			t.Errorf("plan has no %q:\n%s", want, planned)
		}
	}
	if strings.Contains(planned, "of-some-length") {
		t.Errorf("plan has the secret:\n%s", planned)
	}
	if out := s.good("", "group", "list"); strings.Contains(out, "staff") {
		t.Errorf("plan has changed something: %s", out)
	}
	if out := s.good("", "apply", hub); !strings.HasSuffix(out, "-- inserted 4\n") {
		t.Errorf("apply: %s", out)
	}
	if out := s.good("", "apply", hub); out != "no changes\n" {
		t.Errorf("apply again: %s", out)
	}
	if out, changes := s.plan(hub); changes || out != "no changes\n" {
		t.Errorf("plan then: %s", out)
	}

	s.sql("UPDATE groups SET description = E'It''s\\nmine' WHERE name = 'staff'; DELETE FROM groups WHERE name = 'admins'")
	planned, _ = s.plan(hub)
	for _, want := range []string{`--   description: E'It\'s\nmine' → 'Everybody who works here'`,
		"UPDATE groups SET description = 'Everybody who works here'\nWHERE name = 'staff';", "-- 1 to insert, 1 to update\n"} {
		if !strings.Contains(planned, want) {
			t.Errorf("plan of what SQL changed has no %q:\n%s", want, planned)
		}
	}
	s.sql(planned)
	if out, changes := s.plan(hub); changes {
		t.Errorf("after the statements of the plan: %s", out)
	}
}

func TestAnExportIsWhatApplyTakesAndExportsAgain(t *testing.T) {
	t.Parallel()
	secret := "CLIENT_SECRET_HUB=a-secret-of-some-length-and-more"
	s := newShell(t, secret, "HUB_SECRET=a-secret-of-some-length-and-more")
	s.good("", "apply", write(t, "hub.yaml", hubFile))
	exported := s.good("", "export")
	if out := s.good("", "export"); out != exported {
		t.Errorf("another export differs: %s", out)
	}
	if out, changes := s.plan(write(t, "hub.yaml", exported)); changes || !strings.HasSuffix(out, "-- no changes, 6 to mark as declared\n") {
		t.Errorf("on the same database: %s", out)
	}
	empty := newShell(t, secret)
	empty.good("", "apply", write(t, "hub.yaml", exported))
	if out := empty.good("", "export"); out != exported {
		t.Errorf("exported from another database:\n%s\nbefore:\n%s", out, exported)
	}
}

// The secret of a file is one of two while it is rotated by hand; another one in its place ends both.
func TestADeclaredSecretIsOneOfTheLiveOnes(t *testing.T) {
	t.Parallel()
	s := newShell(t, "HUB_SECRET=a-secret-of-some-length-and-more")
	hub := write(t, "hub.yaml", hubFile)
	s.good("", "apply", hub)
	s.sql("INSERT INTO client_secrets (client_id, name, secret_sha256) VALUES ('hub', 'other', sha256('another'))")
	if out, changes := s.plan(hub); changes {
		t.Errorf("beside another secret: %s", out)
	}
	s.sql("DELETE FROM client_secrets WHERE name <> 'other'")
	planned, changes := s.plan(hub)
	if !changes || strings.Contains(planned, "UPDATE clients") ||
		!strings.Contains(planned, "DELETE FROM client_secrets WHERE client_id = 'hub'") {
		t.Errorf("another secret alone: %s", planned)
	}
	if out, _ := s.plan(hub, "--as-migration"); !strings.Contains(out, "stays what it became") || strings.Contains(out, "UPDATE clients") {
		t.Errorf("as a migration: %s", out)
	}
	s.good("", "apply", hub)
	if out, changes := s.plan(hub); changes {
		t.Errorf("after apply: %s", out)
	}
	s.sql("UPDATE clients SET client_name = 'x'; UPDATE client_secrets SET secret_sha256 = sha256('another')")
	s.good("", "apply", hub)
	if out, changes := s.plan(hub); changes {
		t.Errorf("after apply of both: %s", out)
	}
}

func TestADeclaredRowIsChangedInItsFileOrOnPurpose(t *testing.T) {
	t.Parallel()
	s := newShell(t, "HUB_SECRET=a-secret-of-some-length-and-more")
	hub := write(t, "hub.yaml", hubFile)
	s.good("", "apply", hub)
	s.good("", "group", "add", "others")
	for _, args := range [][]string{{"client", "disable", "hub"}, {"client", "remove", "hub"}, {"client", "set", "app", "--min-acr", "phr"}} {
		s.bad("the client is declared in hub.yaml, line ", "", args...)
		s.bad(": change it there; or here with --declared-anyway: the next apply takes it back", "", args...)
	}
	s.bad("the group is declared in hub.yaml, line 2", "", "group", "remove", "staff")
	s.bad("the secret is declared in hub.yaml, line 7: change it there; or here with --declared-anyway", "", "client", "rotate-secret", "hub")
	s.good("", "client", "rotate-secret", "hub", "--declared-anyway")
	if out, _ := s.plan(hub); !strings.Contains(out, "--   secret changes\n") {
		t.Errorf("plan of a secret that was replaced: %s", out)
	}
	s.good("", "apply", hub)
	without := write(t, "hub.yaml", strings.Replace(hubFile, "    client_secret: {env: HUB_SECRET}\n", "", 1))
	s.good("", "apply", without)
	s.good("", "client", "rotate-secret", "hub") // of which no file says anything now
	s.good("", "apply", hub)
	s.good("", "group", "remove", "others")
	s.good("", "client", "disable", "hub", "--declared-anyway")
	if out, _ := s.plan(hub); !strings.Contains(out, "--   disabled_at: '2") || !strings.Contains(out, "SET disabled_at = NULL\n") {
		t.Errorf("plan of what was changed on purpose: %s", out)
	}
	s.sql("DELETE FROM clients WHERE client_id = 'hub'") // an operator's own statement is not refused
	s.good("", "apply", hub)
	if out := s.good("", "client", "show", "hub"); !strings.Contains(out, `"managed_by": "hub.yaml:7"`) {
		t.Errorf("the client does not say where it is declared: %s", out)
	}
}

func TestWhatNobodyDeclaredStaysAndWhatAFileDeclaresNoMoreGoesWithPruneOnly(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "group", "add", "handmade")
	s.good("", "group", "add", "adopted")
	other := write(t, "other.yaml", "groups: [{name: of-other}]")
	s.good("", "apply", other)
	hub := write(t, "hub.yaml", "groups: [{name: staff}, {name: former}, {name: adopted}]")
	if out, changes := s.plan(hub); !changes || !strings.Contains(out, `group "adopted" is there as declared, and is marked`) ||
		!strings.Contains(out, "-- 2 to insert, 1 to mark as declared") {
		t.Errorf("plan: %s", out)
	}
	s.good("", "apply", hub)
	hub = write(t, "hub.yaml", "\n\ngroups: [{name: staff}]")
	const former = `group "former" was declared in hub.yaml, line 1, and is no more; --prune deletes it`
	code, out, told := s.run("", "apply", hub)
	if code != 0 || out != "no changes\n" || !strings.Contains(told, former) {
		t.Errorf("without --prune: %d %s%s", code, out, told)
	}
	if out, changes := s.plan(hub, "--prune"); !changes || !strings.Contains(out, "DELETE FROM groups WHERE name = 'former';") ||
		!strings.HasSuffix(out, "-- 2 to delete\n") {
		t.Errorf("plan --prune: %s", out)
	}
	s.good("", "apply", hub, "--prune")
	if out := s.good("", "export", "groups"); out != "groups:\n  - name: handmade\n  - name: of-other\n  - name: staff\n" {
		t.Errorf("left: %s", out)
	}
	s.bad("the group is declared in hub.yaml, line 3", "", "group", "remove", "staff") // the mark has followed its line
	s.bad("two files are called hub.yaml", "", "plan", hub, write(t, "hub.yaml", ""))
}

const publicClient = "clients:\n- client_id: x\n  token_endpoint_auth_method: none\n"

func TestWhatIsWrongWithAFileIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	s := newShell(t, "SHORT=short")
	for content, want := range map[string]string{
		"group: []":                                                    `bad.yaml:1:1: there are no "group": a file has acr_values, groups, `,
		"groups: [{name: a, descriptio: b}]":                           `bad.yaml:1:20: groups have no "descriptio": there are name, `,
		"groups:\n- name: a\n  name: b":                                `bad.yaml:3:3: "name" is here twice: it was in line 2`,
		"groups: []\ngroups: []":                                       `bad.yaml:2:1: "groups" is here twice: it was in line 1`,
		"groups:\n- name: a\n- name: a":                                `bad.yaml:3:3: group "a" is declared in bad.yaml, line 2 already`,
		"groups: [{name: &a x, description: y}]":                       `bad.yaml:1:17: anchors (&) and aliases (*) are not taken`,
		"groups: [{name: !!str 1}]":                                    `bad.yaml:1:17: tags (!) are not taken: put text in quotes`,
		"groups: [{name: yes}]":                                        `bad.yaml:1:17: name must be text: put it in quotes`,
		"groups: [{name: 0o17}]":                                       `bad.yaml:1:17: name must be text: put it in quotes`,
		"groups: [{name: 2027-03-01}]":                                 `bad.yaml:1:17: name must be text: put it in quotes`,
		"groups: [{name: [a]}]":                                        `bad.yaml:1:17: name must be text`,
		"groups: [{description: a}]":                                   `bad.yaml:1:10: name is missing`,
		"groups: [{name: null}]":                                       `bad.yaml:1:17: name must not be null`,
		"groups: [{name: a, mfa: yes}]":                                `bad.yaml:1:25: mfa must be true or false`,
		"groups: [{name: a, mfa_from: soon}]":                          `bad.yaml:1:30: mfa_from must be a date, such as 2027-03-01`,
		"groups: [{name: a, mfa_from: 2027-02-30}]":                    `bad.yaml:1:10: `,
		"groups: [{name: a, created_at: 2027-02-03}]":                  `bad.yaml:1:20: created_at is kept by Gatehouse`,
		"groups: [{name: a, managed_by: x}]":                           `bad.yaml:1:20: managed_by is kept by Gatehouse`,
		"groups: [{name: \"a,b\"}]":                                    `bad.yaml:1:17: the name of a group must have no comma: "a,b"`,
		"groups: [a]":                                                  `bad.yaml:1:10: a group must be a mapping`,
		"groups: {a: b}":                                               `bad.yaml:1:9: groups must be a list`,
		"- groups":                                                     `bad.yaml:1:1: a file has at its top: acr_values, groups, `,
		"groups: [":                                                    `bad.yaml:1: did not find expected node content`,
		"groups:\n\t- name: a":                                         `bad.yaml:2: found character that cannot start any token`,
		"groups: []\n---\ngroups: []":                                  `bad.yaml:2:1: a file is one document: there is a second one`,
		"groups: [{name: \"a\\0b\"}]":                                  `bad.yaml:1:17: text must be UTF-8 and have no NUL`,
		"groups: \x00":                                                 `bad.yaml: control characters are not allowed`,
		"clients: [{client_id: x, client_secret: a}]":                  `bad.yaml:1:41: client_secret must be a reference: {env: NAME} or `,
		"clients: [{client_id: x, client_secret: {env: UNSET}}]":       `bad.yaml:1:41: UNSET is not set, and there is no secret yet`,
		"clients: [{client_id: x, client_secret: {env: SHORT}}]":       `bad.yaml:1:41: client_secret of SHORT must have at least 22 characters`,
		"clients: [{client_id: x, client_secret: {file: gone}}]":       `bad.yaml:1:41: there is no file `,
		"clients: [{client_id: x, client_secret: {file: ../x}}]":       `bad.yaml:1:41: a file of a secret is named from the root on, or `,
		"clients: [{client_id: x, client_secret_sha256: x}]":           `clients have no "client_secret_sha256": there are `,
		"clients: [{client_id: x, grant_types: [magic]}]":              `bad.yaml:1:39: grant_types "magic" is not supported`,
		publicClient + "  redirect_uris: ['https://a.example.org/#b']": `bad.yaml:4:18: redirect_uris must have no fragment`,
	} {
		s.bad(want, "", "apply", write(t, "bad.yaml", content))
	}
	s.bad("no such file or directory", "", "apply", "/nowhere.yaml")
	for _, nothing := range []string{"", "# nothing\n", "---\n", "groups:\n", "{}"} {
		if out := s.good("", "apply", write(t, "bad.yaml", nothing)); out != "no changes\n" {
			t.Errorf("%q: %s", nothing, out)
		}
	}
	code, _, told := s.run("", "apply", write(t, "bad.yaml", "groups:\n- name: a\n  x: 1\n- name: b\n  y: 2\n"))
	if code != 1 || strings.Count(told, "\n") != 2 {
		t.Errorf("not all that is wrong is told: %s", told)
	}
	s.good("", "apply", write(t, "bad.yaml", "\ufeffgroups:\r\n- name: crlf\r\n  description: |\r\n    one\r\n    two\r\n"))
	if out := s.good("", "export", "groups"); out != "groups:\n  - name: crlf\n    description: |\n      one\n      two\n" {
		t.Errorf("CRLF and BOM: %q", out)
	}
}
