package main

import "context"

func examineAudit(ctx context.Context, p patient) (findings []finding) {
	checked, err := p.admin.CheckAudit(ctx)
	if err != nil {
		return bad("%s: the role that DATABASE_URL names has to read audit", unfold(err.Error()))
	}
	for _, wrong := range checked.Wrong {
		findings = append(findings, finding{"fail", wrong})
	}
	for _, warning := range checked.Warnings {
		findings = append(findings, finding{"warn", warning})
	}
	if findings == nil {
		return good("records each change; the last is row %d", checked.Latest)
	}
	return findings
}

func examineAdministration(ctx context.Context, p patient) (findings []finding) {
	wrong, err := p.admin.CheckAdministration(ctx)
	if err != nil {
		return bad("%s", unfold(err.Error()))
	}
	for _, one := range wrong {
		findings = append(findings, finding{"fail", one})
	}
	switch {
	case findings != nil:
		return findings
	case p.cfg.AdminGroup == "":
		return good("the admin API is off: GATEHOUSE_ADMIN_GROUP names no group")
	}
	return good("members of %s administer, with a sign-in that reaches %s", p.cfg.AdminGroup, p.cfg.AdminACR)
}
