package main

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"

	"gatehouse/api/admin"
)

// pageRows is how many rows of a list are read at once.
const pageRows = 500

// walk returns the rows of a list, page after page.
func walk[T any](list func(admin.Paging) (admin.Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		p := admin.Paging{Limit: pageRows}
		for {
			read, err := list(p)
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, row := range read.Items {
				if !yield(row, nil) {
					return
				}
			}
			if p.After = read.Next; p.After == "" {
				return
			}
		}
	}
}

// printList prints the rows as JSON, for programs, or as a table.
func printList[T any](a *app, rows iter.Seq2[T, error], head []string, cells func(T) []string) error {
	if a.json {
		return printRows(a.stdout, rows)
	}
	return printTable(a.stdout, rows, head, cells)
}

// printTable aligns the rows, so it keeps their text until the last is there.
func printTable[T any](w io.Writer, rows iter.Seq2[T, error], head []string, cells func(T) []string) error {
	t := newTable(w, head...)
	for row, err := range rows {
		if err != nil {
			return err
		}
		t.row(cells(row)...)
	}
	t.flush()
	return nil
}

// printRows prints a JSON array as the rows come, as printJSON would print all of them.
func printRows[T any](w io.Writer, rows iter.Seq2[T, error]) error {
	before := "[\n  "
	for row, err := range rows {
		if err != nil {
			return err
		}
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		e.SetIndent("  ", "  ")
		if err := e.Encode(row); err != nil {
			return err
		}
		_, _ = io.WriteString(w, before)
		_, _ = w.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
		before = ",\n  "
	}
	end := "\n]\n"
	if before == "[\n  " {
		end = "[]\n"
	}
	_, err := io.WriteString(w, end)
	return err
}
