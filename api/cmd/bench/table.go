package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// row is a line of the table.
type row struct {
	what   string
	ours   string
	floor  string
	ratio  string
	goal   string
	met    bool
	spread string
	others string // what other processes had of the machine
}

const head = `| workload | ours | floor | ratio | goal | met | spread | others |
|---|---|---|---|---|---|---|---|
`

func (r row) String() string {
	met := "yes"
	if !r.met {
		met = "**no**"
	}
	cells := []string{r.what, r.ours, r.floor, r.ratio, r.goal, met, r.spread, r.others}
	for i, cell := range cells {
		cells[i] = cmp.Or(cell, "–")
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func table(rows []row) string {
	var b strings.Builder
	b.WriteString(head)
	for _, r := range rows {
		b.WriteString(r.String())
	}
	return b.String()
}

// conclude prints the table and returns the last line of --check, "" where all goals are met.
func (o options) conclude(rows []row) string {
	fmt.Printf("\n%s\n", table(rows))
	var missed []string
	for _, r := range rows {
		if !r.met {
			missed = append(missed, fmt.Sprintf("%s (%s, goal %s)", r.what, cmp.Or(r.ratio, r.ours), r.goal))
		}
	}
	switch {
	case len(missed) == 0:
		fmt.Println("All goals are met.")
		return ""
	case o.check:
		return "Missed: " + strings.Join(missed, "; ")
	}
	fmt.Printf("%d of %d goals are missed.\n", len(missed), len(rows))
	return ""
}

// keep writes the table to .cache/bench and, with --record, to docs/performance.md, where that of --growth has a place of its
// own.
func (b *bench) keep(rows []row) error {
	text := fmt.Sprintf("%s, %s, commit %s:\n\n%s", time.Now().Format("2006-01-02"), machine(), b.commit(), table(rows))
	if err := os.WriteFile(filepath.Join(b.dir, "table.md"), []byte(text), 0o644); err != nil || !b.record {
		return err
	}
	page := filepath.Join(b.root, "docs/performance.md")
	old, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	flags := "--record"
	if b.mode == growth || b.mode == crowd {
		flags = "--" + string(b.mode) + " --record"
	}
	updated, err := between(string(old), flags, text)
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	return os.WriteFile(page, []byte(updated), 0o644)
}

// between puts text between the marks of a page that name the flags.
func between(page, flags, text string) (string, error) {
	from, to := "<!-- npm run bench -- "+flags+" writes from here -->\n", "<!-- to here -->\n"
	before, rest, ok := strings.Cut(page, from)
	_, after, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		return "", fmt.Errorf("there is no %q with %q after it", from, to)
	}
	return before + from + text + to + after, nil
}

// machine describes what was measured on.
func machine() string {
	model := runtime.GOARCH
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
		}
	}
	return fmt.Sprintf("%d cores of %s, %s", runtime.NumCPU(), model, runtime.Version())
}

// commit is what was measured; "-dirty" marks changes since.
func (b *bench) commit() string {
	out, err := exec.Command("git", "-C", b.root, "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
