package provider_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// startOwned runs the API with people: teacher owns the group class and nobody else's other; root administers.
func startOwned(t *testing.T) (*rig, *console) {
	t.Helper()
	r := startAdmin(t)
	r.Exec(`INSERT INTO users (username, name, email) VALUES ('teacher', 'Tea Cher', 'teacher@uni.example'),
		('student', 'Stu Dent', 'student@uni.example'), ('stranger', 'Stran Ger', 'stranger@uni.example'), ('root', NULL, NULL)`)
	r.Exec(`INSERT INTO groups (name) VALUES ('class'), ('other')`)
	r.Exec(`INSERT INTO group_members (group_name, username) VALUES ('class', 'student'), ('other', 'stranger'), ('hub-admins', 'root')`)
	r.Exec(`INSERT INTO group_owners (group_name, username) VALUES ('class', 'teacher')`)
	return r, r.withToken("teacher", "admin.write")
}

func (c *console) saysNothingOf(a Answer, words ...string) {
	c.Helper()
	for _, word := range words {
		if strings.Contains(a.Body, word) {
			c.Errorf("it says %q: %s", word, a.Body)
		}
	}
}

func TestAnOwnerLooksAfterTheirGroup(t *testing.T) {
	t.Parallel()
	r, c := startOwned(t)
	me := c.does(200, "GET", "/me", "")
	if me.JSON()["role"] != "owner" || !strings.Contains(me.Body, "POST /groups/{group}/members") || strings.Contains(me.Body, "/clients") {
		t.Error(me.Body)
	}
	c.saysNothingOf(c.does(200, "GET", "/groups", ""), "other", "hub-admins", "help")
	c.does(200, "GET", "/groups/class", "")
	members := c.does(200, "GET", "/groups/class/members", "")
	if !strings.Contains(members.Body, "Stu Dent") {
		t.Error(members.Body)
	}
	c.saysNothingOf(members, "student@uni.example")
	c.does(204, "POST", "/groups/class/members", `{"usernames": ["stranger"], "until": "2099-01-01T00:00:00Z"}`)
	c.does(204, "PATCH", "/groups/class/members/stranger", `{"until": "2099-06-01T00:00:00Z"}`)
	c.does(204, "DELETE", "/groups/class/members/stranger", "")
	invited := c.does(200, "POST", "/invitations", `{"groups": ["class"], "uses": 30, "client_id": "web"}`)
	if list := c.does(200, "GET", "/invitations?group=class", ""); !strings.Contains(list.Body, Str(invited.JSON()["id"])) ||
		!strings.Contains(list.Body, `"owner":"teacher"`) {
		t.Error(list.Body)
	}
	c.does(204, "DELETE", "/invitations/"+Str(invited.JSON()["id"]), "")
	imported := c.does(200, "POST", "/users/import",
		`{"roster": "username,email\nnewbie,newbie@uni.example\nstranger,\n", "group": "class", "links": true}`)
	if !strings.Contains(imported.Body, "/link#") {
		t.Error(imported.Body)
	}
	if r.Count(`SELECT count(*) FROM group_members WHERE group_name = 'class'`) != 3 {
		t.Error("not all of the roster are in the group")
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE actor = 'teacher' AND door = 'api'`); n < 8 {
		t.Errorf("%d rows of the audit name the teacher", n)
	}
}

// Whoever owns one group reaches no other, and nothing that is about accounts, clients or the administration.
func TestAnOwnerReachesNothingElse(t *testing.T) {
	t.Parallel()
	r, c := startOwned(t)
	audit := r.Count(`SELECT count(*) FROM audit`)
	for _, group := range []string{"other", "hub-admins", "help", "readers", "gatehouse-owners", "gone"} {
		c.forbidden("GET", "/groups/"+group, "")
		c.forbidden("GET", "/groups/"+group+"/members", "")
		c.forbidden("POST", "/groups/"+group+"/members", `{"usernames": ["teacher"]}`)
		c.forbidden("PATCH", "/groups/"+group+"/members/stranger", `{"until": "2099-06-01T00:00:00Z"}`)
		c.forbidden("DELETE", "/groups/"+group+"/members/stranger", "")
		c.forbidden("POST", "/groups/"+group+"/owners", `{"usernames": ["teacher"]}`)
		c.forbidden("POST", "/invitations", `{"groups": ["`+group+`"]}`)
		c.forbidden("POST", "/invitations", `{"groups": ["class", "`+group+`"]}`)
		c.forbidden("GET", "/invitations?group="+group, "")
		c.forbidden("POST", "/users/import", `{"roster": "username\nx\n", "group": "`+group+`"}`)
	}
	for _, ask := range [][3]string{
		{"POST", "/groups/class/owners", `{"usernames": ["student"]}`}, {"DELETE", "/groups/class/owners/teacher", ""},
		{"PATCH", "/groups/class", `{"new_name": "hub-admins"}`}, {"DELETE", "/groups/class", ""}, {"POST", "/groups", `{"name": "mine"}`},
		{"GET", "/users", ""}, {"GET", "/users?group=class", ""}, {"GET", "/users/student", ""}, {"POST", "/users", `{"username": "x"}`},
		{"PATCH", "/users/student", `{"email": "teacher@uni.example"}`}, {"DELETE", "/users/student", ""},
		{"POST", "/users/student/password", `{"password": "correct horse battery staple"}`}, {"POST", "/users/student/links", `{}`},
		{"POST", "/users/student/disable", ""}, {"POST", "/users/student/reset-factors", `{}`}, {"GET", "/users/student/factors", ""},
		{"POST", "/users/student/offboard", `{}`}, {"GET", "/sessions", ""}, {"POST", "/sessions/end", `{"all_of": "student"}`},
		{"GET", "/clients", ""}, {"GET", "/clients/web", ""}, {"POST", "/clients", `{"client_id": "x"}`},
		{"GET", "/audit", ""}, {"GET", "/audit/verify", ""}, {"POST", "/audit/1/undo", ""}, {"GET", "/sign-ins", ""},
		{"GET", "/explain?username=student&client_id=web", ""}, {"GET", "/clients/web/users/student/claims", ""},
		{"GET", "/settings/mail", ""}, {"GET", "/health", ""}, {"GET", "/keys", ""}, {"GET", "/retired-names", ""},
		{"DELETE", "/retired-names/x", ""}, {"GET", "/upstreams", ""}, {"GET", "/resources", ""},
	} {
		c.forbidden(ask[0], ask[1], ask[2])
	}
	c.does(400, "POST", "/invitations", `{}`)
	c.does(400, "POST", "/users/import", `{"roster": "username\nx\n"}`)
	c.forbidden("DELETE", "/invitations/00000000-0000-4000-8000-000000000000", "")
	if r.Count(`SELECT count(*) FROM audit`) != audit {
		t.Error("something was changed all the same")
	}
}

// What shows or changes more than an operation says, or does so again, is not for owners.
func TestAnOwnerHasNoDryRunsAndNoOtherRowsByThem(t *testing.T) {
	t.Parallel()
	r, c := startOwned(t)
	r.browser().Code(AuthParams()) // alice has a session and grants
	r.Exec(`INSERT INTO group_members (group_name, username, managed_by) VALUES ('class', 'stranger', 'class.yaml:3')`)
	for _, query := range []string{"dry_run=true", "declared_anyway=true"} {
		c.saysNothingOf(c.does(403, "DELETE", "/groups/class/members/student?"+query, ""), "DELETE FROM")
	}
	if a := c.does(409, "DELETE", "/groups/class/members/stranger", ""); !strings.Contains(a.Body, "class.yaml") {
		t.Error(a.Body)
	}
	// The row that If-Match compares would be shown: of the group, or of another noun.
	for _, seen := range []string{`"x"`, "*"} {
		c.saysNothingOf(c.ask("DELETE", "/groups/class/members/student", "", "If-Match", seen), "current")
		c.saysNothingOf(c.ask("POST", "/users/student/links", `{}`, "If-Match", seen), "student@uni.example")
	}
}

// A roster tells an owner nothing about people, changes nothing about their accounts, and lets the owner into none of them.
func TestARosterOfAnOwnerTakesNobodysAccount(t *testing.T) {
	t.Parallel()
	r, c := startOwned(t)
	// Nobody can sign in as these yet: a link would let the owner in.
	imported := c.does(200, "POST", "/users/import", `{"roster": "username,email,name,password,groups,sub\n`+
		`stranger,,Other Name,x,hub-admins,1\nstudent,student@uni.example,Other,x,hub-admins,2\n", "group": "class", "links": true}`)
	c.saysNothingOf(imported, "/link#")
	if r.Count(`SELECT count(*) FROM account_links`) != 0 ||
		r.Count(`SELECT count(*) FROM users WHERE username IN ('stranger', 'student') AND name IN ('Stran Ger', 'Stu Dent')
			AND password IS NULL`) != 2 || r.Count(`SELECT count(*) FROM group_members WHERE group_name = 'hub-admins'`) != 2 {
		t.Error("an account was changed, or somebody joined another group")
	}
	// Again, when they were new the first time: the link of somebody who has one already is theirs.
	const roster = `{"roster": "username\nnewbie\n", "group": "class", "links": true}`
	if a := c.does(200, "POST", "/users/import", roster); strings.Count(a.Body, "/link#") != 1 {
		t.Error(a.Body)
	}
	r.Exec(`UPDATE account_links SET created_at = now() - interval '2 days', expires_at = now() - interval '1 minute'`)
	c.saysNothingOf(c.does(200, "POST", "/users/import", roster), "/link#")
	for _, of := range []string{`stranger,x@uni.example`, `student,x@uni.example`} {
		a := c.does(400, "POST", "/users/import", `{"roster": "username,email\n`+of+`\n", "group": "class"}`)
		c.saysNothingOf(a, "stranger@", "student@")
	}
	a := c.does(400, "POST", "/users/import", `{"roster": "name\nstranger\n", "group": "class"}`)
	c.saysNothingOf(a, "Stran Ger")
	c.forbidden("POST", "/users/import", `{"roster": "username\nteacher\n", "group": "class", "disable_missing": true}`)
	c.forbidden("POST", "/users/import", `{"roster": "username\nroot\n", "group": "class"}`) // who administers
	c.forbidden("POST", "/groups/class/members", `{"usernames": ["root"]}`)
	if r.Count(`SELECT count(*) FROM users WHERE disabled_at IS NOT NULL`) != 0 {
		t.Error("somebody was shut out")
	}
}

// Whom an owner invites ends at no stranger's application, and at none that administers.
func TestAnInvitationOfAnOwnerEndsAtNoStrangersApplication(t *testing.T) {
	t.Parallel()
	r, c := startOwned(t)
	r.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, registration, client_uri) VALUES
		('evil', 'none', 'open', 'https://evil.example.org/')`)
	r.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, allowed_groups) VALUES ('theirs', 'none', '{other}')`)
	for _, client := range []string{"evil", "theirs", "console", "gone"} {
		c.forbidden("POST", "/invitations", `{"groups": ["class"], "client_id": "`+client+`"}`)
		c.forbidden("POST", "/users/import", `{"roster": "username\nx\n", "group": "class", "links": true, "client_id": "`+client+`"}`)
	}
	r.Exec(`UPDATE clients SET allowed_groups = '{class}' WHERE client_id = 'theirs'`)
	c.does(200, "POST", "/invitations", `{"groups": ["class"], "client_id": "theirs"}`)
}

