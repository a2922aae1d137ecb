package main

import (
	"context"
	"encoding/json"
	"os/user"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestTheAuditSaysWhoChangedWhatFromTheCommandLine(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	account, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s.good("", "group", "add", "staff")
	s.good("", "user", "add", "ada", "--no-password", "--group", "staff")
	s.good("", "user", "disable", "ada")
	s.good("", "client", "add", "hub", "--redirect-uri", "https://hub.example.org/callback")
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `UPDATE users SET name = 'Ada' WHERE username = 'ada'`); err != nil {
		t.Fatal(err)
	}
	by := " " + account.Username + " command line "
	squeezed := func(args ...string) []string {
		lines := strings.Split(strings.TrimSpace(s.good("", args...)), "\n")
		for i, line := range lines {
			_, line, _ = strings.Cut(strings.Join(strings.Fields(line), " "), " ")
			if _, rest, found := strings.Cut(line, "Z "); found {
				line = " " + rest
			}
			lines[i] = line
		}
		return lines[1:]
	}
	for _, c := range []struct{ args, want string }{
		{"--user ada", ` gatehouse sql - UPDATE users ada name: null -> "Ada"|` + by + `user disable UPDATE users ada disabled_at: null -> "|` +
			by + `user add INSERT group_members staff, ada -|` + by + `user add INSERT users ada -`},
		{"--client hub --table clients", by + "client add INSERT clients hub -"},
		{"--table groups --by " + account.Username + " --since 7d", by + "group add INSERT groups staff -"},
		{"list --by nobody", ""},
	} {
		got := squeezed(append([]string{"audit"}, strings.Fields(c.args)...)...)
		want := strings.Split(c.want, "|")
		if c.want == "" {
			want = nil
		}
		if len(got) != len(want) {
			t.Fatalf("%s:\n%s", c.args, strings.Join(got, "\n"))
		}
		for i := range want {
			if !strings.HasPrefix(got[i], strings.Replace(want[i], " gatehouse sql", " "+conn.Config().User+" sql", 1)) {
				t.Errorf("%s:\n%q, want\n%q", c.args, got[i], want[i])
			}
		}
	}
	lines := strings.Split(strings.TrimSpace(s.good("", "audit", "--json", "--since", "36h")), "\n")
	var last struct {
		ID     int64
		Table  string `json:"table_name"`
		Digest string
	}
	if err := json.Unmarshal([]byte(lines[0]), &last); err != nil || last.ID != int64(len(lines)) || last.Table != "users" {
		t.Fatalf("%d lines, the first is %s, %v", len(lines), lines[0], err)
	}
	anchor := strings.TrimSpace(strings.Repeat("0", 64))
	if said := s.good("", "audit", "verify"); !strings.HasSuffix(strings.TrimSpace(said), ":"+last.Digest) {
		t.Error(said)
	}
	s.good("", "audit", "verify", "--json", "--anchor", "1:"+firstDigest(lines))
	s.bad("row 1 of the audit: it is not the one of the anchor", "", "audit", "verify", "--anchor", "1:"+anchor)
	s.bad("row 999 of the audit: the row of the anchor is not there", "", "audit", "verify", "--anchor", "999:"+anchor)
	s.bad("--anchor must be the id of a row", "", "audit", "verify", "--anchor", "1")
	for _, to := range []string{"DISABLE", "ENABLE"} {
		if _, err := conn.Exec(t.Context(), `ALTER TABLE users `+to+` TRIGGER ALL`); err != nil {
			t.Fatal(err)
		}
		if to == "DISABLE" {
			s.bad("triggers are disabled or gone, so that not all changes of these tables are recorded: users", "", "audit", "verify")
		}
	}
	s.good("", "audit", "verify")
	if _, err := conn.Exec(t.Context(), `SET session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `DELETE FROM audit WHERE id = 2`); err != nil {
		t.Fatal(err)
	}
	s.bad("row 2 of the audit: it was removed", "", "audit", "verify")
}

func firstDigest(lines []string) string {
	var first struct{ Digest string }
	_ = json.Unmarshal([]byte(lines[len(lines)-1]), &first)
	return first.Digest
}
