package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"gatehouse/api/config"
)

type manCmd struct{}

// Run prints the manual in roff (man(7)), made of the commands themselves.
func (manCmd) Run(k *kong.Context, a *app) error {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH GATEHOUSE 1 \"\" \"gatehouse %s\"\n.SH NAME\ngatehouse \\- %s\n", version, roff("an OpenID Provider"))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B gatehouse\n.I command\n[\\fIargument\\fR ...] [\\fIflag\\fR ...]\n.SH DESCRIPTION\n%s\n",
		roff(description))
	b.WriteString(".SH FLAGS OF ALL COMMANDS\n")
	writeFlags(&b, k.Model.Flags)
	b.WriteString(".SH COMMANDS\n")
	for _, leaf := range k.Model.Leaves(true) {
		writeCommand(&b, leaf)
	}
	b.WriteString(".SH ENVIRONMENT\n")
	cfg, _ := config.Load(nil)
	for _, v := range cfg.Values() {
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(v.Name), roff(defaultOf(v)))
	}
	fmt.Fprintf(&b, ".SH FILES\n.TP\n.I %s\nSettings where the environment has none.\n", roff(config.Installed+"/gatehouse.env"))
	b.WriteString(".SH EXIT STATUS\n0; 1 for what failed; 2 for what was asked wrongly, or a plan that has changes; 130 if interrupted.\n")
	_, err := io.WriteString(a.stdout, b.String())
	return err
}

func defaultOf(v config.Value) string {
	if v.Value == "" {
		return "Not set by default."
	}
	return v.Value + " by default."
}

func writeCommand(b *strings.Builder, command *kong.Node) {
	fmt.Fprintf(b, ".SS %s\n", roff(strings.TrimPrefix(command.FullPath(), "gatehouse ")+arguments(command)))
	fmt.Fprintln(b, roff(command.Help))
	for _, arg := range command.Positional {
		if arg.Help != "" && !arg.Tag.Hidden {
			fmt.Fprintf(b, ".TP\n.I %s\n%s\n", roff(arg.Name), roff(arg.Help))
		}
	}
	writeFlags(b, command.Flags)
}

// arguments are those of a command that are not in its path.
func arguments(command *kong.Node) (text string) {
	for _, arg := range command.Positional {
		if !arg.Tag.Hidden && !strings.Contains(command.FullPath(), "<"+arg.Name+">") {
			text += " " + arg.ShortSummary()
		}
	}
	return text
}

func writeFlags(b *strings.Builder, flags []*kong.Flag) {
	for _, f := range flags {
		name := "--" + f.Name
		if f.Tag.Negatable != "" {
			name = "--[no-]" + f.Name
		}
		if !f.IsBool() {
			name += "=" + f.FormatPlaceHolder()
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(name), roff(f.Help))
	}
}

// roff quotes text: hyphens as they are typed, and no request at the beginning of a line.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(text)
	var b strings.Builder
	for _, r := range text {
		if r > '~' {
			fmt.Fprintf(&b, `\[u%04X]`, r)
		} else {
			b.WriteRune(r)
		}
	}
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + b.String()
	}
	return b.String()
}
