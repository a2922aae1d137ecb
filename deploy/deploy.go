// Package deploy has the deployment files that the program prints.
package deploy

import (
	"embed"
	"io"
	"regexp"
	"strings"
	"text/template"
)

// JupyterHub is what the configuration of a Hub is filled with, whatever its distribution.
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
	Posix                bool   // servers run with the numbers of their people
	Courses              []Course
}

// Course is a course as nbgrader has them: who takes it, and who teaches it.
type Course struct{ Name, Students, Teachers string }

//go:embed jupyterhub/*.tmpl jupyterhub/gatehouse_*.py
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"indent": indent}).ParseFS(files, "jupyterhub/*.tmpl"))

var lineStart = regexp.MustCompile(`(?m)^(.)`)

// indent moves all lines but empty ones to the right, for a block of YAML.
func indent(spaces int, text string) string {
	return lineStart.ReplaceAllString(text, strings.Repeat(" ", spaces)+"$1")
}

// Write writes the whole configuration for a value of `client add --template`: "jupyterhub", a plain jupyterhub_config.py, "z2jh",
// the values of the Helm chart of Zero to JupyterHub, or "tljh", a file for The Littlest JupyterHub. Strings are quoted as Go quotes
// them, which Python and YAML read alike.
func (j JupyterHub) Write(w io.Writer, hub string) error {
	parts := map[string]string{}
	for _, part := range []string{"back", "logout", "posix", "ends", "courses"} {
		source, err := files.ReadFile("jupyterhub/gatehouse_" + part + ".py")
		if err != nil {
			return err
		}
		parts[part] = strings.TrimSpace(string(source))
	}
	name := "jupyterhub_config.py.tmpl"
	if hub == "z2jh" {
		name = "z2jh.yaml.tmpl"
	}
	return templates.ExecuteTemplate(w, name, struct {
		JupyterHub
		TLJH                                   bool
		Back, Receiver, Ends, Account, Teaches string
	}{j, hub == "tljh", parts["back"], parts["logout"], parts["ends"], parts["posix"], parts["courses"]})
}
