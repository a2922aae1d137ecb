package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"text/template"
	"time"

	"github.com/alecthomas/kong"

	"gatehouse/api/admin"
	"gatehouse/api/config"
)

// newCommands returns the command line with all of admin's operations. One that has no command among the fields of commands gets
// one, whose arguments and flags are the fields of its input.
func newCommands() *commands {
	c := new(commands)
	groups := groupsOf(reflect.ValueOf(c).Elem(), "")
	groups[""] = &c.Plugins
	// The one is client add --template, the other whoever runs the command.
	own := map[string]bool{"client add-hub": true, "whoami": true}
	for _, leaf := range kong.Must(c, kong.Name("gatehouse")).Model.Leaves(false) {
		own[words(leaf)] = true
	}
	for _, o := range admin.Operations() {
		if own[o.Name] {
			continue
		}
		group, name := "", o.Name
		if last := strings.LastIndex(o.Name, " "); last > 0 {
			group, name = o.Name[:last], o.Name[last+1:]
		}
		field := reflect.StructField{Name: "Operation", Type: o.In,
			Tag: reflect.StructTag(fmt.Sprintf(`cmd:"" name:%q help:%q`, name, o.Help))}
		*groups[group] = append(*groups[group], reflect.New(reflect.StructOf([]reflect.StructField{field})).Interface())
	}
	return c
}

// groupsOf returns where commands are added to groups of commands, by the words of these.
func groupsOf(group reflect.Value, before string) map[string]*kong.Plugins {
	groups := map[string]*kong.Plugins{}
	for _, f := range reflect.VisibleFields(group.Type()) {
		if _, command := f.Tag.Lookup("cmd"); !command {
			continue
		}
		field, name := group.FieldByIndex(f.Index), before+cmp.Or(f.Tag.Get("name"), strings.ToLower(f.Name))
		if plugins := field.FieldByName("Plugins"); plugins.IsValid() {
			groups[name] = plugins.Addr().Interface().(*kong.Plugins)
			maps.Copy(groups, groupsOf(field, name+" "))
		}
	}
	return groups
}

// words returns the command line of a command, such as "client token add".
func words(command *kong.Node) string {
	name := command.Name
	for n := command.Parent; n.Type == kong.CommandNode; n = n.Parent {
		name = n.Name + " " + name
	}
	return name
}

// operationOf returns the operation that a command of newCommands is for.
func operationOf(command *kong.Node) (admin.Operation, bool) {
	for _, o := range admin.Operations() {
		if command.Target.Type() == o.In && words(command) == o.Name {
			return o, true
		}
	}
	return admin.Operation{}, false
}

// operate runs an operation and prints its sentence, or its result as JSON.
func (a *app) operate(ctx context.Context, o admin.Operation, in any) error {
	return a.withAdmin(ctx, 0, func(_ *config.Config, adm *admin.Admin) error {
		if shown, ok := columns[o.Name]; ok {
			return a.list(ctx, adm, o, in, strings.Fields(shown))
		}
		out, err := o.Run(ctx, adm, in)
		switch t := sentences.Lookup(o.Name); {
		case err != nil:
			return err
		case a.json:
		case t != nil:
			return t.Execute(a.stdout, struct{ In, Out any }{in, out})
		case o.Out == reflect.TypeFor[admin.Nothing]():
			return nil
		}
		return printJSON(a.stdout, out)
	})
}

// sentences are what is printed of operations whose result is no JSON for the reader.
var sentences = func() *template.Template {
	all := template.New("").Funcs(template.FuncMap{"join": strings.Join, "trim": strings.TrimSpace,
		"moment": func(at time.Time) string { return at.UTC().Format("Mon 2006-01-02 15:04 UTC") }})
	texts := map[string]string{
		"user disable": "disabled user {{.In.Username}}",
		"user enable":  "enabled user {{.In.Username}}",
		"user link":    "{{.Out.Link}}",
		"offboard": `{{if .In.Preview}}would happen to{{else}}done to{{end}} {{.In.Username}}:{{range .Out.Steps}}
- {{.}}{{end}}`,
		"user free-name":         "anybody may be called {{.In.Name}} now",
		"user reset-factors":     "{{.Out.Link}}",
		"invitation add":         "{{with .Out.MailedTo}}mailed to {{.}}{{else}}{{.Out.Link}}{{end}}",
		"sign-up approve":        "an invitation is mailed to {{.Out.MailedTo}}",
		"sign-up refuse":         "{{.Out.MailedTo}} is told",
		"sign-up domain add":     "accounts are open to {{.In.Domain}}{{if .In.Approval}}, once somebody says yes{{end}}",
		"sign-up domain remove":  "accounts are open to {{.In.Domain}} no more",
		"invitation revoke":      "revoked invitation {{.In.ID}}",
		"user set-username-rule": "usernames may be what the rule {{.In.Rule}} says",
		"user revoke-token":      "{{if .In.ID}}revoked token {{.In.ID}}{{else}}revoked tokens of {{.In.AllOf}}: {{.Out.Revoked}}{{end}}",
		"group add":              "added group {{.In.Name}}",
		"group remove":           "removed group {{.In.Name}}",
		"group add-member":       `added {{join .In.Usernames ", "}} to group {{.In.Group}}`,
		"group add-owner":        `{{join .In.Usernames ", "}} may look after group {{.In.Group}}`,
		"course create":          "{{.Out.Students}} is for students, {{.Out.Teachers}} for teachers",
		"group remove-owner":     "{{.In.Username}} looks after group {{.In.Group}} no more",
		"group remove-member":    "removed {{.In.Username}} from group {{.In.Group}}",
		"client rotate-secret":   "client_secret {{.Out.ClientSecret}}",
		"client add-secret":      "client_secret {{.Out.ClientSecret}}",
		"client remove-secret":   "removed secret {{.In.Name}} of {{.In.ClientID}}",
		"client disable":         "disabled client {{.In.ClientID}}",
		"client enable":          "enabled client {{.In.ClientID}}",
		"client remove":          "removed client {{.In.ClientID}}",
		"client claim remove":    "removed row {{.In.Position}} from client {{.In.ClientID}}",
		"client token add":       "initial_access_token {{.Out.Token}}",
		"client token remove":    "removed token {{.In.Name}}",
		"mail retry":             "to be tried again: {{.Out.Tried}}",
		"resource add":           "added resource {{.In.Identifier}}, open to {{.In.OpenTo}} clients",
		"resource print-config":  "{{trim .Out.Config}}",
		"resource disable":       "disabled resource {{.In.Identifier}}",
		"resource enable":        "enabled resource {{.In.Identifier}}",
		"resource remove":        "removed resource {{.In.Identifier}}",
		"upstream disable":       "disabled upstream {{.In.Name}}",
		"upstream enable":        "enabled upstream {{.In.Name}}",
		"upstream remove":        "removed upstream {{.In.Name}}",
		"upstream link":          "linked account {{.In.Sub}} of {{.In.Upstream}} to {{.In.Username}}",
		"upstream unlink":        "unlinked {{.In.Username}} from {{.In.Upstream}}",
	}
	maps.Copy(texts, sentencesOfSets)
	for name, text := range texts {
		template.Must(all.New(name).Parse(text + "\n"))
	}
	return all
}()
