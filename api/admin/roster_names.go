package admin

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"gatehouse/api/roster"
	"gatehouse/api/store"
)

// names says who the lines of a roster are: somebody who is there, or somebody new with a name that is free.
type names struct {
	rule    string
	known   map[string]store.KnownPerson // by username
	byEmail map[string][]string          // usernames
	taken   map[string]int               // by lines before: which one

	discreet bool // whoever imports is told no address or name of somebody else
}

func newNames(rule string, known []store.KnownPerson) names {
	n := names{rule: rule, known: map[string]store.KnownPerson{}, byEmail: map[string][]string{}, taken: map[string]int{}}
	for _, k := range known {
		n.known[k.Username] = k
		if k.Email != "" {
			n.byEmail[k.Email] = append(n.byEmail[k.Email], k.Username)
		}
	}
	return n
}

// line returns what a line says: a person is known by the username that the file has, else by their address, else by a name that is
// theirs.
func (n names) line(p roster.Person) RosterLine {
	l := RosterLine{Line: p.Line, Name: p.Name, Email: p.Email, State: lineProblem, person: p}
	own := n.byEmail[strings.ToLower(p.Email)]
	fit := roster.Suggest(p, n.rule)
	k, there := n.known[fit]
	same := there && n.isThem(k, p)
	switch {
	case fit == "":
		l.Problem = fmt.Sprintf("%q is no username here, and nothing can be made of it: add a column username", cmp.Or(p.Username, p.Name))
		return l
	case n.discreet && there && !same && (p.Username != "" || p.Email == ""):
		l.Problem = fmt.Sprintf("%s is somebody else: give this person another username", fit)
		return l
	case n.discreet && p.Username == "" && len(own) > 1:
		l.Problem = "the address is that of several people: add a column username"
		return l
	case p.Username != "" && there && !same:
		l.Problem = fmt.Sprintf("%s is somebody else, with the address %s: give this person another username", fit, k.Email)
		return l
	case p.Username == "" && len(own) > 1:
		l.Problem = fmt.Sprintf("the address %s is that of %s: add a column username", p.Email, strings.Join(own, " and of "))
		return l
	case p.Username == "" && len(own) == 1: // whatever they are called
		l.Username, l.State = own[0], lineThere
	case same:
		l.Username, l.State = fit, lineThere
	case p.Username == "" && p.Email == "" && there:
		l.Problem = fmt.Sprintf("%s is somebody else, called %s: add a column username", fit, k.Name)
		return l
	default:
		l.Username, l.State = n.free(fit, p), lineNew
	}
	if former, twice := n.taken[l.Username]; twice {
		l.Problem, l.State = fmt.Sprintf("%s is in line %d already", l.Username, former), lineProblem
		return l
	}
	n.taken[l.Username] = p.Line
	if p.Username != "" && p.Username != l.Username {
		l.Mended = p.Username
	}
	return l
}

// isThem reports whether somebody of the name that a line says, or that is suggested for it, is who the line is about. A name that is only
// suggested proves nothing: somebody else may be called so.
func (n names) isThem(k store.KnownPerson, p roster.Person) bool {
	email := strings.ToLower(p.Email)
	switch {
	case p.Username != "":
		return email == "" || k.Email == "" || k.Email == email
	case email != "":
		return k.Email == email
	}
	return k.Name == p.Name
}

// free returns a name that is nobody's: with a number behind it where it is somebody's, and the address tells the two apart.
func (n names) free(fit string, p roster.Person) string {
	if p.Username != "" || p.Email == "" {
		return fit
	}
	name := fit
	for i := 2; n.isTaken(name) && i <= maxNumber; i++ {
		name = n.numbered(fit, i)
	}
	return name
}

const maxNumber = 20 // behind a name

func (n names) isTaken(name string) bool {
	_, there := n.known[name]
	_, taken := n.taken[name]
	return there || taken
}

// numbered returns a name with a number behind it, before the @ of an address.
func (n names) numbered(name string, i int) string {
	local, domain, address := strings.Cut(name, "@")
	if n.rule == roster.Unix {
		local = local[:min(len(local), 30)]
	}
	local += strconv.Itoa(i)
	if address {
		return local + "@" + domain
	}
	return local
}

// numbers returns the names that may be asked for beside those that are suggested: of lines with an address whose name is somebody
// else's, or that of a line before.
func (n names) numbers(people []roster.Person) (list []string) {
	seen := map[string]bool{}
	for _, p := range people {
		fit := roster.Suggest(p, n.rule)
		k, there := n.known[fit]
		if p.Username == "" && p.Email != "" && fit != "" && (seen[fit] || there && !n.isThem(k, p)) {
			for i := 2; i <= maxNumber; i++ {
				list = append(list, n.numbered(fit, i))
			}
		}
		seen[fit] = true
	}
	return list
}
