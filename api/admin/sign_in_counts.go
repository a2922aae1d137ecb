package admin

import (
	"cmp"
	"context"

	"gatehouse/api/store"
)

// CountSignIns is over how long sign-ins are to be counted.
type CountSignIns struct {
	Days int `json:"days,omitempty" default:"7" help:"From 1 to 31."`
}

// SignInCounts are the sign-ins and failures of each hour.
type SignInCounts struct {
	Hours []store.SignInCount `json:"hours"`
}

// CountSignIns counts the sign-ins of each hour, and those that failed.
func (a *Admin) CountSignIns(ctx context.Context, in CountSignIns) (out SignInCounts, err error) {
	days := cmp.Or(in.Days, 7)
	if days < 1 || days > 31 {
		return out, invalid("%s must be from 1 to 31", member("days"))
	}
	out.Hours, err = a.store.CountSignIns(ctx, 24*days)
	return out, err
}
