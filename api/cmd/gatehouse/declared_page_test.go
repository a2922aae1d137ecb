package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryBlockOfThePageOfDeclaredStateRuns runs docs/declared.md as a reader would, from top to bottom. A file is named in its first
// line.
func TestEveryBlockOfThePageOfDeclaredStateRuns(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/declared.md")
	if err != nil {
		t.Fatal(err)
	}
	s := newShell(t, "HUB_SECRET=a-secret-of-some-length-and-more", "GOOGLE_SECRET=GOCSPX-of-the-console")
	folder, ran := t.TempDir(), 0
	for _, block := range regexp.MustCompile("(?s)```([a-z]*)\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		ran++
		switch language, text := block[1], block[2]; language {
		case "yaml":
			name := regexp.MustCompile(`^# (\S+)\n`).FindStringSubmatch(text)[1]
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		case "sql":
			s.sql(text)
		case "sh":
			for line := range strings.Lines(text) {
				args := strings.Fields(regexp.MustCompile(`\S+\.yaml`).ReplaceAllString(line, folder+"/$0"))[1:]
				if code, _, told := s.run("", args...); code != 0 && (code != 2 || args[0] != "plan") || strings.Contains(told, "usage") {
					t.Errorf("%s: exit code %d\n%s", line, code, told)
				}
			}
		default:
			t.Errorf("a block of %q", language)
		}
	}
	if ran < 9 {
		t.Errorf("%d blocks", ran)
	}
}
