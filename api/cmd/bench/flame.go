package main

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// frame is a function with what it and those that it called took, as one box of a flame graph.
type frame struct {
	name   string
	total  float64
	callee map[string]*frame
}

func (f *frame) at(name string) *frame {
	if f.callee[name] == nil {
		f.callee[name] = &frame{name: name, callee: map[string]*frame{}}
	}
	return f.callee[name]
}

// byCost are the callees, the most expensive first.
func (f *frame) byCost() []*frame {
	return slices.SortedFunc(maps.Values(f.callee), func(a, b *frame) int {
		return cmp.Or(cmp.Compare(b.total, a.total), strings.Compare(a.name, b.name))
	})
}

// flameGraph draws a profile: from the top down who called whom, as wide as the cost. Of a library only where it was entered is
// shown.
func flameGraph(ctx context.Context, title, profile, index, unit string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "pprof", "-traces", "-sample_index="+index, "-unit="+unit, profile)
	traces, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go tool pprof -traces %s: %w", profile, err)
	}
	return draw(title, unit, readTraces(string(traces))), nil
}

var traceLine = regexp.MustCompile(`^ +(-?[\d.]+)[A-Za-z]+ {3}(\S.*)$`)

// readTraces makes a tree of what `go tool pprof -traces` prints: stacks, each with its cost beside the innermost function.
func readTraces(text string) *frame {
	root := &frame{name: "all", callee: map[string]*frame{}}
	for stack := range strings.SplitSeq(text, "-----------+-------------------------------------------------------\n") {
		var cost float64
		var names []string // from the inside out
		for line := range strings.Lines(stack) {
			line = strings.TrimRight(line, "\n")
			if m := traceLine.FindStringSubmatch(line); m != nil {
				cost, _ = strconv.ParseFloat(m[1], 64)
				names = []string{m[2]}
			} else if names != nil && strings.HasPrefix(line, "    ") {
				names = append(names, strings.TrimSpace(line))
			}
		}
		if cost <= 0 || slices.ContainsFunc(names, ofProfiler) {
			continue
		}
		root.total += cost
		node, before := root, ""
		for _, name := range slices.Backward(names) {
			if library(name) == before {
				continue
			}
			before = library(name)
			node = node.at(short(name))
			node.total += cost
		}
	}
	return root
}

func ofProfiler(name string) bool { return strings.HasPrefix(name, "runtime/pprof.") }

// library is what a function belongs to; Gatehouse's own stand for themselves.
func library(name string) string {
	parts := strings.Split(name, "/")
	switch {
	case parts[0] == "gatehouse":
		return name
	case parts[0] == "github.com" && len(parts) > 2:
		return parts[2]
	}
	first, _, _ := strings.Cut(parts[0], ".")
	switch first {
	case "internal", "syscall", "os":
		return "runtime"
	}
	return first
}

var notTheName = regexp.MustCompile(`\[.*\]| \(inline\)|/v\d+|\.\(\*\w+\)`)

// short is package and function.
func short(name string) string {
	name = notTheName.ReplaceAllString(name, "")
	return name[strings.LastIndexByte(name, '/')+1:]
}

// Sizes are in pixels.
const (
	flameWidth, flameRow = 1200.0, 18
	flameLetter          = 6.3
	flameLeast           = 0.004 // of the whole; what took less is left out
)

var flameColours = []struct{ prefix, colour string }{
	{"web.", "#ffc078"}, {"provider.", "#ffc078"}, {"store.", "#ffc078"}, {"keys.", "#ffc078"}, {"oidc.", "#ffc078"},
	{"authn.", "#ffc078"}, {"ecdsa.", "#ffa8a8"}, {"rsa.", "#ffa8a8"}, {"jws.", "#ffa8a8"}, {"pgx", "#a5d8ff"},
	{"http.", "#b2f2bb"}, {"echo.", "#b2f2bb"}, {"net.", "#b2f2bb"},
	{"", "#dee2e6"},
}

// draw makes an SVG of a tree.
func draw(title, unit string, root *frame) string {
	var boxes strings.Builder
	depth := 0
	var box func(f *frame, x float64, row int)
	box = func(f *frame, x float64, row int) {
		width := flameWidth * f.total / root.total
		depth = max(depth, row)
		label := fmt.Sprintf("%s %.1f %%", f.name, 100*f.total/root.total)
		fmt.Fprintf(&boxes, `<g><title>%s, %.0f %s</title><rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`,
			html.EscapeString(label), f.total, unit, x, 30+row*flameRow, max(0.5, width-1), flameRow-1, flameColour(f.name))
		if room := int((width - 8) / flameLetter); room > 3 {
			if len(label) > room {
				label = f.name
			}
			if len(label) > room {
				label = label[:room-1] + "…"
			}
			fmt.Fprintf(&boxes, `<text x="%.1f" y="%d">%s</text>`, x+4, 30+row*flameRow+13, html.EscapeString(label))
		}
		boxes.WriteString("</g>\n")
		for _, callee := range f.byCost() {
			if callee.total >= flameLeast*root.total {
				box(callee, x, row+1)
				x += flameWidth * callee.total / root.total
			}
		}
	}
	box(root, 0, 0)
	height := 30 + (depth+1)*flameRow + 6
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" font-family="sans-serif" font-size="11.5">
<rect width="100%%" height="100%%" fill="#fff"/>
<text x="4" y="19" font-size="14">%s</text>
%s</svg>
`, flameWidth, height, html.EscapeString(title), boxes.String())
}

func flameColour(name string) string {
	for _, c := range flameColours {
		if strings.HasPrefix(name, c.prefix) {
			return c.colour
		}
	}
	return ""
}
