package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string   `arg:"" enum:"bash,zsh,fish,words" help:"bash, zsh or fish."`
	Words []string `arg:"" optional:"" hidden:"" passthrough:""`
}

// completions are the scripts by which shells ask `gatehouse completion words -- WORD…` for what the last of the words may become: a line
// each, with what it is for behind a tab. Where there is nothing to say, they offer files.
var completions = map[string]string{
	"bash": `_gatehouse() {
  local IFS=$'\n' word=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=($(gatehouse completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _gatehouse gatehouse
`,
	"zsh": `#compdef gatehouse
_gatehouse() {
  local -a lines
  lines=("${(@f)$(gatehouse completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -z $lines ]]; then _files; return; fi
  lines=("${(@)${(@)lines//:/\\:}/$'\t'/:}")
  _describe gatehouse lines
}
if [[ $funcstack[1] == _gatehouse ]]; then _gatehouse "$@"; else compdef _gatehouse gatehouse; fi
`,
	"fish": `function __gatehouse_words
    set -l words (commandline -opc) (commandline -ct)
    gatehouse completion words -- $words[2..] 2>/dev/null
end
complete -c gatehouse -f -a '(__gatehouse_words)'
complete -c gatehouse -n 'test -z "$(__gatehouse_words)"' -F
`,
}

// Run prints a script for a shell, or what the last of some words may become.
func (c completionCmd) Run(k *kong.Context, a *app) error {
	if c.Shell != "words" {
		_, err := fmt.Fprint(a.stdout, completions[c.Shell])
		return err
	}
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, line := range complete(k.Model.Node, words) {
		fmt.Fprintln(a.stdout, line[0]+"\t"+line[1])
	}
	return nil
}

// complete returns what the last of the words of a command line may become, and what each is for.
func complete(node *kong.Node, words []string) (found [][2]string) {
	if len(words) == 0 {
		words = []string{""}
	}
	before, last := words[:len(words)-1], words[len(words)-1]
	offer := func(word, help string) {
		if strings.HasPrefix(word, last) {
			found = append(found, [2]string{word, help})
		}
	}
	var flag *kong.Flag // whose value the next word is
	given := 0          // arguments of the command
	for _, word := range before {
		switch child := childOf(node, word); {
		case flag != nil:
			flag = nil
		case strings.HasPrefix(word, "-"):
			if flag = flagOf(node, word); flag != nil && (flag.IsBool() || strings.Contains(word, "=")) {
				flag = nil
			}
		case child != nil:
			node = child
		default:
			given++
		}
	}
	switch {
	case flag != nil:
		offerEnum(flag.Value, offer)
	case strings.HasPrefix(last, "-"):
		for _, group := range node.AllFlags(true) {
			for _, f := range group {
				offer("--"+f.Name, f.Help)
			}
		}
	case len(node.Children) > 0:
		for _, child := range node.Children {
			if !child.Hidden {
				offer(child.Name, child.Help)
			}
		}
	case given < len(node.Positional):
		offerEnum(node.Positional[given], offer)
	}
	return found
}

func offerEnum(v *kong.Value, offer func(word, help string)) {
	for _, word := range v.EnumSlice() {
		if word != "" && word != "words" {
			offer(word, "")
		}
	}
}

func childOf(node *kong.Node, word string) *kong.Node {
	i := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == word })
	if i < 0 {
		return nil
	}
	return node.Children[i]
}

func flagOf(node *kong.Node, word string) *kong.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			if f.Name == name {
				return f
			}
		}
	}
	return nil
}
