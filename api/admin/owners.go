package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// AddGroupOwners is who is to look after a group.
type AddGroupOwners struct {
	Group     string   `json:"group" arg:""`
	Usernames []string `json:"usernames" arg:"" name:"username"`
}

// AddGroupOwners has users look after a group, all or none; those who do already go on. They need not be members of it. Errors: Refusal of
// a group that opens the administration.
func (a *Admin) AddGroupOwners(ctx context.Context, in AddGroupOwners) (Nothing, error) {
	return Nothing{}, a.store.AddGroupOwners(ctx, in.Group, in.Usernames, a.administration())
}

// GroupOwner is somebody who looks after a group.
type GroupOwner struct {
	Group    string `json:"group" arg:""`
	Username string `json:"username" arg:""`
}

// RemoveGroupOwner takes a group from an owner, from the next request on. Its members stay.
func (a *Admin) RemoveGroupOwner(ctx context.Context, in GroupOwner) (Nothing, error) {
	return Nothing{}, a.store.RemoveGroupOwner(ctx, in.Group, in.Username)
}

// about is what an operation is about, of what owners own.
type about struct {
	groups     []string // they have to own all of them
	invitation string   // they have to own all groups of the one with this id
	workshop   string   // they have to own the group of the one of this name
	ownOnly    bool     // without a group: what it shows are theirs alone, by ownerOf
}

func aboutGroup(name string) about { return about{groups: []string{name}} }

func aboutWorkshop(name string) about { return about{workshop: name} }

func someOf(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

// ownersToo opens an operation to owners; of returns what it is about by its input, or why they may not run it so.
func ownersToo[In any](o Operation, of func(In) (about, error)) Operation {
	o.about = func(in any) (about, error) { return of(in.(In)) }
	return o
}

// ownerOf returns who runs an operation as an owner, "" for everybody else.
func ownerOf(ctx context.Context) string {
	if c, _ := ctx.Value(callerKey{}).(Caller); c.Role == oidc.Owner {
		return c.Name
	}
	return ""
}

// ownedBy returns the groups that an operation which an owner runs is about.
func ownedBy(ctx context.Context) []string {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c.owned
}

// importOfOwner lets an owner add the people of a roster to a group of theirs. Whom else it names, it does not touch.
func importOfOwner(in ImportUsers) (about, error) {
	switch {
	case in.Group == "":
		return about{}, invalid("%s is missing: the group that you look after", member("group"))
	case in.DisableMissing:
		return about{}, Forbidden{Words: "an administrator shuts people out; take them out of the group instead"}
	}
	return aboutGroup(in.Group), nil
}

// workshopOfOwner lets an owner change a workshop, which goes on to be of a group of theirs.
func workshopOfOwner(in SetWorkshop) (about, error) {
	of := aboutWorkshop(in.Name)
	if in.Group != nil {
		of.groups = someOf(*in.Group)
	}
	return of, nil
}

// invitationOfOwner lets an owner invite to groups of theirs.
func invitationOfOwner(in AddInvitation) (about, error) {
	if len(in.Groups) == 0 {
		return about{}, invalid("%s is missing: the group that you look after", member("groups"))
	}
	return about{groups: in.Groups}, nil
}

// ownedOf returns the groups that an operation is about, all of which the caller owns until the transaction of this store ends. Errors:
// Forbidden. What shows more of rows than the operation itself, or changes what a file declares, is not for owners.
func (a *Admin) ownedOf(ctx context.Context, c Caller, o Operation, in any, how How) (
	groups []string, workshop string, err error) {
	if how.DryRun || how.DeclaredAnyway || how.IfMatch != "" {
		return nil, "", Forbidden{Words: "dry_run, declared_anyway and If-Match are for administrators"}
	}
	of, err := o.about(in)
	if err != nil {
		return nil, "", err
	}
	groups = of.groups
	if of.invitation != "" {
		if groups, err = a.store.GroupsOfInvitation(ctx, of.invitation); err != nil {
			return nil, "", err
		}
		if len(groups) == 0 {
			return nil, "", Forbidden{Words: "there is no such invitation to a group that you look after"}
		}
	}
	if of.workshop != "" {
		group, err := a.store.GroupOfWorkshop(ctx, of.workshop)
		if err != nil {
			return nil, "", err
		}
		if group == "" {
			return nil, "", Forbidden{Words: "there is no such workshop of a group that you look after"}
		}
		groups = append([]string{group}, groups...)
	}
	if of.ownOnly && len(groups) == 0 {
		return nil, "", nil
	}
	owned, err := a.store.OwnedOf(ctx, c.Name, groups, a.administration())
	if err != nil {
		return nil, "", err
	}
	for _, group := range groups {
		if !slices.Contains(owned, group) {
			return nil, "", Forbidden{Words: fmt.Sprintf("you do not look after the group %q, or not any more", group)}
		}
	}
	return owned, of.workshop, nil
}

// onlyOwned refuses what an owner changes beside the members, invitations and workshops of the groups that the operation is about, people
// who are new by it, and the accounts of the workshop: so that what an operation does some day, and nobody thought of here, is refused.
func (a *Admin) onlyOwned(ctx context.Context, c Caller, changes []store.Change) error {
	learners, err := a.learnersOf(ctx, c.workshop)
	if err != nil {
		return err
	}
	added := map[string]bool{}
	for _, change := range changes {
		if change.Table == "users" && change.Action == "INSERT" {
			added[change.Username] = true
		}
	}
	for _, change := range changes {
		if !c.mayAsOwner(change, added, learners) {
			return Forbidden{Words: "this changes more than the group: an administrator does it"}
		}
	}
	return nil
}

// learnersOf returns the accounts of a workshop; none of "".
func (a *Admin) learnersOf(ctx context.Context, workshop string) ([]string, error) {
	if workshop == "" {
		return nil, nil
	}
	return a.store.LearnersOf(ctx, workshop)
}

func (c Caller) mayAsOwner(change store.Change, added map[string]bool, learners []string) bool {
	var key, after struct {
		Name  string  `json:"name"`
		Group *string `json:"group_name"`
	}
	_, _ = json.Unmarshal(change.Key, &key), json.Unmarshal(change.After, &after) // what is of another form is of another table
	insert, update := change.Action == "INSERT", change.Action == "UPDATE"
	switch change.Table {
	case "group_members", "invitation_groups":
		return key.Group != nil && slices.Contains(c.owned, *key.Group)
	case "invitations":
		return true // whose groups are looked at
	case "workshops":
		return (insert || update && key.Name == c.workshop) && (after.Group == nil || slices.Contains(c.owned, *after.Group))
	case "users":
		return insert || update && slices.Contains(learners, change.Username)
	case "account_links":
		return insert && added[change.Username]
	case "sessions", "grants": // which end with the phrase, or with a workshop that is closed
		return c.Operation == closingWorkshop || slices.Contains(learners, change.Username)
	}
	return false
}

const closingWorkshop = "workshop close" // which ends what is left of all accounts that have ended

// mayEndAt refuses an owner who would send people to an application of somebody else.
func (a *Admin) mayEndAt(ctx context.Context, clientID string, groups []string) error {
	if ownerOf(ctx) == "" || clientID == "" {
		return nil
	}
	may, err := a.store.OwnersMaySend(ctx, clientID, groups, a.administration())
	if err == nil && !may {
		err = Forbidden{Words: fmt.Sprintf("%q is no application that an administrator registered for members of the group", clientID)}
	}
	return err
}
