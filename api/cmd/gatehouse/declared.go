package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"gatehouse/api/admin"
	"gatehouse/api/config"
	"gatehouse/api/declared"
)

// declaration are the arguments of plan and apply.
type declaration struct {
	Files  []string `arg:"" name:"file" help:"YAML files that declare rows."`
	People bool     `help:"They may declare people and memberships, too."`
	Prune  bool     `help:"Delete rows that these files declared before and declare no more."`
}

type planCmd struct {
	declaration
	AsMigration bool `xor:"form" help:"Print a migration of goose that makes the changes, and takes them back."`
}

// Run returns the exit code 2 where there are changes.
func (c planCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, (*admin.Admin).Plan, func(out admin.Declared) error {
		switch {
		case c.AsMigration:
			fmt.Fprint(a.stdout, out.Migration())
		case !a.json:
			fmt.Fprint(a.stdout, out.Text(a.colors()))
			c.conclude(a, out, map[declared.Verb]string{declared.Insert: "%d to insert", declared.Update: "%d to update",
				declared.Adopt: "%d to mark as declared", declared.Delete: "%d to delete"}, "would end")
		}
		if out.Differs() {
			return differs
		}
		return nil
	})
}

type applyCmd struct{ declaration }

func (c applyCmd) Run(ctx context.Context, a *app) error {
	return c.run(ctx, a, (*admin.Admin).Apply, func(out admin.Declared) error {
		if !a.json {
			fmt.Fprint(a.stdout, out.Text(a.colors()))
			c.conclude(a, out, map[declared.Verb]string{declared.Insert: "inserted %d", declared.Update: "updated %d",
				declared.Adopt: "marked %d as declared", declared.Delete: "deleted %d"}, "ended")
		}
		return nil
	})
}

// differs is the exit code of a plan that has changes.
const differs = exitCode(2)

func (exitCode) Error() string { return "" }

func (c declaration) run(ctx context.Context, a *app, do func(*admin.Admin, context.Context, admin.Declaration) (admin.Declared, error),
	done func(admin.Declared) error) error {
	in := admin.Declaration{People: c.People, Prune: c.Prune}
	folders := map[string]string{}
	for _, path := range c.Files {
		content, err := readBounded(path, declared.MaxFile)
		if err != nil {
			return err
		}
		name := filepath.Base(path)
		folders[name] = filepath.Dir(path)
		in.Files = append(in.Files, admin.DeclaredFile{Name: name, Content: string(content)})
	}
	in.Secret = func(file string, r declared.Reference) (string, bool, error) { return a.secret(folders[file], r) }
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		out, err := do(adm, ctx, in)
		if err != nil {
			return err
		}
		if a.json {
			if err := printJSON(a.stdout, out); err != nil {
				return err
			}
		}
		return done(out)
	})
}

// conclude says in a few lines what the statements before them come to.
func (c declaration) conclude(a *app, out admin.Declared, forms map[declared.Verb]string, end string) {
	switch counts := out.Counts(forms); {
	case counts == "":
		fmt.Fprintln(a.stdout, "no changes")
	case !out.Differs():
		fmt.Fprintln(a.stdout, "-- no changes, "+counts)
	default:
		fmt.Fprintln(a.stdout, "-- "+counts)
	}
	if out.Sessions > 0 || out.Grants > 0 {
		fmt.Fprintf(a.stdout, "-- sessions that %s: %d; grants, with their tokens: %d\n", end, out.Sessions, out.Grants)
	}
	for _, group := range out.Emptied {
		fmt.Fprintf(a.stdout, "-- group %s has no members then\n", declared.Literal(group))
	}
	for _, line := range out.GoneNames() {
		fmt.Fprintf(a.stderr, "gatehouse: %s; --prune deletes it\n", line)
	}
}

func (a *app) colors() declared.Colors {
	if file, ok := a.stdout.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return declared.Terminal
	}
	return nil
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s has more than %d MiB", path, limit>>20)
	}
	return content, err
}

// secretBytes are more than any secret has.
const secretBytes = 4096

// secret returns what a reference of a file refers to, without line breaks at its end. Files are below the folder of the one that names
// them, or named from the root on.
func (a *app) secret(folder string, r declared.Reference) (value string, found bool, err error) {
	if r.Kind == "env" {
		for _, set := range a.environ {
			if value, ok := strings.CutPrefix(set, r.Name+"="); ok && value != "" {
				return value, true, nil
			}
		}
		return "", false, nil
	}
	path := r.Name
	if !filepath.IsAbs(path) {
		if !filepath.IsLocal(path) {
			return "", false, errors.New("a file of a secret is named from the root on, or is below the folder of the file that names it")
		}
		path = filepath.Join(folder, path)
	}
	content, err := readBounded(path, secretBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, fmt.Errorf("there is no file %s", path)
	}
	if err != nil {
		return "", false, err
	}
	if about, err := os.Stat(path); err == nil && about.Mode().Perm()&0o004 != 0 {
		fmt.Fprintf(a.stderr, "gatehouse: everybody on this machine can read %s: chmod o-r\n", path)
	}
	return strings.TrimRight(string(content), "\r\n"), true, nil
}

type exportCmd struct {
	Nouns  []string `arg:"" optional:"" name:"noun" help:"Which tables; all unless given."`
	People bool     `help:"People and memberships, too."`
}

func (c exportCmd) Run(ctx context.Context, a *app) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		out, err := adm.Export(ctx, admin.Export{People: c.People, Nouns: c.Nouns})
		if err == nil {
			fmt.Fprint(a.stdout, out.YAML)
		}
		return err
	})
}
