package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/argon2"
)

// gatehouse are the two targets that are one process; the first starts it.
func (b *bench) gatehouse() []*target { return b.targets[:2] }

// caching asks whether discovery and the JWKS need not be sent to those who have them (RFC 9110 §13.1.2).
func (b *bench) caching(ctx context.Context) ([]row, error) {
	says := ""
	for _, path := range []string{"/.well-known/openid-configuration", "/jwks"} {
		first, err := b.ask(ctx, path, "")
		if err != nil {
			return nil, err
		}
		tag := first.Header.Get("ETag")
		again, err := b.ask(ctx, path, tag)
		if err != nil {
			return nil, err
		}
		if tag == "" || again.StatusCode != http.StatusNotModified {
			says += path + " has none; "
		}
	}
	r := row{what: "discovery, JWKS: ETag and 304", ours: "both", goal: "both", met: says == ""}
	if !r.met {
		r.ours = says[:len(says)-2]
	}
	return []row{r}, nil
}

func (b *bench) ask(ctx context.Context, path, tag string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", issuer+path, nil)
	if err != nil {
		return nil, err
	}
	if tag != "" {
		req.Header.Set("If-None-Match", tag)
	}
	answer, err := http.DefaultClient.Do(req)
	if err == nil {
		answer.Body.Close()
	}
	return answer, err
}

// cold starts Gatehouse anew a few times, on a database that has its keys.
func (b *bench) cold(ctx context.Context) ([]row, error) {
	ours := b.gatehouse()
	say("Starting Gatehouse a few times")
	ours[0].stop()
	starts, err := b.measure(ctx, "cold", ours[:1], "-n", "5")
	if _, down := b.loadgenSays(ctx, "down", ours[0].profile()); err == nil {
		err = down
	}
	if err == nil {
		err = ours[0].start(ctx)
	}
	if err != nil {
		return nil, err
	}
	var took, memory []float64
	for _, w := range starts {
		took, memory = append(took, w.P50), append(memory, w.RSS)
	}
	return []row{
		{what: "cold start", ours: fmt.Sprintf("%.0f ms", median(took)), goal: "≤ 150 ms", met: median(took) <= 150},
		{what: "idle memory", ours: fmt.Sprintf("%.0f MiB", median(memory)), goal: "≤ 25 MiB", met: median(memory) <= 25},
	}, nil
}

var counted = regexp.MustCompile(`(?m)^gatehouse (\w+):.* errors (\d+); statements ([0-9.]+)`)

// statements counts what operations ask Postgres; that SSO costs one durable commit is held by a test (api/web/statements_test.go).
func (b *bench) statements(ctx context.Context) ([]row, error) {
	most := map[string]float64{"sso": 3, "refresh": 1, "userinfo": 1}
	if err := b.countStatements(ctx, true); err != nil {
		return nil, err
	}
	says, err := b.loadgenSays(ctx, "count", "-fast", "-n", "40", "-w", "sso,refresh,userinfo", b.gatehouse()[0].profile())
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, found := range counted.FindAllStringSubmatch(says, -1) {
		n, _ := strconv.ParseFloat(found[3], 64)
		rows = append(rows, row{what: "statements, " + found[1], ours: found[3], goal: fmt.Sprintf("≤ %.0f", most[found[1]]),
			met: n < most[found[1]]+0.1 && found[2] == "0"}) // what runs each minute may fall into the window
	}
	if len(rows) != len(most) {
		return nil, fmt.Errorf("the load generator says something else than expected:\n%s", says)
	}
	return rows, b.countStatements(ctx, false)
}

// ui loads the login page in Chromium, as a phone would: api/cmd/bench/ui.mjs.
func (b *bench) ui(ctx context.Context) ([]row, error) {
	say("Loading the login page")
	cmd := exec.CommandContext(ctx, "node", filepath.Join(b.root, "api/cmd/bench/ui.mjs"), issuer+"/authorize?response_type=code&client_id=web&redirect_uri="+
		callback+"&scope=openid&code_challenge=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&code_challenge_method=S256")
	cmd.Dir, cmd.Env, cmd.Stderr = b.root, ownEnvironment(), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var says struct {
		Bytes, Trips, Complaints                int
		Interactive, Blocked, Shifted, Contents float64
	}
	if err := json.Unmarshal(out, &says); err != nil {
		return nil, err
	}
	return []row{
		{what: "login page: first load, compressed", ours: fmt.Sprintf("%.1f kB", float64(says.Bytes)/1000), goal: "≤ 40 kB", met: says.Bytes <= 40_000},
		{what: "login page: round trips after the HTML", ours: fmt.Sprint(says.Trips), goal: "≤ 1", met: says.Trips <= 1},
		{what: "login page: the form is there, on a slow phone", ours: fmt.Sprintf("%.0f ms", says.Interactive), goal: "≤ 1000 ms", met: says.Interactive <= 1000},
		{what: "login page: largest contentful paint", ours: fmt.Sprintf("%.0f ms", says.Contents), goal: "≤ 1200 ms", met: says.Contents <= 1200},
		{what: "login page: blocked by scripts", ours: fmt.Sprintf("%.0f ms", says.Blocked), goal: "≤ 50 ms", met: says.Blocked <= 50},
		{what: "login page: layout shift", ours: fmt.Sprintf("%.3f", says.Shifted), goal: "0", met: says.Shifted < 0.001},
		{what: "login page: findings of axe", ours: fmt.Sprint(says.Complaints), goal: "0", met: says.Complaints == 0},
	}, nil
}

// hashCost is what a hash as Gatehouse makes them (api/authn/hash.go) costs here, in milliseconds of CPU, while each core makes one: they
// share the way to memory.
func hashCost() float64 {
	used := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	const times = 10
	before := used()
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			for range times {
				argon2.IDKey([]byte(password), []byte("0123456789abcdef"), 2, 19456, 1, 32)
			}
		})
	}
	all.Wait()
	return (used() - before).Seconds() * 1000 / float64(times*runtime.NumCPU())
}
