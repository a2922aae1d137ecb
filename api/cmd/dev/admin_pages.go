package main

import (
	"context"
	"os"
	"strings"
)

// adminGroup is that of the demo rows whose members administer.
const adminGroup = "gatehouse-admins"

const adminClient = "gatehouse-admin"

func (s settings) adminPages() string { return s.uiOrigin + "/admin/" }

// registerAdminPages registers the pages for administrators, unless that was done for this address and this issuer before.
func (s settings) registerAdminPages(ctx context.Context, env []string) error {
	text, err := output(ctx, env, s.gatehouse(), "client", "show", adminClient)
	if err == nil && strings.Contains(text, `"`+s.adminPages()+`"`) && strings.Contains(text, `"`+s.issuer+`/admin/v1"`) {
		return nil
	}
	for _, name := range []string{"GATEHOUSE_READER_GROUP", "GATEHOUSE_HELP_DESK_GROUP"} {
		if group := os.Getenv(name); group != "" { // of somebody who tries roles out; it may be there
			_, _ = output(ctx, env, s.gatehouse(), "group", "add", group)
		}
	}
	_, _ = output(ctx, env, s.gatehouse(), "client", "remove", adminClient)
	_, err = output(ctx, env, s.gatehouse(), "client", "add", adminClient, "--template", "admin")
	return err
}
