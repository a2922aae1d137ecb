package main

import (
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"strings"
	"time"

	"gatehouse/api/admin"
	"gatehouse/api/config"
	"gatehouse/api/qrcode"
	"gatehouse/api/roster"
)

type userImportCmd struct {
	File           string     `arg:"" help:"CSV with a line of headers, as Canvas, Moodle and others export it; - is standard input."`
	Group          string     `placeholder:"GROUP" help:"All of them become members of this group."`
	Links          string     `type:"path" placeholder:"FILE" help:"Add links of those who cannot sign in yet to this CSV, for a mail merge."`
	Slips          string     `type:"path" placeholder:"FILE" help:"Write these links as a page to print, with a QR code each."`
	Language       string     `enum:"en,de,fr" default:"en" help:"Of the page to print: en, de or fr."`
	Hours          int        `placeholder:"N" help:"How long the links are good, at most 720; a fortnight without it."`
	ClientID       string     `placeholder:"ID" help:"Application where the links end; the account page without it."`
	ExpiresAt      *time.Time `placeholder:"DATE" help:"When the accounts of those who are new end."`
	Until          *time.Time `placeholder:"DATE" help:"When the memberships end."`
	DisableMissing bool       `help:"Shut out the members of the group who are not in the roster."`
	DryRun         bool       `help:"Say what would be done, and do nothing."`
}

func (c userImportCmd) Run(ctx context.Context, a *app) error {
	text, err := a.readFile(c.File, roster.MaxBytes>>10)
	if err != nil {
		return err
	}
	links, err := c.openFiles()
	if err != nil {
		return err
	}
	defer func() { links.close() }()
	return a.withAdmin(ctx, 0, func(cfg *config.Config, adm *admin.Admin) error {
		in := admin.ImportUsers{Roster: string(text), Group: c.Group, Links: c.Links != "" || c.Slips != "", Hours: c.Hours,
			ClientID: c.ClientID, ExpiresAt: c.ExpiresAt, Until: c.Until, DisableMissing: c.DisableMissing, Preview: c.DryRun}
		out, err := adm.ImportUsers(ctx, in)
		if err != nil {
			return err
		}
		if err := links.write(out, cfg.Name, slipWords[c.Language]); err != nil {
			return err
		}
		if a.json {
			return printJSON(a.stdout, out)
		}
		return c.say(a, out)
	})
}

// say prints what a person wants to know of an import: who is not as the file has them, who is gone, and how many the others are.
func (c userImportCmd) say(a *app, out admin.ImportedUsers) error {
	if len(out.Unread) > 0 {
		fmt.Fprintf(a.stderr, "not read: the columns %s\n", strings.Join(out.Unread, ", "))
	}
	counts := map[string]int{}
	for _, l := range out.Lines {
		counts[l.State]++
		switch {
		case l.Problem != "":
			fmt.Fprintf(a.stdout, "line %d: %s\n", l.Line, l.Problem)
		case l.Mended != "":
			fmt.Fprintf(a.stdout, "line %d: %s is called %s here\n", l.Line, l.Mended, l.Username)
		case c.DryRun:
			fmt.Fprintf(a.stdout, "line %d: %s, %s\n", l.Line, l.Username, stateWords[l.State])
		}
	}
	for _, username := range out.Gone {
		word := "is in the group and not in the roster"
		if c.DisableMissing && !c.DryRun {
			word = "was not in the roster, and is disabled"
		}
		fmt.Fprintf(a.stdout, "%s %s\n", username, word)
	}
	done := "imported"
	if c.DryRun {
		done = "would import"
	}
	_, err := fmt.Fprintf(a.stdout, "%s %d new people; %d others joined the group, and %d were in it or there already\n",
		done, counts["new"], counts["joins"], counts["there"])
	if out.Problems > 0 {
		return fmt.Errorf("nobody can be imported until %d lines are mended", out.Problems)
	}
	return err
}

var stateWords = map[string]string{"new": "new", "joins": "there already, joins the group", "there": "there already"}

// linkFiles are where the links go. They are open before anything is made: a link is shown once.
type linkFiles struct {
	csv, slips *os.File
	empty      bool // the CSV has no header yet
	written    bool
}

func (c userImportCmd) openFiles() (f linkFiles, err error) {
	if c.DryRun {
		return f, nil
	}
	if c.Links != "" {
		if f.csv, err = os.OpenFile(c.Links, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
			return f, err
		}
		info, err := f.csv.Stat()
		if err != nil {
			return f, err
		}
		f.empty = info.Size() == 0
	}
	if c.Slips != "" {
		f.slips, err = os.OpenFile(c.Slips, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, os.ErrExist) {
			err = fmt.Errorf("%s is there already: say another file, as its links are nowhere else", c.Slips)
		}
	}
	return f, err
}

// close closes the files, and leaves none behind in which nothing was written.
func (f linkFiles) close() {
	for file, isNew := range map[*os.File]bool{f.csv: f.empty, f.slips: true} {
		if file == nil {
			continue
		}
		_ = file.Close() // what was written was checked
		if isNew && !f.written {
			_ = os.Remove(file.Name())
		}
	}
}

// write writes the links of an import.
func (f *linkFiles) write(out admin.ImportedUsers, provider string, words slipWord) (err error) {
	f.written = true
	if f.csv != nil {
		err = writeLinks(f.csv, out, f.empty)
	}
	if f.slips != nil {
		err = errors.Join(err, slips.Execute(f.slips, struct {
			Provider string
			Words    slipWord
			Lines    []admin.RosterLine
		}{provider, words, withLink(out)}))
	}
	for _, file := range []*os.File{f.csv, f.slips} {
		if file != nil {
			err = errors.Join(err, file.Sync())
		}
	}
	return err
}

func writeLinks(w io.Writer, out admin.ImportedUsers, header bool) error {
	csv := csv.NewWriter(w)
	if header {
		_ = csv.Write([]string{"username", "name", "email", "link", "expires_at"}) // Error says it
	}
	for _, l := range withLink(out) {
		_ = csv.Write([]string{l.Username, l.Name, l.Email, l.Link, l.ExpiresAt.UTC().Format("2006-01-02 15:04 UTC")})
	}
	csv.Flush()
	return csv.Error()
}

func withLink(out admin.ImportedUsers) (lines []admin.RosterLine) {
	for _, l := range out.Lines {
		if l.Link != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

type slipWord struct{ Language, Open string }

// slipWords are what a slip says above its link.
var slipWords = map[string]slipWord{
	"en": {"en", "Open this once and choose how you sign in, until"},
	"de": {"de", "Öffnen Sie dies einmal und wählen Sie, wie Sie sich anmelden, bis"},
	"fr": {"fr", "Ouvrez ceci une fois et choisissez comment vous vous connectez, jusqu’au"},
}

//go:embed slips.html
var slipsPage string

var slips = template.Must(template.New("slips").Funcs(template.FuncMap{"qr": qrcode.Draw, "quiet": func(n int) int { return n + 4 }}).
	Parse(slipsPage))
