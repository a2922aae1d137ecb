package provider_test

import (
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

// openedByOwner has the teacher open a workshop of their group, at which ada and bo are.
func openedByOwner(t *testing.T) (*rig, *console) {
	t.Helper()
	r, c := startOwned(t)
	c.does(200, "POST", "/workshops", `{"name": "surf", "group": "class", "seats": 60, "until": "2099-03-03T18:00:00Z"}`)
	r.Exec(`INSERT INTO users (username, password, workshop, expires_at) SELECT n, crypt($1, gen_salt('bf', 4)), 'surf', until
		FROM workshops, unnest('{surf-ada,surf-bo}'::text[]) AS n`, Password)
	r.Exec(`INSERT INTO group_members (group_name, username, until) SELECT 'class', n, until
		FROM workshops, unnest('{surf-ada,surf-bo}'::text[]) AS n`)
	return r, c
}

func TestAnOwnerRunsAWorkshop(t *testing.T) {
	t.Parallel()
	r, c := openedByOwner(t)
	if list := c.does(200, "GET", "/workshops", ""); !strings.Contains(list.Body, `"owner":"teacher"`) {
		t.Error(list.Body)
	}
	c.does(200, "GET", "/workshops/surf", "")
	c.does(200, "PATCH", "/workshops/surf", `{"seats": 80, "new_code": true, "until": "2099-04-03T18:00:00Z"}`)
	c.does(200, "PATCH", "/workshops/surf", `{"code_closed": true}`)
	if report := c.does(200, "GET", "/workshops/surf/report", ""); !strings.Contains(report.Body, "surf-ada") {
		t.Error(report.Body)
	}
	signInAda := func() Answer {
		b := r.browser()
		return b.Login(b.Authorize(AuthParams()).Location(), "surf-ada", Password)
	}
	signInAda()
	if phrase := c.does(200, "POST", "/workshops/surf/accounts/surf-ada/phrase", ``); !strings.Contains(phrase.Body, "phrase") {
		t.Error(phrase.Body)
	}
	c.does(204, "DELETE", "/workshops/surf/accounts/surf-bo", "")
	if a := signInAda(); a.Query("code") != "" || r.Count(`SELECT count(*) FROM sessions WHERE ended_at IS NULL`) != 0 {
		t.Error("the phrase of before is good still")
	}
	c.does(204, "POST", "/workshops/surf/close", "")
	if r.Count(`SELECT count(*) FROM users WHERE workshop = 'surf' AND (disabled_at IS NOT NULL OR expires_at <= now())`) != 2 {
		t.Error("somebody can still act")
	}
}

// A phrase lets in whoever has it: so an owner gets one for accounts that are the workshop's, and nobody else's by now.
func TestAnOwnerGetsNoPhraseForAnAccountThatIsSomebodys(t *testing.T) {
	t.Parallel()
	r, c := openedByOwner(t)
	before := r.Count(`SELECT count(*) FROM audit`)
	missing := func(username string) {
		t.Helper()
		for _, ask := range [][2]string{{"POST", "/phrase"}, {"DELETE", ""}} {
			if a := c.ask(ask[0], "/workshops/surf/accounts/"+username+ask[1], ""); a.Status != 404 && a.Status != 403 {
				t.Errorf("%s %s: %d %s", ask[0], username, a.Status, a.Body)
			}
		}
	}
	for _, username := range []string{"student", "stranger", "teacher", "root", "alice", "gone"} {
		missing(username)
	}
	if r.Count(`SELECT count(*) FROM audit`) != before {
		t.Error("something was changed all the same")
	}
	r.Exec(`UPDATE users SET expires_at = NULL WHERE username = 'surf-ada'`) // kept for her
	missing("surf-ada")
	r.Exec(`UPDATE users SET expires_at = (SELECT until FROM workshops) WHERE username = 'surf-ada'`)
	r.Exec(`INSERT INTO group_members (group_name, username) VALUES ('other', 'surf-ada')`) // whose data the phrase would open
	if a := c.ask("POST", "/workshops/surf/accounts/surf-ada/phrase", ""); a.Status != 404 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	r.Exec(`UPDATE users SET adopted_by = 'student' WHERE username = 'surf-bo'`)
	if a := c.ask("POST", "/workshops/surf/accounts/surf-bo/phrase", ""); a.Status != 404 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	r.Exec(`INSERT INTO group_members (group_name, username) VALUES ('hub-admins', 'surf-bo')`)
	missing("surf-bo")
}

func TestAnOwnerReachesNoWorkshopOfOthers(t *testing.T) {
	t.Parallel()
	r, c := openedByOwner(t)
	admin := r.withToken("root", "admin.write")
	admin.does(200, "POST", "/workshops", `{"name": "theirs", "group": "other", "seats": 5, "until": "2099-03-03T18:00:00Z"}`)
	r.Exec(`INSERT INTO users (username, workshop, expires_at) SELECT 'theirs-eve', name, until FROM workshops WHERE name = 'theirs'`)
	for _, name := range []string{"theirs", "gone"} {
		c.forbidden("GET", "/workshops/"+name, "")
		c.forbidden("GET", "/workshops/"+name+"/report", "")
		c.forbidden("PATCH", "/workshops/"+name, `{"seats": 10}`)
		c.forbidden("PATCH", "/workshops/"+name, `{"group": "class"}`)
		c.forbidden("POST", "/workshops/"+name+"/close", "")
		c.forbidden("POST", "/workshops/"+name+"/accounts/theirs-eve/phrase", "")
		c.forbidden("DELETE", "/workshops/"+name+"/accounts/theirs-eve", "")
	}
	c.does(404, "POST", "/workshops/surf/accounts/theirs-eve/phrase", "")
	c.saysNothingOf(c.does(200, "GET", "/workshops", ""), "theirs")
	c.forbidden("GET", "/workshops?group=other", "")
	for _, group := range []string{"other", "hub-admins", "gatehouse-owners", "gone"} {
		c.forbidden("POST", "/workshops", `{"name": "mine", "group": "`+group+`", "seats": 5, "until": "2099-03-03T18:00:00Z"}`)
		c.forbidden("PATCH", "/workshops/surf", `{"group": "`+group+`"}`)
	}
	for _, client := range []string{"console", "gone"} {
		c.forbidden("PATCH", "/workshops/surf", `{"client_id": "`+client+`"}`)
		c.forbidden("POST", "/workshops", `{"name": "mine", "group": "class", "seats": 5,
			"until": "2099-03-03T18:00:00Z", "client_id": "`+client+`"}`)
	}
	r.Exec(`DELETE FROM group_owners WHERE group_name = 'class'`)
	r.Exec(`INSERT INTO groups (name) VALUES ('left')`)
	r.Exec(`INSERT INTO group_owners (group_name, username) VALUES ('left', 'teacher')`)
	c.forbidden("GET", "/workshops/surf", "")
	c.forbidden("POST", "/workshops/surf/accounts/surf-ada/phrase", "")
	c.saysNothingOf(c.does(200, "GET", "/workshops", ""), "surf")
}

// A workshop that an administrator opened and an owner moves to another of their groups is by the right of the owner from then on.
func TestAWorkshopThatAnOwnerMovesIsTheirs(t *testing.T) {
	t.Parallel()
	r, c := startOwned(t)
	r.Exec(`INSERT INTO groups (name) VALUES ('second')`)
	r.Exec(`INSERT INTO group_owners (group_name, username) VALUES ('second', 'teacher')`)
	r.withToken("root", "admin.write").does(200, "POST", "/workshops",
		`{"name": "surf", "group": "class", "seats": 5, "until": "2099-03-03T18:00:00Z"}`)
	c.does(200, "PATCH", "/workshops/surf", `{"group": "second"}`)
	if r.Count(`SELECT count(*) FROM workshops WHERE owner = 'teacher' AND group_name = 'second'`) != 1 {
		t.Error("it is nobody's")
	}
}

// Nobody joins by the right of somebody who lost it, or into a group that opens the administration by now.
func TestNobodyJoinsAWorkshopWhoseOwnerLostTheGroup(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]string{
		"taken away":     `DELETE FROM group_owners WHERE group_name = 'class'`,
		"gate":           `UPDATE clients SET allowed_groups = '{class}' WHERE client_id = 'console'`,
		"renamed to one": `UPDATE groups SET name = 'help' WHERE name = 'class'`,
		"owner disabled": `UPDATE users SET disabled_at = now() WHERE username = 'teacher'`,
		"owner renamed":  `UPDATE users SET username = 'profess0r' WHERE username = 'teacher'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, c := startOwned(t)
			r.Exec(`DELETE FROM groups WHERE name = 'help'`)
			c.does(200, "POST", "/workshops", `{"name": "surf", "group": "class", "seats": 60, "until": "2099-03-03T18:00:00Z"}`)
			r.Exec(`UPDATE workshops SET code = $1`, workshopCode)
			if username, _, _ := r.browser().join("First"); username != "surf-first" {
				t.Fatalf("%q joins", username)
			}
			b := r.browser()
			half := b.phraseFor("Second")
			r.Exec(lose)
			b.post("/join/phrase", half, "written", "yes")
			if n := r.Count(`SELECT count(*) FROM users WHERE workshop = 'surf'`); n != 1 {
				t.Errorf("%d joined", n)
			}
		})
	}
}
