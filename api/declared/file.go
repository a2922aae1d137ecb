package declared

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// MaxFile is how many bytes a file may have.
const MaxFile = 16 << 20

// Position is a place in a file, from 1 on.
type Position struct {
	File         string
	Line, Column int
}

func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Mark is what managed_by says of a row that is declared there.
func (p Position) Mark() string { return p.File + ":" + strconv.Itoa(p.Line) }

// Problem is what is wrong with a file, and where.
type Problem struct {
	At    Position
	Words string
}

func (p Problem) Error() string { return p.At.String() + ": " + p.Words }

// mostProblems are told at once.
const mostProblems = 20

// Row is a row that a file declares.
type Row struct {
	Noun   *Noun
	At     Position
	Values Values              // what the file says, and once it is typed, all columns that a file may have
	Where  map[string]Position // of the members
	Secret *Reference          // nil: the file does not say
}

// Reference says where a secret is.
type Reference struct {
	At   Position
	Kind string // "env": the variable Name; "file": the file Name, from the folder of the YAML file
	Name string
}

// NameProblem says what is wrong with the name of a file; "" if nothing is.
func NameProblem(name string) string {
	switch {
	case name == "" || utf8.RuneCountInString(name) > 200:
		return "must have 1 to 200 characters"
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !isShown(r) }):
		return "must have no control characters"
	}
	return ""
}

// file is a file while it is read.
type file struct {
	name     string
	tables   []Table
	rows     []*Row
	problems []error
}

// Parse reads a file: a list for each noun, each item a row by the names of its columns. All that is wrong is told at once, up to
// mostProblems; tables are those that it may have.
func Parse(name string, content []byte, tables []Table) ([]*Row, error) {
	if len(content) > MaxFile {
		return nil, fmt.Errorf("%s has more than %d MiB", name, MaxFile>>20)
	}
	f := file{name: name, tables: tables}
	if err := f.parse(content); err != nil {
		return nil, err
	}
	return f.rows, errors.Join(f.problems[:min(len(f.problems), mostProblems)]...)
}

func (f *file) parse(content []byte) error {
	var document, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(content))
	switch err := d.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return f.ofLibrary(err)
	}
	switch err := d.Decode(&second); {
	case err == nil:
		return Problem{f.at(&second), "a file is one document: there is a second one"}
	case !errors.Is(err, io.EOF):
		return f.ofLibrary(err)
	}
	if f.plain(&document); len(f.problems) == 0 {
		f.nouns(document.Content[0])
	}
	return nil
}

var lineOfLibrary = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// ofLibrary returns an error of the YAML library in our form. It says which line, if any.
func (f *file) ofLibrary(err error) error {
	m := lineOfLibrary.FindStringSubmatch(err.Error())
	if m == nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	where := f.name
	if m[1] != "" {
		where += ":" + m[1]
	}
	return fmt.Errorf("%s: %s", where, strings.TrimPrefix(err.Error(), m[0]))
}

func (f *file) at(n *yaml.Node) Position { return Position{f.name, n.Line, n.Column} }

func (f *file) wrong(n *yaml.Node, format string, args ...any) {
	f.problems = append(f.problems, Problem{f.at(n), fmt.Sprintf(format, args...)})
}

// plain refuses what a file needs nowhere: what stands for something else, and a member that is there twice.
func (f *file) plain(n *yaml.Node) {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		f.wrong(n, "anchors (&) and aliases (*) are not taken: write it out")
	case n.Style&yaml.TaggedStyle != 0:
		f.wrong(n, "tags (!) are not taken: put text in quotes")
	case n.Kind == yaml.ScalarNode && (strings.ContainsRune(n.Value, 0) || !utf8.ValidString(n.Value)):
		f.wrong(n, "text must be UTF-8 and have no NUL")
	}
	seen := map[string]int{}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			switch line, twice := seen[child.Value]; {
			case child.Kind == yaml.AliasNode: // is told of below
			case child.Kind != yaml.ScalarNode || child.ShortTag() != "!!str":
				f.wrong(child, "the name of a member must be text: put it in quotes")
			case twice:
				f.wrong(child, "%s is here twice: it was in line %d", quoted(child.Value), line)
			}
			seen[child.Value] = child.Line
		}
		f.plain(child)
	}
}

