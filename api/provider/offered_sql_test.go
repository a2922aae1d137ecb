package provider_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	. "gatehouse/api/apitest"
	"gatehouse/api/oidc"
)

// offered returns the statement that a line of the log offers, "" for none.
func offered(log string) string {
	for _, what := range []string{"to register it: ", "to allow it: ", "to open it to clients that register themselves: "} {
		if _, sql, found := strings.Cut(log, what); found {
			return sql
		}
	}
	return ""
}

// honest are values that people register, and ones that look like SQL.
var honest = []string{"https://rp.example.org/it's", "https://rp.example.org/O''Brien?name='", "https://rp.example.org/grüße/ß?q=ä",
	"https://rp.example.org/a,b;c", "https://rp.example.org/(null)", "https://rp.example.org/NULL", "https://rp.example.org/--x",
	"https://rp.example.org/';DROP%20TABLE%20users;--", "https://rp.example.org/$$;$1", "https://rp.example.org/%27%20OR%201=1",
	"https://rp.example.org/" + strings.Repeat("x", 900), "http://[::1]:8000/cb", "myapp:/it's", "org.example.app:/cb,1",
	"https://rp.example.org/@name/:x", "https://rp.example.org/&&!!", "https://rp.example.org/E'x'", "https://日本.example/"}

// What the log offers to an administrator works as it is, for whatever the tables take.
func TestTheSQLThatTheLogOffersWorks(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	const id = `o'brien\'s"$1;--`
	b.Exec(`INSERT INTO clients (client_id) VALUES ($1), ('other')`, id)
	client := &oidc.Client{ClientMetadata: oidc.ClientMetadata{ClientID: id}}
	stranger := &oidc.Client{ClientMetadata: oidc.ClientMetadata{ClientID: id}, Registration: oidc.RegistrationOpen}
	subject := &oidc.AccessTokenClaims{Scope: `openid read:it's`}

	values := slices.Concat(honest, invented(200), []string{`urn:x:a\b`, `it's\`, `\'; DROP TABLE users; --`, `{a,"b"}`, "a#b"})
	b.Exec(`INSERT INTO resources (identifier) VALUES ($1)`, honest[0]) // which is listed, until somebody opens it
	for _, value := range values {
		for about, offer := range map[string]struct{ log, check string }{
			"redirect_uri": {client.ExplainRedirectURI(value),
				`SELECT client_id FROM clients WHERE redirect_uris = ARRAY[$1]`},
			"post_logout_redirect_uri": {flawOf(client, value), `SELECT client_id FROM clients WHERE post_logout_redirect_uris = ARRAY[$1]`},
			"resource": {refusedResource(client, value),
				`SELECT client_id FROM clients WHERE audiences = ARRAY[$1]`},
			"resource of a stranger": {refusedResource(stranger, value),
				`SELECT $2 FROM resources WHERE identifier = $1 AND open_to = 'registered'`},
			"audience": {oidc.ExplainPolicy(client, value, subject, ""),
				`SELECT client_id FROM exchange_policies WHERE audience = $1 AND scope = 'openid read:it''s'`},
			"narrower audience": {oidc.ExplainPolicy(client, value, subject, "openid write openid"),
				`SELECT client_id FROM exchange_policies WHERE audience = $1 AND scope = 'openid'`},
			"requested_issuer": {client.MayExchange(value).Log, `SELECT client_id FROM clients WHERE allowed_upstreams = ARRAY[$1]`},
		} {
			sql := offered(offer.log)
			if sql == "" {
				if strings.Contains(offer.log, "UPDATE ") || strings.Contains(offer.log, "INSERT ") || !strings.Contains(offer.log, "it must") &&
					!strings.Contains(offer.log, "it is") {
					t.Errorf("%s %q: neither SQL nor a reason: %s", about, value, offer.log)
				}
				if slices.Contains(honest, value) && strings.HasSuffix(about, "_uri") && !strings.Contains(value, "日本") {
					t.Errorf("%s %q can be registered, and is not offered: %s", about, value, offer.log)
				}
				continue
			}
			for _, standard := range []string{"on", "off"} {
				if err := b.inTransaction(standard, sql, offer.check, value, id); err != nil {
					t.Errorf("%s %q: %v with standard_conforming_strings = %s in\n%s", about, value, err, standard, sql)
				}
			}
		}
	}
	if log := client.MayExchange("uni-2").Log; offered(log) == "" {
		t.Errorf("nothing is offered for an upstream: %s", log)
	}
}

// invented returns random addresses of what may be in one.
func invented(n int) (list []string) {
	const parts = "abcXYZ0189-._~:/?@!$&'()+,;=%\\\"äß€🙂 *#\t{}"
	letters := []rune(parts)
	random := rand.New(rand.NewPCG(1, 2))
	for range n {
		var value strings.Builder
		value.WriteString("https://rp.example.org/")
		for range random.IntN(30) {
			value.WriteRune(letters[random.IntN(len(letters))])
		}
		list = append(list, value.String())
	}
	return list
}

func flawOf(c *oidc.Client, uri string) string {
	_, flaw := oidc.LogoutRequest{PostLogoutRedirectURI: uri, ClientID: c.ClientID}.ReturnTo(c)
	return flaw.Why
}

func refusedResource(c *oidc.Client, value string) string {
	_, refusal := c.ReadResources([]string{value}, "https://id.example.org")
	return refusal.Log
}

// inTransaction runs what the log offers and undoes it; check has to find the client, and nobody else.
func (b *browser) inTransaction(standard, sql, check, value, client string) error {
	ctx := context.Background()
	tx, err := b.DB.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx) //nolint:errcheck // it is undone
	if _, err := tx.Exec(ctx, "SET LOCAL standard_conforming_strings = "+standard); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "SET LOCAL standard_conforming_strings = on"); err != nil {
		return err
	}
	args := []any{value}
	if strings.Contains(check, "$2") {
		args = append(args, client)
	}
	rows, _ := tx.Query(ctx, check, args...)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || !slices.Equal(found, []string{client}) {
		return fmt.Errorf("it is for %q, %w", found, err)
	}
	return nil
}

