package provider_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/api/admin"
	. "gatehouse/api/apitest"
)

const workshopCode = "gravel-tulip-orbit"

// workshop opens surf2027 with the group class for an hour, at whose end learners go to the client web.
func (r *rig) workshop(seats int) {
	r.Helper()
	r.Exec(`UPDATE clients SET initiate_login_uri = 'https://hub.example.org/hub/oauth_login' WHERE client_id = 'web'`)
	r.Exec(`INSERT INTO groups (name) VALUES ('class')`)
	r.Exec(`INSERT INTO workshops (name, group_name, code, prefix, seats, seats_left, client_id, until)
		VALUES ('surf2027', 'class', $1, 'surf-', $2, $2, 'web', now() + interval '1 hour')`, workshopCode, seats)
	r.WaitForNotify()
}

// typeWorkshopCode returns where the code of a workshop leads.
func (b *browser) typeWorkshopCode(code string) Answer {
	b.Helper()
	return b.Do("POST", "/join", url.Values{"code": {code}}, "Origin", UIOrigin)
}

// phraseFor goes up to the page with the phrase.
func (b *browser) phraseFor(name string) string {
	b.Helper()
	page := b.typeWorkshopCode(workshopCode).Header.Get("Location")
	if MustParse(page).Path != "/join-name" {
		b.Fatalf("the code leads to %s: %s", page, b.errorOn(page))
	}
	next := b.post("/join/name", page, "username", name).Header.Get("Location")
	if MustParse(next).Path != "/join-phrase" {
		b.Fatalf("%s leads to %s: %s", name, next, b.errorOn(next))
	}
	return next
}

// join makes an account, and returns its username, its phrase, and where that ends.
func (b *browser) join(name string) (username, phrase string, end Answer) {
	b.Helper()
	page := b.phraseFor(name)
	view := b.Interaction(page)
	user, _ := view["user"].(map[string]any)
	return Str(user["username"]), Str(view["phrase"]), b.post("/join/phrase", page, "written", "yes")
}

func (r *rig) hubLogin() string {
	return "https://hub.example.org/hub/oauth_login?iss=" + url.QueryEscape(r.Issuer)
}

