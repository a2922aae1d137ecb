// Package deploy holds what the program prints of the deployment files.
package deploy

import (
	"embed"
	"io"
	"regexp"
	"strings"
	"text/template"
)

// JupyterHub fills the configurations of a Hub, of whichever distribution.
type JupyterHub struct {
	Issuer               string
	ClientID             string
	ClientSecret         string
	CallbackURL          string // registered as redirect_uri
	LogoutURL            string // the end session endpoint with its parameters
	BackchannelLogoutURL string
	LoginService         string
	AllowedGroups        []string
	CryptKey             string // 64 hex digits
}

//go:embed jupyterhub/*.tmpl jupyterhub/gatehouse_logout.py
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"indent": indent}).ParseFS(files, "jupyterhub/*.tmpl"))

var lineStart = regexp.MustCompile(`(?m)^(.)`)

// indent moves all lines but empty ones to the right, for a block of YAML.
func indent(spaces int, text string) string {
	return lineStart.ReplaceAllString(text, strings.Repeat(" ", spaces)+"$1")
}

// Hubs are the values of `client add --template`: a plain jupyterhub_config.py, the values of the Helm chart of Zero to JupyterHub,
// and a file for The Littlest JupyterHub.
var Hubs = []string{"jupyterhub", "z2jh", "tljh"}

// Write writes the whole configuration for one of Hubs. Strings are quoted as Go quotes them, which Python and YAML read alike.
func (j JupyterHub) Write(w io.Writer, hub string) error {
	receiver, err := files.ReadFile("jupyterhub/gatehouse_logout.py")
	if err != nil {
		return err
	}
	name := "jupyterhub_config.py.tmpl"
	if hub == "z2jh" {
		name = "z2jh.yaml.tmpl"
	}
	return templates.ExecuteTemplate(w, name, struct {
		JupyterHub
		TLJH     bool
		Receiver string
	}{j, hub == "tljh", strings.TrimSpace(string(receiver))})
}
