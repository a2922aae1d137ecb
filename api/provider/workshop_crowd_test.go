package provider_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// Two hundred people behind one address are no attack: they join, some after a typing error, sign in to the application, and later sign in
// once more with their phrases. Nobody is refused or throttled, however fast they come; how long it took is only said.
func TestTwoHundredPeopleBehindOneAddressJoinAndSignIn(t *testing.T) {
	t.Parallel()
	r := start(t)
	const people, atOnce = 200, 20 // as many as press a button in the same moment
	r.workshop(people)
	type learner struct{ username, phrase string }
	learners := make([]learner, people)
	var refused atomic.Int64
	each := func(do func(i int, b *browser)) time.Duration {
		began := time.Now()
		var all sync.WaitGroup
		turn := make(chan int)
		for range atOnce {
			all.Go(func() {
				for i := range turn {
					do(i, r.browser())
				}
			})
		}
		for i := range people {
			turn <- i
		}
		close(turn)
		all.Wait()
		return time.Since(began)
	}
	follow := func(a Answer) string {
		if a.Status != 303 {
			refused.Add(1)
			t.Errorf("%d %.300s", a.Status, a.Body)
		}
		return a.Header.Get("Location")
	}
	joined := each(func(i int, b *browser) {
		if i%10 == 0 {
			follow(b.typeWorkshopCode("gravel-tulip-orbti"))
		}
		page := follow(b.typeWorkshopCode(workshopCode))
		page = follow(b.post("/join/name", page, "username", fmt.Sprintf("Learner %d", i)))
		view := b.Interaction(page)
		user, _ := view["user"].(map[string]any)
		learners[i] = learner{Str(user["username"]), Str(view["phrase"])}
		if to := follow(b.post("/join/phrase", page, "written", "yes")); to != r.hubLogin() {
			t.Errorf("%d ends at %s", i, to)
		}
		if b.Authorize(AuthParams()).Query("code") == "" {
			t.Errorf("%d is not signed in", i)
		}
	})
	signedIn := each(func(i int, b *browser) {
		login := b.Authorize(AuthParams()).Location()
		if i%10 == 0 {
			follow(b.Login(login, learners[i].username, "one-two-three-four"))
		}
		if to := MustParse(follow(b.Login(login, learners[i].username, learners[i].phrase))); to.Query().Get("code") == "" {
			t.Errorf("%d is led to %s", i, to)
		}
	})
	if n := r.Count(`SELECT count(*) FROM users u JOIN group_members m USING (username) WHERE workshop = 'surf2027'`); n != people ||
		refused.Load() != 0 || r.Count(`SELECT seats_left FROM workshops`) != 0 {
		t.Errorf("%d accounts, %d refused", n, refused.Load())
	}
	t.Logf("%d people joined in %s and signed in in %s", people, joined.Round(time.Millisecond), signedIn.Round(time.Millisecond))
}
