package main

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"gatehouse/api/admin"
)

// Every command that touches what is stored goes through an operation of api/admin, so that another door can do the same.
func TestCommandsAreOperations(t *testing.T) {
	t.Parallel()
	operations := map[string]bool{}
	for _, o := range admin.Operations() {
		operations[o.Name] = true
	}
	others := []string{"serve", "ui", "migrate up", "migrate status", "config", "doctor", "version", "client print", "completion", "man",
		"backup verify"} // into another database than that of all doors
	for _, leaf := range kong.Must(newCommands(), kong.Name("gatehouse")).Model.Leaves(false) {
		if name := words(leaf); !operations[name] && !slices.Contains(others, name) {
			t.Errorf("gatehouse %s is no operation", name)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	// One opens the database and migrates it, one hands it to the provider.
	mayImport := []string{"database.go", "serve.go"}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if imports := strings.Contains(string(text), `"gatehouse/api/store"`); imports && !strings.HasSuffix(file, "_test.go") &&
			!slices.Contains(mayImport, file) {
			t.Errorf("%s imports gatehouse/api/store", file)
		}
	}
}

// A sentence of an operation names fields of its input and result only.
func TestSentencesCanBePrinted(t *testing.T) {
	t.Parallel()
	printed := 0
	for _, o := range admin.Operations() {
		if sentence := sentences.Lookup(o.Name); sentence != nil {
			printed++
			data := struct{ In, Out any }{reflect.New(o.In).Interface(), reflect.New(o.Out).Interface()}
			if err := sentence.Execute(io.Discard, data); err != nil {
				t.Error(err)
			}
		}
	}
	if all := len(sentences.Templates()); all != printed {
		t.Errorf("%d of %d sentences are of operations", printed, all)
	}
}

// A time with a zone is that moment whatever clocks do that day; one that clocks do not show, or show twice, is refused.
func TestTimesOfClocks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2027-03-03 18:00":                     "2027-03-03T18:00:00Z",
		"2027-03-03 18:00 UTC":                 "2027-03-03T18:00:00Z",
		"2027-03-03 18:00 Europe/Vienna":       "2027-03-03T17:00:00Z",
		"2027-03-28 18:00 Europe/Vienna":       "2027-03-28T16:00:00Z", // clocks were put forward that night
		"2027-03-28 01:59 Europe/Vienna":       "2027-03-28T00:59:00Z",
		"2027-10-31 18:00 Europe/Vienna":       "2027-10-31T17:00:00Z",
		"2027-03-28 02:30 Europe/Vienna":       "there is no 2027-03-28 02:30 in Europe/Vienna",
		"2027-10-31 02:30 Europe/Vienna":       "comes twice in Europe/Vienna",
		"2027-10-31 02:00 Europe/Vienna":       "comes twice in Europe/Vienna",
		"2027-10-31 03:00 Europe/Vienna":       "2027-10-31T02:00:00Z",
		"2027-04-04 01:45 Australia/Lord_Howe": "comes twice in Australia/Lord_Howe",
		"2027-03-03 18:00 Local":               "is no time zone",
		"2027-03-03 18:00 ../../etc/passwd":    "is no time zone",
		"2027-03-03 25:00":                     "is neither a date",
		"tomorrow":                             "is neither a date",
	} {
		at, err := readClock(text)
		got := at.UTC().Format(time.RFC3339)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
