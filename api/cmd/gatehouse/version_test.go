package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Not parallel: it sets commit, which every command reads.
func TestVersion(t *testing.T) {
	s := &shell{t: t}
	line := s.good("", "version")
	if !regexp.MustCompile(`^gatehouse 0\.1\.0 \(([0-9a-f]{40}(-dirty)?|unknown commit)\)\n$`).MatchString(line) {
		t.Errorf("version: %s", line)
	}
	if flag := s.good("", "--version"); flag != line {
		t.Errorf("--version: %s", flag)
	}
	if _, doctor, _ := s.run("", "doctor"); !strings.HasPrefix(doctor, "ok   version  0.1.0 (") {
		t.Errorf("doctor: %s", doctor)
	}
	defer func(before string) { commit = before }(commit)
	commit = "0123456789012345678901234567890123456789"
	if line := s.good("", "version"); line != "gatehouse 0.1.0 ("+commit+")\n" {
		t.Errorf("version: %s", line)
	}
}

func TestTheVersionIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../package.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Version string }
	if err := json.Unmarshal(text, &manifest); err != nil || manifest.Version != version {
		t.Errorf("package.json has %q, this is %s: %v", manifest.Version, version, err)
	}
	changes, err := os.ReadFile("../../../CHANGELOG.md")
	latest := regexp.MustCompile(`(?m)^## \[(.+?)\]`).FindSubmatch(changes)
	if err != nil || latest == nil || string(latest[1]) != version {
		t.Errorf("CHANGELOG.md begins with %q, this is %s: %v", latest, version, err)
	}
}
