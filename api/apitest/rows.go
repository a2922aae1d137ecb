package apitest

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/authn"
	"gatehouse/api/devdb"
	"gatehouse/api/keys"
	"gatehouse/api/provider"
	"gatehouse/api/store"
)

// filled has what Start promises, and signing keys: an RSA key is a tenth of a second of a core.
var filled = devdb.Filled{Fill: func(ctx context.Context, url string) error {
	if err := makeKeys(ctx, url); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, row := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO users (sub, username, password, name, email, email_verified)
			VALUES ('sub-alice', 'alice', crypt($1, gen_salt('bf', 4)), 'Alice', 'alice@example.org', true)`, []any{Password}},
		{`INSERT INTO groups (name) VALUES ('hub-admins'), ('staff')`, nil},
		{`INSERT INTO group_members (username, group_name) VALUES ('alice', 'staff')`, nil},
		{`INSERT INTO clients (client_id, client_name, redirect_uris, post_logout_redirect_uris, grant_types, first_party)
			VALUES ('web', 'Web', ARRAY[$1], ARRAY[$2], '{authorization_code,refresh_token}', true)`, []any{Callback, Bye}},
		{`INSERT INTO client_secrets (client_id, name, secret_sha256) VALUES ('web', 'first', sha256('web-secret'))`, nil},
		{`INSERT INTO clients (client_id, client_name, token_endpoint_auth_method, redirect_uris, grant_types)
			VALUES ('spa', 'The page', 'none', '{https://spa.example.org/cb}', '{authorization_code,refresh_token}')`, nil},
	} {
		if _, err := conn.Exec(ctx, row.sql, row.args...); err != nil {
			return err
		}
	}
	return nil
}}

// firstSeal is the GATEHOUSE_ENCRYPTION_KEY that the keys are encrypted with.
var firstSeal = [32]byte{1, 2, 3}

func makeKeys(ctx context.Context, url string) error {
	db, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	sealer, err := keys.NewSealer([][32]byte{firstSeal})
	if err != nil {
		return err
	}
	return provider.New(settings("https://id.example.org"), db, sealer, authn.NewPasswords(1, 0), time.Now).Start(ctx)
}
