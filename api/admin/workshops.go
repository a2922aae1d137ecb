package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/roster"
	"gatehouse/api/store"
)

// Workshop is a workshop as an administrator sees one.
type Workshop = store.WorkshopRow

// WorkshopName names a workshop.
type WorkshopName struct {
	Name string `json:"name" arg:""`
}

// OpenWorkshop is a workshop to open.
type OpenWorkshop struct {
	Name     string     `json:"name" arg:"" help:"What it is called, such as surf2027; it is never given again."`
	Group    string     `json:"group" required:"" placeholder:"GROUP" help:"That learners become members of."`
	Seats    int        `json:"seats" required:"" placeholder:"N" help:"How many can join, at most 10000."`
	Until    *time.Time `json:"until" required:"" placeholder:"TIME" help:"When it ends, such as '2027-03-03 18:00 Europe/Vienna'."`
	Grace    *Duration  `json:"grace,omitempty" placeholder:"14d" help:"After the end, until the accounts are deleted; 14 days without it."`
	Prefix   string     `json:"prefix,omitempty" placeholder:"PREFIX-" help:"Of their usernames; without it the name and a dash."`
	ClientID string     `json:"client_id,omitempty" placeholder:"ID" help:"Application where they end, such as jupyterhub."`
}

// OpenedWorkshop is a workshop with its addresses.
type OpenedWorkshop struct {
	Workshop
	WorkshopAddresses
}

// WorkshopAddresses are where people see and type the code.
type WorkshopAddresses struct {
	Link      string `json:"link" help:"Address where learners begin, with the code in it; without it they type the code."`
	Projector string `json:"projector,omitempty" help:"Address of the page that shows the code to the room; whoever has it sees the code."`
}

func (a *Admin) addressesOf(w Workshop) (of WorkshopAddresses) {
	of.Link = a.UIOrigin + "/join#" + w.Code
	if a.ProjectorAddress != nil {
		of.Projector = a.ProjectorAddress(w.Name, w.CreatedAt)
	}
	return of
}

const workshopGrace = Duration(14 * day)

// OpenWorkshop opens a workshop, with a new code.
func (a *Admin) OpenWorkshop(ctx context.Context, in OpenWorkshop) (OpenedWorkshop, error) {
	switch {
	case a.UIOrigin == "":
		return OpenedWorkshop{}, errNoPages
	case in.Group == "":
		return OpenedWorkshop{}, invalid("%s is needed", member("group"))
	case slices.Contains(a.AdminGroups(), in.Group):
		return OpenedWorkshop{}, invalid("%s must not be one that gives a role: whoever sees the code would have it", member("group"))
	case in.Until == nil || !in.Until.After(time.Now()):
		return OpenedWorkshop{}, invalid("%s must be a time to come", member("until"))
	}
	grace, err := graceInDays(cmp.Or(in.Grace, new(workshopGrace)))
	if err == nil {
		err = a.mayEndAt(ctx, in.ClientID, someOf(in.Group))
	}
	if err != nil {
		return OpenedWorkshop{}, err
	}
	opened, err := a.store.OpenWorkshop(ctx, Workshop{Name: in.Name, Group: in.Group, Code: authn.RandomWords(authn.CodeWords),
		Prefix: cmp.Or(in.Prefix, prefixOf(in.Name)), Seats: in.Seats, ClientID: in.ClientID, Until: *in.Until, Grace: grace,
		Owner: ownerOf(ctx)})
	return OpenedWorkshop{opened, a.addressesOf(opened)}, err
}

// prefixOf returns what usernames of a workshop begin with where nobody says.
func prefixOf(name string) string {
	fit := roster.Fit(name, roster.Unix)
	return fit[:min(len(fit), maxPrefix-1)] + "-"
}

const maxPrefix = 20

func graceInDays(d *Duration) (string, error) {
	if *d == 0 {
		return "0d", nil
	}
	return inDays("grace", *d)
}

// ListWorkshops is which workshops are wanted.
type ListWorkshops struct {
	Paging
	Group string `json:"group,omitempty" placeholder:"GROUP" help:"Of this group only."`
}

// ListWorkshops returns workshops by name; those that have ended stay, for their reports.
func (a *Admin) ListWorkshops(ctx context.Context, in ListWorkshops) (Page[Workshop], error) {
	return page(in.Paging, func(w Workshop) string { return w.Name }, func(p store.Page) ([]Workshop, error) {
		return a.store.ListWorkshops(ctx, p, in.Group, ownerOf(ctx), a.administration())
	})
}

// ShowWorkshop returns one workshop, with its code.
func (a *Admin) ShowWorkshop(ctx context.Context, in WorkshopName) (OpenedWorkshop, error) {
	w, err := a.store.ShowWorkshop(ctx, in.Name)
	return OpenedWorkshop{w, a.addressesOf(w)}, err
}

