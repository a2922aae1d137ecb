package deploy

import (
	"embed"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Application is what the settings of an application are filled with that are no Hub's.
type Application struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	RedirectURI  string // registered as one of redirect_uris
}

//go:embed recipes/grafana/grafana.ini recipes/oauth2-proxy/oauth2-proxy.cfg recipes/mod-auth-openidc/archive.conf
//go:embed recipes/gitlab/gitlab.rb recipes/minio/minio.env recipes/mlflow/mlflow.env recipes/nextcloud/nextcloud.sh
var recipes embed.FS

// example is the settings file of a recipe, and what is somebody's own in it.
type example struct{ file, clientID, secret, redirectURI string }

var examples = map[string]example{
	"grafana": {"recipes/grafana/grafana.ini", "client_id = grafana", "client_secret = …",
		"https://grafana.example.org/login/generic_oauth"},
	"gitlab": {"recipes/gitlab/gitlab.rb", "identifier: 'gitlab'", "secret: '…'",
		"https://gitlab.example.org/users/auth/openid_connect/callback"},
	"minio": {"recipes/minio/minio.env", "MINIO_IDENTITY_OPENID_CLIENT_ID=minio", "MINIO_IDENTITY_OPENID_CLIENT_SECRET=…",
		"https://minio.example.org/oauth_callback"},
	"mlflow": {"recipes/mlflow/mlflow.env", "OIDC_CLIENT_ID=mlflow", "OIDC_CLIENT_SECRET=…", "https://mlflow.example.org/callback"},
	"nextcloud": {"recipes/nextcloud/nextcloud.sh", "--clientid nextcloud", "--clientsecret '…'",
		"https://cloud.example.org/apps/user_oidc/code"},
	"oauth2-proxy": {"recipes/oauth2-proxy/oauth2-proxy.cfg", `client_id = "oauth2-proxy"`, "", "https://wiki.example.org/oauth2/callback"},
	"mod-auth-openidc": {"recipes/mod-auth-openidc/archive.conf", "OIDCClientID apache", `OIDCClientSecret "CLIENT_SECRET"`,
		"https://archive.example.org/oidc/callback"},
}

// clientIDOf returns where the client is named, which has its name last.
func (e example) clientIDOf(id, clientID string) string {
	i := strings.LastIndex(e.clientID, id)
	return e.clientID[:i] + clientID + e.clientID[i+len(id):]
}

// Applications returns the recipes whose settings can be written.
func Applications() []string { return slices.Sorted(maps.Keys(examples)) }

// RedirectPath returns the path of the redirect URI that a recipe has.
func RedirectPath(recipe string) string {
	u, _ := url.Parse(examples[recipe].redirectURI)
	return u.Path
}

// Write writes the settings of a recipe of Applications as they are for the application. Where there is no secret, the place for it stays.
func (a Application) Write(w io.Writer, recipe string) error {
	e := examples[recipe]
	text, err := recipes.ReadFile(e.file)
	if err != nil {
		return err
	}
	there, err := url.Parse(e.redirectURI)
	if err != nil {
		return err
	}
	here, err := url.Parse(a.RedirectURI)
	if err != nil {
		return err
	}
	words := strings.FieldsFunc(e.clientID, func(r rune) bool { return strings.ContainsRune(` ="'`, r) })
	id := words[len(words)-1]
	from, to := strings.TrimSuffix(e.redirectURI, there.Path), strings.TrimSuffix(a.RedirectURI, there.Path) // to may have a path
	pairs := []string{"https://api.example.org", a.Issuer, e.clientID, e.clientIDOf(id, a.ClientID),
		"client_id=" + id + "&", "client_id=" + url.QueryEscape(a.ClientID) + "&", e.redirectURI, a.RedirectURI, from, to,
		url.QueryEscape(from), url.QueryEscape(to), there.Host, here.Host}
	if e.secret != "" && a.ClientSecret != "" {
		pairs = append(pairs, e.secret, strings.NewReplacer("…", a.ClientSecret, "CLIENT_SECRET", a.ClientSecret).Replace(e.secret))
	}
	_, err = strings.NewReplacer(pairs...).WriteString(w, string(text))
	return err
}
