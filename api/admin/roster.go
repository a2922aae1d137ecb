package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/api/roster"
	"gatehouse/api/store"
)

// ImportUsers is a roster to import.
type ImportUsers struct {
	Roster         string     `json:"roster" help:"CSV with a line of headers, as learning-management systems export it."`
	Group          string     `json:"group,omitempty" help:"Group that all of them become members of."`
	Links          bool       `json:"links,omitempty" help:"An account link for each who has no way to sign in yet."`
	Hours          int        `json:"hours,omitempty" help:"How long the links are good, at most 720; a fortnight without it."`
	ClientID       string     `json:"client_id,omitempty" help:"Application where the links end; the account page without it."`
	ExpiresAt      *time.Time `json:"expires_at,omitempty" help:"When the accounts of those who are new end."`
	Until          *time.Time `json:"until,omitempty" help:"When the memberships end."`
	DisableMissing bool       `json:"disable_missing,omitempty" help:"Shut out the members of the group who are not in the roster."`
	Preview        bool       `json:"preview,omitempty" help:"Says what would be done, and does nothing."`
}

// ImportedUsers is what became of a roster.
type ImportedUsers struct {
	Lines    []RosterLine `json:"lines" help:"Of people, in the order of the file."`
	Unread   []string     `json:"unread" help:"Columns that mean nothing here."`
	Gone     []string     `json:"gone" help:"Members of the group who are not in the roster."`
	Problems int          `json:"problems" help:"Lines that keep all from being imported."`
}

// What a line of a roster is.
const (
	lineNew      = "new"     // somebody who was not there
	lineJoins    = "joins"   // they were there, and are in the group from now on
	lineThere    = "there"   // nothing is left to do
	lineProblem  = "problem" // see RosterLine.Problem
	fortnight    = 14 * 24   // hours
	maxProblems  = 10        // that an error names
	nameAttempts = 1000      // of numbers behind a name that is somebody else's
)

// RosterLine is somebody in a roster.
type RosterLine struct {
	Line      int        `json:"line" help:"Of the file."`
	Username  string     `json:"username"`
	Name      string     `json:"name,omitempty"`
	Email     string     `json:"email,omitempty"`
	State     string     `json:"state" help:"new, joins (they were there, and are in the group from now on), there or problem."`
	Mended    string     `json:"mended,omitempty" help:"What the file calls them, where that is no username here."`
	Problem   string     `json:"problem,omitempty" help:"Why nobody is imported, and what to do."`
	Link      string     `json:"link,omitempty" help:"With which they set a password or make a passkey, once."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" help:"When the link does."`

	person roster.Person
}

// ImportUsers adds the people of a roster who are not there, and makes all of them members of a group: all, or nobody where a line has a
// problem. It changes nothing else of those who are there. Again it adds those who are new, and returns who is gone.
func (a *Admin) ImportUsers(ctx context.Context, in ImportUsers) (out ImportedUsers, err error) {
	lives, err := a.linkLife(cmp.Or(in.Hours, fortnight))
	switch {
	case in.Links && err != nil:
		return out, err
	case in.DisableMissing && in.Group == "":
		return out, invalid("%s needs %s", member("disable_missing"), member("group"))
	}
	if err := a.mayEndAt(ctx, in.ClientID, someOf(in.Group)); err != nil {
		return out, err
	}
	people, unread, err := roster.Read([]byte(in.Roster))
	if err != nil {
		return out, invalid("%v", err)
	}
	out = ImportedUsers{Lines: make([]RosterLine, len(people)), Unread: append([]string{}, unread...), Gone: []string{}}
	known, rule, err := a.knownPeople(ctx, people, in.Group)
	if err != nil {
		return out, err
	}
	n := newNames(rule, known)
	n.discreet = ownerOf(ctx) != ""
	for i, p := range people {
		if out.Lines[i] = n.line(p); out.Lines[i].State == lineProblem {
			out.Problems++
		}
	}
	toWrite := a.toWrite(&out, in, known, lives, n.discreet)
	if in.Preview {
		return out, nil
	}
	if err := out.problems(); err != nil {
		return out, err
	}
	return out, a.store.ImportRoster(ctx, toWrite)
}

// knownPeople returns who is there already of a roster and of the group, and what usernames may be.
func (a *Admin) knownPeople(ctx context.Context, people []roster.Person, group string) ([]store.KnownPerson, string, error) {
	if group != "" {
		if err := a.store.GroupIsThere(ctx, group); err != nil {
			return nil, "", err
		}
	}
	rule, err := a.store.UsernameRule(ctx)
	if err != nil {
		return nil, "", err
	}
	var usernames, emails []string
	for _, p := range people {
		usernames = append(usernames, roster.Suggest(p, rule))
		emails = append(emails, strings.ToLower(p.Email))
	}
	emails = slices.DeleteFunc(emails, func(e string) bool { return e == "" })
	known, err := a.store.ListKnownPeople(ctx, usernames, emails, group)
	if numbers := newNames(rule, known).numbers(people); err == nil && len(numbers) > 0 {
		known, err = a.store.ListKnownPeople(ctx, append(usernames, numbers...), emails, group)
	}
	return known, rule, err
}

// toWrite makes the links, and returns what is to be written. With onlyNew there is no link for an account that was there before, whoever
// made it: it would let whoever imports into it.
func (a *Admin) toWrite(out *ImportedUsers, in ImportUsers, known []store.KnownPerson, lives time.Duration, onlyNew bool) store.Roster {
	r := store.Roster{Group: in.Group, ClientID: in.ClientID, ExpiresAt: in.ExpiresAt, Until: in.Until}
	listed, of := map[string]bool{}, map[string]store.KnownPerson{}
	for _, k := range known {
		of[k.Username] = k
	}
	expires := time.Now().Add(lives).Truncate(time.Second)
	for i := range out.Lines {
		l := &out.Lines[i]
		listed[l.Username] = true
		switch l.State {
		case lineNew:
			r.New = append(r.New, store.UserRow{Username: l.Username, Name: l.person.Name, GivenName: l.person.GivenName,
				FamilyName: l.person.FamilyName, Email: l.Email})
		case lineThere:
			if in.Group != "" && !of[l.Username].Member {
				l.State = lineJoins
			}
		case lineProblem:
			continue
		}
		r.Members = append(r.Members, l.Username)
		if k := of[l.Username]; in.Links && (l.State == lineNew || !onlyNew) && !k.CanSignIn && k.DisabledAt == nil && !in.Preview {
			token, digest := newSecret()
			l.Link, l.ExpiresAt = a.UIOrigin+"/link#"+token, &expires
			r.Links = append(r.Links, store.NewLink{Username: l.Username, SHA256: digest, ExpiresAt: expires})
		}
	}
	for _, k := range known {
		if k.Member && !listed[k.Username] {
			out.Gone = append(out.Gone, k.Username)
		}
	}
	if in.DisableMissing {
		r.Disable = out.Gone
	}
	return r
}

// problems returns the error of lines that have one, with the first of them.
func (out ImportedUsers) problems() error {
	var said []string
	for _, l := range out.Lines {
		if l.State == lineProblem && len(said) < maxProblems {
			said = append(said, fmt.Sprintf("line %d: %s", l.Line, l.Problem))
		}
	}
	switch more := out.Problems - len(said); {
	case len(said) == 0:
		return nil
	case more > 0:
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	return invalid("nobody was imported: %s", strings.Join(said, "; "))
}
