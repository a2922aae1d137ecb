// Command gatehouse is the whole product but the pages: the API, the migrations, and what an administrator does by hand.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // for zones that people name, where the system has none

	"github.com/alecthomas/kong"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

// commands is the command line, but for the operations of api/admin that newCommands adds. A field here and a file is a command
// that is no operation, or one that reads or prints more than its operation's input and result.
type commands struct {
	Serve      serveCmd    `cmd:"" help:"Serve the API."`
	UI         uiCmd       `cmd:"" name:"ui" help:"Serve the built pages, where no web server does."`
	Migrate    migrateCmd  `cmd:"" help:"Bring the database schema up to date, then the operator's own migrations (--dir)."`
	User       userCmd     `cmd:"" help:"Manage users."`
	Invitation plugged     `cmd:"" help:"Invite people, who make accounts of their own or join groups."`
	Workshop   plugged     `cmd:"" help:"Open workshops by a code, for people who have no account."`
	Course     plugged     `cmd:"" help:"Make the groups of a course, as nbgrader and JupyterHub expect them."`
	SignUp     signUpCmd   `cmd:"" name:"sign-up" help:"Say yes or no to who asks for an account, and to whom accounts are open."`
	Session    plugged     `cmd:"" help:"See where people are signed in, and sign them out."`
	Consent    plugged     `cmd:"" help:"See what people allowed applications, and withdraw it."`
	Group      groupCmd    `cmd:"" help:"Manage groups."`
	Terms      plugged     `cmd:"" help:"Manage terms of use, and see who has not accepted them."`
	Client     clientCmd   `cmd:"" help:"Manage clients, the relying parties."`
	Resource   resourceCmd `cmd:"" help:"Manage resources, the services that access tokens are for."`
	ACRValue   plugged     `cmd:"" name:"acr-value" help:"Manage what sign-ins can reach, such as mfa."`
	Upstream   upstreamCmd `cmd:"" help:"Manage upstreams, other providers that people sign in with."`
	Explain    explainCmd  `cmd:"" help:"Say what would happen if a user signed in to a client, and which row decides it."`
	Claims     claimsCmd   `cmd:"" help:"Print the tokens that a client would get of a user, and which row made which claim."`
	SignIns    signInsCmd  `cmd:"" name:"sign-ins" help:"List who signed in, and who failed to, the latest first."`
	Audit      auditCmd    `cmd:"" help:"List who changed what, look whether the list is as it was written, or take a change back."`
	Plan       planCmd     `cmd:"" help:"Print what apply would do, as SQL; the exit code is 2 where that is anything."`
	Apply      applyCmd    `cmd:"" help:"Make rows what files declare, all or none."`
	Export     exportCmd   `cmd:"" help:"Print the rows that there are as a file that declares them."`
	Mail       plugged     `cmd:"" help:"See what became of mail, and try again."`
	Key        keyCmd      `cmd:"" help:"Look at the signing keys, or replace one."`
	Config     configCmd   `cmd:"" help:"Print the effective configuration and where each value comes from."`
	Backup     backupCmd   `cmd:"" help:"Look whether a backup is worth something."`
	Doctor     doctorCmd   `cmd:"" help:"Try out the configuration, the database and both origins."`
	Man        manCmd      `cmd:"" help:"Print the manual page, of all commands."`
	Version    versionCmd  `cmd:"" help:"Print the version and the commit that this was built from."`

	JSON bool `name:"json" help:"Print JSON, for programs."`

	Completion completionCmd `cmd:"" help:"Print what has a shell complete commands and flags: bash, zsh or fish."`

	kong.Plugins // operations that are about no noun

	DeclaredAnyway bool `name:"declared-anyway" help:"Change a row although a file declares it: the next apply takes it back."`

	PrintVersion kong.VersionFlag `name:"version" help:"The same as the command version."`
}

// plugged is a group of commands all of which are operations.
type plugged struct{ kong.Plugins }

type signUpCmd struct {
	Domain plugged `cmd:"" help:"Manage the domains whose people can have accounts by themselves."`

	kong.Plugins
}

