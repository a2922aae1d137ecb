package store

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
)

// pg_restore empties search_path before it writes rows: a constraint whose function finds another function by search_path only
// refuses every row then, and the backup is worth nothing.
func TestRowsCanBeRestoredWithoutASearchPath(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), devdb.Test(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, sql := range []string{
		`INSERT INTO users (username, password) VALUES ('alice', password_hash('correct horse')),
			('bob', '{"secretData": {"value": "yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ=", "salt": "AAECAwQFBgcICQoLDA0ODw=="},
			"credentialData": {"hashIterations": 1000, "algorithm": "pbkdf2-sha256"}}'),
			('carol', '$scrypt$ln=10,r=8,p=1$7L33HoMwJqTU2htjzPnf2w$xJ7k0AJyHj/hM8p58C137g4W5+FuX2YcnvrQVfyLTB4')`,
		`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, post_logout_redirect_uris, request_uris, client_uri,
			sector_identifier_uri, subject_type, jwks, backchannel_logout_uri, frontchannel_logout_uri)
			VALUES ('spa', 'none', '{https://a.example.org/}', '{https://a.example.org/}', '{https://a.example.org/r}', 'https://a.example.org/',
			'https://a.example.org/s', 'pairwise', '{"keys": [{"kty": "EC"}]}', 'https://a.example.org/b', 'https://a.example.org/f')`,
		`INSERT INTO upstreams (name, issuer, client_id) VALUES ('google', 'https://accounts.google.com', 'x')`,
		`INSERT INTO groups (name) VALUES ('staff')`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.Query(t.Context(), `SELECT DISTINCT conrelid::regclass::text FROM pg_constraint
		WHERE contype = 'c' AND connamespace = current_schema()::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 10 {
		t.Fatal(tables, err)
	}
	if _, err := conn.Exec(t.Context(), `SET search_path = ''`); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		_, err := conn.Exec(t.Context(), `CREATE TEMPORARY TABLE restored (LIKE public.`+table+` INCLUDING CONSTRAINTS);
			INSERT INTO restored SELECT * FROM public.`+table+`; DROP TABLE restored`)
		if err != nil {
			t.Errorf("%s: %v", table, err)
		}
	}
}
