package provider_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jmespath-community/go-jmespath"
	"golang.org/x/oauth2"

	. "gatehouse/api/apitest"
)

// generic reads the settings that docs/recipes/grafana.md shows, for the API of this test.
func (r *rig) generic() map[string]string {
	r.Helper()
	file, err := os.Open("../../deploy/recipes/grafana/grafana.ini")
	if err != nil {
		r.Fatal(err)
	}
	defer file.Close()
	settings := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), " = "); ok && !strings.HasPrefix(name, "#") {
			settings[name] = strings.ReplaceAll(value, "https://api.example.org", r.Issuer)
		}
	}
	return settings
}

// grafana has what Grafana's generic OAuth does: x/oauth2, a verifier of 128 characters, roles by JMESPath from the ID token.
func (r *rig) grafana(settings map[string]string) oauth2.Config {
	r.Helper()
	r.Exec(`INSERT INTO clients (client_id, redirect_uris, post_logout_redirect_uris, grant_types)
		VALUES ('grafana', ARRAY[$1], ARRAY[$2], '{authorization_code,refresh_token}')`,
		settings["root_url"]+"login/generic_oauth", settings["root_url"]+"login")
	r.GiveSecret("grafana", "grafana-secret")
	r.WaitForNotify()
	return oauth2.Config{ClientID: settings["client_id"], ClientSecret: "grafana-secret",
		RedirectURL: settings["root_url"] + "login/generic_oauth",
		Scopes:      strings.Fields(settings["scopes"]),
		Endpoint:    oauth2.Endpoint{AuthURL: settings["auth_url"], TokenURL: settings["token_url"]}}
}

// signInGrafana returns the tokens of alice.
func (b *browser) signInGrafana(rp oauth2.Config) *oauth2.Token {
	b.Helper()
	verifier := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("96 random bytes. ", 6)[:96]))
	state := base64.URLEncoding.EncodeToString([]byte("a state with padding of 32 byte."))
	a := b.Do("GET", rp.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)), nil)
	if a.Location().Path == "/login" {
		a = b.Login(a.Location(), "alice", Password)
	}
	if a.Location().Path == "/consent" {
		a = b.Do("POST", "/consent", url.Values{"request": {a.Query("request")}, "consent": {"yes"}}, "Origin", UIOrigin)
	}
	if a.Query("state") != state || !strings.HasPrefix(a.Header.Get("Location"), rp.RedirectURL) {
		b.Fatalf("%d %s %s", a.Status, a.Header.Get("Location"), a.Body)
	}
	token, err := rp.Exchange(context.Background(), a.Query("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		b.Fatal(err)
	}
	return token
}

// attributes are what the settings make of one JSON document.
func attributes(t *testing.T, settings map[string]string, document []byte) (login, role string) {
	t.Helper()
	var data any
	if err := json.Unmarshal(document, &data); err != nil {
		t.Fatal(err)
	}
	for name, into := range map[string]*string{"login_attribute_path": &login, "role_attribute_path": &role} {
		found, err := jmespath.Search(settings[name], data)
		if err != nil {
			t.Fatal(name, err)
		}
		*into, _ = found.(string)
	}
	return login, role
}

func TestGrafanasGenericOAuthGetsNameAndRoleAsItsRecipeSays(t *testing.T) {
	t.Parallel()
	r := start(t)
	settings := r.generic()
	rp := r.grafana(settings)
	r.Exec(`INSERT INTO groups (name) VALUES ('grafana-admins')`)
	for group, want := range map[string]string{"grafana-admins": "Admin", "staff": "Editor", "": "Viewer"} {
		r.Exec(`DELETE FROM group_members WHERE username = 'alice'`)
		r.Exec(`INSERT INTO group_members (username, group_name) SELECT 'alice', $1 WHERE $1 <> ''`, group)
		b := r.browser()
		token := b.signInGrafana(rp)
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token.Extra("id_token").(string), ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		info := b.Do("GET", settings["api_url"], nil, "Authorization", token.Type()+" "+token.AccessToken)
		for source, document := range map[string][]byte{"the ID token": payload, "userinfo": []byte(info.Body)} {
			if login, role := attributes(t, settings, document); login != "alice" || role != want {
				t.Errorf("in group %q, from %s: login %q, role %q, not %q", group, source, login, role, want)
			}
		}
	}
}

func TestGrafanasGenericOAuthSignsInAndRefreshesWithEachAuthStyle(t *testing.T) {
	t.Parallel()
	r := start(t)
	rp := r.grafana(r.generic())
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams, oauth2.AuthStyleAutoDetect} {
		rp.Endpoint.AuthStyle = style
		token := r.browser().signInGrafana(rp)
		token.Expiry = time.Now().Add(-time.Hour)
		fresh, err := rp.TokenSource(context.Background(), token).Token()
		if err != nil || fresh.AccessToken == token.AccessToken {
			t.Fatalf("style %d: %v", style, err)
		}
	}
}

func TestGrafanasSignOutEndsTheSessionAndComesBackToItsLoginPage(t *testing.T) {
	t.Parallel()
	r := start(t)
	settings := r.generic()
	b := r.browser()
	token := b.signInGrafana(r.grafana(settings))
	hint := url.Values{"id_token_hint": {token.Extra("id_token").(string)}}
	a := b.Do("GET", settings["signout_redirect_url"]+"&"+hint.Encode(), nil)
	if a.Status != 303 || a.Header.Get("Location") != settings["root_url"]+"login" {
		t.Fatalf("%d %s %s", a.Status, a.Header.Get("Location"), a.Body)
	}
	if n := r.Count(`SELECT count(*) FROM sessions WHERE ended_at IS NULL`); n != 0 {
		t.Errorf("%d sessions live on", n)
	}
}
