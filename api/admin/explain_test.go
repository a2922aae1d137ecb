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
