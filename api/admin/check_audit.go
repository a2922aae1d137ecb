package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// CheckedAudit is what was found of the audit.
type CheckedAudit struct {
	Latest   int64    // the id of the last row; 0: there is none
	Wrong    []string // sentences, each with what mends it
	Warnings []string // the same of what can wait
}

// CheckAudit looks whether what is changed is recorded, and whether the last rows of the audit are as they were written.
func (a *Admin) CheckAudit(ctx context.Context) (c CheckedAudit, err error) {
	missing, other, err := a.store.AuditPartitions(ctx)
	if err != nil {
		return c, err
	}
	makes := fmt.Sprintf("start gatehouse serve, which makes them, or SELECT partition_by_month('audit', now(), interval '%d hours')",
		int(a.AuditKept.Hours()))
	if len(missing) > 0 && other {
		c.Warnings = append(c.Warnings, fmt.Sprintf("no partition %s, so that changes go to audit_other: %s", strings.Join(missing, ", "), makes))
	} else if len(missing) > 0 {
		c.Wrong = append(c.Wrong, fmt.Sprintf("no partition %s, and none for the rest, so that nothing can be changed then: "+
			"CREATE TABLE audit_other PARTITION OF audit DEFAULT; then %s", strings.Join(missing, ", "), makes))
	}
	v, err := a.store.VerifyLatestAudit(ctx)
	if err != nil {
		return c, err
	}
	for _, table := range v.Off {
		c.Wrong = append(c.Wrong, fmt.Sprintf("triggers of %s are disabled or gone, so that not all changes of it are recorded: "+
			"ALTER TABLE %s ENABLE TRIGGER USER; those that are gone are at the end of migrations/00001_init.sql", table, table))
	}
	if v.Last != nil {
		c.Latest = v.Last.ID
	}
	if v.Wrong != nil {
		c.Wrong = append(c.Wrong, fmt.Sprintf("row %d: %s; gatehouse audit verify looks at all of them", v.Wrong.ID, v.Wrong.Why))
	}
	return c, nil
}

// CheckAdministration returns sentences about settings of the admin API with which nobody gets in, each with what mends it.
func (a *Admin) CheckAdministration(ctx context.Context) (wrong []string, err error) {
	for _, named := range [][2]string{{"GATEHOUSE_ADMIN_GROUP", a.AdminGroup}, {"GATEHOUSE_READER_GROUP", a.ReaderGroup},
		{"GATEHOUSE_HELP_DESK_GROUP", a.HelpDeskGroup}} {
		if named[1] == "" {
			continue
		}
		switch err := a.store.GroupIsThere(ctx, named[1]); {
		case errors.As(err, new(Missing)):
			wrong = append(wrong, fmt.Sprintf("%s names %s, and there is no such group: gatehouse group add %s", named[0], named[1],
				shellWord(named[1])))
		case err != nil:
			return nil, err
		}
	}
	classes, err := a.store.ListACRValues(ctx)
	named := make([]string, len(classes))
	for i, class := range classes {
		named[i] = class.Value
	}
	if err == nil && a.AdminGroup != "" && !slices.Contains(named, a.AdminACR) {
		wrong = append(wrong, fmt.Sprintf("GATEHOUSE_ADMIN_ACR is %s, of which acr_values has no row, so that nobody gets in: "+
			"name one of %s, or gatehouse acr-value add %s", a.AdminACR, strings.Join(named, ", "), shellWord(a.AdminACR)))
	}
	return wrong, err
}