// An owner sees, and takes back, no invitation to a group that is not theirs, though it is to one that is, too.
func TestAnOwnerSeesNoInvitationToOthersGroups(t *testing.T) {
	t.Parallel()
	r, c := startOwned(t)
	admin := r.withToken("root", "admin.write")
	both := Str(admin.does(200, "POST", "/invitations", `{"groups": ["class", "other"], "email": "guest@x.example"}`).JSON()["id"])
	none := Str(admin.does(200, "POST", "/invitations", `{"email": "nobody@x.example"}`).JSON()["id"])
	own := Str(admin.does(200, "POST", "/invitations", `{"groups": ["class"], "email": "pupil@x.example"}`).JSON()["id"])
	for _, query := range []string{"", "?group=class"} {
		list := c.does(200, "GET", "/invitations"+query, "")
		if c.saysNothingOf(list, both, none, "guest@", "nobody@"); !strings.Contains(list.Body, own) {
			t.Error(list.Body)
		}
	}
	c.forbidden("DELETE", "/invitations/"+both, "")
	c.forbidden("DELETE", "/invitations/"+none, "")
	c.does(204, "DELETE", "/invitations/"+own, "")
}

// Who loses the group has a clear answer, on the page that is open and with the key of a request that was good before.
func TestWhoLosesAGroupDoesNothingMore(t *testing.T) {
	t.Parallel()
	const lost = `you do not look after the group`
	for name, lose := range map[string]string{
		"taken away":   `DELETE FROM group_owners WHERE group_name = 'class'`,
		"two factors":  `UPDATE groups SET mfa = true WHERE name = 'class'`,
		"inactive":     `UPDATE groups SET inactive_after = '90 days' WHERE name = 'class'`,
		"admin client": `UPDATE clients SET allowed_groups = '{class}' WHERE client_id = 'console'`,
		"removed":      `DELETE FROM groups WHERE name = 'class'`,
		"renamed":      `UPDATE groups SET name = 'was-class' WHERE name = 'class'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, c := startOwned(t)
			r.Exec(`INSERT INTO groups (name) VALUES ('left')`)
			r.Exec(`INSERT INTO group_owners (group_name, username) VALUES ('left', 'teacher')`)
			key := []string{"Idempotency-Key", "one"}
			first := c.ask("POST", "/invitations", `{"groups": ["class"]}`, key...)
			if first.Status != 200 || !strings.Contains(first.Body, "/link#") {
				t.Fatalf("%d %s", first.Status, first.Body)
			}
			if again := c.ask("POST", "/invitations", `{"groups": ["class"]}`, key...); again.Body != first.Body {
				t.Errorf("again: %s", again.Body)
			}
			r.Exec(lose)
			audit := r.Count(`SELECT count(*) FROM audit`)
			for _, ask := range [][3]string{{"POST", "/groups/class/members", `{"usernames": ["stranger"]}`},
				{"PATCH", "/groups/class/members/student", `{"until": "2099-06-01T00:00:00Z"}`}, {"DELETE", "/groups/class/members/student", ""},
				{"GET", "/groups/class/members", ""}, {"GET", "/groups/class", ""}, {"POST", "/invitations", `{"groups": ["class"]}`}} {
				if a := c.ask(ask[0], ask[1], ask[2]); a.Status != 403 || !strings.Contains(a.Body, lost) {
					t.Errorf("%v: %d %s", ask, a.Status, a.Body)
				}
			}
			if a := c.ask("POST", "/invitations", `{"groups": ["class"]}`, key...); a.Status != 403 || strings.Contains(a.Body, "/link#") {
				t.Errorf("with the key: %d %s", a.Status, a.Body)
			}
			c.saysNothingOf(c.does(200, "GET", "/groups", ""), `"class"`)
			if name != "renamed" { // which it is by an administrator: they own it under its new name
				c.saysNothingOf(c.does(200, "GET", "/invitations", ""), Str(first.JSON()["id"]))
			}
			if r.Count(`SELECT count(*) FROM audit`) != audit {
				t.Error("something was changed all the same")
			}
		})
	}
}

// An invitation that an owner made is good while they own its groups: not when the group opens the administration some day.
func TestAnInvitationEndsWithTheOwnershipOfItsMaker(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]string{
		"taken away":       `DELETE FROM group_owners WHERE group_name = 'class'`,
		"gate":             `UPDATE clients SET allowed_groups = '{class}' WHERE client_id = 'console'`,
		"renamed to one":   `DELETE FROM groups WHERE name = 'help'; UPDATE groups SET name = 'help' WHERE name = 'class'`,
		"owner disabled":   `UPDATE users SET disabled_at = now() WHERE username = 'teacher'`,
		"owner ended":      `UPDATE users SET expires_at = now() - interval '1 day' WHERE username = 'teacher'`,
		"owner is removed": `DELETE FROM users WHERE username = 'teacher'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, c := startOwned(t)
			token := tokenOf(c.does(200, "POST", "/invitations", `{"groups": ["class"], "uses": 5}`))
			b := r.browser()
			b.Code(AuthParams()) // alice, who has an account
			opened := b.openLink(token)
			next := r.browser()
			half := next.accept(token, "username", "mallory").Header.Get("Location")
			for statement := range strings.SplitSeq(lose, ";") {
				r.Exec(statement)
			}
			if code := r.browser().errorOn(r.browser().openLink(token)); code != "invitation_spent" && code != "link_unknown" {
				t.Errorf("opened: %q", code)
			}
			b.post("/invitation", opened, "have", "me")
			next.setPassword(half, newPassword)
			if r.Count(`SELECT count(*) FROM group_members WHERE username = 'alice' AND group_name IN ('class', 'help')`) != 0 ||
				r.Count(`SELECT count(*) FROM users WHERE username = 'mallory'`) != 0 {
				t.Error("somebody joined all the same")
			}
		})
	}
}

