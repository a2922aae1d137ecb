package admin

import "testing"

// Of somebody whom no group admits it says so, whatever else they would be asked.
func TestExplainNamesTheGroupsThatDoNotAdmitSomebody(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	_, err := conn.Exec(t.Context(), `
		INSERT INTO groups (name) VALUES ('physics');
		INSERT INTO users (username, password) VALUES ('alice', password_hash('nine grey herons')), ('bob', password_hash('nine grey herons'));
		INSERT INTO group_members (username, group_name) VALUES ('bob', 'physics');
		INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, first_party, allowed_groups)
		VALUES ('spa', 'none', '{https://spa.example.org/cb}', true, '{physics}')`)
	try(t, err)
	for username, want := range map[string]ExplainedStep{
		"alice": {What: "refused with access_denied: the person is not in a group that may use this application",
			Row: "clients.allowed_groups of spa: physics"},
		"bob": {What: `let in, with acr "1"`},
	} {
		out, err := a.Explain(t.Context(), Explain{Username: username, ClientID: "spa"})
		try(t, err)
		if last := out.Steps[len(out.Steps)-1]; last != want {
			t.Errorf("%s: %+v", username, out.Steps)
		}
	}
}

// What a service asks for is said with its row, whether the client names it or has it in its own.
func TestExplainNamesTheServiceThatAsks(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	_, err := conn.Exec(t.Context(), `
		INSERT INTO users (username, password) VALUES ('alice', password_hash('nine grey herons'));
		INSERT INTO resources (identifier, allowed_groups, min_acr) VALUES ('archive', '{physics}', NULL), ('vault', '{}', 'mfa');
		INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, first_party, audiences)
		VALUES ('spa', 'none', '{https://spa.example.org/cb}', true, '{archive,vault}')`)
	try(t, err)
	for _, c := range []struct {
		resources []string
		nth       int // of the steps
		want      ExplainedStep
	}{
		{nil, 1, ExplainedStep{"has to set up a factor first: a passkey or a one-time code", "resources.min_acr of vault"}},
		{nil, 3, ExplainedStep{"the access token is not for this service", "resources.allowed_groups of archive"}},
		{[]string{"vault"}, 2, ExplainedStep{`let in, with acr "phr"`, ""}},
		{[]string{"archive"}, 1, ExplainedStep{
			"refused with access_denied: the person is not in a group that may use the service that resource names",
			"resources.allowed_groups of archive"}},
		{[]string{"gone"}, 1, ExplainedStep{"refused with invalid_target: to allow it: UPDATE clients SET audiences = " +
			"array_append(audiences, 'gone') WHERE client_id = 'spa'", ""}},
	} {
		out, err := a.Explain(t.Context(), Explain{Username: "alice", ClientID: "spa", Resources: c.resources})
		try(t, err)
		if len(out.Steps) <= c.nth || out.Steps[c.nth] != c.want {
			t.Errorf("%v: %+v, want %+v", c.resources, out.Steps, c.want)
		}
	}
}

func TestExplainSaysWhichTermsComeFirst(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	_, err := conn.Exec(t.Context(), `
		INSERT INTO users (username, password) VALUES ('alice', password_hash('nine grey herons'));
		INSERT INTO terms (name, version, titles, texts) VALUES ('use', '1', '{"en": "Terms"}', '{"en": "Be kind."}'),
			('data', '2', '{"en": "Data"}', '{"en": "Be careful."}');
		INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, first_party)
		VALUES ('spa', 'none', '{https://spa.example.org/cb}', true)`)
	try(t, err)
	out, err := a.Explain(t.Context(), Explain{Username: "alice", ClientID: "spa"})
	try(t, err)
	steps := out.Steps[1:]
	if len(steps) != 3 || steps[0].What != "asked to accept terms" || steps[0].Row != "terms, use 1" || steps[1].Row != "terms, data 2" {
		t.Errorf("%+v", out.Steps)
	}
}
