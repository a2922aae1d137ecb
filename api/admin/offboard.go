package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/api/store"
)

// Offboard is somebody who leaves.
type Offboard struct {
	Username string   `json:"username" arg:""`
	Grace    Duration `json:"grace,omitempty" placeholder:"30d" help:"How long account and memberships can be given back; 30 days without it."`
	Preview  bool     `json:"preview,omitempty" name:"dry-run" help:"Say what would be done, and do nothing."`
	Undo     bool     `json:"undo,omitempty" help:"Give account and memberships back; sessions and tokens are gone."`
}

// Offboarded is what was done, or would be, in its order.
type Offboarded struct {
	store.Offboarded
	Steps []string `json:"steps" help:"In words, in the order in which it happens."`
}

const offboardingGrace = 30 * day

// Offboard shuts somebody out, with all that is theirs, in one transaction; or takes that back.
func (a *Admin) Offboard(ctx context.Context, in Offboard) (out Offboarded, err error) {
	now := time.Now()
	switch {
	case in.Undo && (in.Grace != 0 || in.Preview):
		return out, invalid("%s excludes the others", member("undo"))
	case in.Undo:
		groups, err := a.store.UndoOffboarding(ctx, in.Username, now)
		out.Username, out.Memberships = in.Username, groups
		out.Steps = []string{"the account is let in again", "memberships given back: " + cmp.Or(strings.Join(groups, ", "), "none")}
		return out, err
	}
	until := now.Add(time.Duration(cmp.Or(in.Grace, Duration(offboardingGrace))))
	err = a.store.Transaction(ctx, func(s *store.Store) (err error) {
		out.Offboarded, err = s.Offboard(ctx, in.Username, until, now)
		if err == nil && in.Preview {
			return errDryRun
		}
		return err
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	out.Steps = stepsOf(out.Offboarded)
	return out, err
}

// stepsOf returns what is done, in words, and what somebody else has to do.
func stepsOf(o store.Offboarded) []string {
	list := func(what string, names []string) string {
		return fmt.Sprintf("%s: %s", what, cmp.Or(strings.Join(names, ", "), "none"))
	}
	return []string{
		"the account is shut out",
		fmt.Sprintf("sessions ended: %d", o.Sessions),
		list("applications that lose what they hold", o.Grants),
		fmt.Sprintf("personal access tokens revoked: %d", o.PersonalAccessTokens),
		fmt.Sprintf("account links revoked: %d", o.AccountLinks),
		list("memberships ended", o.Memberships),
		list("groups that nobody else looks after, which need another owner", o.OwnedAlone),
		list("applications told, so that they end what runs there", o.Told),
		list("homes to archive, at", o.Homes),
		"account and memberships can be given back until " + o.UndoUntil.UTC().Format(time.RFC3339) + ": gatehouse offboard " +
			shellWord(o.Username) + " --undo",
	}
}
