package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/api/admin"
)

const class = "First name,Last name,Email address\nAda,Lovelace,ada@uni.example\nJürgen,Groß,jg@uni.example\n" +
	"Grace,Hopper,ada@other.example\n"

func TestARosterIsImportedWithLinks(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.env = append(s.env, "GATEHOUSE_UI_ORIGIN=https://login.example.org")
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if text != "" && os.WriteFile(path, []byte(text), 0o600) != nil {
			t.Fatal(path)
		}
		return path
	}
	roster, links, slips := file("roster.csv", class), file("links.csv", ""), file("slips.html", "")
	s.good("", "group", "add", "physics101")
	s.good(passphrase, "user", "add", "teacher", "--group", "physics101")

	dry := s.good("", "user", "import", roster, "--group", "physics101", "--links", links, "--dry-run")
	for _, want := range []string{"line 2: ada, new", "line 3: jg, new", "line 4: ada2, new", "teacher is in the group and not in the roster",
		"would import 3 new people; 0 others"} {
		if !strings.Contains(dry, want) {
			t.Errorf("the dry run has no %q:\n%s", want, dry)
		}
	}
	if _, err := os.Stat(links); err == nil || strings.Contains(s.good("", "user", "list"), "jg") {
		t.Error("the dry run left something")
	}

	s.good("", "user", "import", roster, "--group", "physics101", "--links", links, "--slips", slips, "--language", "de")
	made := readLinks(t, links)
	if len(made) != 3 || made[1][0] != "jg" || made[1][1] != "Jürgen Groß" || made[1][2] != "jg@uni.example" {
		t.Errorf("the links: %v", made)
	}
	for _, l := range made {
		if !regexp.MustCompile(`^https://login\.example\.org/link#[\w-]{43}$`).MatchString(l[3]) {
			t.Errorf("the link of %s: %s", l[0], l[3])
		}
	}
	if info, err := os.Stat(links); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("others can read the links", info.Mode(), err)
	}
	page, err := os.ReadFile(slips)
	if err != nil || strings.Count(string(page), "<svg") != 3 || !strings.Contains(string(page), made[2][3]) ||
		!strings.Contains(string(page), `lang="de"`) {
		t.Errorf("the slips: %v\n%s", err, page)
	}
	if members := s.good("", "group", "members", "physics101"); strings.Count(members, "\n") < 4 {
		t.Errorf("the members:\n%s", members)
	}

	// Again, with somebody new and without somebody: it adds who is new.
	file("roster.csv", "username,name,email\nada,Ada Lovelace,ada@uni.example\nJG@uni.example,Jürgen Groß,\nEve,Eve,eve@uni.example\n")
	again := s.good("", "user", "import", roster, "--group", "physics101", "--links", links)
	for _, want := range []string{"line 3: JG@uni.example is called jg here", "line 4: Eve is called eve here",
		"ada2 is in the group and not in the roster", "imported 1 new people; 0 others joined the group, and 2 were"} {
		if !strings.Contains(again, want) {
			t.Errorf("again: no %q:\n%s", want, again)
		}
	}
	if more := readLinks(t, links); len(more) != 4 || more[3][0] != "eve" || more[0][3] != made[0][3] {
		t.Errorf("the links are now %v", more)
	}
	s.bad("slips.html is there already", "", "user", "import", roster, "--slips", slips)

	s.good("", "user", "import", roster, "--group", "physics101", "--disable-missing")
	if list := s.good("", "user", "list", "--search", "ada2"); !strings.Contains(list, "disabled 20") {
		t.Errorf("who is gone:\n%s", list)
	}
}

func readLinks(t *testing.T, path string) [][]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all, err := csv.NewReader(file).ReadAll()
	if err != nil || len(all) == 0 || strings.Join(all[0], ",") != "username,name,email,link,expires_at" {
		t.Fatal(all, err)
	}
	return all[1:]
}

func TestARosterWithAProblemImportsNobody(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.env = append(s.env, "GATEHOUSE_UI_ORIGIN=https://login.example.org")
	s.good("", "group", "add", "physics101")
	s.good(passphrase, "user", "add", "ada", "--email", "ada@elsewhere.example", "--name", "Ada of the staff")
	s.good("", "user", "add", "bob", "--no-password", "--name", "Bob of old")
	links := filepath.Join(t.TempDir(), "links.csv")
	for _, test := range []struct{ name, roster, want string }{
		{"somebody else's name", "username,email\neve,\nada,ada@uni.example\n",
			"line 3: ada is somebody else, with the address ada@elsewhere.example"},
		{"twice", "username\neve\nEVE\n", "line 3: eve is in line 2 already"},
		{"twice by the name", "name\nEve Moneypenny\nEve Moneypenny\n", "line 3: eve.moneypenny is in line 2 already"},
		{"a name of nothing", "name\n李小龙\n", `line 2: "李小龙" is no username here`},
		{"a name that is only suggested", "name\nBob\n", `line 2: bob is somebody else, called Bob of old`},
		{"no address", "username,email\neve,eve at uni\n", `line 2: "eve at uni" is no address`},
		{"Latin-1", "name\nZo\xeb\n", "line 2 is not in UTF-8"},
	} {
		s.bad(test.want, test.roster, "user", "import", "-", "--group", "physics101", "--links", links)
		if list := s.good("", "user", "list"); strings.Contains(list, "eve") {
			t.Errorf("%s: somebody was imported:\n%s", test.name, list)
		}
	}
	s.bad(`there is no group "biology"`, "username\neve\n", "user", "import", "-", "--group", "biology")
	s.bad("needs --group", "username\neve\n", "user", "import", "-", "--disable-missing")
	if _, err := os.Stat(links); err == nil {
		t.Error("a refused import left a file")
	}
	// Of somebody who is there, by the name that the file suggests, nobody gets a link: the roster may be about somebody else.
	s.good("email\nbob@uni.example\n", "user", "import", "-", "--links", links)
	if made := readLinks(t, links); len(made) != 1 || made[0][0] != "bob2" {
		t.Errorf("links: %v", made)
	}
}

func TestTenThousandPeopleAreImportedTogether(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.env = append(s.env, "GATEHOUSE_UI_ORIGIN=https://login.example.org")
	s.good("", "group", "add", "everybody")
	var roster strings.Builder
	roster.WriteString("username,name,email\n")
	for i := range 10_000 {
		fmt.Fprintf(&roster, "p%05d,Person %d,p%05d@uni.example\n", i, i, i)
	}
	began := time.Now()
	out := s.good(roster.String(), "user", "import", "-", "--group", "everybody", "--json")
	t.Logf("%.1f s", time.Since(began).Seconds())
	var imported admin.ImportedUsers
	if err := json.Unmarshal([]byte(out), &imported); err != nil || len(imported.Lines) != 10_000 ||
		imported.Lines[9_999].Username != "p09999" {
		t.Fatal(err, len(imported.Lines))
	}
	if group := s.good("", "group", "show", "everybody"); !strings.Contains(group, `"members": 10000`) {
		t.Errorf("the group: %s", group)
	}
}
