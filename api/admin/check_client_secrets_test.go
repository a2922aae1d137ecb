package admin

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestCheckClientsWarnsOfSecretsThatHaveToBeReplaced(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	_, err := conn.Exec(t.Context(), `
		INSERT INTO clients (client_id) VALUES ('a-none'), ('b-ended'), ('c-soon'), ('d-later'), ('e-used'), ('f-ends'), ('g-unused'),
			('h-rotated');
		INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('i-public', 'none');
		UPDATE clients SET redirect_uris = '{https://c.example.org/cb}';
		INSERT INTO client_secrets (client_id, name, secret_sha256, created_at, expires_at, used_at) VALUES
			('b-ended', 'first', sha256('1'), '2026-01-01', '2026-01-03', NULL), ('b-ended', 'last', sha256('2'), '2026-01-02', '2026-01-05', NULL),
			('c-soon', 'only', sha256('3'), '2026-01-01', now() + interval '13 days', NULL),
			('d-later', 'only', sha256('4'), '2026-01-01', now() + interval '15 days', NULL),
			('e-used', 'it''s old', sha256('5'), '2026-01-01', NULL, now()), ('e-used', 'new', sha256('6'), '2026-01-02', NULL, NULL),
			('f-ends', 'old', sha256('7'), '2026-01-01', now() + interval '1 day', now()), ('f-ends', 'new', sha256('8'), '2026-01-02', NULL, now()),
			('g-unused', 'old', sha256('9'), '2026-01-01', NULL, '2026-01-01'), ('g-unused', 'new', sha256('10'), '2026-01-02', NULL, NULL),
			('h-rotated', 'old', sha256('11'), '2026-01-01', now() + interval '1 day', NULL),
			('h-rotated', 'new', sha256('12'), '2026-01-02', NULL, NULL)`,
		pgx.QueryExecModeSimpleProtocol)
	try(t, err)
	checked, err := a.CheckClients(t.Context())
	in := func(days int) string { return time.Now().UTC().Add(time.Duration(days) * day).Format(time.DateOnly) }
	want := []string{
		"a-none has no secret, so that it cannot authenticate: gatehouse client rotate-secret a-none",
		`b-ended cannot authenticate any more: its last secret, "last", ended on 2026-01-05: gatehouse client rotate-secret b-ended`,
		"c-soon has no secret beyond " + in(13) + `, when "only" ends: gatehouse client rotate-secret c-soon --keep 7d`,
		`e-used still uses its old secret "it's old": give the application the newest, "new", and then: ` +
			`gatehouse client remove-secret e-used 'it'\''s old'`,
		`f-ends still uses its secret "old", which ends on ` + in(1) + `: give the application the newest, "new"`,
		`h-rotated has an old secret, "old", which ends on ` + in(1) + `: see that the application has the newest, "new"`,
	}
	if err != nil || !slices.Equal(checked.Warnings, want) {
		t.Errorf("%v", err)
		for _, w := range checked.Warnings {
			t.Error(w)
		}
	}
}
