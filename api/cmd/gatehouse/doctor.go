package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"gatehouse/api/config"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

type doctorCmd struct{}

// A finding is one line of the doctor's: what was looked at, how it is, and what to do.
type finding struct{ level, text string }

func good(format string, args ...any) []finding {
	return []finding{{"ok", fmt.Sprintf(format, args...)}}
}
func bad(format string, args ...any) []finding {
	return []finding{{"fail", fmt.Sprintf(format, args...)}}
}

// patient is what is examined.
type patient struct {
	cfg   *config.Config
	store *store.Store
	http  *http.Client
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
	{"upstream", true, examineUpstreams},
	{"issuer", false, examineIssuer},
	{"ui", false, examineUI},
}

// Run fails if one examination does.
func (doctorCmd) Run(ctx context.Context, a *app) error {
	cfg, err := a.config(config.ForServe)
	if err != nil {
		return err
	}
	failed := 0
	tell := func(name string, findings []finding) {
		for _, f := range findings {
			fmt.Fprintf(a.stdout, "%-5s%-9s%s\n", f.level, name, f.text)
			if f.level == "fail" {
				failed++
			}
		}
	}
	tell("config", good("complete and without contradictions"))
	s, err := store.Open(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer s.Close()
	// No redirects: a page that is elsewhere is not what relying parties ask for.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: stay}
	for _, e := range examinations {
		if !e.tables || s.SchemaIsCurrent(ctx) == nil {
			tell(e.name, e.run(ctx, patient{cfg, s, client}))
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
	server, err := p.store.DescribeServer(ctx)
	if err != nil {
		return bad("%s: check DATABASE_URL, and that Postgres runs", unfold(err.Error()))
	}
	took := time.Since(before)
	findings := good("Postgres %d answers in %s", server.Version/10000, took.Round(100*time.Microsecond))
	if err := p.store.SchemaIsCurrent(ctx); err != nil {
		findings = append(findings, bad("%s", unfold(err.Error()))...)
	}
	if server.Version < 140000 {
		findings = bad("Postgres %d is too old: upgrade it to 14 or later", server.Version/10000)
	}
	if !server.HasPgcrypto {
		findings = append(findings, bad("the extension pgcrypto is missing: CREATE EXTENSION pgcrypto, as the owner of the database")...)
	}
	if skew := server.Now.Sub(before.Add(took / 2)).Abs(); skew > maxSkew {
		findings = append(findings, bad("its clock and the one here differ by %s: keep both with NTP", skew.Round(time.Second))...)
	}
	return findings
}

func examineKeys(ctx context.Context, p patient) []finding {
	rows, err := p.store.SigningKeys(ctx, time.Now())
	if err != nil {
		return bad("%s", unfold(err.Error()))
	}
	if len(rows) == 0 {
		return good("none yet: gatehouse serve makes them at its first start")
	}
	provider, err := newProvider(p.cfg, p.store)
	if err == nil {
		err = provider.LoadKeys(ctx)
	}
	if err != nil {
		return bad("%v", err)
	}
	return good("%d, which GATEHOUSE_ENCRYPTION_KEY decrypts", len(rows))
}

func examineUpstreams(ctx context.Context, p patient) (findings []finding) {
	provider, err := newProvider(p.cfg, p.store)
	if err != nil {
		return bad("%v", err)
	}
	list, err := provider.ExamineUpstreams(ctx)
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
	if err := p.get(ctx, p.cfg.Issuer+"/.well-known/openid-configuration", &discovery); err != nil {
		return bad("%v: start gatehouse serve, and have the proxy lead %s to %s", err, p.cfg.Issuer, p.cfg.Listen)
	}
	if discovery.Issuer != p.cfg.Issuer {
		return bad("%s says that it is %q: set GATEHOUSE_ISSUER alike wherever gatehouse serve runs", p.cfg.Issuer, discovery.Issuer)
	}
	return good("%s is reachable", p.cfg.Issuer)
}

func examineUI(ctx context.Context, p patient) []finding {
	var seen struct{ API string }
	if err := p.get(ctx, p.cfg.UIOrigin+"/config.json", &seen); err != nil {
		return bad("%v: start gatehouse ui, or have a web server serve ui/dist and config.json there", err)
	}
	if seen.API != p.cfg.Issuer {
		return bad("%s/config.json names %q as the API: it must be %q", p.cfg.UIOrigin, seen.API, p.cfg.Issuer)
	}
	return good("%s is reachable", p.cfg.UIOrigin)
}

func examineClients(ctx context.Context, p patient) (findings []finding) {
	registered := 0
	for c, err := range allClients(ctx, p.store, "") {
		if err != nil {
			return bad("%s", unfold(err.Error()))
		}
		registered++
		for _, name := range c.ResponseTypes {
			if c.DisabledAt == nil && !slices.Contains(p.cfg.ResponseTypes, oidc.ParseResponseType(name)) {
				findings = append(findings, finding{"warn", fmt.Sprintf(
					"%s is registered for response_type %q, which is refused: add it to GATEHOUSE_RESPONSE_TYPES, or take it away",
					c.ClientID, name)})
			}
		}
		if uri := c.FrontchannelLogoutURI; c.DisabledAt == nil && uri != "" && !oidc.MayTellInFront(uri, c.RedirectURIs) {
			findings = append(findings, finding{"warn", c.ClientID + ": " + fmt.Sprintf(foreignLogoutURI, uri)})
		}
		for _, uri := range append(c.RedirectURIs, c.PostLogoutRedirectURIs...) {
			if c.DisabledAt == nil && sentInTheClear(uri) {
				findings = append(findings, finding{"warn", fmt.Sprintf("%s has %s: whoever is on the way can read it; use https", c.ClientID, uri)})
			}
		}
	}
	if findings == nil {
		return good("%d registered", registered)
	}
	return findings
}

// get reads a JSON document. Errors are short: what went wrong with which address.
func (p patient) get(ctx context.Context, address string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
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
