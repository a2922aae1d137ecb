package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	stormMost   = 3.0   // times the quiet p99
	stormMemory = 160.0 // MiB: a bound of our own, about four times what two hashes need
)

// storm has people sign in twice as fast as hashes can be computed, while others use what they have.
func (b *bench) storm(ctx context.Context) ([]row, error) {
	perSecond := 2 * 1000 / hashCost() * float64(runtime.NumCPU())
	quiet, err := b.others(ctx, "quiet")
	if err != nil {
		return nil, err
	}
	say("A storm of %.0f sign-ins a second", perSecond)
	s, err := newStorm(ctx, b.gatehouse()[0].cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	storming, calm := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { s.blow(storming, perSecond) })
	time.Sleep(2 * time.Second)
	busy, err := b.others(ctx, "storm")
	calm()
	all.Wait()
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, w := range []string{"sso", "refresh", "userinfo"} {
		before, now := of(quiet, "gatehouse", w)[0].P99, of(busy, "gatehouse", w)[0].P99
		rows = append(rows, row{what: "p99 of " + w + " in a storm of sign-ins", ours: ms(now), floor: ms(before) + " (quiet)",
			ratio: fmt.Sprintf("%.1f", now/before), goal: fmt.Sprintf("< %.0f", stormMost), met: now < stormMost*before})
	}
	say("%s", s)
	return append(rows,
		row{what: "memory in it", ours: fmt.Sprintf("%.0f MiB", s.memory), goal: fmt.Sprintf("≤ %.0f MiB", stormMemory), met: s.memory <= stormMemory},
		row{what: "sign-ins beyond it", ours: s.String(), goal: "503 with Retry-After", met: s.refused > 0 && s.odd == 0}), nil
}

// others measures what does not sign in.
func (b *bench) others(ctx context.Context, label string) ([]window, error) {
	seconds := "8s"
	if b.quick {
		seconds = "3s"
	}
	return b.measure(ctx, "rounds", b.gatehouse()[:1], "-label", label, "-rounds", "1", "-dur", seconds, "-tries", "1", "-quiet", "0s", "-c", "2",
		"-w", "sso,refresh,userinfo")
}

// storm is many sign-ins and what became of them.
type storm struct {
	pid     int
	request string // sealed; each sign-in begins with it
	browser string // its cookie
	client  http.Client

	mu               sync.Mutex
	in, refused, odd int
	answered         time.Duration
	memory           float64 // MiB, the most that there was
	first            string  // odd answer
}

func (s *storm) String() string {
	text := fmt.Sprintf("%d signed in, %d answered 503", s.in, s.refused)
	if s.odd > 0 {
		text += fmt.Sprintf(", %d otherwise: %s", s.odd, s.first)
	}
	return text
}

// newStorm makes the request that all begin with.
func newStorm(ctx context.Context, pid int) (*storm, error) {
	s := &storm{pid: pid, client: http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1000},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	ask := url.Values{"response_type": {"code"}, "client_id": {"web"}, "redirect_uri": {callback}, "scope": {"openid email"},
		"code_challenge": {"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}, "code_challenge_method": {"S256"}}
	req, err := http.NewRequestWithContext(ctx, "GET", issuer+"/authorize?"+ask.Encode(), nil)
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	answer.Body.Close()
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
				s.weigh()
			}
		}
	}
}

// signIn is one of somebody else each time, from elsewhere, or the throttle would refuse it.
func (s *storm) signIn(n int) {
	form := url.Values{"request": {s.request}, "username": {fmt.Sprintf("user%04d", n%people)}, "password": {password}}
	req, err := http.NewRequest("POST", issuer+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		return
	}
	for name, value := range map[string]string{"Origin": ui, "Cookie": s.browser, "Content-Type": "application/x-www-form-urlencoded",
		"X-Forwarded-For": fmt.Sprintf("198.18.%d.%d", n/200%250, n%200+1)} {
		req.Header.Set(name, value)
	}
	answer, err := s.client.Do(req)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil && answer.StatusCode == 303 && strings.HasPrefix(answer.Header.Get("Location"), callback):
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
		answer.Body.Close()
	}
}

// weigh notes how much memory Gatehouse has.
func (s *storm) weigh() {
	text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.pid), "status"))
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "VmRSS:" {
			kib, _ := strconv.ParseFloat(words[1], 64)
			s.memory = max(s.memory, kib/1024)
		}
	}
}