func tokenOf(invited Answer) string {
	_, token, _ := strings.Cut(Str(invited.JSON()["link"]), "#")
	return token
}

// Of an owner's act and the loss of the group at the same time one comes first: after the loss, nothing is changed.
func TestAnOwnerWhoLosesTheGroupMeanwhile(t *testing.T) {
	t.Parallel()
	r, c := startOwned(t)
	admin := r.withToken("root", "admin.write")
	for i := range 20 {
		r.Exec(`DELETE FROM group_members WHERE username = 'stranger' AND group_name = 'class'`)
		r.Exec(`INSERT INTO group_owners (group_name, username) VALUES ('class', 'teacher') ON CONFLICT DO NOTHING`)
		var both sync.WaitGroup
		var act, loss Answer
		both.Go(func() { act = c.ask("POST", "/groups/class/members", `{"usernames": ["stranger"]}`) })
		both.Go(func() { loss = admin.ask("DELETE", "/groups/class/owners/teacher", "") })
		both.Wait()
		joined := r.Count(`SELECT count(*) FROM group_members WHERE username = 'stranger' AND group_name = 'class'`)
		if loss.Status != 204 || act.Status != 204 && act.Status != 403 || (act.Status == 204) != (joined == 1) {
			t.Fatalf("%d: %d %s, %d, %d joined", i, act.Status, act.Body, loss.Status, joined)
		}
		// the order of the audit is that of the commits
		if act.Status == 204 && r.Count(`SELECT count(*) FROM audit a WHERE a.table_name = 'group_members' AND a.action = 'INSERT'
			AND a.username = 'stranger'
			AND a.id > (SELECT max(l.id) FROM audit l WHERE l.table_name = 'group_owners' AND l.action = 'DELETE')`) != 0 {
			t.Fatalf("%d: they joined after the loss", i)
		}
	}
}

