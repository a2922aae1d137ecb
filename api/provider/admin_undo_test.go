package provider_test

import (
	"fmt"
	"strings"
	"testing"
)

// lastChange is the id of the last row of audit about a table.
func (r *rig) lastChange(table string) int {
	r.Helper()
	return r.Count(`SELECT id FROM audit WHERE table_name = $1 ORDER BY id DESC LIMIT 1`, table)
}

func TestAChangeIsTakenBackWhereNothingWasLostByIt(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	c := r.withToken("alice", "admin.write")
	undo := func(status, id int, says string) {
		t.Helper()
		if a := c.does(status, "POST", fmt.Sprintf("/audit/%d/undo", id), ""); !strings.Contains(a.Body, says) {
			t.Errorf("%s, want %s", a.Body, says)
		}
	}
	is := func(want int, sql string) {
		t.Helper()
		if got := r.Count(sql); got != want {
			t.Errorf("%s: %d, want %d", sql, got, want)
		}
	}
	r.Exec(`INSERT INTO users (username, email, claims) VALUES ('ada', 'ada@example.org', '{"department": "physics"}')`)
	c.does(204, "PATCH", "/users/ada", `{"email": "other@example.org", "claims": {"x": [1, "a"]}}`)
	changed := r.lastChange("users")
	offered := func(want bool, id int) {
		t.Helper()
		list := c.does(200, "GET", fmt.Sprintf("/audit?after=%d&limit=1", id+1), "")
		if !strings.Contains(list.Body, fmt.Sprintf(`"undoable":%t`, want)) {
			t.Errorf("%s, want undoable %t", list.Body, want)
		}
	}
	offered(true, changed)
	undo(204, changed, "")
	is(1, `SELECT count(*) FROM users WHERE email = 'ada@example.org' AND claims = '{"department": "physics"}'`)
	undo(409, changed, "somebody changed it since")

	c.does(204, "POST", "/groups", `{"name": "class"}`)
	c.does(204, "POST", "/groups/class/members", `{"usernames": ["ada"]}`)
	undo(204, r.lastChange("group_members"), "")
	is(0, `SELECT count(*) FROM group_members WHERE username = 'ada'`)
	undo(204, r.lastChange("group_members"), "") // what was taken back can be taken back
	is(1, `SELECT count(*) FROM group_members WHERE username = 'ada'`)

	sub := r.Count(`SELECT hashtext(sub) FROM users WHERE username = 'ada'`)
	c.does(200, "DELETE", "/users/ada", "")
	undo(204, r.lastChange("users"), "")
	is(sub, `SELECT hashtext(sub) FROM users WHERE username = 'ada'`)

	c.does(200, "PATCH", "/clients/web", `{"redirect_uris": ["https://a.example.org/cb", "https://b.example.org/cb"]}`)
	undo(204, r.lastChange("clients"), "")
	is(0, `SELECT count(*) FROM clients WHERE client_id = 'web' AND 'https://a.example.org/cb' = ANY (redirect_uris)`)

	r.Exec(`UPDATE users SET password = NULL, email = 'x@example.org' WHERE username = 'alice'`)
	offered(false, r.lastChange("users"))
	undo(409, r.lastChange("users"), "a secret was changed")
	offered(false, r.lastChange("personal_access_tokens"))
	undo(409, r.Count(`SELECT id FROM audit WHERE table_name = 'personal_access_tokens' ORDER BY id DESC LIMIT 1`), "cannot be undone")
	undo(404, 999999, "there is no change")
	c.does(400, "POST", "/audit/x/undo", "")
	r.withToken("alice", "admin.audit.write").forbidden("POST", fmt.Sprintf("/audit/%d/undo", changed), "")
}
