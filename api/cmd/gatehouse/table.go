package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// table aligns columns. An empty cell is a dash, and control characters, which could steer a terminal, are left out.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, head ...string) table {
	t := table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.row(head...)
	return t
}

func (t table) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = strings.Map(func(r rune) rune {
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				return -1
			}
			return r
		}, cell)
		if cells[i] == "" {
			cells[i] = "-"
		}
	}
	_, _ = io.WriteString(t.w, strings.Join(cells, "\t")+"\n")
}

func (t table) flush() { t.w.Flush() }

func printJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// done prints what came of a command, in words or as JSON, unless it failed.
func (a *app) done(out any, err error, format string, args ...any) error {
	switch {
	case err != nil:
		return err
	case a.json:
		return printJSON(a.stdout, out)
	}
	_, err = fmt.Fprintf(a.stdout, format, args...)
	return err
}

// state is the column of whether a user, a client or an upstream is disabled.
func state(disabledAt *time.Time) string {
	if disabledAt == nil {
		return "enabled"
	}
	return "disabled " + disabledAt.UTC().Format(time.DateOnly)
}

func day(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format(time.DateOnly)
}
