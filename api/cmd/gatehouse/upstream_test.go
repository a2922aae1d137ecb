package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestUpstreamCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_ISSUER=https://api.example.org")
	out := s.good("GOCSPX-secret\n", "upstream", "add", "google", "--display-name", "Google", "--issuer",
		"https://accounts.google.com", "--client-id", "us",
		"--email-domain", "Example.org", "--trusts-email", "--param", "access_type=offline", "--param", "prompt=consent", "--position=-2")
	if !strings.HasSuffix(out, "\nhttps://api.example.org/upstream/google/callback\n") {
		t.Errorf("upstream add: %s", out)
	}
	shown := s.good("", "upstream", "show", "google")
	for _, want := range []string{`"scope": "openid email profile"`, `"access_type": "offline"`, `"prompt": "consent"`,
		`"example.org"`, `"has_client_secret": true`, `"position": -2`} {
		if !strings.Contains(shown, want) || strings.Contains(shown, "GOCSPX") {
			t.Errorf("upstream show lacks %s: %s", want, shown)
		}
	}
	s.good("secret", "upstream", "add", "github", "--kind", "github", "--issuer", "https://github.com", "--client-id", "us",
		"--creates-users", "--username-prefix", "gh-")
	s.good("", "upstream", "add", "open", "--public", "--issuer", "https://op.example.org", "--client-id", "us")
	s.bad("there is no client secret on standard input", "", "upstream", "add", "x", "--issuer", "https://op.example.org", "--client-id", "us")
	s.bad(`name must be 1 to 32 of a-z, 0-9, - and _, beginning with a letter or digit: "Google"`, "s",
		"upstream", "add", "Google", "--issuer",
		"https://op.example.org", "--client-id", "us")
	s.bad(`issuer must be absolute: "op.example.org"`, "s", "upstream", "add", "x", "--issuer", "op.example.org",
		"--client-id", "us")
	s.bad("an upstream with trusts_email needs email_domains", "s",
		"upstream", "add", "x", "--issuer", "https://op.example.org", "--client-id",
		"us", "--trusts-email")

	s.good("", "user", "add", "alice", "--no-password")
	s.good("", "user", "add", "bob", "--no-password")
	s.good("", "upstream", "link", "google", "1234", "alice")
	s.bad("this account is linked already", "", "upstream", "link", "google", "1234", "bob")
	s.bad("the user has an account of this upstream already", "", "upstream", "link", "google", "5678", "alice")
	s.bad(`there is no such user: "carol"`, "", "upstream", "link", "google", "5678", "carol")
	s.bad(`there is no upstream "goggle"`, "", "upstream", "link", "goggle", "1234", "bob")
	s.good("", "upstream", "disable", "github")
	list := s.good("", "upstream", "list")
	if !strings.Contains(list, "https://accounts.google.com  1         enabled") || !strings.Contains(list, "0         disabled 20") {
		t.Errorf("upstream list:\n%s", list)
	}
	s.good("", "upstream", "enable", "github")
	s.good("", "upstream", "set", "google", "--new-name", "campus", "--display-name", "", "--no-trusts-email", "--email-domain", "Uni.Example",
		"--email-domain", "b.example", "--param", "hd=uni.example", "--position", "0", "--mfa-value", "mfa")
	shown = s.good("", "upstream", "show", "campus")
	for want, there := range map[string]bool{`"display_name"`: false, `"trusts_email": false`: true, `"uni.example",
    "b.example"`: true, `"example.org"`: false, `"hd": "uni.example"`: true, `"prompt"`: false, `"has_client_secret": true`: true,
		`"accounts": 1`: true, `"mfa"`: true} {
		if strings.Contains(shown, want) != there {
			t.Errorf("after upstream set, %s: %v, want %v\n%s", want, !there, there, shown)
		}
	}
	s.good("\n", "upstream", "set", "campus", "--replace-secret", "--param", "", "--new-name", "google")
	shown = s.good("", "upstream", "show", "google")
	if !strings.Contains(shown, `"has_client_secret": false`) || strings.Contains(shown, "hd") {
		t.Errorf("without a secret: %s", shown)
	}
	s.good("another", "upstream", "set", "google", "--replace-secret")
	s.bad("an upstream with trusts_email needs email_domains", "", "upstream", "set", "google", "--trusts-email", "--email-domain", "")
	s.bad(`there is no upstream "campus"`, "", "upstream", "set", "campus", "--scope", "openid")
	s.good("", "upstream", "unlink", "google", "alice")
	s.bad(`there is no account of google of user "alice"`, "", "upstream", "unlink", "google", "alice")
	s.good("", "upstream", "remove", "google")
	if list := s.good("", "upstream", "list", "--json"); strings.Contains(list, "google") {
		t.Errorf("upstream list: %s", list)
	}
}

func TestDoctorTriesEachUpstream(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	issuer := server.URL
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"issuer": "` + issuer + `", "authorization_endpoint": "` + issuer + `/a", "token_endpoint": "` + issuer +
			`/t", "jwks_uri": "` + issuer + `/j"}`))
	})
	s := newShell(t, "GATEHOUSE_ISSUER=https://localhost:1", "GATEHOUSE_UI_ORIGIN=https://localhost:1",
		"GATEHOUSE_ENCRYPTION_KEY="+strings.Repeat("0f", 32),
		"GATEHOUSE_PRIVATE_HOSTS=127.0.0.1")
	s.good("secret", "upstream", "add", "op", "--issuer", server.URL, "--client-id", "us")
	s.good("secret", "upstream", "add", "slash", "--issuer", server.URL+"/", "--client-id", "us")
	s.good("secret", "upstream", "add", "inside", "--issuer", "http://10.1.2.3", "--client-id", "us")
	_, stdout, _ := s.run("", "doctor")
	for _, want := range []string{"ok   upstream op answers at " + server.URL, "fail upstream slash: ",
		"says that it is \"" + server.URL + "\"",
		"fail upstream inside: ", "GATEHOUSE_PRIVATE_HOSTS"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}
