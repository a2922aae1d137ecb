package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestDoctor(t *testing.T) {
	t.Parallel()
	answers := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answers[r.URL.Path] == "" {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(answers[r.URL.Path]))
	}))
	defer server.Close()
	s := newShell(t, "GATEHOUSE_ISSUER="+server.URL, "GATEHOUSE_UI_ORIGIN="+server.URL, "GATEHOUSE_ENCRYPTION_KEY="+strings.Repeat("0f", 32))
	examine := func(code int, want ...string) {
		t.Helper()
		got, stdout, stderr := s.run("", "doctor")
		for _, line := range want {
			if !strings.Contains(stdout, line) || got != code {
				t.Errorf("exit code %d, no %q in\n%s%s", got, line, stdout, stderr)
			}
		}
	}
	examine(1, "ok   config   ", "ok   database Postgres ", "ok   keys     none yet", "ok   clients  0 registered",
		"fail issuer   "+server.URL+"/.well-known/openid-configuration answers 404 Not Found: start gatehouse serve",
		"fail ui       "+server.URL+"/config.json answers 404 Not Found: start gatehouse ui")

	answers["/.well-known/openid-configuration"] = `{"issuer": "https://other.example.org"}`
	answers["/config.json"] = `{"api": "https://other.example.org"}`
	s.good("", "client", "add", "wiki", "--redirect-uri", "http://wiki.example.org/cb", "--response-type", "token")
	s.good("", "client", "add", "cli", "--public", "--first-party", "--redirect-uri", "http://127.0.0.1/cb")
	s.good("", "client", "add", "asks", "--public", "--redirect-uri", "http://127.0.0.1/cb")
	_, _, warned := s.run(`{"client_id": "far", "redirect_uris": ["https://far.example.org/cb"], `+
		`"frontchannel_logout_uri": "https://farther.example.org/"}`,
		"client", "import", "-")
	const never = "far: frontchannel_logout_uri https://farther.example.org/ is never loaded: it has not the scheme, " +
		"host and port of a redirect URI"
	if warned != "warning: client "+never+"\n" {
		t.Errorf("client import: %s", warned)
	}
	examine(1, `says that it is "https://other.example.org": set GATEHOUSE_ISSUER`, `names "https://other.example.org" as the API: it must be`,
		"warn clients  cli is first_party and has http://127.0.0.1/cb: any program on a person's machine can get a code or token there",
		"warn clients  wiki has http://wiki.example.org/cb", "warn clients  "+never,
		`warn clients  wiki is registered for response_type "token", which is refused: add it to GATEHOUSE_RESPONSE_TYPES`)

	answers["/.well-known/openid-configuration"] = `{"issuer": "` + server.URL + `"}`
	answers["/config.json"] = `{"api": "` + server.URL + `"}`
	s.good("", "key", "rotate", "ES256")
	examine(0, "ok   keys     1, which GATEHOUSE_ENCRYPTION_KEY decrypts", "ok   issuer   "+server.URL+" is reachable",
		"ok   ui       "+server.URL+" is reachable",
		"warn address  "+server.URL+"/forwarded answers 404 Not Found: gatehouse serve should be of this version")

	s.env = append(s.env, "GATEHOUSE_ACCENT=#ffcc00", "GATEHOUSE_LINKS=Help=https://help.example.org/")
	const look = `"name":"Gatehouse","logo_height":32,"accent":"#ffcc00","links":[{"text":"Help","href":"https://help.example.org/"}],` +
		`"password_form":"first"}`
	examine(0, "warn ui       "+server.URL+"/config.json has another look than the settings, which the API's pages have: it should be "+
		`{"api":"`+server.URL+`",`+look)
	answers["/config.json"] = `{"api": "` + server.URL + `",` + look
	if _, stdout, _ := s.run("", "doctor"); strings.Contains(stdout, "another look") {
		t.Errorf("the same look is taken for another one: %s", stdout)
	}

	answers["/forwarded"] = `{"addr": "203.0.113.7", "peer": "10.0.0.1", "trusted": true, "header": "X-Forwarded-For",
		"unread": [{"proxy": "10.0.0.2", "header": "Forwarded", "entry": "unknown"}]}`
	examine(0, "ok   address  what is sent from here through "+server.URL+" comes from 203.0.113.7",
		`warn address  10.0.0.2 sent a Forwarded that cannot be read, such as "unknown": have it send an address`)
	answers["/forwarded"] = `{"addr": "10.0.0.1", "peer": "10.0.0.1", "header": "X-Forwarded-For"}`
	examine(0, "warn address  10.0.0.1 sends X-Forwarded-For and is not believed, so that all who come through it count as one: "+
		"name it in GATEHOUSE_TRUSTED_PROXIES")

	s.env[3] = "GATEHOUSE_ENCRYPTION_KEY=" + strings.Repeat("1e", 32)
	examine(1, "fail keys     signing key ", "gatehouse key rotate --all --emergency replaces all")

	server.Close()
	s.env[0] = "DATABASE_URL=postgres://gatehouse@127.0.0.1:1/x"
	examine(1, "fail database Postgres is not available", "check DATABASE_URL", "cannot be reached (")
}

// What monitoring reads has names that stay.
func TestDoctorForMonitoring(t *testing.T) {
	t.Parallel()
	answers := http.NewServeMux()
	server := httptest.NewServer(answers)
	defer server.Close()
	s := newShell(t, "GATEHOUSE_ISSUER="+server.URL, "GATEHOUSE_UI_ORIGIN="+server.URL, "GATEHOUSE_ENCRYPTION_KEY="+strings.Repeat("0f", 32))
	examine := func(code int) map[string]told {
		t.Helper()
		got, stdout, stderr := s.run("", "doctor", "--json")
		var list []told
		if err := json.Unmarshal([]byte(stdout), &list); err != nil || got != code {
			t.Fatalf("%v, exit code %d: %s%s", err, got, stdout, stderr)
		}
		found := map[string]told{}
		for _, f := range list {
			if !slices.Contains([]string{"ok", "warn", "fail"}, f.Level) || f.Text == "" {
				t.Errorf("%v", f)
			}
			found[f.About] = f
		}
		return found
	}
	found := examine(1)
	for _, name := range []string{"version", "config", "database", "keys", "clients", "users", "audit", "passkeys", "issuer", "ui"} {
		if found[name].Level == "" {
			t.Errorf("nothing about %s: %v", name, found)
		}
	}
	if ui := found["ui"]; ui.Level != "fail" || !strings.Contains(ui.Text, "start gatehouse ui") || found["database"].Level != "ok" {
		t.Errorf("%v", found)
	}
	s.env = append(s.env, "GATEHOUSE_CODE_TTL=forever")
	if found = examine(1); found["config"].Level != "fail" || !strings.Contains(found["config"].Text, "GATEHOUSE_CODE_TTL") {
		t.Errorf("%v", found)
	}
}