func (f *file) nouns(top *yaml.Node) {
	if isNothing(top) {
		return
	}
	if top.Kind != yaml.MappingNode {
		f.wrong(top, "a file has at its top: %s", strings.Join(f.names(), ", "))
		return
	}
	for i := 0; i < len(top.Content); i += 2 {
		name, list := top.Content[i], top.Content[i+1]
		at := slices.Index(f.names(), name.Value)
		switch noun := NounNamed(name.Value); {
		case noun != nil && at < 0:
			f.wrong(name, "%s are declared with --people only", name.Value)
		case at < 0:
			f.wrong(name, "there are no %s: a file has %s", quoted(name.Value), strings.Join(f.names(), ", "))
		case isNothing(list):
		case list.Kind != yaml.SequenceNode:
			f.wrong(list, "%s must be a list: each item begins with a dash", name.Value)
		default:
			for _, item := range list.Content {
				f.row(&f.tables[at], item)
			}
		}
	}
}

func (f *file) names() (list []string) {
	for _, t := range f.tables {
		list = append(list, t.Noun.Name)
	}
	return list
}

func (f *file) row(t *Table, item *yaml.Node) {
	if item.Kind != yaml.MappingNode {
		f.wrong(item, "a %s must be a mapping of columns and their values", t.Noun.One)
		return
	}
	r := Row{Noun: t.Noun, At: f.at(item), Values: Values{}, Where: map[string]Position{}}
	for i := 0; i < len(item.Content); i += 2 {
		name, value := item.Content[i], item.Content[i+1]
		r.Where[name.Value] = f.at(value)
		if s := t.Noun.Secret; s != nil && name.Value == s.Member {
			r.Secret = f.reference(value, s.Member)
			continue
		}
		if !slices.Contains(t.Noun.Columns, name.Value) {
			f.wrong(name, "%s", t.unknown(name.Value))
			continue
		}
		read, problem := t.Columns[name.Value].read(value)
		if problem != "" {
			f.wrong(value, "%s %s", name.Value, problem)
		}
		r.Values[name.Value] = read
	}
	for _, name := range t.Noun.Columns {
		c := t.Columns[name]
		if _, said := r.Values[name]; !said && c.NotNull && isNull(c.Default) && !c.Made {
			f.wrong(item, "%s is missing", name)
		}
	}
	f.rows = append(f.rows, &r)
}

// unknown says what is wrong with a member that is none.
func (t *Table) unknown(name string) string {
	if slices.Contains(t.Noun.Except, name) || name == ManagedBy || t.Noun.Secret != nil && name == t.Noun.Secret.Column {
		if s := t.Noun.Secret; s != nil && name == s.Column {
			return fmt.Sprintf("%s is declared as %s, by reference: {env: NAME} or {file: PATH}", name, s.Member)
		}
		return name + " is kept by Gatehouse: a file does not declare it"
	}
	return fmt.Sprintf("%s have no %s: there are %s", t.Noun.Name, quoted(name), strings.Join(t.Noun.Columns, ", "))
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,254}$`)

func (f *file) reference(n *yaml.Node, member string) *Reference {
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[1].ShortTag() == "!!str" && n.Content[1].Value != "" {
		r := Reference{f.at(n), n.Content[0].Value, n.Content[1].Value}
		if r.Kind == "file" || r.Kind == "env" && variableName.MatchString(r.Name) {
			return &r
		}
	}
	f.wrong(n, "%s must be a reference: {env: NAME} or {file: PATH}, never the secret itself", member)
	return nil
}

func isNothing(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// quoted returns text in quotes, with what could steer a terminal escaped.
func quoted(s string) string {
	if utf8.RuneCountInString(s) > 200 {
		s = string([]rune(s)[:200]) + "…"
	}
	return strconv.QuoteToGraphic(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return utf8.RuneError
		}
		return r
	}, s))
}
