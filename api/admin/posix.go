package admin

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"gatehouse/api/store"
)

// PosixRanges are from where users and groups get numbers.
type PosixRanges struct {
	UIDs  string `json:"uids,omitempty" arg:"" optional:"" name:"uids" help:"Of users, such as 100000-199999."`
	GIDs  string `json:"gids,omitempty" arg:"" optional:"" name:"gids" help:"Of groups, apart from those, such as 200000-299999."`
	Home  string `json:"home,omitempty" default:"/home/{username}" placeholder:"PATH" help:"The folder of new users (${default})."`
	Shell string `json:"shell,omitempty" default:"/bin/bash" placeholder:"PATH" help:"What a terminal of new users runs (${default})."`
}

// SetPosixRanges has each user and each group have a number, now and when they are added. Without ranges new ones get none; those that were
// given stay. Errors: Invalid, Refusal.
func (a *Admin) SetPosixRanges(ctx context.Context, in PosixRanges) (Nothing, error) {
	if (in.UIDs == "") != (in.GIDs == "") {
		return Nothing{}, invalid("%s and %s come together, or neither", member("uids"), member("gids"))
	}
	r := store.PosixRanges{Home: cmp.Or(in.Home, "/home/{username}"), Shell: cmp.Or(in.Shell, "/bin/bash")}
	if in.UIDs == "" {
		return Nothing{}, a.store.SetPosixRanges(ctx, r)
	}
	var ok [2]bool
	r.UIDs, ok[0] = numbersIn(in.UIDs)
	r.GIDs, ok[1] = numbersIn(in.GIDs)
	for i, name := range []string{"uids", "gids"} {
		if !ok[i] {
			return Nothing{}, invalid("%s must be two numbers with a dash between them, such as 100000-199999", member(name))
		}
	}
	return Nothing{}, a.store.SetPosixRanges(ctx, r)
}

// numbersIn reads FIRST-LAST.
func numbersIn(text string) (r *store.Numbers, ok bool) {
	first, last, found := strings.Cut(text, "-")
	from, err := strconv.ParseUint(first, 10, 32)
	to, err2 := strconv.ParseUint(last, 10, 32)
	return &store.Numbers{First: int64(from), Last: int64(to)}, found && err == nil && err2 == nil && from <= to
}

// ShowPosixRanges returns from where users and groups get numbers, all empty where they get none.
func (a *Admin) ShowPosixRanges(ctx context.Context, _ Nothing) (out PosixRanges, err error) {
	r, err := a.store.PosixRanges(ctx)
	if err != nil || r.UIDs == nil || r.GIDs == nil {
		return out, err
	}
	text := func(n *store.Numbers) string {
		return strconv.FormatInt(n.First, 10) + "-" + strconv.FormatInt(n.Last, 10)
	}
	return PosixRanges{UIDs: text(r.UIDs), GIDs: text(r.GIDs), Home: r.Home, Shell: r.Shell}, nil
}
