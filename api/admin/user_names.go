package admin

import (
	"context"
	"fmt"
	"strings"
)

// UsernameRule is what usernames may be.
type UsernameRule struct {
	Rule string `json:"rule" arg:"" help:"unix, email or open; docs/sql.md says what each means for Hubs."`
}

// SetUsernameRule sets what usernames may be, unless there are some that would break the rule.
func (a *Admin) SetUsernameRule(ctx context.Context, in UsernameRule) (Nothing, error) {
	return Nothing{}, a.store.SetUsernameRule(ctx, in.Rule)
}

// maxSharedAddresses is how many are named.
const maxSharedAddresses = 10

// CheckUsers returns sentences about verified addresses that do not stand for one user: then nobody signs in with them, and no account
// of an upstream is linked by them, but applications that know people by their address take several for one.
func (a *Admin) CheckUsers(ctx context.Context) (warnings []string, err error) {
	shared, err := a.store.ListSharedAddresses(ctx, maxSharedAddresses+1)
	for i, s := range shared {
		if i == maxSharedAddresses {
			return append(warnings, "and there are more such addresses"), err
		}
		if len(s.Usernames) > 1 {
			warnings = append(warnings, fmt.Sprintf("%s all have the verified address %s: nobody signs in with it, and applications that know "+
				"people by their address take them for one; set email_verified to false for all but one", strings.Join(s.Usernames, ", "), s.Address))
		}
		if s.Owner != "" {
			warnings = append(warnings, fmt.Sprintf("%s is a username, and the verified address of %s: who types it is the one with the username",
				s.Owner, strings.Join(s.Usernames, ", ")))
		}
	}
	return warnings, err
}
