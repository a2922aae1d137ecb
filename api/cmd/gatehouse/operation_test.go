package main

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

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
	others := []string{"serve", "ui", "migrate", "config", "doctor", "version", "client print", "completion", "man"}
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
