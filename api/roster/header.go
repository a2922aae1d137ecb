package roster

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// column is what a cell of a line says.
type column int

const (
	username column = iota
	email
	name
	givenName
	familyName
	columns // how many there are
)

// headers are what columns are called: in exports of Canvas, Moodle and Blackboard, and in lists that people write. Where several stand
// for the same, the first one here is read. They are compared in lower case and without accents; what is not here is not read.
var headers = [columns][]string{
	username: {"username", "sis login id", "login id", "login", "user name", "benutzername", "anmeldename", "nom d'utilisateur", "identifiant",
		"netid"},
	email: {"email", "e-mail", "email address", "e-mail address", "mail", "e-mail-adresse",
		"adresse de courriel", "adresse e-mail", "courriel"},
	name:       {"name", "full name", "student", "student name", "display name", "vollstandiger name", "nom complet"},
	givenName:  {"given name", "given_name", "first name", "firstname", "vorname", "prenom"},
	familyName: {"family name", "family_name", "last name", "lastname", "surname", "nachname", "familienname", "nom", "nom de famille"},
}

// placesOf returns where the columns are in the lines below a header, -1 for one that is not there, and the titles that are not read.
func placesOf(header []string) (places [columns]int, unread []string, err error) {
	titles := make([]string, len(header))
	for i, title := range header {
		titles[i] = folded(title)
	}
	read := map[int]bool{}
	for c, names := range headers {
		places[c] = -1
		for _, title := range names {
			if places[c] = slices.Index(titles, title); places[c] >= 0 {
				if slices.Contains(titles[places[c]+1:], title) {
					return places, nil, fmt.Errorf("line 1: there are two columns %q: which is right?", header[places[c]])
				}
				read[places[c]] = true
				break
			}
		}
	}
	if places[username] < 0 && places[email] < 0 && places[name] < 0 && (places[givenName] < 0 || places[familyName] < 0) {
		return places, nil, fmt.Errorf("line 1 has to say what the columns are, such as username, name and email: it has %q",
			strings.Join(header, ", "))
	}
	for i, title := range header {
		if !read[i] && strings.TrimSpace(title) != "" {
			unread = append(unread, strings.TrimSpace(title))
		}
	}
	return places, unread, nil
}

// folded returns a title as it is compared.
func folded(title string) string {
	return strings.Join(strings.Fields(strings.ToLower(withoutMarks(strings.ReplaceAll(title, "’", "'")))), " ")
}

// withoutMarks returns a text without accents and the like.
func withoutMarks(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(text))
}
