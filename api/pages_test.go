package api

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

// password_hash only counts characters, so that what we show and seed is held to the command line's rules here.
func TestThePasswordsInOurSQLAreThoseThatWeAccept(t *testing.T) {
	var found int
	for _, pattern := range []string{"../docs/*.md", "../docs/recipes/*.md", "../migrations/*.sql", "../migrations/dev/*.sql"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`password_hash\('([^']*)'\)`).FindAllStringSubmatch(string(content), -1) {
				found++
				if err := (authn.NewPassword{Password: m[1]}).Check(); err != nil {
					t.Errorf("%s has %q: %v", file, m[1], err)
				}
			}
		}
	}
	if found < 4 {
		t.Fatalf("only %d were found", found)
	}
}

func TestThePagesSpeakTheLanguagesThatDiscoveryNames(t *testing.T) {
	files, err := filepath.Glob("../ui/src/messages/*.ts")
	if err != nil {
		t.Fatal(err)
	}
	var languages []string
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".ts"); name != "index" {
			languages = append(languages, name)
		}
	}
	if promised := slices.Sorted(slices.Values(oidc.UILocales)); !slices.Equal(languages, promised) {
		t.Errorf("the pages speak %v, discovery names %v", languages, promised)
	}
}

func TestTheWebServersKnowThePages(t *testing.T) {
	names := strings.ReplaceAll(strings.TrimPrefix(strings.Join(provider.PagePaths(), "|"), "/"), "|/", "|")
	for _, file := range []string{"../deploy/nginx/gatehouse/ui.conf", "../deploy/apache/gatehouse/ui.conf"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(content), names+")/?)?$ ") {
			t.Errorf("%s does not know all of %s", file, names)
		}
	}
}

func TestThePagesHaveWordsForEveryErrorOfTheAPI(t *testing.T) {
	files, err := filepath.Glob("provider/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source []byte
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, content...)
	}
	var words []byte
	for _, file := range []string{"../ui/src/messages/en.ts", "../ui/src/messages/own/en.ts"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, content...)
	}
	codes := []string{oidc.TemporarilyUnavailable, oidc.ServerError, oidc.AccessDenied, oidc.ExpiredToken}
	for _, m := range regexp.MustCompile(`(?m)^(?:\t|const )page[A-Z]\w* += "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		codes = append(codes, m[1])
	}
	if len(codes) < 9 {
		t.Fatalf("only %v were found", codes)
	}
	for _, code := range codes {
		// Those of a form are said beside it, by a function of what is to be filled in; the pages may know more than the API.
		if !regexp.MustCompile(`\n      ` + code + `: [({]`).Match(words) {
			t.Errorf("ui/src/messages has no words for %s", code)
		}
	}
}

func TestThePagesHaveWordsForEveryFlawOfALogout(t *testing.T) {
	source, err := os.ReadFile("oidc/logout.go")
	if err != nil {
		t.Fatal(err)
	}
	words, err := os.ReadFile("../ui/src/messages/own/en.ts")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`= "(logout_\w+)"`).FindAllStringSubmatch(string(source), -1)
	if len(codes) < 7 {
		t.Fatalf("only %v were found", codes)
	}
	for _, m := range codes {
		if !strings.Contains(string(words), "\n      "+m[1]+": ") {
			t.Errorf("ui/src/messages has no words for %s", m[1])
		}
	}
}
