package declared

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// traps are what some version of YAML, or a careless writer of it, takes for something else.
var traps = []string{"", " ", "yes", "No", "on", "OFF", "y", "n", "true", "True", "null", "Null", "~", "0o17", "017", "0x1F", "0b1",
	"1e3", "1.5",
	"-1", "+1", ".5", "1_000", "1:30:00", "190:20:30", ".inf", "-.INF", ".NaN", "2027-03-01", "2027-03-01T08:00:00Z", "<<",
	"=", "-", "- a", "?", ": a",
	"a: b", "a:", "a #b", "#a", " a", "a ", "\ta", "a\t", "'", "''", "\"", "it's", "\"quoted\"", "[a]", "{a: b}", "&a", "*a",
	"!a", "!!str a", "|", ">",
	"|-", "%a", "@a", "`a`", ",", "a, b", "a\nb", "a\nb\n", "a\n\nb", "\na", "a\n", "a\n\n", "a\n b", " a\nb", "a \nb",
	"a\n#b", "a\n- b", "---", "...", "a\n---\nb",
	"\r", "a\r\nb", "\u0085", "\u2028", "\u2029", "\ufeff", "\ufeffa", "a\ufeff", "\u202e", "\u200b", "\x1b[31m", "\x7f",
	"\u009f", "\U0001F600", "Zoë", "Ω", "日本",
	"\ue000", "\U000E0001", "\\", "\\n", "a\\", "$HOME", "${HOME}", "$$", "/a", "a/b", "https://a.example.org/?x=1&y=2", "a:b",
	"::", "a::b", strings.Repeat("x", 600),
	strings.Repeat("long words ", 100), "é", "e\u0301", "\ufffd", "a,", "a;", "a?", "?a", "-a", "=a"}

// Text that is written is the same text when it is read, be it a value, an item of a list or the name of a member.
func textGoesRoundTrip(t *testing.T, s string) {
	t.Helper()
	name := s + "…"
	for _, value := range []any{s, []any{s, s}, map[string]any{name: s}, []any{[]any{s}, map[string]any{name: []any{s}}}} {
		var b bytes.Buffer
		b.WriteString("groups:\n  - name:")
		writeValue(&b, value, "    ")
		b.WriteString("    after: is here\n")
		var read struct {
			Groups []struct {
				Name  any
				After string
			}
		}
		err := yaml.Unmarshal(b.Bytes(), &read)
		if err != nil || len(read.Groups) != 1 || read.Groups[0].After != "is here" || !bytes.Equal(toJSON(read.Groups[0].Name), toJSON(value)) {
			t.Fatalf("%q: %v\n%s\nis read as %#v", value, err, b.String(), read)
		}
	}
}

func TestTrapsGoRoundTrip(t *testing.T) {
	t.Parallel()
	for _, s := range traps {
		textGoesRoundTrip(t, s)
	}
}

func FuzzTextGoesRoundTrip(f *testing.F) {
	for _, s := range traps {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if utf8.ValidString(s) && !strings.ContainsRune(s, 0) {
			textGoesRoundTrip(t, s)
		}
	})
}

// What is read as text, a list or JSON is written so that it is read as the same again.
func FuzzAFileIsReadOrRefused(f *testing.F) {
	columns := map[string]Column{"name": {Name: "name", Type: "text", NotNull: true}, "list": {Name: "list", Type: "text[]"},
		"any": {Name: "any", Type: "jsonb"}}
	noun := &Noun{Name: "groups", One: "group", Key: words("name"), Columns: words("name list any")}
	tables := []Table{{Noun: noun, Columns: columns}}
	for _, s := range []string{"groups: [{name: a, list: [b, c], any: {a: [1, 2.50, 1e400, true, null, x]}}]",
		"groups:\n- name: |\n    a\n   b", "a: &b [*b]",
		"groups: [{name: \"\\x00\"}]", "? a\n: b", "groups: !!set {a}", "groups: [{<<: {name: a}}]",
		strings.Repeat("[", 20000), "\xff\xfeg\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		rows, err := Parse("a.yaml", content, tables)
		if err != nil {
			return
		}
		table := Table{Noun: noun, Columns: columns}
		for _, r := range rows {
			values := maps.Clone(r.Values)
			for name := range columns {
				if values[name] == nil {
					values[name] = null
				}
			}
			table.Rows = append(table.Rows, Stored{Values: values})
		}
		again, err := Parse("a.yaml", Export([]Table{table}), tables)
		if err != nil || len(again) != len(rows) {
			t.Fatalf("%v\n%s", err, Export([]Table{table}))
		}
		sorted := slices.Clone(rows)
		slices.SortStableFunc(sorted, func(a, b *Row) int { return strings.Compare(text(a.Values["name"]), text(b.Values["name"])) })
		for i, r := range again {
			for name, value := range r.Values {
				if canonical(value) != canonical(sorted[i].Values[name]) {
					t.Fatalf("%s: %s, was %s", name, value, sorted[i].Values[name])
				}
			}
		}
	})
}

func canonical(value json.RawMessage) string { return string(toJSON(decode(value))) }
