package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"gatehouse/api/cmd/bench/floor"
	"gatehouse/api/cmd/bench/load"
)

const (
	stormMost    = 3.0   // times the quiet p99
	stormAgainst = 1.25  // times the p99 before: below that is noise
	stormMemory  = 160.0 // MiB: a bound of our own, about four times what two hashes need
)

// storm has people sign in twice as fast as hashes can be computed, while others use what they have.
func (b *bench) storm(ctx context.Context) ([]row, error) {
	perSecond := 2 * 1000 / floor.Cost(floor.Argon2id) * float64(runtime.NumCPU())
	after, err := b.stormAt(ctx, b.target(ours), perSecond)
	if err != nil {
		return nil, err
	}
	rows := after.rows()
	if b.before != nil {
		earlier, err := b.stormAt(ctx, b.target(before), perSecond)
		if err != nil {
			return nil, err
		}
		rows = append(rows, after.against(earlier, b.against)...)
	}
	return rows, nil
}

// stormAt measures the others at a target before and in a storm.
func (b *bench) stormAt(ctx context.Context, t *target, perSecond float64) (*storm, error) {
	s, err := newStorm(ctx, t)
	if err != nil {
		return nil, err
	}
	if s.quiet, err = b.others(ctx, t); err != nil {
		return nil, err
	}
	progress("A storm of %.0f sign-ins a second at %s", perSecond, t.Name)
	storming, calm := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { s.blow(storming, perSecond) })
	time.Sleep(2 * time.Second)
	s.busy, err = b.others(ctx, t)
	calm()
	all.Wait()
	progress("%s", s)
	return s, err
}

// others measures what does not sign in.
func (b *bench) others(ctx context.Context, t *target) ([]load.Window, error) {
	plan := load.Plan{Workers: 2, Warm: 1500 * time.Millisecond, Length: 8 * time.Second, Tries: 1}
	if b.quick {
		plan.Length = 3 * time.Second
	}
	var windows []load.Window
	for _, workload := range []string{"sso", "refresh", "userinfo"} {
		w, err := b.measure(ctx, t, workload, plan)
		if err != nil {
			return nil, err
		}
		windows = append(windows, w)
	}
	return windows, nil
}

func (s *storm) rows() (rows []row) {
	for i, quiet := range s.quiet {
		rows = append(rows, row{what: "p99 of " + quiet.Workload + " in a storm of sign-ins", ours: ms(s.busy[i].P99),
			floor: ms(quiet.P99) + " (quiet)", ratio: fmt.Sprintf("%.1f", s.ratio(i)),
			goal: fmt.Sprintf("< %.0f", stormMost), met: s.ratio(i) < stormMost})
	}
	return append(rows,
		row{what: "memory in it", ours: fmt.Sprintf("%.0f MiB", s.memory),
			goal: fmt.Sprintf("≤ %.0f MiB", stormMemory), met: s.memory <= stormMemory},
		row{what: "sign-ins beyond it", ours: s.String(), goal: "503 with Retry-After", met: s.refused > 0 && s.odd == 0})
}

// ratio is the p99 of one of the others in the storm to that before.
func (s *storm) ratio(i int) float64 { return s.busy[i].P99 / s.quiet[i].P99 }

// against compares with the storm at another commit.
func (s *storm) against(earlier *storm, commit string) (rows []row) {
	for i, busy := range s.busy {
		ratio := busy.P99 / earlier.busy[i].P99
		rows = append(rows, row{what: "p99 of " + busy.Workload + " in a storm against " + commit,
			ours:  fmt.Sprintf("%s (%.1f × quiet)", ms(busy.P99), s.ratio(i)),
			floor: fmt.Sprintf("%s (%.1f × quiet)", ms(earlier.busy[i].P99), earlier.ratio(i)),
			ratio: fmt.Sprintf("%.2f", ratio), goal: fmt.Sprintf("≤ %.2f", stormAgainst), met: ratio <= stormAgainst})
	}
	return append(rows, row{what: "storm against " + commit, ours: fmt.Sprintf("%.0f MiB, %s", s.memory, s),
		floor: fmt.Sprintf("%.0f MiB, %s", earlier.memory, earlier), goal: "stated", met: true})
}

// storm is many sign-ins and what became of them.
type storm struct {
	issuer  string
	pid     int
	request string // sealed; each sign-in begins with it
	browser string // its cookie
	client  http.Client

	mu               sync.Mutex
	in, refused, odd int
	memory           float64 // MiB, the most that there was
	first            string  // odd answer

	quiet, busy []load.Window // of others
}

func (s *storm) String() string {
	text := fmt.Sprintf("%d signed in, %d answered 503", s.in, s.refused)
	if s.odd > 0 {
		text += fmt.Sprintf(", %d otherwise: %s", s.odd, s.first)
	}
	return text
}

// newStorm makes the request that all begin with.
func newStorm(ctx context.Context, t *target) (*storm, error) {
	s := &storm{issuer: t.Issuer, pid: t.server.cmd.Process.Pid, client: http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1000},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	ask := url.Values{"response_type": {"code"}, "client_id": {"web"}, "redirect_uri": {floor.RedirectURI},
		"scope":          {"openid email"},
		"code_challenge": {"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}, "code_challenge_method": {"S256"}}
	req, err := http.NewRequestWithContext(ctx, "GET", s.issuer+"/authorize?"+ask.Encode(), nil)
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	_ = answer.Body.Close()
	page, err := answer.Location()
	if err != nil {
		return nil, err
	}
	s.request = page.Query().Get("request")
	for _, cookie := range answer.Cookies() {
		s.browser += cookie.Name + "=" + cookie.Value + ";"
	}
	return s, nil
}

// blow starts sign-ins at an even pace, whether the ones before are answered or not, until ctx ends; then it waits for them.
func (s *storm) blow(ctx context.Context, perSecond float64) {
	var all sync.WaitGroup
	defer all.Wait()
	tick := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			all.Go(func() { s.signIn(n) })
			if n%20 == 0 {
				s.memory = max(s.memory, load.Resident(s.pid))
			}
		}
	}
}

// signIn signs another person in each time, from another address, or the throttle would refuse it.
func (s *storm) signIn(n int) {
	form := url.Values{"request": {s.request}, "username": {fmt.Sprintf("user%04d", n%people)}, "password": {password}}
	req, err := http.NewRequest("POST", s.issuer+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		return
	}
	for name, value := range map[string]string{"Origin": ui, "Cookie": s.browser,
		"Content-Type":    "application/x-www-form-urlencoded",
		"X-Forwarded-For": fmt.Sprintf("198.18.%d.%d", n/200%250, n%200+1)} {
		req.Header.Set(name, value)
	}
	answer, err := s.client.Do(req)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil && answer.StatusCode == 303 && strings.HasPrefix(answer.Header.Get("Location"), floor.RedirectURI):
		s.in++
	case err == nil && answer.StatusCode == 503 && answer.Header.Get("Retry-After") != "":
		s.refused++
	default:
		if s.odd++; s.odd == 1 {
			s.first = fmt.Sprint(err)
			if err == nil {
				s.first = answer.Status + " " + answer.Header.Get("Location")
			}
		}
	}
	if err == nil {
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
}
