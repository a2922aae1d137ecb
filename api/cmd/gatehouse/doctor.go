package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"time"

	"gatehouse/api/admin"
	"gatehouse/api/authn"
	"gatehouse/api/config"
	"gatehouse/api/provider"
	"gatehouse/api/web"
)

type doctorCmd struct {
	Mail string `placeholder:"ADDRESS" help:"Also send a test mail there."`
}

// A finding is one line of what is printed: what was looked at, how it is, and what to do.
type finding struct{ level, text string }

func good(format string, args ...any) []finding {
	return []finding{{"ok", fmt.Sprintf(format, args...)}}
}
func bad(format string, args ...any) []finding {
	return []finding{{"fail", fmt.Sprintf(format, args...)}}
}

// told is a finding for programs.
type told struct {
	Level string `json:"level"` // ok, warn or fail
	About string `json:"about"`
	Text  string `json:"text"`
}

// patient is what is examined.
type patient struct {
	cfg      *config.Config
	admin    *admin.Admin
	provider func() (*provider.Provider, error)
	http     *http.Client
	mailTo   string // an address for a test mail; "": none
}

// examinations run in this order; those that need the tables only when the schema is good.
var examinations = []struct {
	name   string
	tables bool
	run    func(context.Context, patient) []finding
}{
	{"database", false, examineDatabase},
	{"keys", true, examineKeys},
	{"clients", true, examineClients},
	{"users", true, examineUsers},
	{"audit", true, examineAudit},
	{"admin", true, examineAdministration},
	{"upstream", true, examineUpstreams},
	{"passkeys", true, examinePasskeys},
	{"mail", true, examineMail},
	{"issuer", false, examineIssuer},
	{"address", false, examineAddresses},
	{"ui", false, examineUI},
}

