package admin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Caller is who asks for an operation from afar, and what they may.
type Caller struct {
	store.Actor
	Role  oidc.AdminRole
	Owner bool // they own groups, whatever else their role is
	Scope string

	owned      []string    // the groups that the operation is about, where they run it as an owner
	workshop   string      // that it is about, then
	operations []Operation // that there are: the table cannot name itself
}

// Forbidden is an operation that the caller may not run.
type Forbidden struct {
	Words string
	Scope string // what their token lacks; "" if it is not a scope
}

func (f Forbidden) Error() string { return f.Words }

// Changed is the error where a row is no longer as the caller saw it.
type Changed struct {
	Current any // as it is now
	ETag    string
}

func (Changed) Error() string {
	return "somebody changed it meanwhile: look at what it is now, and change that"
}

// How is how an operation is to be run.
type How struct {
	DryRun         bool   // all is as it would be, and nothing is changed
	DeclaredAnyway bool   // also rows that a file declares
	IfMatch        string // the ETag of what the caller saw; "" for whatever is there
	Once           *Once  // nil where the same request would be done again
}

// Once has a request be done once, however often it comes within a day.
type Once struct {
	Key, Request store.Digest
	Answer       func(Outcome) ([]byte, error) // what to keep of the answer, sealed
}

// Outcome is what came of an operation.
type Outcome struct {
	Out  any    // of the operation, or a DryRun
	ETag string // of Out, where it is what an operation shows of a row
}

// helpDeskMay are the operations of the help desk, which are about people; mayChange keeps them from those who administer.
var helpDeskMay = []string{"user list", "user show", "user link", "user factors", "user reset-factors", "session list",
	"session end", "sign-ins", "explain", "whoami", "sign-up list", "sign-up approve", "sign-up refuse"}

// may returns why the caller may not run an operation, whatever it is about.
func may(c Caller, o Operation) error {
	right := "read"
	if o.Writes() {
		right = "write"
	}
	switch {
	case c.Role == oidc.Reader && o.Writes():
		return Forbidden{Words: "you may look, and change nothing"}
	case c.Role == oidc.HelpDesk && !slices.Contains(helpDeskMay, o.Name):
		return Forbidden{Words: "the help desk sees to links, sessions and factors of people, and to sign-up, only"}
	case c.Role == oidc.Owner && o.about == nil:
		return Forbidden{Words: "who owns a group sees to its members, invitations and workshops only"}
	case c.Role == "":
		return Forbidden{Words: "you have no role here"}
	case o.Name == undoing && !c.mayAll(): // it may be any row
		return Forbidden{Words: "an administrator with the scope " + oidc.AdminWrite + " takes changes back", Scope: oidc.AdminWrite}
	case !oidc.HasAdminScope(c.Scope, o.Noun(), o.Writes()):
		scope := "admin." + o.Noun() + "." + right
		return Forbidden{Words: "the access token has no scope " + scope, Scope: scope}
	}
	return nil
}

// as returns the caller in the role in which they run an operation: as an owner, where another role of theirs does not let them.
func (c Caller) as(o Operation) Caller {
	owner := c
	owner.Role = oidc.Owner
	if c.Owner && may(c, o) != nil && may(owner, o) == nil {
		return owner
	}
	return c
}

const undoing = "audit undo"

// mayAll reports whether the caller may do whatever there is to do.
func (c Caller) mayAll() bool {
	return c.Role == oidc.Administrator && oidc.HasScope(c.Scope, oidc.AdminWrite)
}

// tablesOfAll are those that decide who signs in as whom: whoever writes them could be anybody.
var tablesOfAll = []string{"upstreams", "upstream_accounts", "acr_values", "signing_keys"}

// errDryRun undoes what was run dry.
var errDryRun = errors.New("a dry run")

