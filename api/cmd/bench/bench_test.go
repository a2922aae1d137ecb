package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/api/devdb"
)

func window1(target string, round int, server, pg float64) window {
	return window{Round: round, Target: target, Workload: "sso", CPUServer: server, CPUPG: pg, Foreign: 0.02}
}

func TestARowComparesMediansAndNamesTheSpreadOfTheRounds(t *testing.T) {
	windows := []window{
		window1("ours", 1, 2, 1), window1("floor", 1, 1, 1), // 1.5
		window1("floor", 2, 1, 1), window1("ours", 2, 1, 1.2), // 1.1
		window1("ours", 3, 1, 1.2), window1("floor", 3, 1, 1), // 1.1
	}
	r := comparison{"SSO", "sso", "ours", "floor", 1.2}.row(windows)
	if want := "| SSO | 2.20 ms (1.00 + 1.20) | 2.00 ms (1.00 + 1.00) | 1.10 | ≤ 1.20 | yes | 1.10–1.50 | 2 % |\n"; r.String() != want {
		t.Errorf("got  %swant %s", r, want)
	}
	if r := (comparison{"SSO", "sso", "ours", "floor", 1.05}).row(windows); r.met || !strings.Contains(r.String(), "**no**") {
		t.Errorf("a goal that is missed: %s", r)
	}
}

// SSO ends in userinfo, which the load generator leaves out for a target that skips it.
func TestWhoeverIsMeasuredInSSOAnswersUserinfo(t *testing.T) {
	for _, name := range []string{"gatehouse", "gatehouse-es256", "floor-rs256", "floor-es256"} {
		skipped := (&target{name: name}).skipped()
		if slices.Contains(skipped, "sso") || slices.Contains(skipped, "userinfo") {
			t.Errorf("%s skips %v", name, skipped)
		}
	}
}

func TestCheckNamesWhatIsMissed(t *testing.T) {
	rows := []row{{what: "SSO", ratio: "1.10", goal: "≤ 1.20", met: true}, {what: "JWKS", ratio: "1.90", goal: "≤ 1.20"}, {what: "cold start", ours: "200 ms", goal: "≤ 150 ms"}}
	if got := (options{check: true}).conclude(rows); got != "Missed: JWKS (1.90, goal ≤ 1.20); cold start (200 ms, goal ≤ 150 ms)" {
		t.Error(got)
	}
	if got := (options{check: true}).conclude(rows[:1]); got != "" {
		t.Error(got)
	}
}

func TestThePageHasPlacesForBothTables(t *testing.T) {
	page, err := os.ReadFile("../../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, flags := range []string{"--record", "--growth --record"} {
		if text, err = between(text, flags, "a table of "+flags+"\n"); err != nil {
			t.Error(err)
		}
	}
	if strings.Count(text, "\na table of ") != 2 || !strings.HasSuffix(text, string(page[len(page)-100:])) {
		t.Errorf("the page has lost something:\n%s", text)
	}
}

// testdata is compiled by no other test.
func TestWhatTakesProfilesFitsIntoTheServer(t *testing.T) {
	root, err := devdb.Root()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{root: root, dir: t.TempDir()}
	overlay, err := b.overlay()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "vet", "-overlay", overlay, "gatehouse/api/cmd/gatehouse").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(root, "api/cmd/gatehouse/profile.go")); err == nil {
		t.Error("the overlay hides a file of the server")
	}
}
