package authn

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
)

// bounds are hashes whose parameters are the highest, or the lowest, that are taken, and those that are not any more.
func bounds() (taken, costly []string) {
	const salt = "c29tZXNhbHRzb21lc2FsdA"
	key43, key86, hex64 := strings.Repeat("A", 43), strings.Repeat("A", 86), strings.Repeat("0a", 32)
	add := func(list *[]string, form string, parameters ...[]any) {
		for _, p := range parameters {
			*list = append(*list, fmt.Sprintf(form, p...))
		}
	}
	one := func(numbers ...any) (list [][]any) {
		for _, n := range numbers {
			list = append(list, []any{n})
		}
		return list
	}
	for _, f := range []struct {
		form     string
		ok, over [][]any
	}{
		{"$2b$%02d$" + strings.Repeat("a", 53), one(4, 14), one(3, 15, 31)},
		{"bcrypt_sha256$$2b$%02d$" + strings.Repeat("a", 53), one(4, 14), one(3, 15)},
		{"$argon2id$v=19$m=%d,t=%d,p=%d$" + salt + "$" + key43, [][]any{{8, 1, 1}, {262144, 10, 16}, {1048576, 1, 8}, {1048576, 2, 16}},
			[][]any{{7, 1, 1}, {1048577, 1, 1}, {1048576, 3, 1}, {65536, 11, 1}, {65536, 0, 1}, {65536, 1, 17}, {65536, 1, 0}}},
		{"argon2$argon2i$v=19$m=%d,t=2,p=2$" + salt + "$" + key43, one(16, 512), one(15, 9999999)},
		{"pbkdf2_sha256$%d$salt$" + key43 + "=", one(1, 600000, 2000000), one(0, 2000001, 9999999)},
		{"$pbkdf2-sha512$%d$" + salt + "$" + key86, one(1, 2000000), one(0, 2000001)},
		{"{PBKDF2-SHA256}%d$" + salt + "$" + key43, one(1, 2000000), one(0, 2000001)},
		{"pbkdf2:sha256:%d$salt$" + hex64, one(1, 2000000), one(0, 2000001)},
		{`{"secretData": "{\"value\": \"` + key43 + `=\", \"salt\": \"AAAA\"}", "credentialData": {"hashIterations": %d, ` +
			`"algorithm": "pbkdf2-sha256"}}`, one(1, 2000000), one(0, 2000001)},
		{`{"secretData": {"value": "` + key43 + `=", "salt": "` + salt + `=="}, "credentialData": {"hashIterations": %d, ` +
			`"algorithm": "argon2", "additionalParameters": {"memory": ["%d"], "type": ["id"], "version": ["1.3"], "parallelism": ["%d"]}}}`,
			[][]any{{5, 7168, 1}, {10, 262144, 16}}, [][]any{{11, 7168, 1}, {9999999, 7168, 1}, {1, 1048577, 1}, {1, 7168, 17}}},
		{"$5$rounds=%d$salt$" + key43, one(1000, 1000000), one(999, 1000001)},
		{"$6$rounds=%d$salt$" + key86, one(1000, 656000, 1000000), one(0, 999, 1000001, 9999999)},
		{"{CRYPT}$6$rounds=%d$salt$" + key86, one(1000), one(1000001)},
		{"$scrypt$ln=%d,r=%d,p=%d$" + salt + "$" + key43, [][]any{{1, 1, 1}, {16, 8, 4}, {18, 8, 1}, {16, 32, 1}},
			[][]any{{0, 8, 1}, {19, 8, 1}, {16, 8, 5}, {17, 32, 1}, {10, 33, 1}, {10, 8, 33}, {99, 1, 1}, {14, 0, 1}, {14, 8, 0}}},
		{"scrypt$%d$salt$%d$%d$" + key86 + "==", [][]any{{16384, 8, 5}, {2, 1, 1}}, [][]any{{16383, 8, 1}, {524288, 8, 1}, {1, 8, 1}, {0, 8, 1}}},
		{"scrypt:%d:%d:%d$salt$" + hex64, [][]any{{32768, 8, 1}}, [][]any{{32769, 8, 1}, {99999999, 8, 1}}},
		{"%d$%d$%d$" + hex64 + "$" + hex64, [][]any{{16384, 8, 1}}, [][]any{{16385, 8, 1}, {33554432, 8, 1}}},
		{"$7$%s$" + key43, one("C6..../....salt", "E6....0....salt", "G6..../...."),
			one("H6..../....salt", "E6....3....s", "zzzzzzzzzzz", "C....../....s")},
	} {
		add(&taken, f.form, f.ok...)
		add(&costly, f.form, f.over...)
	}
	return taken, costly
}

// What no form matches.
var formless = []string{"$1$salt$" + strings.Repeat("a", 22), "$y$j9T$salt$" + strings.Repeat("a", 43),
	"md5$salt$" + strings.Repeat("a", 32),
	"$2x$04$" + strings.Repeat("a", 53), "$2a$10$short", "$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + strings.Repeat("A", 43),
	"$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + strings.Repeat("A", 43), "{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=",
	"{SSHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=", "{SSHA512}hhoId5cxWT78L/hJpf19wOCKflimtLZ2", "{MD5}x", `{"secretData": {}}`, `{"a`,
	"pbkdf2_sha256$1000$$" + strings.Repeat("A", 43) + "=", "pbkdf2_md5$1000$salt$" + strings.Repeat("A", 43) + "=",
	"pbkdf2_sha256$1000$salt$" + strings.Repeat("A", 45), "$5$salt$" + strings.Repeat("a", 86), "$6$salt$" + strings.Repeat("a", 43),
	"$6$rounds=1000$seventeen-letters$" + strings.Repeat("a", 86), todaysArgon + "\n", "$pbkdf2-sha256$1000$AAAA$" + strings.Repeat("A", 20),
	"scrypt$1024$salt$8$5$" + strings.Repeat("A", 1000), `{"secretData": {"value": "` + strings.Repeat("A", 43) +
		`=", "salt": "AAAA"}, "credentialData": {"hashIterations": 1000, "algorithm": "pbkdf2-md5"}}`}

// TestTheDatabaseTakesTheHashesThatCanBeVerified: the check constraints of users.password and parseHash have the same forms
// and bounds.
func TestTheDatabaseTakesTheHashesThatCanBeVerified(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), devdb.Test(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	taken, costly := bounds()
	for _, test := range elsewhere {
		taken = append(taken, test.stored)
	}
	for want, list := range map[string][]string{"": taken, "cost": costly, "form": formless,
		"plain": {right, "", "$", "pa$$word", "{", "{curly} braces", "100$"}} {
		for _, stored := range list {
			var problem string
			if err := conn.QueryRow(t.Context(), "SELECT coalesce(password_hash_problem($1), '')", stored).Scan(&problem); err != nil {
				t.Fatal(stored, err)
			}
			if _, ok := parseHash(stored); problem != want || ok != (want == "") {
				t.Errorf("%s\n the database says %q, parseHash %v, want %q", stored, problem, ok, want)
			}
		}
	}
}