func TestALearnerJoinsByCodeAndEndsAtTheApplication(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.workshop(60)
	for _, code := range []string{workshopCode, "Gravel Tulip Orbit", " GRAVELTULIPORBIT ", "gravel.tulip, orbit"} {
		if page := r.browser().typeWorkshopCode(code).Header.Get("Location"); MustParse(page).Path != "/join-name" {
			t.Errorf("%s leads to %s", code, page)
		}
	}
	b := r.browser()
	page := b.phraseFor(" Ada Lovelace")
	view := b.Interaction(page)
	user, _ := view["user"].(map[string]any)
	phrase := Str(view["phrase"])
	if user["username"] != "surf-ada.lovelace" || user["name"] != "Ada Lovelace" || view["mended"] != true ||
		len(strings.Split(phrase, "-")) < 4 || view["passkey"] == nil {
		t.Fatalf("%v", view)
	}
	if Str(b.Interaction(page)["phrase"]) != phrase {
		t.Error("another phrase when the page is loaded again")
	}
	if code := b.errorOn(b.post("/join/phrase", page).Header.Get("Location")); code != "phrase_not_written" {
		t.Errorf("without the box: %q", code)
	}
	if r.Count(`SELECT seats_left FROM workshops`) != 60 || r.Count(`SELECT count(*) FROM users WHERE workshop IS NOT NULL`) != 0 {
		t.Error("a seat is spent before anybody has the phrase")
	}
	if to := b.post("/join/phrase", page, "written", "yes").Header.Get("Location"); to != r.hubLogin() {
		t.Fatalf("it ends at %s", to)
	}
	if b.Code(AuthParams()) == "" {
		t.Error("nobody is signed in")
	}
	if r.Count(`SELECT count(*) FROM users u JOIN group_members m USING (username) JOIN workshops w ON w.name = u.workshop
		WHERE username = 'surf-ada.lovelace' AND u.name = 'Ada Lovelace' AND email IS NULL AND u.expires_at = w.until AND m.until = w.until
		AND m.group_name = 'class' AND seats_left = 59`) != 1 {
		t.Error("the account is not as the workshop says")
	}
	// The phrase is seen once, and the form that is sent twice makes one account.
	if v := b.Interaction(page); v["page"] != "error" {
		t.Errorf("the page of the phrase after that: %v", v)
	}
	if to := b.post("/join/phrase", page, "written", "yes").Header.Get("Location"); to != r.hubLogin() ||
		r.Count(`SELECT seats_left FROM workshops`) != 59 {
		t.Errorf("sent twice it ends at %s", to)
	}
	// Another day: with name and phrase as anybody, or by the code, where they say that they have an account.
	other := r.browser()
	page = other.typeWorkshopCode(workshopCode).Header.Get("Location")
	login := other.post("/join/name", page, "have", "yes").Location()
	if login.Path != "/login" {
		t.Fatal(login)
	}
	if to := other.Login(login, "surf-ada.lovelace", phrase).Header.Get("Location"); to != r.hubLogin() {
		t.Errorf("who comes back ends at %s", to)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE table_name = 'users' AND actor = 'surf-ada.lovelace' AND operation = 'join workshop'
		AND door = 'page'`); n != 1 {
		t.Errorf("%d rows in the audit", n)
	}
}

func TestNamesOfLearnersAreMendedTheSameWayAndNobodyElses(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.workshop(60)
	r.Exec(`INSERT INTO users (username) VALUES ('surf-gone'), ('surf-bob')`)
	r.Exec(`DELETE FROM users WHERE username = 'surf-gone'`)
	b := r.browser()
	page := b.typeWorkshopCode(workshopCode).Header.Get("Location")
	for _, test := range []struct{ typed, want, suggested string }{
		{"bob", "username_taken", "bob2"}, {" BOB ", "username_taken", "bob2"}, {"surf-bob", "username_taken", "bob2"},
		{"b0b", "username_taken", "b0b2"}, {"b.o.b", "username_taken", "b.o.b2"}, {"gone", "username_taken", "gone2"},
		{"", "username_unfit", ""}, {"  ", "username_unfit", "  "}, {"..", "username_unfit", ".."}, {"张伟", "username_unfit", "张伟"},
		{strings.Repeat("x", 201), "username_unfit", ""},
	} {
		to := b.post("/join/name", page, "username", test.typed).Header.Get("Location")
		view := b.Interaction(to)
		if code := b.errorOn(to); code != test.want || test.suggested != "" && view["username"] != test.suggested {
			t.Errorf("%q: %q, %v", test.typed, code, view["username"])
		}
	}
	for typed, want := range map[string]string{
		"ada": "surf-ada", "Ådå Løvelace": "surf-ada.lovelace", "surf-Ada": "surf-ada", "1337": "surf-1337", "ada@uni.example": "surf-ada",
		"../../etc": "surf-etc", strings.Repeat("y", 99): "surf-" + strings.Repeat("y", 27),
	} {
		to := b.post("/join/name", page, "username", typed).Header.Get("Location")
		user, _ := b.Interaction(to)["user"].(map[string]any)
		if want == "surf-etc" { // what it is mended to is said, whatever it was
			want = Str(user["username"])
			if strings.Contains(want, "/") {
				t.Errorf("%q: %v", typed, user)
			}
		}
		if user["username"] != want {
			t.Errorf("%q: %v", typed, user)
		}
	}
}

func TestTheLastSeatsOfAWorkshopHoldExactly(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.workshop(7)
	const people = 50
	pages, browsers := make([]string, people), make([]*browser, people)
	for i := range people {
		browsers[i] = r.browser()
		pages[i] = browsers[i].phraseFor(fmt.Sprintf("p%d", i))
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	ends := map[string]int{}
	for i := range people {
		all.Go(func() {
			a := browsers[i].post("/join/phrase", pages[i], "written", "yes")
			for a.Status == 503 { // so many hashes are not computed at once
				a = browsers[i].post("/join/phrase", pages[i], "written", "yes")
			}
			code := browsers[i].errorOn(a.Header.Get("Location"))
			mu.Lock()
			defer mu.Unlock()
			ends[code]++
		})
	}
	all.Wait()
	made := r.Count(`SELECT count(*) FROM users WHERE workshop = 'surf2027'`)
	if made != 7 || r.Count(`SELECT seats_left FROM workshops`) != 0 || ends["workshop_full"] != people-7 ||
		r.Count(`SELECT count(*) FROM group_members WHERE group_name = 'class'`) != 7 ||
		r.Count(`SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.workshop IS NOT NULL`) != 7 {
		t.Errorf("%d accounts, %v", made, ends)
	}
}

func TestWhatHappensWhileALearnerTypes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sql, want string }{
		{"the code is closed", `UPDATE workshops SET code_closed_at = now()`, "workshop_closed"},
		{"it is full", `UPDATE workshops SET seats_left = 0`, "workshop_full"},
		{"it has ended", `UPDATE workshops SET until = now() - interval '1 s'`, "workshop_ended"},
		{"there is another code", `UPDATE workshops SET code = 'one-two-three'`, "workshop_unknown"},
		{"it is gone", `DELETE FROM workshops`, "workshop_unknown"},
		{"its group is gone", `DELETE FROM groups WHERE name = 'class'`, "workshop_closed"},
		{"the name is somebody's", `INSERT INTO users (username) VALUES ('surf-ada')`, "username_taken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			r.workshop(60)
			b := r.browser()
			page := b.phraseFor("ada")
			early := r.browser()
			name := early.typeWorkshopCode(workshopCode).Header.Get("Location")
			r.Exec(test.sql)
			if view := b.Interaction(page); test.want != "username_taken" && view["page"] != "error" {
				t.Errorf("the page of the phrase still shows %v", view)
			}
			to := b.post("/join/phrase", page, "written", "yes").Header.Get("Location")
			if code := b.errorOn(to); code != test.want {
				t.Errorf("%s, want %s", code, test.want)
			}
			to = early.post("/join/name", name, "username", "ada").Header.Get("Location")
			if code := r.browser().errorOn(to); code != test.want {
				t.Errorf("at the name: %s, want %s", code, test.want)
			}
			if r.Count(`SELECT count(*) FROM users WHERE workshop IS NOT NULL`) != 0 {
				t.Error("there is an account")
			}
			if test.want == "workshop_unknown" || test.want == "username_taken" {
				return
			}
			view := b.Interaction(r.browser().typeWorkshopCode(workshopCode).Header.Get("Location"))
			if e, _ := view["error"].(map[string]any); e["code"] != test.want || (e["ended_at"] != nil) != (test.want == "workshop_ended") {
				t.Errorf("who types the code sees %v", e)
			}
		})
	}
}

func TestTheCodeOfAWorkshopIsNotGuessed(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.StopClock() // a guess a second is forgotten, and a busy machine takes seconds for them
	r.workshop(60)
	b := r.browser()
	for _, code := range []string{"", "gravel-tulip", "gravel-tulip-orbi", "gravel-tulip-orbitt", strings.Repeat("x", 5000), "%",
		"gravel_tulip_orbi_"} {
		if to := b.typeWorkshopCode(code).Header.Get("Location"); b.errorOn(to) != "workshop_unknown" {
			t.Errorf("%.40q leads to %s", code, to)
		}
	}
	throttled := Answer{}
	for i := range 400 {
		if a := b.typeWorkshopCode(fmt.Sprintf("no-such-code-%d", i)); a.Status == 429 {
			throttled = a
			break
		}
	}
	if throttled.Status != 429 || throttled.Header.Get("Retry-After") == "" {
		t.Fatalf("nobody is slowed down")
	}
	if a := b.typeWorkshopCode(workshopCode); a.Status != 429 {
		t.Errorf("the right code in between: %d", a.Status)
	}
	// Who waited has a bucket that those who do not wait never fill.
	r.Later(2 * time.Minute)
	for range 320 {
		r.browser().typeWorkshopCode("no-such-code")
	}
	if a := b.typeWorkshopCode(workshopCode); MustParse(a.Header.Get("Location")).Path != "/join-name" {
		t.Errorf("who waited: %d %s", a.Status, a.Header.Get("Location"))
	}
	if n := r.Count(`SELECT count(*) FROM login_throttle`); n > 4 {
		t.Errorf("%d rows of guesses", n)
	}
}

func TestPagesOfAWorkshopAreGoodInTheirBrowser(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.workshop(60)
	b := r.browser()
	name := b.typeWorkshopCode(workshopCode).Header.Get("Location")
	phrase := b.phraseFor("ada")
	for path, page := range map[string]string{"/join/name": name, "/join/phrase": phrase} {
		if a := r.browser().post(path, page, "username", "ada", "written", "yes"); a.Status != 400 {
			t.Errorf("%s in another browser: %d", path, a.Status)
		}
		form := url.Values{"request": {MustParse(page).Query().Get("request")}}
		if a := b.Do("POST", path, form, "Origin", "https://evil.example"); a.Status != 403 {
			t.Errorf("%s from another site: %d", path, a.Status)
		}
	}
	if a := b.Do("POST", "/join", url.Values{"code": {workshopCode}}, "Origin", "https://evil.example"); a.Status != 403 {
		t.Errorf("the code from another site: %d", a.Status)
	}
	if r.Count(`SELECT seats_left FROM workshops`) != 60 {
		t.Error("a seat was spent")
	}
}

func TestALearnerMakesAPasskey(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.workshop(60)
	b, key := r.browser(), NewAuthenticator()
	page := b.phraseFor("ada")
	login := b.post("/join/phrase", page, "credential", key.Create(b.Interaction(page)["passkey"])).Header.Get("Location")
	if MustParse(login).Path != "/login" ||
		r.Count(`SELECT count(*) FROM passkeys JOIN users ON id = user_id WHERE username = 'surf-ada' AND password IS NULL`) != 1 {
		t.Fatal(login)
	}
	if to := b.byPasskey(login, key.Get(b.Interaction(login)["passkey"])).Header.Get("Location"); to != r.hubLogin() {
		t.Errorf("it ends at %s", to)
	}
}

func TestTheProjectorShowsTheCodeUntilTheWorkshopEnds(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.workshop(2)
	opened, err := r.Admin.ShowWorkshop(t.Context(), admin.WorkshopName{Name: "surf2027"})
	if err != nil || opened.Link != UIOrigin+"/join#"+workshopCode {
		t.Fatalf("%+v, %v", opened, err)
	}
	address := opened.Projector
	look := func() map[string]any {
		t.Helper()
		path, token, _ := strings.Cut(address, "#")
		if path != UIOrigin+"/projector" {
			t.Fatal(address)
		}
		return r.browser().Interaction(path + "?request=" + token)
	}
	view := look()
	if view["state"] != "open" || view["code"] != workshopCode || view["link"] != UIOrigin+"/join" || view["qr"] == nil ||
		view["taken"] != 0.0 || view["seats"] != 2.0 {
		t.Fatalf("%v", view)
	}
	r.browser().join("ada")
	if view := look(); view["taken"] != 1.0 {
		t.Errorf("%v", view)
	}
	r.browser().join("bob")
	if view := look(); view["state"] != "full" {
		t.Errorf("%v", view)
	}
	r.Exec(`UPDATE workshops SET code_closed_at = now()`)
	if view := look(); view["state"] != "closed" || view["code"] != nil {
		t.Errorf("%v", view)
	}
	r.Later(2 * time.Hour)
	if view := look(); view["state"] != "ended" || view["code"] != nil || view["qr"] != nil {
		t.Errorf("%v", view)
	}
	// One of the same name is another.
	r.Exec(`UPDATE workshops SET created_at = created_at + interval '1 s'`)
	if view := look(); view["page"] != "error" {
		t.Errorf("%v", view)
	}
}

func TestAWorkshopEndsForEverybodyWhoJoined(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.workshop(60)
	r.Exec(`UPDATE clients SET backchannel_logout_uri = 'https://hub.example.org/logout' WHERE client_id = 'web'`)
	r.WaitForNotify()
	b := r.browser()
	username, phrase, _ := b.join("ada")
	tokens := b.Token(Redeem(b.Code(AuthParams()))).JSON()
	keeper := r.browser()
	kept, keptPhrase, _ := keeper.join("kim")
	ends := time.Now().Add(3 * time.Hour)
	if _, err := r.Admin.SetWorkshop(t.Context(), admin.SetWorkshop{Name: "surf2027", Until: &ends}); err != nil {
		t.Fatal(err)
	}
	if n := r.Count(`SELECT count(*) FROM users JOIN group_members m USING (username) WHERE workshop IS NOT NULL
		AND expires_at = $1 AND m.until = $1`, ends.Truncate(time.Microsecond)); n != 2 {
		t.Errorf("the end moves with %d accounts", n)
	}
	if _, err := r.Admin.SetUser(t.Context(), admin.SetUser{Username: kept, ExpiresAt: new(time.Time)}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Admin.CloseWorkshop(t.Context(), admin.WorkshopName{Name: "surf2027"}); err != nil {
		t.Fatal(err)
	}
	if n := r.Count(`SELECT count(*) FROM backchannel_logouts`); n != 1 {
		t.Errorf("%d applications told", n)
	}
	if n := r.Count(`SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.username = $1`, username); n != 0 {
		t.Errorf("%d sessions left", n)
	}
	if a := b.Token(Refresh(Str(tokens["refresh_token"]))); a.Status == 200 {
		t.Error("tokens are refreshed after the end")
	}
	back := r.browser()
	login := back.Do("GET", "/account", nil).Location()
	e, _ := back.Interaction(back.Login(login, username, phrase).LeadsTo())["error"].(map[string]any)
	if e["code"] != "workshop_ended" || e["upstream"] != "surf2027" || e["ended_at"] == nil {
		t.Errorf("the sign-in says %v", e)
	}
	if code := back.errorOn(back.Login(login, username, phrase+"x").Header.Get("Location")); code != "invalid_credentials" {
		t.Errorf("who does not know the phrase learns %s", code)
	}
	if a := r.browser().Login(login, kept, keptPhrase); a.Status != 400 { // of another browser
		t.Errorf("%d", a.Status)
	}
	own := r.browser()
	if to := own.Login(own.Do("GET", "/account", nil).Location(), kept, keptPhrase).Location().Path; to != "/account" {
		t.Errorf("who keeps the account is led to %s", to)
	}
	// Within the grace they are there; after it they are gone, and in the report.
	states := func() string {
		t.Helper()
		report, err := r.Admin.ReportWorkshop(t.Context(), admin.ReportWorkshop{Name: "surf2027"})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, a := range report.Items {
			all = append(all, a.Username+" "+a.State+" "+a.Home)
		}
		return strings.Join(all, ", ")
	}
	if got := states(); got != "surf-ada ended surf-ada, surf-kim kept surf-kim" {
		t.Error(got)
	}
	r.Later(13 * 24 * time.Hour)
	r.cleanUp()
	if r.Count(`SELECT count(*) FROM users WHERE username = $1`, username) != 1 {
		t.Error("the account is gone within the grace")
	}
	r.Later(2 * 24 * time.Hour)
	r.cleanUp()
	if got := states(); got != "surf-ada deleted surf-ada, surf-kim kept surf-kim" {
		t.Error(got)
	}
	if r.Count(`SELECT count(*) FROM retired_names WHERE name = $1`, username) != 1 {
		t.Error("the name is free")
	}
	// One who was let go on later than the others is deleted later.
	r.cleanUp()
	if r.Count(`SELECT jsonb_array_length(former_accounts) FROM workshops`) != 1 {
		t.Error("somebody is in the report twice")
	}
}

func TestHelpersSeeToPhrasesAndStrangers(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.workshop(3)
	b := r.browser()
	username, old, _ := b.join("ada")
	eve := r.browser()
	stranger, strangers, _ := eve.join("eve")
	of := func(username string) admin.WorkshopUsername {
		return admin.WorkshopUsername{Name: "surf2027", Username: username}
	}
	made, err := r.Admin.NewPhrase(t.Context(), of(username))
	if err != nil || made.Phrase == old {
		t.Fatal(err)
	}
	if a := b.Authorize(AuthParams()); a.Location().Path != "/login" {
		t.Error("the session of before goes on")
	}
	page := b.Do("GET", "/account", nil).Location()
	if code := b.errorOn(b.Login(page, username, old).Header.Get("Location")); code != "invalid_credentials" {
		t.Errorf("the old phrase: %q", code)
	}
	if a := b.Login(page, username, made.Phrase); a.Location().Path != "/account" {
		t.Errorf("the new phrase leads to %s", a.Location())
	}
	if _, err := r.Admin.RemoveFromWorkshop(t.Context(), of(stranger)); err != nil {
		t.Fatal(err)
	}
	if a := eve.Authorize(AuthParams()); a.Location().Path != "/login" {
		t.Error("the stranger is signed in")
	}
	page = eve.Do("GET", "/account", nil).Location()
	if code := eve.errorOn(eve.Login(page, stranger, strangers).LeadsTo()); code != "account_disabled" {
		t.Errorf("the stranger signs in: %q", code)
	}
	if r.Count(`SELECT seats_left FROM workshops`) != 2 ||
		r.Count(`SELECT count(*) FROM group_members WHERE username = $1`, stranger) != 0 {
		t.Error("the seat is not free, or the stranger is in the group")
	}
	// Nobody else is theirs to see to.
	for _, username := range []string{"alice", "nobody", stranger} {
		if _, err := r.Admin.RemoveFromWorkshop(t.Context(), of(username)); !errors.As(err, new(admin.Missing)) {
			t.Errorf("remove %s: %v", username, err)
		}
	}
	if _, err := r.Admin.NewPhrase(t.Context(), of("alice")); !errors.As(err, new(admin.Missing)) {
		t.Errorf("a phrase for alice: %v", err)
	}
}

// adopt takes the form of an account page.
func (b *browser) adopt(page, username, phrase string) Answer {
	return b.post("/account/adopt", page, "username", username, "phrase", phrase)
}

func TestARealAccountAdoptsTheOneOfAWorkshop(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.workshop(9)
	learner := r.browser()
	username, phrase, _ := learner.join("ada")
	own := r.browser()
	page := own.Login(own.Do("GET", "/account", nil).Location(), "alice", Password).Header.Get("Location")
	if own.Interaction(page)["adopt_action"] == nil {
		t.Fatal("the page does not offer it")
	}
	// Whatever is wrong, the page says the same.
	r.Exec(`INSERT INTO users (username, password) VALUES ('bob', crypt($1, gen_salt('bf', 4)))`, Password)
	for _, wrong := range [][2]string{{username, "one-two-three-four"}, {"nobody", phrase}, {"bob", Password}, {"alice", Password}} {
		if code := own.errorOn(own.adopt(page, wrong[0], wrong[1]).Header.Get("Location")); code != "adoption_failed" {
			t.Errorf("%s: %q", wrong[0], code)
		}
	}
	// Two tabs at once: one does it.
	var both sync.WaitGroup
	results := make([]string, 2)
	for i := range results {
		both.Go(func() {
			view := own.Interaction(own.adopt(page, " "+strings.ToUpper(username)+" ", phrase).Header.Get("Location"))
			e, _ := view["error"].(map[string]any)
			results[i] = Str(view["done"]) + Str(e["code"])
		})
	}
	both.Wait()
	if slices.Sort(results); results[0] != "account_adopted" || results[1] != "adoption_failed" {
		t.Errorf("%v", results)
	}
	if r.Count(`SELECT count(*) FROM users WHERE username = $1 AND adopted_by = 'alice' AND disabled_at IS NOT NULL`, username) != 1 ||
		r.Count(`SELECT count(*) FROM group_members m JOIN workshops w ON w.until = m.until WHERE m.username = 'alice'
			AND m.group_name = 'class'`) != 1 {
		t.Error("the account is not adopted, or alice is not in the group")
	}
	if a := learner.Authorize(AuthParams()); a.Location().Path != "/login" {
		t.Error("the adopted account is still signed in")
	}
	report, err := r.Admin.ReportWorkshop(t.Context(), admin.ReportWorkshop{Name: "surf2027"})
	if err != nil || len(report.Items) != 1 || report.Items[0].State != "adopted" || report.Items[0].AdoptedBy != "alice" {
		t.Errorf("%+v, %v", report, err)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE operation = 'adopt account' AND actor = 'alice' AND table_name = 'users'`); n != 1 {
		t.Errorf("%d rows in the audit", n)
	}
}

