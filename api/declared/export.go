package declared

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Export returns the rows of tables as a file that declares them: rows by their keys, and of each what differs from the defaults. A
// secret is a reference to be filled in. Those that came by themselves are left out.
func Export(tables []Table) []byte {
	var b bytes.Buffer
	for i := range tables {
		if list := tables[i].declarable(); len(list) > 0 {
			fmt.Fprintf(&b, "%s:\n", tables[i].Noun.Name)
			for _, s := range list {
				tables[i].export(&b, s)
			}
		}
	}
	return b.Bytes()
}

func (t *Table) declarable() (list []*Stored) {
	for i := range t.Rows {
		if !t.Rows[i].Itself {
			list = append(list, &t.Rows[i])
		}
	}
	slices.SortFunc(list, func(a, b *Stored) int {
		for _, column := range t.Noun.Key {
			if c := strings.Compare(text(a.Values[column]), text(b.Values[column])); c != 0 {
				return c
			}
		}
		return 0
	})
	return list
}

func (t *Table) export(b *bytes.Buffer, s *Stored) {
	dash := "  - "
	member := func(name string) {
		b.WriteString(dash + name + ":")
		dash = "    "
	}
	for _, name := range t.Noun.Columns {
		c := t.Columns[name]
		value := s.Values[name]
		if !slices.Contains(t.Noun.Key, name) && (c.Made && isNull(value) || !c.Made && bytes.Equal(value, c.Default)) {
			continue
		}
		member(name)
		writeValue(b, decode(value), "    ")
	}
	if s.Secret != "" {
		member(t.Noun.Secret.Member)
		fmt.Fprintf(b, " {env: %s}\n", t.Noun.variable(s.Values))
	}
}

var notInVariables = regexp.MustCompile(`[^A-Z0-9]+`)

// variable returns the name of a variable for the secret of a row, such as CLIENT_SECRET_HUB.
func (n *Noun) variable(row Values) string {
	name := n.One + "_secret"
	for _, column := range n.Key {
		name += "_" + text(row[column])
	}
	name = strings.Trim(notInVariables.ReplaceAllString(strings.ToUpper(name), "_"), "_")
	return name[:min(len(name), 200)]
}

// decode keeps numbers as they are written.
func decode(value json.RawMessage) (v any) {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// writeValue writes a value behind the colon of its member, which is indented by indent, and the end of the line.
func writeValue(b *bytes.Buffer, value any, indent string) {
	switch v := value.(type) {
	case []any:
		if len(v) == 0 {
			b.WriteString(" []\n")
			return
		}
		b.WriteString("\n")
		for _, item := range v {
			b.WriteString(indent + "  -")
			writeValue(b, item, indent+"  ")
		}
	case map[string]any:
		if len(v) == 0 {
			b.WriteString(" {}\n")
			return
		}
		b.WriteString("\n")
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if key := scalar(name); len(key) > 100 { // a simple key has an end (YAML 1.2 §8.2.2)
				b.WriteString(indent + "  ? " + key + "\n" + indent + "  :")
			} else {
				b.WriteString(indent + "  " + key + ":")
			}
			writeValue(b, v[name], indent+"  ")
		}
	case string:
		if block, ok := literalBlock(v, indent+"  "); ok {
			b.WriteString(block)
			return
		}
		b.WriteString(" " + scalar(v) + "\n")
	case nil:
		b.WriteString(" null\n")
	default: // a number or a truth value
		fmt.Fprintf(b, " %v\n", v)
	}
}

// plainText needs no quotes in any version of YAML.
var plainText = func() *regexp.Regexp {
	const some = `[\p{L}\p{N}_./@+=()'";,?&%~-]`
	return regexp.MustCompile(`^[\p{L}/]` + some + `*([ :]` + some + `+)*$`)
}()

// scalar returns text as YAML that is the same text in any version of it.
func scalar(s string) string {
	if len(s) <= 500 && plainText.MatchString(s) && !isOtherwise(s) {
		return s
	}
	return `"` + escaped(s, '"') + `"`
}

var blockLines = regexp.MustCompile(`^[^\s](.*[^\s])?(\n+[^\s](.*[^\s])?)+\n?$`)

// literalBlock returns text of several lines as it is, where that is unmistakable.
func literalBlock(s, indent string) (string, bool) {
	if !blockLines.MatchString(s) || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && !isShown(r) }) {
		return "", false
	}
	head, body := " |-\n", s
	if cut, ends := strings.CutSuffix(s, "\n"); ends {
		head, body = " |\n", cut
	}
	var b strings.Builder
	b.WriteString(head)
	for line := range strings.SplitSeq(body, "\n") {
		if line != "" {
			b.WriteString(indent + line)
		}
		b.WriteByte('\n')
	}
	return b.String(), true
}
