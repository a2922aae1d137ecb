package api

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestEveryClauseOfTheConformancePageHasItsFileAndItsTest(t *testing.T) {
	page, err := os.ReadFile("../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := exec.Command("grep", "-rhoE", "^func (Test|Fuzz)[A-Za-z0-9_]+", "--include=*_test.go", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || strings.TrimSpace(cells[1]) == "clause" || strings.HasPrefix(cells[1], "-") {
			continue
		}
		rows++
		file, test := strings.Trim(cells[3], " `"), strings.TrimSpace(cells[4])
		if _, err := os.Stat("../" + file); err != nil {
			t.Errorf("%s: %v", strings.TrimSpace(cells[1]), err)
		}
		if !strings.Contains(string(tests), "func "+test+"\n") {
			t.Errorf("%s: there is no test %s", strings.TrimSpace(cells[1]), test)
		}
	}
	if rows == 0 {
		t.Error("the page has no rows")
	}
}
