// Package deploy holds what the program prints of the deployment files.
package deploy

import (
	_ "embed"
	"io"
	"text/template"
)

// JupyterHub fills jupyterhub/jupyterhub_config.py.tmpl.
type JupyterHub struct {
	Issuer        string
	ClientID      string
	ClientSecret  string
	CallbackURL   string // registered as redirect_uri
	LogoutURL     string // the end session endpoint with its parameters
	LoginService  string
	AllowedGroups []string
	CryptKey      string // 64 hex digits
}

//go:embed jupyterhub/jupyterhub_config.py.tmpl
var jupyterHub string

// Write writes a complete jupyterhub_config.py. Strings are quoted as Go quotes them, which Python reads alike.
func (j JupyterHub) Write(w io.Writer) error {
	return template.Must(template.New("jupyterhub_config.py").Parse(jupyterHub)).Execute(w, j)
}