// RFC 6749 §4.1.2.1: of whatever length a request is, the log has a line that can be read.
func TestNoRequestMakesALongLineInTheLog(t *testing.T) {
	log := TakeLog(t)
	b := start(t).browser()
	for _, long := range []string{strings.Repeat("x", 12<<10), strings.Repeat("ä", 4<<10), strings.Repeat("'", 8<<10),
		strings.Repeat("\\", 5<<10), strings.Repeat("\u202e\u0085", 1<<10), strings.Repeat("a ", 6<<10)} {
		uri := "https://rp.example.org/" + long
		b.Authorize(AuthParams("redirect_uri", uri))
		b.Authorize(AuthParams("client_id", long))
		b.Authorize(AuthParams("state", long))
		b.Authorize(AuthParams("scope", long))
		b.Authorize(AuthParams("request_uri", uri))
		b.Do("GET", "/logout", url.Values{"client_id": {"web"}, "post_logout_redirect_uri": {uri}})
		b.Do("GET", "/logout", url.Values{"client_id": {long}, "id_token_hint": {long}})
		for _, endpoint := range []string{"/token", "/par", "/introspect", "/revoke", "/device_authorization"} {
			b.Do("POST", endpoint, url.Values{"client_id": {long}, "client_secret": {long}, "grant_type": {long}})
			b.Do("POST", endpoint, url.Values{"grant_type": {long}, "resource": {long, long, uri}, "scope": {long}, "code": {long}},
				"Authorization", Basic("web", "web-secret"))
		}
		b.Do("POST", "/login", url.Values{"request": {long}, "username": {long}, "password": {"x"}}, "Origin", UIOrigin)
		b.Do("GET", "/upstream/"+url.PathEscape(long[:512])+"/callback", url.Values{"state": {long}, "code": {long}, "error": {long}})
		b.Do("POST", "/login", url.Values{"request": {"x"}}, "Origin", "https://"+strings.Repeat("x", 6<<10))
		b.Do(strings.Repeat("M", 6<<10), "/token", nil)
		b.Userinfo(strings.Repeat("t", 6<<10))
	}
	lines := strings.Split(log.String(), "\n")
	if len(lines) < 100 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		if len(line) > 5000 {
			t.Errorf("a line has %d bytes: %.300s", len(line), line)
		}
		if strings.ContainsAny(line, "\u202e\u0085") {
			t.Errorf("a line turns text around: %.300q", line)
		}
	}
}
