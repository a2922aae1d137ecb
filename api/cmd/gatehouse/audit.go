package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

type auditCmd struct {
	kong.Plugins
	List   auditListCmd   `cmd:"" default:"withargs" help:"List who changed what, the latest first."`
	Verify auditVerifyCmd `cmd:"" help:"Look whether rows of the audit were changed, removed or put in."`
}

type auditListCmd struct {
	User   string         `placeholder:"USERNAME" help:"About this user only."`
	Client string         `placeholder:"CLIENT_ID" help:"About this client only."`
	By     string         `placeholder:"ACTOR" help:"Made by this one only."`
	Table  string         `placeholder:"TABLE" help:"Of this table only."`
	Since  admin.Duration `placeholder:"7d" help:"Of the last days or hours only, such as 7d or 24h."`
}

func (c auditListCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		in := admin.ListAudit{Username: c.User, ClientID: c.Client, Actor: c.By, Table: c.Table}
		if c.Since > 0 {
			in.Since = time.Now().Add(-time.Duration(c.Since))
		}
		list := walk(func(p admin.Paging) (admin.Page[admin.Change], error) {
			in.Paging = p
			return adm.ListAudit(ctx, in)
		})
		if a.json {
			return printLines(a.stdout, list)
		}
		head := []string{"ID", "AT", "BY", "DOOR", "OPERATION", "ACTION", "TABLE", "KEY", "CHANGED"}
		return printTable(a.stdout, list, head, func(c admin.Change) []string {
			by := c.Actor
			if c.Door == "sql" && c.Role != c.Actor { // who they say they are
				by += " (" + c.Role + ")"
			}
			return []string{strconv.FormatInt(c.ID, 10), c.At.UTC().Format(time.RFC3339), by, c.Door, c.Operation, c.Action, c.Table,
				short(values(c.Key)), short(difference(c))}
		})
	})
}

// printLines prints a row a line, as they come.
func printLines[T any](w io.Writer, rows iter.Seq2[T, error]) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := e.Encode(row); err != nil {
			return err
		}
	}
	return nil
}

// rowOf returns the columns of a row of the audit.
func rowOf(row json.RawMessage) (list map[string]json.RawMessage) {
	_ = json.Unmarshal(row, &list) // it is an object, or there is none
	return list
}

// values are those of a key, without the names of its columns.
func values(key json.RawMessage) string {
	var list []string
	row := rowOf(key)
	for _, name := range slices.Sorted(maps.Keys(row)) {
		list = append(list, string(bytes.Trim(row[name], `"`)))
	}
	return strings.Join(list, ", ")
}

// difference says what became of each column that an update has changed.
func difference(c admin.Change) string {
	if c.Action != "UPDATE" {
		return ""
	}
	var list []string
	before, after := rowOf(c.Before), rowOf(c.After)
	for _, name := range slices.Sorted(maps.Keys(after)) {
		list = append(list, fmt.Sprintf("%s: %s -> %s", name, before[name], after[name]))
	}
	return strings.Join(list, ", ")
}

// short cuts a cell to what can be read.
func short(cell string) string {
	const most = 100
	if letters := []rune(cell); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return cell
}

type auditVerifyCmd struct {
	Anchor string `placeholder:"ID:DIGEST" help:"A row and its digest, as an event audit_anchor of the log has them."`
}

// Run fails where something is wrong, so that a job that does it each day is noticed.
func (c auditVerifyCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		v, err := adm.VerifyAudit(ctx, admin.VerifyAudit{Anchor: c.Anchor})
		switch {
		case err != nil:
			return err
		case a.json:
			err = printJSON(a.stdout, v)
		case v.Wrong != nil:
		case v.Last == nil:
			fmt.Fprintln(a.stdout, "there are no rows")
		default:
			fmt.Fprintf(a.stdout, "%d rows, from %d of %s to %d of %s, are as they were written; anchor %d:%s\n", v.Rows, v.First.ID,
				v.First.At.UTC().Format(time.RFC3339), v.Last.ID, v.Last.At.UTC().Format(time.RFC3339), v.Last.ID, v.Last.Digest)
		}
		switch {
		case v.Wrong != nil:
			return fmt.Errorf("row %d of the audit: %s", v.Wrong.ID, v.Wrong.Why)
		case len(v.Off) > 0:
			return fmt.Errorf("triggers are disabled or gone, so that not all changes of these tables are recorded: %s",
				strings.Join(v.Off, ", "))
		}
		return err
	})
}