// Who looks, or helps, may look after a group, too; neither role has more by the other.
func TestAnotherRoleAndAGroup(t *testing.T) {
	t.Parallel()
	r, c := startOwned(t)
	r.Exec(`INSERT INTO group_members (group_name, username) VALUES ('readers', 'teacher')`)
	if me := c.does(200, "GET", "/me", ""); me.JSON()["role"] != "reader" || me.JSON()["owner"] != true {
		t.Error(me.Body)
	}
	c.does(200, "GET", "/groups/other", "")
	c.does(204, "POST", "/groups/class/members", `{"usernames": ["stranger"]}`)
	c.forbidden("POST", "/groups/other/members", `{"usernames": ["student"]}`)
	c.forbidden("POST", "/users/student/links", `{}`)
	c.forbidden("DELETE", "/groups/class/members/student?dry_run=true", "")
	// The token has to have the scope, in each role.
	c = r.withToken("teacher", "admin.read")
	c.forbidden("POST", "/groups/class/members", `{"usernames": ["stranger"]}`)
}

// An owner whose account may not be used, or whose sign-in is too weak, is nobody.
func TestAnOwnerWhoMayNotActIsNobody(t *testing.T) {
	t.Parallel()
	r, c := startOwned(t)
	r.Exec(`UPDATE users SET expires_at = $1 WHERE username = 'teacher'`, time.Now().Add(-time.Hour))
	c.does(401, "GET", "/groups", "")
	r.Exec(`UPDATE users SET expires_at = NULL WHERE username = 'teacher'`)
	r.Exec(`DELETE FROM group_members WHERE group_name = 'gatehouse-owners'`) // the one row that lets them in
	c.forbidden("GET", "/groups", "")
	r.Exec(`DELETE FROM group_owners`)
	c.forbidden("GET", "/me", "")
}