// SetWorkshop is what to change of a workshop: what is nil stays as it is, and what is empty is cleared.
type SetWorkshop struct {
	Name string `json:"name" arg:""`

	Group      *string    `json:"group,omitempty" placeholder:"GROUP" help:"That learners become members of from now on."`
	Seats      *int       `json:"seats,omitempty" placeholder:"N" help:"How many can join in all."`
	Until      *time.Time `json:"until,omitempty" placeholder:"TIME" help:"When it ends; their accounts and memberships follow."`
	Grace      *Duration  `json:"grace,omitempty" placeholder:"14d" help:"After the end, until the accounts are deleted."`
	Prefix     *string    `json:"prefix,omitempty" placeholder:"PREFIX-" help:"Of the usernames of those who join from now on."`
	ClientID   *string    `json:"client_id,omitempty" placeholder:"ID" help:"Application where they end; empty: on the account page."`
	CodeClosed *bool      `json:"code_closed,omitempty" negatable:"" help:"Nobody new joins; those who did go on."`
	NewCode    *bool      `json:"new_code,omitempty" help:"Another code in place of the one that too many know."`
}

// SetWorkshop changes what is named of a workshop.
func (a *Admin) SetWorkshop(ctx context.Context, in SetWorkshop) (w Workshop, err error) {
	changes := changesOf(in)
	delete(changes, "until")
	delete(changes, "code")
	if in.NewCode != nil && *in.NewCode {
		changes["code"] = authn.RandomWords(authn.CodeWords)
	}
	if group, ok := changes["group"]; ok {
		if slices.Contains(a.AdminGroups(), *in.Group) || *in.Group == "" {
			return w, invalid("%s must be one that gives no role", member("group"))
		}
		delete(changes, "group")
		changes["group_name"] = group
		if owner := ownerOf(ctx); owner != "" {
			changes["owner"] = owner // it is by their right that learners join this one
		}
	}
	if in.ClientID != nil {
		if err := a.mayEndAt(ctx, *in.ClientID, ownedBy(ctx)); err != nil {
			return w, err
		}
	}
	if in.Grace != nil {
		if changes["grace"], err = graceInDays(in.Grace); err != nil {
			return w, err
		}
	}
	if in.Until != nil && !in.Until.After(time.Now()) {
		return w, invalid("%s must be a time to come; close ends it now", member("until"))
	}
	err = a.store.Transaction(ctx, func(s *store.Store) error {
		if in.Until != nil {
			if err := s.MoveEndOfWorkshop(ctx, in.Name, *in.Until); err != nil {
				return err
			}
		}
		if err := s.SetWorkshop(ctx, in.Name, changes); err != nil {
			return err
		}
		w, err = s.ShowWorkshop(ctx, in.Name)
		return err
	})
	return w, err
}

// CloseWorkshop ends a workshop now: its accounts, their sessions, and what applications hold, which are told.
func (a *Admin) CloseWorkshop(ctx context.Context, in WorkshopName) (Nothing, error) {
	now := time.Now()
	if err := a.store.CloseWorkshop(ctx, in.Name, now); err != nil {
		return Nothing{}, err
	}
	return Nothing{}, a.store.EndAccounts(ctx, now, func(string) {})
}

// ReportWorkshop is the workshop whose accounts are wanted.
type ReportWorkshop struct {
	Paging
	Name string `json:"name" arg:""`
}

// ReportWorkshop returns who was at a workshop, and which homes to archive.
func (a *Admin) ReportWorkshop(ctx context.Context, in ReportWorkshop) (Page[store.WorkshopAccount], error) {
	return page(in.Paging, func(w store.WorkshopAccount) string { return w.Username }, func(p store.Page) ([]store.WorkshopAccount, error) {
		return a.store.ReportWorkshop(ctx, p, in.Name, time.Now())
	})
}

// WorkshopUsername names an account that was made with the code of a workshop.
type WorkshopUsername struct {
	Name     string `json:"name" arg:""`
	Username string `json:"username" arg:""`
}

// Phrase is a password of four words.
type Phrase struct {
	Phrase string `json:"phrase" help:"Four words, shown once."`
}

// NewPhrase replaces the phrase that somebody lost; where they were signed in with the old one, they are no more.
func (a *Admin) NewPhrase(ctx context.Context, in WorkshopUsername) (Phrase, error) {
	phrase := authn.RandomWords(authn.PhraseWords)
	hash, err := a.Passwords.Hash(ctx, phrase)
	if err != nil {
		return Phrase{}, err
	}
	return Phrase{phrase}, a.store.SetPhrase(ctx, in.Name, in.Username, hash, ownerOf(ctx) != "")
}

// RemoveFromWorkshop shuts somebody out who is none of the learners, from the next request on.
func (a *Admin) RemoveFromWorkshop(ctx context.Context, in WorkshopUsername) (Nothing, error) {
	return Nothing{}, a.store.RemoveFromWorkshop(ctx, in.Name, in.Username, ownerOf(ctx) != "")
}
