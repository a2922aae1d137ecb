package main

import (
	"cmp"
	"fmt"
	"runtime/debug"
)

// version is that of package.json, too.
const version = "0.1.0"

// commit is what this was built from: go build -ldflags "-X main.commit=…". Go's own stamp is not relied on, since with it a build
// fails where git refuses a checkout that belongs to somebody else, as in a container.
var commit string

type versionCmd struct{}

func (versionCmd) Run(a *app) error {
	out := struct {
		Version string `json:"version"`
		Commit  string `json:"commit"`
	}{version, builtFrom()}
	return a.done(out, nil, "%s\n", versionLine())
}

func versionLine() string { return fmt.Sprintf("gatehouse %s (%s)", version, builtFrom()) }

// builtFrom returns the commit, or that it is not known.
func builtFrom() string {
	stamped := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				stamped = s.Value
			}
		}
	}
	return cmp.Or(commit, stamped, "unknown commit")
}