// The pages let owners in by three statements, as they do everybody.
func TestOwnersSignInToThePages(t *testing.T) {
	t.Parallel()
	r := startAdmin(t)
	r.Exec(`UPDATE clients SET allowed_groups = '{hub-admins,gatehouse-owners}' WHERE client_id = 'console'`)
	r.Exec(`DELETE FROM group_members WHERE username = 'alice'`)
	r.WaitForNotify()
	ask := AuthParams("client_id", "console", "redirect_uri", adminCallback, "scope", "openid admin.write", "resource", r.Issuer+"/admin/v1")
	b := r.browser()
	b.Code(AuthParams())
	if a := b.Do("GET", "/authorize?"+ask.Encode(), nil); a.Location().Query().Get("code") != "" {
		t.Fatal("somebody who owns nothing is let in")
	}
	r.Exec(`INSERT INTO groups (name) VALUES ('class')`)
	r.Exec(`INSERT INTO group_owners (group_name, username) VALUES ('class', 'alice')`)
	c := r.console("")
	c.does(200, "GET", "/groups", "")
	c.forbidden("GET", "/users", "")
	r.Exec(`DELETE FROM group_owners`)
	c.does(401, "GET", "/groups", "") // the grant is not one of an allowed group any more
}

// A table of names that an owner could write as a group's: none is read as another.
func TestOwnersAndNamesThatLookLikeGroups(t *testing.T) {
	t.Parallel()
	r, c := startOwned(t)
	for _, name := range []string{"Class", "class ", " class", "CLASS", "class/../other", "other/../class", "class%00", "*", "cl%"} {
		if a := c.ask("GET", "/groups/"+url.PathEscape(name)+"/members", ""); a.Status == 200 {
			t.Errorf("%q: %s", name, a.Body)
		}
		c.forbiddenOr400("POST", "/invitations", fmt.Sprintf(`{"groups": [%q]}`, name))
	}
	if r.Count(`SELECT count(*) FROM invitations`) != 0 {
		t.Error("an invitation was made")
	}
}

func (c *console) forbiddenOr400(method, path, body string) {
	c.Helper()
	if a := c.ask(method, path, body); a.Status != 403 && a.Status != 400 {
		c.Errorf("%s %s: %d %s, want 403", method, path, a.Status, a.Body)
	}
}