// Run fails if one examination does.
func (c doctorCmd) Run(ctx context.Context, a *app) (err error) {
	failed, all := 0, []told{}
	if a.json {
		defer func() { err = errors.Join(printJSON(a.stdout, all), err) }()
	}
	tell := func(name string, findings []finding) {
		for _, f := range findings {
			if all = append(all, told{f.level, name, f.text}); !a.json {
				fmt.Fprintf(a.stdout, "%-5s%-9s%s\n", f.level, name, f.text)
			}
			if f.level == "fail" {
				failed++
			}
		}
	}
	tell("version", good("%s (%s)", version, builtFrom()))
	cfg, err := a.config(config.ForServe)
	if err != nil {
		if a.json { // a program is told in the same way; a person is below
			tell("config", bad("%s", unfold(err.Error())))
		}
		return err
	}
	tell("config", good("complete and without contradictions"))
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	// No redirects: a page that is elsewhere is not what relying parties ask for.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: stay}
	passwords := authn.NewPasswords(1, 0)
	p := patient{cfg, newAdmin(cfg, db, passwords), func() (*provider.Provider, error) { return newProvider(cfg, db, passwords) }, client,
		c.Mail}
	for _, e := range examinations {
		if !e.tables || db.SchemaIsCurrent(ctx) == nil {
			tell(e.name, e.run(ctx, p))
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of these have to be mended", failed)
	}
	return nil
}

// maxSkew is what relying parties tolerate between the iat of a token and their own clock, at the least.
const maxSkew = 2 * time.Second

func examineDatabase(ctx context.Context, p patient) []finding {
	before := time.Now()
	server, err := p.admin.DescribeServer(ctx)
	if err != nil {
		return bad("%s: check DATABASE_URL, and that Postgres runs", unfold(err.Error()))
	}
	took := time.Since(before)
	findings := good("Postgres %d answers in %s", server.Version/10000, took.Round(100*time.Microsecond))
	if err := p.admin.SchemaIsCurrent(ctx); err != nil {
		findings = append(findings, bad("%s", unfold(err.Error()))...)
	}
	if server.Version < 140000 {
		findings = bad("Postgres %d is too old: upgrade it to 14 or later", server.Version/10000)
	}
	for _, name := range server.Lacks {
		findings = append(findings, bad("the extension %s is missing: CREATE EXTENSION %s, as the owner of the database", name, name)...)
	}
	if ahead := server.Ahead; ahead.Abs() > maxSkew {
		way := map[bool]string{true: "ahead of", false: "behind"}[ahead > 0]
		findings = append(findings, bad("the clock here is %s %s its own: keep both with NTP", ahead.Abs().Round(time.Second), way)...)
	}
	return findings
}

func examineKeys(ctx context.Context, p patient) []finding {
	list, err := p.admin.ListSigningKeys(ctx, admin.Nothing{})
	if err != nil {
		return bad("%s", unfold(err.Error()))
	}
	if len(list) == 0 {
		return good("none yet: gatehouse serve makes them at its first start")
	}
	served, err := p.provider()
	if err == nil {
		err = served.LoadKeys(ctx)
	}
	if err != nil {
		return bad("%v", err)
	}
	return good("%d, which GATEHOUSE_ENCRYPTION_KEY decrypts", len(list))
}

func examineUpstreams(ctx context.Context, p patient) (findings []finding) {
	served, err := p.provider()
	if err != nil {
		return bad("%v", err)
	}
	list, err := served.ExamineUpstreams(ctx)
	if err != nil {
		return bad("%s", unfold(err.Error()))
	}
	for _, u := range list {
		if u.Err != nil {
			findings = append(findings, bad("%s: %v", u.Name, u.Err)...)
		} else {
			findings = append(findings, good("%s answers at %s", u.Name, u.Issuer)...)
		}
	}
	return findings
}

func examineIssuer(ctx context.Context, p patient) []finding {
	var discovery struct{ Issuer string }
	if err := p.get(ctx, p.cfg.Issuer+"/.well-known/openid-configuration", "", &discovery); err != nil {
		return bad("%v: start gatehouse serve, and have the proxy lead %s to %s", err, p.cfg.Issuer, p.cfg.Listen)
	}
	if discovery.Issuer != p.cfg.Issuer {
		return bad("%s says that it is %q: set GATEHOUSE_ISSUER alike wherever gatehouse serve runs",
			p.cfg.Issuer, discovery.Issuer)
	}
	return good("%s is reachable", p.cfg.Issuer)
}

func examineUI(ctx context.Context, p patient) []finding {
	var seen struct {
		API, Name string
		config.Look
	}
	if err := p.get(ctx, p.cfg.UIOrigin+"/config.json", "", &seen); err != nil {
		return bad("%v: start gatehouse ui, or have a web server serve ui/dist and config.json there", err)
	}
	if seen.API != p.cfg.Issuer {
		return bad("%s/config.json names %q as the API: it must be %q", p.cfg.UIOrigin, seen.API, p.cfg.Issuer)
	}
	seen.Name, seen.LogoHeight = cmp.Or(seen.Name, "Gatehouse"), cmp.Or(seen.LogoHeight, 32)
	seen.PasswordForm = cmp.Or(seen.PasswordForm, "first")
	findings := good("%s is reachable", p.cfg.UIOrigin)
	if seen.Name != p.cfg.Name || !reflect.DeepEqual(seen.Look, p.cfg.Look) {
		want, _ := web.UIConfig(p.cfg)
		findings = append(findings, finding{"warn", fmt.Sprintf(
			"%s/config.json has another look than the settings, which the API's pages have: it should be %s", p.cfg.UIOrigin, want)})
	}
	return findings
}

func examineClients(ctx context.Context, p patient) (findings []finding) {
	checked, err := p.admin.CheckClients(ctx)
	if err != nil {
		return bad("%s", unfold(err.Error()))
	}
	for _, warning := range checked.Warnings {
		findings = append(findings, finding{"warn", warning})
	}
	if findings == nil {
		return good("%d registered", checked.Registered)
	}
	return findings
}

func examineUsers(ctx context.Context, p patient) (findings []finding) {
	warnings, err := p.admin.CheckUsers(ctx)
	if err != nil {
		return bad("%s", unfold(err.Error()))
	}
	for _, warning := range warnings {
		findings = append(findings, finding{"warn", warning})
	}
	if findings == nil {
		return good("each verified address is one person's")
	}
	return findings
}

// get reads a JSON document, with a bearer token unless that is "". Errors are short: what went wrong with which address.
func (p patient) get(ctx context.Context, address, bearer string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := p.http.Do(r)
	var failed *url.Error
	if errors.As(err, &failed) {
		return fmt.Errorf("%s cannot be reached (%w)", address, failed.Err)
	} else if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, res.Status)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(into); err != nil {
		return fmt.Errorf("%s answers with something else than JSON", address)
	}
	return nil
}
