package provider_test

import (
	"net/url"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

// startWithMembers has alice, who may not use the client web, and bob, who may.
func startWithMembers(t *testing.T) *rig {
	r := start(t)
	r.Exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, Password)
	r.Exec("INSERT INTO groups (name) VALUES ('physics')")
	r.Exec("INSERT INTO group_members (group_name, username) VALUES ('physics', 'bob')")
	r.Exec("UPDATE clients SET allowed_groups = '{physics}' WHERE client_id = 'web'")
	r.WaitForNotify()
	return r
}

// pressOn posts what a button of a page sends.
func (b *browser) pressOn(location, path, name, value string) Answer {
	return b.Do("POST", path, url.Values{"request": {MustParse(location).Query().Get("request")}, name: {value}}, "Origin", UIOrigin)
}

// The application hears of it only if the person wants that: before, they can go on as somebody else.
func TestWhoIsRefusedByAGroupIsToldHereAndCanGoOnAsSomebodyElse(t *testing.T) {
	t.Parallel()
	b := startWithMembers(t).browser()
	refused := b.Login(b.Authorize(AuthParams("login_hint", "alice")).Location(), "alice", Password)
	page := b.Interaction(refused.LeadsTo())
	if refused.Status != 403 || page["page"] != "refused" || page["user"].(map[string]any)["username"] != "alice" ||
		page["client"].(map[string]any)["name"] == "" || page["other"] != true || page["cancel"] != true {
		t.Fatalf("%d %v", refused.Status, page)
	}
	if !b.isSignedIn() {
		t.Error("alice is not signed in")
	}
	if again := b.Authorize(AuthParams()); again.Status != 403 || b.Interaction(again.LeadsTo())["page"] != "refused" {
		t.Errorf("once more: %d %s", again.Status, again.Location())
	}
	other := b.pressOn(refused.LeadsTo(), "/refused", "account", "other")
	login := b.Interaction(other.Location().String())
	if other.Status != 303 || login["page"] != "login" || login["username"] != nil || login["known"] != nil || login["client"] == nil {
		t.Fatalf("another account: %d %v", other.Status, login)
	}
	if b.Cookie("gatehouse-device") == "" {
		t.Error("the browser has forgotten alice")
	}
	if a := b.Login(other.Location(), "alice", Password); a.Status != 403 {
		t.Errorf("the same one: %d", a.Status)
	}
	a := b.Login(other.Location(), "bob", Password)
	if a.Query("code") == "" || a.Query("state") != "st" {
		t.Fatalf("bob: %d %s", a.Status, a.Location())
	}
	if id := Claims(Str(b.Token(Redeem(a.Query("code"))).JSON()["id_token"])); id["sub"] != "sub-bob" {
		t.Errorf("ID token: %v", id)
	}
}

// RFC 6749 §4.1.2.1, RFC 9207.
func TestWhoIsRefusedByAGroupGoesBackWithAccessDenied(t *testing.T) {
	t.Parallel()
	b := startWithMembers(t).browser()
	refused := b.Login(b.Authorize(AuthParams()).Location(), "alice", Password)
	a := b.pressOn(refused.LeadsTo(), "/refused", "cancel", "yes")
	if a.Location().Host != "rp.example.org" || a.Query("error") != "access_denied" || a.Query("state") != "st" ||
		a.Query("iss") != b.Issuer || a.Query("code") != "" {
		t.Errorf("%d %s", a.Status, a.Location())
	}
	if a := b.Authorize(AuthParams("prompt", "none")); a.Query("error") != "access_denied" || a.Query("state") != "st" {
		t.Errorf("prompt=none: %d %s", a.Status, a.Location())
	}
	posted := b.Login(b.Authorize(AuthParams("prompt", "login")).Location(), "alice", Password, "Accept", "application/json")
	if posted.Status != 403 || posted.JSON()["error"] != "access_denied" {
		t.Errorf("a program: %d %s", posted.Status, posted.Body)
	}
}

// An ID token says who it has to be: nobody else can go on with the request.
func TestNobodyElseIsAskedForWhereAnIDTokenNamesThePerson(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.browser()
	hint := Str(b.Token(Redeem(b.Code(AuthParams()))).JSON()["id_token"])
	r.Exec("INSERT INTO groups (name) VALUES ('physics')")
	r.Exec("UPDATE clients SET allowed_groups = '{physics}' WHERE client_id = 'web'")
	r.WaitForNotify()
	refused := b.Authorize(AuthParams("id_token_hint", hint))
	if page := b.Interaction(refused.LeadsTo()); page["page"] != "refused" || page["other"] != nil || page["cancel"] != true {
		t.Errorf("%d %v", refused.Status, page)
	}
	again := b.Authorize(AuthParams("id_token_hint", hint, "prompt", "login"))
	if page := b.Interaction(again.Location().String()); page["username"] != "alice" || page["known"] != nil {
		t.Errorf("prompt=login: %v", page)
	}
}

// A page is of one browser, as all are, and the client that it is about must still be there.
func TestTheFormOfARefusedPersonIsTheirBrowsersAlone(t *testing.T) {
	t.Parallel()
	r := startWithMembers(t)
	b, thief := r.browser(), r.browser()
	refused := b.Login(b.Authorize(AuthParams()).Location(), "alice", Password).LeadsTo()
	thief.Authorize(AuthParams())
	for _, button := range [][2]string{{"account", "other"}, {"cancel", "yes"}} {
		if a := thief.pressOn(refused, "/refused", button[0], button[1]); a.Status != 400 || b.errorOf(a) != "request_from_another_browser" {
			t.Errorf("%v in another browser: %d %s", button, a.Status, a.Location())
		}
		if a := b.pressOn(refused, "/select-account", button[0], button[1]); a.Status != 400 || b.errorOf(a) != "request_altered" {
			t.Errorf("%v at another page: %d %s", button, a.Status, a.Location())
		}
	}
	r.Exec("UPDATE clients SET redirect_uris = '{https://rp.example.org/elsewhere}' WHERE client_id = 'web'")
	r.WaitForNotify()
	for _, button := range [][2]string{{"account", "other"}, {"cancel", "yes"}} {
		if a := b.pressOn(refused, "/refused", button[0], button[1]); a.Status != 400 || a.Header.Get("Location") != "" {
			t.Errorf("%v of a client that moved: %d %s", button, a.Status, a.Location())
		}
	}
}

// Not parallel: it takes the log.
func TestTheLogNamesWhoIsRefusedByAGroup(t *testing.T) {
	r := startWithMembers(t)
	log := TakeLog(t)
	b := r.browser()
	b.Login(b.Authorize(AuthParams()).Location(), "alice", Password)
	if want := `"username":"alice","client_id":"web","why":"user alice is in none of the allowed_groups of client web"`; !strings.Contains(
		log.String(), want) {
		t.Errorf("the log has no %s:\n%s", want, log.String())
	}
}