const description = "An OpenID Provider for JupyterHub and the services around it. " +
	"Configured by environment variables: gatehouse config prints them."

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], &app{environ: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		installed: config.Installed}))
}

// app is what a command has of the world.
type app struct {
	environ []string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	json    bool   // is what to print
	command string // that is run, such as "user disable"

	declaredAnyway bool   // rows are changed although a file declares them
	installed      string // the folder of an installation's settings
}

type exitCode int

// run returns the exit code: 0, 1 for what failed, 2 for what was asked wrongly and for a plan that has changes, 130 for what was
// interrupted.
func run(ctx context.Context, args []string, a *app) (code int) {
	defer func() { // kong calls Exit after it printed help
		switch e := recover().(type) {
		case nil:
		case exitCode:
			code = int(e)
		default:
			panic(e)
		}
	}()
	commands := newCommands()
	parser, err := kong.New(commands, append(a.mappers(), kong.Name("gatehouse"), kong.Description(description),
		kong.Writers(a.stdout, a.stderr), kong.Exit(func(code int) { panic(exitCode(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Vars{"version": versionLine()}, kong.Bind(a), kong.BindTo(ctx, (*context.Context)(nil)))...)
	if err != nil {
		panic(err) // a mistake in a struct tag
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(a.stderr, "gatehouse: %v; gatehouse %s--help says more\n", err, named(parser.Model.Node, args))
		return 2
	}
	a.command, a.declaredAnyway, a.json = words(command.Selected()), commands.DeclaredAnyway, commands.JSON
	if o, ok := operationOf(command.Selected()); ok {
		err = a.operate(ctx, o, command.Selected().Target.Interface())
	} else {
		err = command.Run()
	}
	var exit exitCode
	switch {
	case errors.As(err, &exit):
		return int(exit)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return 130 // 128 and the number of SIGINT, as a shell has it; whoever pressed Ctrl-C needs no words
	case err != nil:
		a.complain(err)
		return 1
	}
	return 0
}

// named returns the words that name a command, so that its --help has something to say; "" where the first names none.
func named(command *kong.Node, args []string) string {
	var b strings.Builder
	for _, word := range args {
		i := slices.IndexFunc(command.Children, func(n *kong.Node) bool { return n.Name == word })
		if i < 0 {
			break
		}
		command = command.Children[i]
		b.WriteString(word + " ")
	}
	return b.String()
}

// complain prints a line for each error; configuration errors come several at once.
func (a *app) complain(err error) {
	text := err.Error()
	var invalid admin.Invalid
	var away admin.Unavailable
	switch {
	case errors.As(err, &invalid):
		text = invalid.Words(flag)
	case errors.As(err, &away) && !away.Answered():
		text += " (is DATABASE_URL right, and does Postgres run?)"
	}
	for line := range strings.Lines(unfold(text)) {
		fmt.Fprintln(a.stderr, "gatehouse:", strings.TrimSpace(line))
	}
}

// flag returns what sets a member of an operation's input: an argument, or a flag.
func flag(member string) string {
	if member == "alg" {
		return "ALG"
	}
	return admin.Flag(member)
}

// unfold joins the indented lines that pgx makes of its attempts, often twice the same: with TLS and without.
func unfold(text string) string {
	attempts := slices.Compact(strings.Split(text, "\n\t"))
	return strings.ReplaceAll(strings.Join(attempts, "; "), ":; ", ": ")
}

// config returns a configuration that has what need asks for.
func (a *app) config(need config.Need) (*config.Config, error) {
	cfg, err := config.LoadInstalled(a.environ, a.installed)
	if err != nil {
		return nil, err
	}
	return cfg, cfg.Require(need)
}

// startLog makes the log JSON lines on stderr, from cfg's level on. The first names the program and its version.
func (a *app) startLog(cfg *config.Config) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(a.stderr, &slog.HandlerOptions{Level: cfg.LogLevel})))
	slog.Info("gatehouse", "version", version, "commit", builtFrom())
}
