package provider_test

import (
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// OpenID Connect Core §3.1.2.1: the person says who goes on, without a password where they are signed in.
func TestSelectAccountGoesOnAsWhoIsSignedInOrAsAnother(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', crypt($1, gen_salt('bf', 4)))`, Password)
	b := r.browser()
	ask := func(changes ...string) string {
		return b.Authorize(AuthParams(append([]string{"prompt", "select_account"}, changes...)...)).Location().String()
	}
	subjectOf := func(a Answer) any {
		return Claims(Str(b.Token(Redeem(a.Query("code"))).JSON()["id_token"]))["sub"]
	}
	if page := b.Interaction(ask()); page["page"] != "login" {
		t.Fatalf("nobody is signed in: %v", page)
	}
	b.Code(AuthParams())
	b.Later(time.Minute)
	chooser := ask()
	page := b.Interaction(chooser)
	if page["page"] != "select_account" || page["user"].(map[string]any)["username"] != "alice" || page["other"] != true ||
		page["cancel"] != true {
		t.Fatalf("%v", page)
	}
	if a := b.pressOn(chooser, "/select-account", "account", "continue"); subjectOf(a) != "sub-alice" || a.Query("state") != "st" {
		t.Errorf("as alice: %d %s", a.Status, a.Location())
	}
	if a := b.pressOn(chooser, "/select-account", "cancel", "yes"); a.Query("error") != "access_denied" || a.Query("state") != "st" {
		t.Errorf("as nobody: %d %s", a.Status, a.Location())
	}
	if a := b.pressOn(chooser, "/select-account", "account", "alice"); a.Query("code") != "" {
		t.Errorf("a button that there is not: %d %s", a.Status, a.Location())
	}
	fresh := b.pressOn(ask("max_age", "3600"), "/select-account", "account", "continue")
	if subjectOf(fresh) != "sub-alice" {
		t.Errorf("with a max_age that is met: %d %s", fresh.Status, fresh.Location())
	}
	if page := b.Interaction(ask("max_age", "30")); page["page"] != "login" || page["username"] != "alice" {
		t.Errorf("with a max_age that is not: %v", page)
	}
	other := b.pressOn(ask(), "/select-account", "account", "other")
	if page := b.Interaction(other.Location().String()); page["page"] != "login" || page["username"] != nil || page["known"] != nil {
		t.Errorf("the page for another: %v", page)
	}
	if a := b.Login(other.Location(), "bob", Password); subjectOf(a) != "sub-bob" {
		t.Errorf("as bob: %d %s", a.Status, a.Location())
	}
	if a := b.pressOn(chooser, "/select-account", "account", "continue"); a.Location().Path != "/login" {
		t.Errorf("as alice, whose session has ended: %d %s", a.Status, a.Location())
	}
}

// What was chosen lasts over the consent that follows, and no longer than the session.
func TestAChosenAccountIsAskedForConsentOnce(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.browser()
	b.Code(AuthParams())
	b.Later(time.Minute)
	chooser := b.Authorize(SPAParams("prompt", "select_account")).Location().String()
	consent := b.pressOn(chooser, "/select-account", "account", "continue")
	page := b.Interaction(consent.Location().String())
	if page["page"] != "consent" || page["other"] != true {
		t.Fatalf("%d %v", consent.Status, page)
	}
	other := b.pressOn(consent.Location().String(), "/consent", "account", "other")
	if page := b.Interaction(other.Location().String()); page["page"] != "login" || page["username"] != nil || page["known"] != nil {
		t.Errorf("not them: %v", page)
	}
	if b.Cookie("gatehouse-device") != "" {
		t.Error("the browser still knows whoever it is not")
	}
	if a := b.press("yes", consent); a.Query("code") == "" {
		t.Errorf("%d %s", a.Status, a.Location())
	}
}
