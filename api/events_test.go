package api

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// event is what the source says about a type with the method Kind, in the words of the table in docs/operations.md.
type event struct{ name, level, fields string }

// events reads the events of oidc, by the names of their types.
func events(t *testing.T) map[string]event {
	t.Helper()
	files, err := filepath.Glob("oidc/event*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]event{}
	for _, file := range files {
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		structs := map[string]*ast.StructType{}
		for _, declared := range source.Decls {
			switch d := declared.(type) {
			case *ast.GenDecl:
				if spec, ok := d.Specs[0].(*ast.TypeSpec); ok {
					structs[spec.Name.Name], _ = spec.Type.(*ast.StructType)
				}
			case *ast.FuncDecl:
				name := d.Recv.List[0].Type.(*ast.Ident).Name
				e := kindOf(d)
				e.fields = fieldsOf(structs[name])
				all[name] = e
			}
		}
	}
	if len(all) < 40 {
		t.Fatalf("only %d events were found", len(all))
	}
	return all
}

// kindOf reads the last composite literal of the method Kind: its name and its level.
func kindOf(method *ast.FuncDecl) (e event) {
	ast.Inspect(method, func(n ast.Node) bool {
		if kind, ok := n.(*ast.CompositeLit); ok {
			e.name, _ = strconv.Unquote(kind.Elts[0].(*ast.BasicLit).Value)
			e.level = strings.ToLower(strings.TrimPrefix(kind.Elts[1].(*ast.Ident).Name, "Level"))
		}
		return true
	})
	return e
}

func fieldsOf(s *ast.StructType) string {
	var names []string
	for _, field := range s.Fields.List {
		tag, _ := strconv.Unquote(field.Tag.Value)
		name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		if name != "-" {
			names = append(names, "`"+name+"`")
		}
	}
	return strings.Join(names, ", ")
}

func TestTheTableOfEventsIsThatOfTheCode(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (debug|info|warn|error) \\| (.*?) ?\\| ([^|]+) \\|$")
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		if rows[m[1]] != "" {
			t.Errorf("%s has two rows", m[1])
		}
		rows[m[1]] = fmt.Sprintf("%s: %s", m[2], m[3])
	}
	for name, e := range events(t) {
		if want := fmt.Sprintf("%s: %s", e.level, e.fields); rows[e.name] != want {
			t.Errorf("%s: the page has %q, the code %q", name, rows[e.name], want)
		}
		delete(rows, e.name)
		if regexp.MustCompile("password|secret|`(code|token|cookie)`").MatchString(e.fields) {
			t.Errorf("%s has a field for a secret: %s", name, e.fields)
		}
	}
	for name := range rows {
		t.Errorf("the page has %s, which is no event", name)
	}
}

func TestEveryEventIsToldAndOnlyOneFileOfProviderWritesTheLog(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("provider/*.go")
	if err != nil {
		t.Fatal(err)
	}
	byAdministrators, err := filepath.Glob("admin/*.go")
	if err != nil {
		t.Fatal(err)
	}
	told := ""
	for _, file := range append(files, byAdministrators...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		told += string(source)
		if strings.Contains(string(source), `"log/slog"`) && file != "provider/tell.go" {
			t.Errorf("%s writes the log, which is for tell.go", file)
		}
	}
	for name := range events(t) {
		if !strings.Contains(told, "oidc."+name+"{") {
			t.Errorf("%s is told nowhere", name)
		}
	}
}
