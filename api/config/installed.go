package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// Installed is the folder of an installation's settings (deploy/systemd): gatehouse.env, in the syntax of systemd's EnvironmentFile, and a
// file each for the secrets.
const Installed = "/etc/gatehouse"

// secretFiles are the secrets of such a folder.
var secretFiles = map[string]string{"DATABASE_URL": "database_url", "DATABASE_LISTEN_URL": "database_listen_url",
	"GATEHOUSE_ENCRYPTION_KEY": "encryption_key"}

// hasSettings reports whether there is any variable of Gatehouse, so that none is mixed with those of an installation.
func hasSettings(env map[string]string) bool {
	for _, v := range variables {
		if env[v.Name] != "" || env[v.Name+"_FILE"] != "" {
			return true
		}
	}
	for name := range env {
		if strings.HasPrefix(name, "GATEHOUSE_") && !injected.MatchString(name) {
			return true
		}
	}
	return false
}

// installed returns the settings of a folder that read, which is os.ReadFile, can read, and the files that it cannot, by the names of
// variables.
func installed(dir string, read func(string) ([]byte, error)) (env, unreadable map[string]string, err error) {
	env, unreadable = map[string]string{}, map[string]string{}
	path := filepath.Join(dir, "gatehouse.env")
	switch text, readErr := read(path); {
	case errors.Is(readErr, fs.ErrPermission):
		for _, v := range variables {
			unreadable[v.Name] = path
		}
	case readErr == nil:
		env, err = environmentFile(path, string(text))
	}
	for name, file := range secretFiles {
		secret := filepath.Join(dir, file)
		switch _, readErr := read(secret); {
		case errors.Is(readErr, fs.ErrPermission):
			unreadable[name] = secret
		case readErr == nil && env[name] == "" && env[name+"_FILE"] == "":
			env[name+"_FILE"] = secret
		}
	}
	return env, unreadable, err
}

// environmentFile reads lines of NAME=VALUE, the value in quotes or not (systemd.exec(5), EnvironmentFile=).
func environmentFile(path, text string) (map[string]string, error) {
	env := map[string]string{}
	var problems []error
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.ContainsAny(name, " \t\"'") || strings.HasSuffix(value, `\`) {
			problems = append(problems, fmt.Errorf("%s: line %d is not NAME=VALUE", path, i+1))
			continue
		}
		if value = unquoted(strings.TrimSpace(value)); value != "" {
			env[name] = value
		}
	}
	return env, errors.Join(problems...)
}

// unquoted takes off the quotes around a value. Within double ones a backslash quotes what a shell, too, would take for something else.
func unquoted(value string) string {
	n := len(value)
	switch {
	case n > 1 && value[0] == '\'' && value[n-1] == '\'':
		return value[1 : n-1]
	case n > 1 && value[0] == '"' && value[n-1] == '"':
		return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`").Replace(value[1 : n-1])
	}
	return value
}
