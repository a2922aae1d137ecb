package api

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// tracked returns the files of the repository, by their paths from its root, with their text.
func tracked(t *testing.T) map[string]string {
	out, err := exec.Command("git", "-C", "..", "ls-files", "-z").Output()
	if err != nil {
		t.Skip("this is no checkout of Git's")
	}
	files := map[string]string{}
	for path := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join("..", path))
		if err == nil { // or it was deleted since
			files[path] = string(text)
		}
	}
	return files
}

// The top level is the map of the house.
func TestTheTopLevelHasNothingElse(t *testing.T) {
	allowed := []string{"api", "ui", "migrations", "deploy", "docs", "go.mod", "go.sum", "package.json", "package-lock.json",
		"docker-compose.yml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	for path := range tracked(t) {
		first, _, _ := strings.Cut(path, "/")
		if !strings.HasPrefix(first, ".") && !slices.Contains(allowed, first) {
			t.Errorf("%s does not belong there", first)
		}
	}
}

// Whoever clones the repository alone can do all that its pages say. The acceptance kit is run where there is one.
func TestNothingNamesAFolderBesideTheCheckout(t *testing.T) {
	beside := ".." + "/shared"
	for path, text := range tracked(t) {
		if strings.Contains(text, beside) && path != ".ci/run" && path != ".ci/kit" {
			t.Errorf("%s names %s", path, beside)
		}
	}
}

// Two editors side by side show 140 characters. Tables in Markdown and addresses cannot be broken.
func TestNoLineIsLong(t *testing.T) {
	kinds := []string{".mjs", ".ts", ".svelte", ".css", ".html", ".py", ".sql", ".md", ".yml", ".jsonc"}
	for path, text := range tracked(t) {
		if !slices.Contains(kinds, filepath.Ext(path)) || strings.HasPrefix(path, "migrations/") { // Go is held by golangci-lint
			continue
		}
		n := 0
		for line := range strings.Lines(text) {
			n++
			line = strings.TrimRight(line, "\n")
			unbreakable := strings.HasPrefix(line, "|") && strings.HasSuffix(path, ".md") || !strings.Contains(strings.TrimSpace(line), " ")
			if utf8.RuneCountInString(line) > 140 && !unbreakable {
				t.Errorf("%s:%d has %d characters", path, n, utf8.RuneCountInString(line))
			}
		}
	}
}

func TestADecisionThatIsSupersededSaysSoInOneForm(t *testing.T) {
	form := regexp.MustCompile(`^# \d{4}: [^\n]+\n\nSuperseded by \[(\d{4})\]\((\d{4}-[a-z0-9-]+\.md)\)\.\n\n`)
	some := 0
	files := tracked(t)
	for path, text := range files {
		if !strings.HasPrefix(path, "docs/decisions/") || !regexp.MustCompile(`(?i)\b(superseded|replaced) by \[`).MatchString(text) {
			continue
		}
		some++
		m := form.FindStringSubmatch(text)
		if m == nil || !strings.HasPrefix(m[2], m[1]) || files["docs/decisions/"+m[2]] == "" {
			t.Errorf("%s does not begin with its title and a line like \"Superseded by [0024](0024-codes-are-sealed.md).\"", path)
		}
	}
	if some == 0 {
		t.Error("none was found")
	}
}

func TestHelpKnowsEveryScript(t *testing.T) {
	files := tracked(t)
	var project struct{ Scripts map[string]string }
	if err := json.Unmarshal([]byte(files["package.json"]), &project); err != nil {
		t.Fatal(err)
	}
	for name := range project.Scripts {
		command := "npm run " + name
		if name == "start" || name == "test" {
			command = "npm " + name
		}
		if !strings.Contains(files["api/cmd/dev/help.mjs"], "['"+command+"', ") {
			t.Errorf("npm run help does not know %s", command)
		}
	}
}
