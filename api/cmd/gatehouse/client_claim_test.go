package main

import (
	"regexp"
	"strings"
	"testing"
)

func TestClientClaimCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.good("", "client", "add", "minio")
	s.good("", "group", "add", "minio-admins")
	s.good(passphrase, "user", "add", "ada", "--group", "minio-admins")
	if out := s.good("", "client", "claim", "add", "minio", "policy", "--from-group", "minio-admins", "--value", "consoleAdmin", "--shape",
		"list"); out != "added row 1 of claim policy to client minio\n" {
		t.Error(out)
	}
	s.good("", "client", "claim", "add", "minio", "policy", "--from-group-prefix", "minio-", "--keep-prefix", "--in-access-token")
	s.good("", "client", "claim", "add", "minio", "beta", "--value", "true", "--position", "9")
	s.good("", "client", "claim", "add", "minio", "version", "--value", `"1"`)
	s.good("", "client", "claim", "add", "minio", "unit", "--from-field", "department")
	list := s.good("", "client", "claim", "list", "minio")
	for _, line := range []string{`^1 +policy +group minio-admins +"consoleAdmin" +list +false$`,
		`^2 +policy +groups minio-…, whole names +- +single +true$`, `^9 +beta +- +true +single +false$`, `^10 +version +- +"1" `,
		`^11 +unit +field department `} {
		if !regexp.MustCompile(`(?m)` + line).MatchString(list) {
			t.Errorf("no %s in\n%s", line, list)
		}
	}
	s.bad("GATEHOUSE_ISSUER is not set", "", "claims", "minio", "ada")
	s.env = append(s.env, "GATEHOUSE_ISSUER=https://api.example.org")
	printed := s.good("", "claims", "minio", "ada", "--scope", "openid")
	for _, said := range []string{`"iss": "https://api.example.org"`, `"beta": true`, `"version": "1"`, `"why": "the scope profile, which`} {
		if !strings.Contains(printed, said) {
			t.Errorf("no %s in\n%s", said, printed)
		}
	}
	if !regexp.MustCompile(`"policy": \[\s+"consoleAdmin",\s+"minio-admins"\s+\]`).MatchString(printed) {
		t.Error(printed)
	}
	if out := s.good("", "client", "claim", "set", "minio", "2", "--no-keep-prefix", "--no-in-access-token", "--new-position", "3"); out !=
		"changed row 2 of client minio\n" {
		t.Error(out)
	}
	s.good("", "client", "claim", "set", "minio", "11", "--from-field", "", "--value", "physics", "--claim", "institute")
	list = s.good("", "client", "claim", "list", "minio")
	for _, line := range []string{`^3 +policy +groups minio-… +- +single +false$`, `^11 +institute +- +"physics" +single`} {
		if !regexp.MustCompile(`(?m)` + line).MatchString(list) {
			t.Errorf("no %s in\n%s", line, list)
		}
	}
	s.bad("value must be alone, which is for everybody, or with from_group", "",
		"client", "claim", "set", "minio", "11", "--from-field", "email")
	s.bad(`there is no row of claims "minio 40"`, "", "client", "claim", "set", "minio", "40", "--value", "1")
	s.bad(`claim must not be one that only the protocol sets`, "", "client", "claim", "set", "minio", "11", "--claim", "SUB")
	if out := s.good("", "client", "claim", "remove", "minio", "9"); out != "removed row 9 from client minio\n" {
		t.Error(out)
	}
	if list := s.good("", "client", "claim", "list", "minio", "--json"); strings.Contains(list, "beta") {
		t.Error(list)
	}
	s.bad(`there is no row of claims "minio 9"`, "", "client", "claim", "remove", "minio", "9")
	s.bad(`there is no client "gone"`, "", "client", "claim", "list", "gone")
	s.bad(`there is no such client: "gone"`, "", "client", "claim", "add", "gone", "x", "--value", "1")
	s.bad(`there is no such group: "gone"`, "", "client", "claim", "add", "minio", "x", "--from-group", "gone")
	s.bad(`claim must not be one that only the protocol sets, such as sub, iss or scope, in whichever case: "Sub"`, "",
		"client", "claim", "add", "minio", "Sub", "--value", "root")
	s.bad("claim must not be a standard one", "", "client", "claim", "add", "minio", "groups", "--value", "root")
	s.bad("a row has a value, or one of from_field, from_group and from_group_prefix", "", "client", "claim", "add", "minio", "x")
	s.bad("value must have at most 1 kB", "", "client", "claim", "add", "minio", "x", "--value", strings.Repeat("x", 2000))
	s.bad(`there is no user "bob"`, "", "claims", "minio", "bob")
}
