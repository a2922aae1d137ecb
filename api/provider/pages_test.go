package provider

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	contractLine = regexp.MustCompile(`(?ms)^  (\w+): page<(.*?)>\(([^)]*)\),$`)
	quoted       = regexp.MustCompile(`'(\w+)'`)
	capital      = regexp.MustCompile(`([a-z])([A-Z])`)
)

// The UI has a table of its own, since it trusts no answer; and a page that it has no file for could not be shown.
func TestTheUIHasThePagesOfTheTableWithTheirActions(t *testing.T) {
	contract := readUI(t, "lib/contract.ts")
	have := map[string][]string{} // the page's type, and the addresses that it needs
	for _, m := range contractLine.FindAllStringSubmatch(contract, -1) {
		have[m[1]] = []string{m[2]}
		for _, name := range quoted.FindAllStringSubmatch(m[3], -1) {
			have[m[1]] = append(have[m[1]], name[1])
		}
	}
	var names []string
	for _, line := range pages() {
		name := line.page.name()
		names = append(names, name)
		in, there := have[name]
		if !there {
			t.Errorf("contract.ts has no page %s", name)
			continue
		}
		var actions []string
		for _, a := range line.actions {
			actions = append(actions, a.name)
			if optional := strings.Contains(in[0], a.name+"?: string"); !optional && !slices.Contains(in[1:], a.name) {
				t.Errorf("contract.ts does not need the %s of %s", a.name, name)
			}
		}
		for _, needed := range in[1:] {
			if !slices.Contains(actions, needed) {
				t.Errorf("contract.ts needs an address %s for %s, which the API does not send", needed, name)
			}
		}
	}
	slices.Sort(names)
	if known := slices.Sorted(maps.Keys(have)); !slices.Equal(known, names) {
		t.Errorf("contract.ts has the pages %v, the table has %v", known, names)
	}
	files, err := filepath.Glob("../../ui/src/pages/*.svelte")
	if err != nil {
		t.Fatal(err)
	}
	own, err := filepath.Glob("../../ui/src/pages/own/*.svelte")
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, file := range append(files, own...) {
		name := strings.TrimSuffix(filepath.Base(file), ".svelte")
		shown = append(shown, strings.ToLower(capital.ReplaceAllString(name, "${1}_$2")))
	}
	slices.Sort(shown)
	if want := slices.Sorted(slices.Values(append(names, "start"))); !slices.Equal(shown, want) {
		t.Errorf("the UI has files for %v, the table has %v and the UI a start of its own", shown, names)
	}
	if !strings.Contains(readUI(t, "routes.ts"), "import.meta.glob<Component<PageProps>>('./pages/*.svelte'") {
		t.Error("routes.ts does not follow from the names of the files")
	}
}

func TestEachActionOfAPageIsARouteOfTheAPI(t *testing.T) {
	routes, err := os.ReadFile("../web/api.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(routes), "p.Forms()") {
		t.Error("web takes no forms from the table")
	}
	taken := map[string]bool{}
	for _, line := range pages() {
		for _, a := range line.actions {
			route := strings.Contains(string(routes), `"`+a.path+`"`)
			written := strings.Contains(string(routes), `POST", "`+a.path+`"`)
			if a.run == nil && !route || a.run != nil && written || taken[a.path] {
				t.Errorf("%s of %s: %s is no route, or two", a.name, line.page.name(), a.path)
			}
			taken[a.path] = true
		}
	}
}

// A page reads its own state only: what was sealed for one is refused at every other.
func TestNoPageOpensTheStateOfAnother(t *testing.T) {
	p := &Provider{now: time.Now}
	for _, from := range pages() {
		for _, into := range pages() {
			if w := p.withState(from.page); w.readState(into.page) != (from.page.name() == into.page.name()) {
				t.Errorf("what is for %s opens as %s", from.page.name(), into.page.name())
			}
		}
	}
}

func readUI(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile("../../ui/src/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
