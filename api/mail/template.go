package mail

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

//go:embed templates
var embedded embed.FS

// everywhere are the values that each template has.
var everywhere = []string{"Place", "Address", "Support", "Name", "Username"}

// values are the templates that there are, and what each has beside the values that all have.
var values = map[string][]string{
	"reset": {"Code", "Link", "Minutes"}, "invitation": {"Code", "Link", "Groups", "Until"},
	"sign_up": {"Code", "Link", "Until"}, "sign_up_waits": {"Link"}, "sign_up_refused": {"Reason"}, "test": {}, "verify": {"Code", "Minutes"},
	"end_near":      {"At", "Days", "About", "Groups"},
	"email_changed": {"At", "Addr"}, "account_adopted": {"At", "Addr", "Adopted"},
	"new_browser": {"At", "Addr", "Browser"}, "password_changed": {"At", "Addr"},
	"factor_added": {"At", "Addr", "Factor"}, "factor_removed": {"At", "Addr", "Factor"},
}

// maxTemplate and maxValue are in bytes; a longer value is cut.
const maxTemplate, maxValue = 64 << 10, 1000

// Templates are what mail says, in languages.
type Templates struct {
	byLanguage map[string]map[string]*template.Template
	place      map[string]string
}

// LoadTemplates reads the templates that come with Gatehouse, and in their place, or in other languages, those in folder, which is "" for
// none: LANGUAGE/NAME.txt. One that cannot be read or names a value that there is not is an error. place has the values of this place.
func LoadTemplates(folder string, place map[string]string) (*Templates, error) {
	t := &Templates{map[string]map[string]*template.Template{}, place}
	own, _ := fs.Sub(embedded, "templates")
	problems := []error{t.read(own)}
	if folder != "" {
		problems = append(problems, t.read(os.DirFS(folder)))
	}
	return t, errors.Join(problems...)
}

var templateFile = regexp.MustCompile(`^([a-z]{2,3})/([a-z_]+)\.txt$`)

func (t *Templates) read(folder fs.FS) error {
	var problems []error
	names, err := fs.Glob(folder, "*/*.txt")
	if err != nil {
		return err
	}
	if _, err := fs.Stat(folder, "."); err != nil {
		return fmt.Errorf("GATEHOUSE_MAIL_TEMPLATES cannot be read: %w", err)
	}
	for _, name := range names {
		parts := templateFile.FindStringSubmatch(name)
		if parts == nil || values[parts[2]] == nil {
			problems = append(problems, fmt.Errorf("mail template %s: there is none of this name, but %s", name, strings.Join(Names(), ", ")))
			continue
		}
		content, err := fs.ReadFile(folder, name)
		if err == nil {
			err = t.add(parts[1], parts[2], string(content))
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("mail template %s: %w", path.Clean(name), err))
		}
	}
	return errors.Join(problems...)
}

// add parses a template and tries it.
func (t *Templates) add(language, name, content string) error {
	if len(content) > maxTemplate {
		return fmt.Errorf("it has more than %d bytes", maxTemplate)
	}
	parsed, err := template.New(name).Option("missingkey=error").Parse(content)
	if err != nil {
		return err
	}
	sample := map[string]string{}
	for _, value := range append(slices.Clone(everywhere), values[name]...) {
		sample[value] = "x"
	}
	if _, _, err := fill(parsed, sample); err != nil {
		return err
	}
	if t.byLanguage[language] == nil {
		t.byLanguage[language] = map[string]*template.Template{}
	}
	t.byLanguage[language][name] = parsed
	return nil
}

// Names returns the names of the templates.
func Names() (list []string) {
	for name := range values {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// Fill returns what a mail says in the first of some languages that there is, such as de or de-CH, else in English. Values are lines:
// whatever controls how text is shown is taken out of them. Those that the template has and that are not given are empty.
func (t *Templates) Fill(name string, given map[string]string, languages ...string) (subject, text string, err error) {
	if values[name] == nil {
		return "", "", fmt.Errorf("there is no mail template %q", name)
	}
	all := map[string]string{}
	for _, value := range append(slices.Clone(everywhere), values[name]...) {
		v := line(cmp.Or(given[value], t.place[value]))
		all[value] = strings.ToValidUTF8(v[:min(len(v), maxValue)], "")
	}
	for _, language := range append(languages, "en") {
		base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(language), "_", "-"), "-")
		if parsed := t.byLanguage[base][name]; parsed != nil {
			return fill(parsed, all)
		}
	}
	return "", "", fmt.Errorf("there is no mail template %q in English", name)
}

// fill returns the subject, which is the first line, and what is below the empty line behind it.
func fill(parsed *template.Template, all map[string]string) (subject, text string, err error) {
	var b strings.Builder
	if err := parsed.Execute(&b, all); err != nil {
		return "", "", err
	}
	head, text, ok := strings.Cut(strings.ReplaceAll(b.String(), "\r\n", "\n"), "\n\n")
	subject, has := strings.CutPrefix(head, "Subject: ")
	if !ok || !has || strings.Contains(subject, "\n") || strings.TrimSpace(subject) == "" {
		return "", "", errors.New(`it must begin with a line such as "Subject: Your new password", and an empty line`)
	}
	return subject, text, nil
}