// Do runs an operation for a caller: with the rights they have, in one transaction, which says who they are. Errors are those of the
// operation, Forbidden, and Changed.
func (a *Admin) Do(ctx context.Context, c Caller, o Operation, in any, how How) (out Outcome, err error) {
	c = c.as(o)
	if err := may(c, o); err != nil {
		return out, err
	}
	c.Operation, c.DeclaredAnyway, c.operations = o.Name, how.DeclaredAnyway, operations
	ctx = context.WithValue(ctx, callerKey{}, c)
	db := a.store.As(c.Actor)
	if !o.Writes() && c.Role != oidc.Owner {
		return New(db, a.Settings).look(ctx, o, in)
	}
	err = db.Transaction(ctx, func(s *store.Store) error {
		a := New(s, a.Settings)
		if c.Role == oidc.Owner {
			if c.owned, c.workshop, err = a.ownedOf(ctx, c, o, in, how); err != nil {
				return err
			}
			ctx = context.WithValue(ctx, callerKey{}, c)
		}
		if !o.Writes() {
			out, err = a.look(ctx, o, in)
			return err
		}
		out, err = a.change(ctx, c, o, in, how)
		if err == nil && how.DryRun {
			return errDryRun
		}
		return err
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return out, err
}

// look runs an operation that writes nothing.
func (a *Admin) look(ctx context.Context, o Operation, in any) (out Outcome, err error) {
	out.Out, err = o.Run(ctx, a, in)
	if err == nil && o.showsRow() {
		out.ETag, err = etagOf(out.Out)
	}
	return out, err
}

// change runs an operation that writes, on a store that is a transaction.
func (a *Admin) change(ctx context.Context, c Caller, o Operation, in any, how How) (out Outcome, err error) {
	if how.DryRun {
		if err := a.store.BeginDryRun(ctx); err != nil {
			return out, err
		}
	}
	if how.Once != nil {
		if err := a.store.ClaimIdempotencyKey(ctx, how.Once.Key, how.Once.Request); err != nil {
			return out, err
		}
	}
	if err := a.checkMatch(ctx, o, in, how.IfMatch); err != nil {
		return out, err
	}
	if out.Out, err = o.Run(ctx, a, in); err != nil {
		return out, err
	}
	changes, err := a.store.Changes(ctx)
	if err != nil {
		return out, err
	}
	if err := a.mayChange(ctx, c, changes); err != nil {
		return out, err
	}
	if err := a.keepsAnAdministrator(ctx, changes); err != nil {
		return out, err
	}
	if how.DryRun {
		out.Out, err = a.dryRunOf(ctx, o, in, changes)
		return out, err
	}
	if how.Once != nil {
		sealed, err := how.Once.Answer(out)
		if err != nil {
			return out, err
		}
		return out, a.store.KeepAnswer(ctx, how.Once.Key, sealed)
	}
	return out, nil
}

// mayChange refuses changes by which the caller could get, or take, more than they have.
func (a *Admin) mayChange(ctx context.Context, c Caller, changes []store.Change) error {
	if c.mayAll() {
		return nil
	}
	if c.Role == oidc.Owner {
		if err := a.onlyOwned(ctx, c, changes); err != nil {
			return err
		}
	}
	lacks := oidc.AdminWrite
	if c.Role != oidc.Administrator {
		lacks = "" // no scope would do
	}
	for _, change := range changes {
		if slices.Contains(tablesOfAll, change.Table) {
			return Forbidden{Words: change.Table + " decides who somebody is: an administrator with the scope " + oidc.AdminWrite +
				" changes it", Scope: lacks}
		}
	}
	touches, err := a.store.Touches(ctx, a.administration(), changes)
	if err == nil && touches {
		err = Forbidden{Words: "this is about somebody who administers, a group that lets them, or a client of the admin API: " +
			"an administrator with the scope " + oidc.AdminWrite + " changes it", Scope: lacks}
	}
	return err
}

func (a *Admin) administration() store.Administration {
	return store.AdministrationOf(&a.Settings.Settings)
}

// keepsAnAdministrator refuses changes after which nobody could undo them from here.
func (a *Admin) keepsAnAdministrator(ctx context.Context, changes []store.Change) error {
	if a.AdminGroup == "" {
		return nil
	}
	ends, disabled := store.Leaving(changes, a.AdminGroup)
	if !ends && len(disabled) == 0 {
		return nil
	}
	left, among, err := a.store.EnabledMembers(ctx, a.AdminGroup, disabled)
	if err == nil && left == 0 && (ends || among) {
		return Refusal{Words: fmt.Sprintf("that leaves nobody in %s who can administer; on purpose, on the command line: "+
			"gatehouse group remove-member %s NAME", a.AdminGroup, shellWord(a.AdminGroup)),
			Constraint: "an_administrator_must_be_left"}
	}
	return err
}

// shown returns the operation that shows the row which o is about, and that row's key; found is false where o is about none.
func (o Operation) shown(in any) (show Operation, key string, found bool) {
	segments := o.Segments()
	if len(segments) < 2 {
		return show, "", false
	}
	name, is := inPath(segments[1])
	m, known := memberNamed(membersOf(o.In), name)
	if !is || !known {
		return show, "", false
	}
	key, _ = reflect.ValueOf(in).FieldByIndex(m.index).Interface().(string)
	show, _, _ = Find("GET", []string{segments[0], key})
	return show, key, show.Path != ""
}

// showsRow reports whether the operation shows one row by its key.
func (o Operation) showsRow() bool {
	segments := o.Segments()
	if len(segments) != 2 || o.Writes() {
		return false
	}
	_, is := inPath(segments[1])
	return is
}

// checkMatch refuses where the row that o is about is another than the caller saw, and has nobody else change it until the end.
func (a *Admin) checkMatch(ctx context.Context, o Operation, in any, seen string) error {
	if seen == "" {
		return nil
	}
	show, key, found := o.shown(in)
	if !found {
		return invalid("there is no If-Match here")
	}
	if err := a.store.Lock(ctx, o.Segments()[0], key); err != nil {
		return err
	}
	of, err := show.Input(map[string]string{membersInPath(show)[0]: key}, nil, nil)
	if err != nil {
		return err
	}
	current, err := show.Run(ctx, a, of)
	if err != nil {
		return err
	}
	tag, err := etagOf(current)
	if err == nil && seen != "*" && seen != tag {
		return Changed{current, tag}
	}
	return err
}

func membersInPath(o Operation) (names []string) {
	for _, segment := range o.Segments() {
		if name, is := inPath(segment); is {
			names = append(names, name)
		}
	}
	return names
}

// etagOf returns the ETag of what is shown of a row.
func etagOf(shown any) (string, error) {
	text, err := json.Marshal(shown)
	digest := sha256.Sum256(text)
	return `"` + base64.RawURLEncoding.EncodeToString(digest[:12]) + `"`, err
}
