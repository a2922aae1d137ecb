package web_test

import (
	"net/url"
	"testing"
)

// A personal access token belongs to no client, so the gate of the service that asks about it is the only one.
func TestAPersonalAccessTokenIsNoWayAroundAServicesGroups(t *testing.T) {
	b := start(t).browser()
	token := b.personalAccessToken()
	active := func() any {
		t.Helper()
		return b.do("POST", "/introspect", url.Values{"token": {token}, "client_id": {"web"}, "client_secret": {"web-secret"}}).json()["active"]
	}
	for _, step := range []struct {
		sql  string
		want bool
	}{
		{"UPDATE clients SET allowed_groups = '{hub-admins}'", false},
		{"INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins')", true},
		{"DELETE FROM group_members WHERE group_name = 'hub-admins'", false},
		{"UPDATE clients SET allowed_groups = '{}'", true},
	} {
		b.exec(step.sql)
		waitForNotify()
		if got := active(); got != step.want {
			t.Errorf("after %s: active is %v", step.sql, got)
		}
	}
}
