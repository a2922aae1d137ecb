package main

import (
	"encoding/json"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestClientAddEndsWithWhatTheOtherSideAsksFor(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_ISSUER=https://api.example.org")
	code, out, warning := s.run("", "client", "add", "wiki", "--public", "--redirect-uri", "https://wiki.example.org/cb")
	if code != 0 || warning != "" || out != `client_id wiki
issuer https://api.example.org
discovery https://api.example.org/.well-known/openid-configuration
authorization_endpoint https://api.example.org/authorize
token_endpoint https://api.example.org/token
userinfo_endpoint https://api.example.org/userinfo
` {
		t.Errorf("%d %s%s", code, out, warning)
	}
	code, out, warning = s.run("", "client", "add", "nowhere", "--json")
	var added map[string]string
	if err := json.Unmarshal([]byte(out), &added); err != nil || code != 0 || added["token_endpoint"] != "https://api.example.org/token" ||
		added["client_secret"] == "" || !strings.HasPrefix(warning, "warning: without --redirect-uri nobody can sign in to it") {
		t.Errorf("%d %s%s, %v", code, out, warning, err)
	}
}

func TestClientPrint(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_ISSUER=https://sso.uni.example")
	add := func(id string, uris ...string) {
		t.Helper()
		args := []string{"client", "add", id, "--group", "staff"}
		for _, uri := range uris {
			args = append(args, "--redirect-uri", uri)
		}
		s.good("", args...)
	}
	add("plots", "https://plots.uni.example/other", "https://plots.uni.example/grafana/login/generic_oauth")
	add("gate", "https://docs.uni.example/oauth2/callback")
	add("reports", "https://reports.uni.example/oidc/callback")
	add("hub", "https://hub.uni.example/hub/oauth_callback")
	add("code", "https://git.uni.example/users/auth/openid_connect/callback")
	add("runs", "https://runs.uni.example/ml/callback")
	add("files", "https://files.uni.example/apps/user_oidc/code")
	add("store", "https://store.uni.example/oauth_callback")
	add("none")
	for _, test := range []struct {
		id, template string
		wants        []string
	}{
		{"plots", "grafana", []string{"root_url = https://plots.uni.example/grafana/\n", "client_id = plots\n", "client_secret = …\n",
			"auth_url = https://sso.uni.example/authorize\n", "https://sso.uni.example/logout?client_id=plots&post_logout_redirect_uri=" +
				"https%3A%2F%2Fplots.uni.example%2Fgrafana%2Flogin\n"}},
		{"gate", "oauth2-proxy", []string{`oidc_issuer_url = "https://sso.uni.example"`, `client_id = "gate"`,
			`redirect_url = "https://docs.uni.example/oauth2/callback"`}},
		{"reports", "mod-auth-openidc", []string{"ServerName reports.uni.example\n", "OIDCClientID reports\n", `OIDCClientSecret "CLIENT_SECRET"`,
			"OIDCRedirectURI https://reports.uni.example/oidc/callback\n", "OIDCProviderMetadataURL https://sso.uni.example/.well-known/"}},
		{"code", "gitlab", []string{"issuer: 'https://sso.uni.example'", "identifier: 'code',", "name: 'openid_connect',", "secret: '…',",
			"redirect_uri: 'https://git.uni.example/users/auth/openid_connect/callback',"}},
		{"runs", "mlflow", []string{"OIDC_DISCOVERY_URL=https://sso.uni.example/.well-known/", "OIDC_CLIENT_ID=runs\n", "OIDC_CLIENT_SECRET=…\n",
			"OIDC_REDIRECT_URI=https://runs.uni.example/ml/callback\n", "OIDC_GROUP_NAME=mlflow-users\n"}},
		{"files", "nextcloud", []string{"--clientid files --clientsecret '…'", "--discoveryuri https://sso.uni.example/.well-known/",
			"https://files.uni.example/apps/user_oidc/code\n", "user_oidc:provider Gatehouse"}},
		{"store", "minio", []string{"MINIO_IDENTITY_OPENID_CLIENT_ID=store\n", "MINIO_BROWSER_REDIRECT_URL=https://store.uni.example\n",
			"MINIO_IDENTITY_OPENID_CLIENT_SECRET=…\n"}},
		{"hub", "jupyterhub", []string{`client_id = "hub"`, `client_secret = "CLIENT_SECRET"`, "only members of staff sign in here",
			`oauth_callback_url = "https://hub.uni.example/hub/oauth_callback"`}},
		{"hub", "z2jh", []string{"hub:\n", "https://sso.uni.example/authorize"}},
		{"hub", "tljh", []string{"The Littlest JupyterHub", "CLIENT_SECRET"}},
	} {
		code, out, note := s.run("", "client", "print", test.id, "--template", test.template)
		for _, want := range test.wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s lacks %q:\n%s", test.template, want, out)
			}
		}
		if code != 0 || strings.Contains(out, "example.org/") || !strings.Contains(note, "--rotate-secret") {
			t.Errorf("%s: %d %s\n%s", test.template, code, note, out)
		}
		code, out, note = s.run("", "client", "print", test.id, "--template", test.template, "--rotate-secret")
		if code != 0 || note != "" || strings.Contains(out, "CLIENT_SECRET\"") || strings.Contains(out, "= …") {
			t.Errorf("%s with a secret: %d %s\n%s", test.template, code, note, out)
		}
	}
	s.bad("client none has no redirect URI: gatehouse client set none --add-redirect-uri URL", "", "client", "print", "none", "--template",
		"grafana")
	s.bad(`there is no client "gone"`, "", "client", "print", "gone", "--template", "grafana")
	s.bad(`--template must be one of jupyterhub, z2jh, tljh, gitlab, grafana, minio, mlflow, mod-auth-openidc, nextcloud, oauth2-proxy, `+
		`not "wiki"`, "", "client", "print",
		"hub", "--template", "wiki")
}

func TestPrintedHubsHaveTheCoursesThatThereAre(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GATEHOUSE_ISSUER=https://sso.uni.example")
	s.good("", "client", "add", "hub", "--redirect-uri", "https://hub.uni.example/hub/oauth_callback")
	if out := s.good("", "client", "print", "hub", "--template", "jupyterhub"); strings.Contains(out, "courses_of_gatehouse") {
		t.Errorf("there is no course, and the Hub has\n%s", out)
	}
	s.good("one two three four\n", "user", "add", "grace", "--password-stdin")
	s.good("", "course", "create", "stat131", "--teachers", "grace")
	// No Hub can have a role of these: a group that somebody called so, and one that differs by case alone.
	for _, name := range []string{"nbgrader-x y", "formgrade-x y", "nbgrader-STAT131", "formgrade-STAT131", "formgrade-alone"} {
		s.good("", "group", "add", name)
	}
	for _, template := range []string{"jupyterhub", "tljh", "z2jh"} {
		out := s.good("", "client", "print", "hub", "--template", template)
		if strings.Count(out, `"formgrade-`) != 1 || strings.Contains(out, "x y") || strings.Contains(out, "formgrade-alone") {
			t.Errorf("%s has\n%s", template, out)
		}
		if template != "z2jh" {
			continue
		}
		var values struct {
			Hub struct {
				ExtraConfig map[string]string `yaml:"extraConfig"`
			} `yaml:"hub"`
		}
		printed, _, _ := strings.Cut(out, "The secret is stored")
		err := yaml.Unmarshal([]byte(printed), &values)
		if part := values.Hub.ExtraConfig["gatehouse-courses"]; err != nil || !strings.HasSuffix(part, "])\n") {
			t.Errorf("%v: %q", err, part)
		}
	}
}
