// Package config turns the environment into one validated value. It is the only reader of the environment.
package config

import (
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatehouse/api/oidc"
)

// Config is what is configured by the environment; variables.go has the table that fills it and the meaning of each field.
type Config struct {
	oidc.Settings
	Look
	DatabaseURL       string
	DatabaseListenURL string // a connection string, or Poll
	EncryptionKeys    [][32]byte
	Listen            string
	UIListen          string
	AdminListen       string // "" where Listen serves the admin API, too
	MetricsListen     string // "" where nothing is counted
	TracesEndpoint    string // an address; "" where nothing is traced
	UIRoot            string
	TLSCertFile       string
	TLSKeyFile        string
	TrustedProxies    []netip.Prefix
	ForwardedHeader   string // of HTTP, in its canonical form
	LogLevel          slog.Level
	HashWorkers       int
	HashQueue         int
	NotifySocket      string        // of systemd, which is told of the process; "" for none
	Watchdog          time.Duration // after which systemd ends a process that it did not hear of; 0 for never

	values     []Value
	unreadable map[string]string // files of the installation that have variables, by their names
}

// Look is what the pages look like, beside the name: those of the UI and those of the API. Its JSON is a part of the UI's
// config.json.
type Look struct {
	Logo       string `json:"logo,omitempty"`        // a path of the UI's, or an https address
	LogoDark   string `json:"logo_dark,omitempty"`   // the same, on a dark ground
	LogoHeight int    `json:"logo_height,omitempty"` // in CSS pixels; 0 is what LogoHeight has by default
	Accent     string `json:"accent,omitempty"`      // #rrggbb
	Links      []Link `json:"links,omitempty"`       // below each page
	Support    string `json:"support,omitempty"`     // where people get help: a web page, or a mailto: address

	PasswordForm string `json:"password_form,omitempty"` // where it stands on the sign-in page: first, last or folded
}

// Link is to a page of the place's.
type Link struct {
	Text string `json:"text"`
	Href string `json:"href"` // a path of the UI's, an https or a mailto: address
}

// Poll is the value of DatabaseListenURL that has the version row read each second instead of LISTEN.
const Poll = "poll"

// Value is the effective value of a variable, a line of `gatehouse config`.
type Value struct {
	Name   string `json:"name"`
	Value  string `json:"value"`  // "set (hidden)" for a secret
	Source string `json:"source"` // "default", "environment" or "file PATH"
}

// Values returns the effective values in the order of the table.
func (c *Config) Values() []Value { return slices.Clone(c.values) }

// MigrationURL returns the database to migrate: the direct one if there are two, since goose's advisory lock belongs to a session
// and is lost behind a transaction pooler.
func (c *Config) MigrationURL() string {
	if c.DatabaseListenURL == Poll {
		return c.DatabaseURL
	}
	return c.DatabaseListenURL
}

// Load reads environ, which has the form of os.Environ(). Each problem is one line that names the variable and says what to
// do; the Config is never nil, so that `gatehouse config` can show what was understood.
// Load accepts that required variables are missing: Require checks those of a command.
func Load(environ []string) (*Config, error) { return LoadInstalled(environ, "") }

// LoadInstalled is Load, but for an environment that has no variable of Gatehouse, where the settings are those of an installation: of a
// folder such as Installed; "" for none.
func LoadInstalled(environ []string, folder string) (*Config, error) {
	env, source := parse(environ), "environment"
	c := new(Config)
	c.readSystemd(env)
	var problems []error
	if folder != "" && !hasSettings(env) {
		var err error
		env, c.unreadable, err = installed(folder, os.ReadFile)
		source = "file " + filepath.Join(folder, "gatehouse.env")
		problems = append(problems, err)
	}
	problems = append(problems, refuseUnknown(env))
	for _, v := range variables {
		value, err := v.load(c, env, source)
		c.values = append(c.values, value)
		problems = append(problems, err)
	}
	if c.DatabaseListenURL == "" {
		c.DatabaseListenURL = c.DatabaseURL
	}
	return c, errors.Join(append(problems, c.contradictions()...)...)
}

// Require returns an error that lists which variables that a command needs are missing, or nil.
func (c *Config) Require(need Need) error {
	var problems []error
	for i, v := range variables {
		if v.need&need != 0 && c.values[i].Value == "" {
			problems = append(problems, missing(v, c.unreadable[v.Name]))
		}
	}
	return errors.Join(problems...)
}

// parse drops empty values: `GATEHOUSE_LOGO=` in a compose file means that it is not set.
func parse(environ []string) map[string]string {
	env := map[string]string{}
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(value) != "" {
			env[name] = value
		}
	}
	return env
}
