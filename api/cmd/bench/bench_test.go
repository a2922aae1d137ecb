package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/api/cmd/bench/load"
	"gatehouse/api/devdb"
)

func window(target string, server, postgres float64) load.Window {
	return load.Window{Target: target, Workload: "sso", Server: server, Postgres: postgres, Others: 0.02}
}

func TestARowComparesRoundsAndNamesTheirSpread(t *testing.T) {
	windows := []load.Window{
		window("ours", 2, 1), window("floor", 1, 1), // 1.5
		window("floor", 1, 1), window("ours", 1, 1.2), // 1.1
		window("ours", 1, 1.2), window("floor", 1, 1), // 1.1
	}
	r := comparison{"SSO", "sso", "ours", "floor", 1.2}.row(windows)
	want := "| SSO | 2.20 ms (1.00 + 1.20) | 2.00 ms (1.00 + 1.00) | 1.10 | ≤ 1.20 | yes | 1.10–1.50 | 2 % |\n"
	if r.String() != want {
		t.Errorf("got  %swant %s", r, want)
	}
	if r := (comparison{"SSO", "sso", "ours", "floor", 1.05}).row(windows); r.met || !strings.Contains(r.String(), "**no**") {
		t.Errorf("a goal that is missed: %s", r)
	}
}

func TestAnotherCommitIsComparedInEveryWorkload(t *testing.T) {
	b := &bench{before: &gatehouse{}, options: options{against: "v0.1.0"}}
	list := b.comparisons()[len(comparisons):]
	if len(list) != len(comparisons) {
		t.Fatalf("%d rather than %d", len(list), len(comparisons))
	}
	for i, c := range list {
		if c.ours != comparisons[i].ours || !slices.Contains([]string{before, beforeES256}, c.beside) {
			t.Errorf("%+v", c)
		}
		if c.what != comparisons[i].what+" against v0.1.0" {
			t.Errorf("%s", c.what)
		}
	}
	if first := list[0]; first.beside != before || list[1].beside != beforeES256 {
		t.Errorf("%+v, %+v", first, list[1])
	}
}

func TestWithMetricsOursIsComparedWithItselfAlone(t *testing.T) {
	o, err := parse([]string{"--metrics"})
	b := &bench{before: &gatehouse{}, options: o}
	if list := b.comparisons(); err != nil || len(list) != len(comparisons) || list[0].beside != before || list[0].most != metricsMost {
		t.Errorf("%+v %v", list, err)
	}
}

func TestCheckNamesWhatIsMissed(t *testing.T) {
	rows := []row{
		{what: "SSO", ratio: "1.10", goal: "≤ 1.20", met: true},
		{what: "JWKS", ratio: "1.90", goal: "≤ 1.20"},
		{what: "cold start", ours: "200 ms", goal: "≤ 150 ms"},
	}
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