func TestAnAccountIsAdoptedAfterItsWorkshopButByNobodyWhoGuesses(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.workshop(9)
	username, phrase, _ := r.browser().join("ada")
	other, otherPhrase, _ := r.browser().join("eve")
	r.Later(2 * time.Hour)
	own := r.browser()
	page := own.Login(own.Do("GET", "/account", nil).Location(), "alice", Password).Header.Get("Location")
	if view := own.Interaction(own.adopt(page, username, phrase).Header.Get("Location")); view["done"] != "account_adopted" {
		t.Errorf("%v", view["error"])
	}
	if n := r.Count(`SELECT count(*) FROM group_members WHERE username = 'alice' AND group_name = 'class'`); n != 0 {
		t.Error("a membership that has ended came along")
	}
	throttled := false
	for range 10 {
		throttled = throttled || own.adopt(page, other, "one-two-three-four").Status == 429
	}
	if !throttled {
		t.Error("guesses are not slowed down")
	}
	if a := own.adopt(page, other, otherPhrase); a.Status != 429 {
		t.Errorf("the right phrase in between: %d", a.Status)
	}
	// A session that has ended adopts nothing, and neither does an account of a workshop.
	r.Later(2 * time.Minute)
	r.Exec(`UPDATE sessions SET ended_at = now()`)
	if to := own.adopt(page, other, otherPhrase).Location(); to.Path != "/login" ||
		r.Count(`SELECT count(*) FROM users WHERE adopted_by IS NOT NULL`) != 1 {
		t.Errorf("without a session it leads to %s", to)
	}
}
