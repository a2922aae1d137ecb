package deploy

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/template"
)

// Resource is what the configuration of a service that takes access tokens is filled with.
type Resource struct {
	Issuer     string
	Identifier string // an http or https URL
	Name       string // "" for none
	Scopes     []string
	ACRValues  []string // that are enough where a strong sign-in is asked for, the weakest first; at least one
}

// ResourceTemplates are the values of `resource print-config --template`.
var ResourceTemplates = []string{"metadata", "fastapi", "django", "mcp", "nginx"}

//go:embed resources/*.tmpl
var resourceFiles embed.FS

var resourceTemplates = template.Must(template.New("").Funcs(template.FuncMap{"quote": quote, "plain": plain}).
	ParseFS(resourceFiles, "resources/*.tmpl"))

// quote writes a text as Python reads it.
func quote(text string) string { return fmt.Sprintf("%q", text) }

// plain writes a text so that it stays in a docstring or comment.
func plain(text string) string { return strings.NewReplacer(`"`, "'", `\`, "/").Replace(text) }

// protectedResource is the metadata document of a resource (RFC 9728 §2).
type protectedResource struct {
	Resource             string   `json:"resource"`
	ResourceName         string   `json:"resource_name,omitempty"`
	AuthorizationServers []string `json:"authorization_servers"`
	ScopesSupported      []string `json:"scopes_supported,omitempty"`
	BearerMethods        []string `json:"bearer_methods_supported"`
}

// Write writes a whole file for one of ResourceTemplates: "metadata", the document of RFC 9728, or what a service does with it.
func (r Resource) Write(w io.Writer, name string) error {
	at, err := url.Parse(r.Identifier)
	if err != nil {
		return err
	}
	document := protectedResource{r.Identifier, r.Name, []string{r.Issuer}, r.Scopes, []string{"header"}}
	if name == "metadata" {
		text, err := marshal(document, "  ")
		if err == nil {
			_, err = w.Write(append(text, '\n'))
		}
		return err
	}
	line, err := marshal(document, "")
	if err != nil {
		return err
	}
	path, metadataPath := metadataPaths(at)
	origin := at.Scheme + "://" + at.Host
	metadataURL := origin + metadataPath
	if at.RawQuery != "" {
		metadataURL += "?" + at.RawQuery
	}
	scope := ""
	if len(r.Scopes) > 0 {
		scope = r.Scopes[0]
	}
	file := map[string]string{"nginx": "nginx.conf.tmpl"}
	return resourceTemplates.ExecuteTemplate(w, cmp.Or(file[name], name+".py.tmpl"), struct {
		Resource
		Title, Scope, Host, Hostname, Origin, Path, MetadataPath, MetadataURL string
		Python, Nginx                                                         string
	}{r, cmp.Or(r.Name, r.Identifier), scope, at.Host, at.Hostname(), origin, path, metadataPath, metadataURL, string(line), inNginx(line)})
}

// metadataPaths returns the path of a resource, and that of its metadata (RFC 9728 §3.1).
func metadataPaths(at *url.URL) (path, metadata string) {
	path = cmp.Or(at.EscapedPath(), "/")
	if path == "/" {
		return path, "/.well-known/oauth-protected-resource"
	}
	return path, "/.well-known/oauth-protected-resource" + path
}

// marshal writes JSON of texts and lists alone, which is Python, too.
func marshal(v any, indent string) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	err := e.Encode(v)
	return bytes.TrimSpace(text.Bytes()), err
}

// inNginx writes JSON so that nginx reads it in single quotes: of a text it takes variables and backslashes out.
func inNginx(line []byte) string {
	return strings.NewReplacer(`\"`, `\u0022`, `\\`, `\u005c`, `'`, `\u0027`, `$`, `\u0024`).Replace(string(line))
}
