package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	encodings "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Person is a line of a roster. What it does not say is empty.
type Person struct {
	Line       int // in the file, from 1
	Username   string
	Email      string
	Name       string
	GivenName  string
	FamilyName string
}

// MaxPeople and MaxBytes are how much a roster may have.
const (
	MaxPeople = 20_000
	MaxBytes  = 4 << 20
	maxCells  = 200
	maxCell   = 254 // bytes
)

// Read returns the people of a roster: text with a line of headers, whose cells are separated by commas, semicolons or tabs. It is
// UTF-8, or UTF-16 as spreadsheets write it. unread are the titles of columns that mean nothing here. The error names the line, and what
// to do.
func Read(text []byte) (people []Person, unread []string, err error) {
	if text, err = decoded(text); err != nil {
		return nil, nil, err
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = separator(text), -1, true
	header, err := r.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil, errors.New("the roster is empty: its first line has to say what the columns are, such as username, name and email")
	case err != nil:
		return nil, nil, badLine(err)
	case len(header) > maxCells:
		return nil, nil, fmt.Errorf("line 1 has %d columns: %d are enough", len(header), maxCells)
	}
	width := len(header)
	places, unread, err := placesOf(header)
	if err != nil {
		return nil, nil, err
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return people, unread, nil
		} else if err != nil {
			return nil, nil, badLine(err)
		}
		line, _ := r.FieldPos(0)
		p, err := person(cells, places, width)
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("line %d: %w", line, err)
		case p == Person{}, isNobody(p):
			continue
		case len(people) == MaxPeople:
			return nil, nil, fmt.Errorf("a roster has at most %d people: import it in parts", MaxPeople)
		}
		p.Line = line
		people = append(people, p)
	}
}

// decoded returns a roster in UTF-8.
func decoded(text []byte) ([]byte, error) {
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("the roster has more than %d MiB: import it in parts", MaxBytes>>20)
	}
	if bytes.HasPrefix(text, []byte("PK\x03\x04")) || bytes.HasPrefix(text, []byte("\xd0\xcf\x11\xe0")) {
		return nil, errors.New("this is a file of a spreadsheet: save it as CSV UTF-8")
	}
	text, _, err := transform.Bytes(encodings.BOMOverride(encoding.Nop.NewDecoder()), text)
	if err != nil {
		return nil, fmt.Errorf("the roster is not in UTF-16, as its first bytes say: save it as CSV UTF-8")
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if !utf8.Valid(line) || bytes.ContainsRune(line, utf8.RuneError) {
			return nil, fmt.Errorf("line %d is not in UTF-8: save the roster as CSV UTF-8", number)
		}
	}
	return text, nil
}

// separator returns what separates the cells: what the header has most of.
func separator(text []byte) rune {
	header, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', bytes.Count(header, []byte(","))
	for _, r := range ";\t" {
		if n := bytes.Count(header, []byte(string(r))); n > most {
			best, most = r, n
		}
	}
	return best
}

// badLine returns what the reader of CSV says, in our words.
func badLine(err error) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	if errors.Is(parse.Err, csv.ErrQuote) || errors.Is(parse.Err, csv.ErrBareQuote) {
		return fmt.Errorf(`line %d: a cell with a quotation mark stands in quotation marks, and has it twice: "Ada ""Countess"" Lovelace"`,
			parse.Line)
	}
	return fmt.Errorf("line %d: %w", parse.Line, parse.Err)
}

// person returns who a line is about.
func person(cells []string, places [columns]int, width int) (p Person, err error) {
	if len(cells) > width {
		return p, fmt.Errorf("it has %d cells, and line 1 has %d: is there a comma in a name without quotation marks?", len(cells), width)
	}
	for c, field := range [columns]*string{&p.Username, &p.Email, &p.Name, &p.GivenName, &p.FamilyName} {
		if places[c] < 0 || places[c] >= len(cells) {
			continue
		}
		if *field, err = cell(cells[places[c]]); err != nil {
			return p, err
		}
	}
	if p.Email != "" && !addresses.MatchString(p.Email) {
		return p, fmt.Errorf("%.40q is no address", p.Email)
	}
	if family, given, found := strings.Cut(p.Name, ","); found && p.GivenName == "" && p.FamilyName == "" {
		p.FamilyName, p.GivenName = strings.TrimSpace(family), strings.TrimSpace(given)
		p.Name = ""
	}
	if p.Name == "" {
		p.Name = strings.TrimSpace(p.GivenName + " " + p.FamilyName)
	}
	return p, nil
}

// cell returns what a cell says. One that a spreadsheet would compute is refused: it comes from somebody who wants it to be opened in one.
func cell(text string) (string, error) {
	text = strings.Join(strings.Fields(text), " ")
	switch {
	case text == "-":
		return "", nil
	case len(text) > maxCell:
		return "", fmt.Errorf("a cell has more than %d bytes: %.40q…", maxCell, text)
	case text != "" && strings.ContainsRune("=+-@", rune(text[0])):
		return "", fmt.Errorf("%.40q begins as a formula does: no name does", text)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }):
		return "", fmt.Errorf("%.40q has characters that nobody sees", text)
	}
	return text, nil
}

// isNobody reports whether a line of an export is about no person: Canvas has one with the points that there are, and one for a student
// who is none.
func isNobody(p Person) bool {
	return p.Username == "" && p.Email == "" && (p.Name == "Points Possible" || p.Name == "Test Student" || p.Name == "Student Test")
}
