package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompletionOffersWhatAWordMayBecome(t *testing.T) {
	t.Parallel()
	s := &shell{t: t}
	for words, want := range map[string]string{
		"us":                                       "user",
		"user pass":                                "passwd passkey",
		"user passkey ":                            "list set remove",
		"user set ada --em":                        "--email --email-verified",
		"client add x --access-token-t":            "--access-token-typ",
		"client add x --refresh-token-format ":     "opaque jwt",
		"client add x --refresh-token-format j":    "jwt",
		"client add --first-party x --refresh-tok": "--refresh-token-format",
		"completion ":                              "bash zsh fish",
		"user set ada --email ":                    "",
		"client show ":                             "",
		"frobnicate ":                              "",
		"session list --js":                        "--json",
	} {
		out := s.good("", append([]string{"completion", "words", "--"}, strings.Split(words, " ")...)...)
		var got []string
		for line := range strings.Lines(out) {
			word, _, _ := strings.Cut(line, "\t")
			got = append(got, word)
		}
		if words == "frobnicate " {
			continue // all commands: the word is none yet
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %s", words, got, want)
		}
	}
}

// The shells that are there are asked, with the program on their PATH.
func TestShellsComplete(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "gatehouse"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for shell, test := range map[string]struct {
		args []string
		want string
	}{
		"bash": {[]string{"-c", `. <(gatehouse completion bash)
			ask() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _gatehouse; echo "${COMPREPLY[@]}"; }
			ask gatehouse user sh; ask gatehouse completion ''; ask gatehouse client show ''; complete -p gatehouse`},
			"show\nbash zsh fish\n\ncomplete -o default -F _gatehouse gatehouse\n"},
		"fish": {[]string{"-c", `gatehouse completion fish | source
			complete -C 'gatehouse user sh'; complete -C 'gatehouse completion '; complete -C 'gatehouse client import no-such-fi'`},
			"show\tPrint all that is known of a user but the password, as JSON.\nbash\nfish\nzsh\n"},
		// Its completion system wants a terminal; what it would be told is printed instead.
		"zsh": {[]string{"-fc", `compdef() { print -- "$@" }; _files() { print files }; _describe() { print -l -- ${(P)2} }
			source <(gatehouse completion zsh)
			words=(gatehouse user sh) CURRENT=3; _gatehouse; words=(gatehouse completion '') _gatehouse; words=(gatehouse client show '')
			CURRENT=4; _gatehouse`},
			"_gatehouse gatehouse\nshow:Print all that is known of a user but the password, as JSON.\nbash:\nzsh:\nfish:\nfiles\n"},
	} {
		path, err := exec.LookPath(shell)
		if err != nil && shell != "bash" {
			continue
		}
		cmd := exec.Command(path, test.args...)
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
		out, err := cmd.CombinedOutput()
		if got := string(out); err != nil || got != test.want && (shell != "fish" || !sameLines(got, test.want)) {
			t.Errorf("%s: %v\n%s\nwant\n%s", shell, err, got, test.want)
		}
	}
}

// sameLines compares what fish may print with empty descriptions.
func sameLines(got, want string) bool { return strings.ReplaceAll(got, "\t\n", "\n") == want }

func TestTheManualHasEveryCommandAndNoRequestOfItsOwn(t *testing.T) {
	t.Parallel()
	out := (&shell{t: t}).good("", "man")
	for _, want := range []string{".SH COMMANDS", ".SS user set <username>", `.B \-\-[no\-]first\-party`, ".SS completion <shell>",
		".B GATEHOUSE_ISSUER", `.I /etc/gatehouse/gatehouse.env`, ".SS client exchange\\-policy add <id> <audience>"} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("the manual lacks %q", want)
		}
	}
	for line := range strings.Lines(out) {
		known := false
		for _, request := range []string{".TH ", ".SH ", ".SS ", ".TP\n", ".B ", ".I "} {
			known = known || strings.HasPrefix(line, request)
		}
		if strings.HasPrefix(line, ".") && !known || strings.HasPrefix(line, "'") ||
			strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
			t.Errorf("the manual has a line %q", line)
		}
	}
}
