package provider

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/devdb"
	"gatehouse/api/keys"
	"gatehouse/api/store"
)

func TestAnUpstreamsSecretIsSealedWhenItIsFirstRead(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := devdb.Test(t)
	db, err := store.Open(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	sealer, err := keys.NewSealer([][32]byte{{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	kept := func() (secret string) {
		if err := conn.QueryRow(ctx, "SELECT client_secret FROM upstreams").Scan(&secret); err != nil {
			t.Fatal(err)
		}
		return secret
	}
	p := New(Settings{}, db, sealer, nil, time.Now)

	exec("INSERT INTO upstreams (name, issuer, client_id, client_secret) VALUES ('google', 'https://op.example.org', 'us', 'as written')")
	for _, want := range []string{"as written", "as written"} { // plain, then sealed
		if u, err := p.upstreamNamed(ctx, "google"); err != nil || u == nil || u.ClientSecret != want {
			t.Fatalf("%+v, %v", u, err)
		}
		if !strings.HasPrefix(kept(), sealedPrefix) || strings.Contains(kept(), "written") {
			t.Errorf("the row has %q", kept())
		}
	}

	// A secret that was written meanwhile is not overwritten by the sealed form of the former one.
	exec("UPDATE upstreams SET client_secret = 'a new one'")
	if err := db.SealUpstreamSecret(ctx, "google", "as written", "sealed:old"); err != nil || kept() != "a new one" {
		t.Errorf("the row has %q, %v", kept(), err)
	}
	if u, err := p.upstreamNamed(ctx, "google"); err != nil || u.ClientSecret != "a new one" {
		t.Errorf("%+v, %v", u, err)
	}

	// A sealed secret goes to the issuer that it was written for, and to no other.
	exec("UPDATE upstreams SET issuer = 'https://evil.example.org'")
	if u, err := p.upstreamNamed(ctx, "google"); err == nil || !strings.Contains(err.Error(), "write the secret into the row again") {
		t.Errorf("%+v, %v", u, err)
	}
	exec("UPDATE upstreams SET disabled_at = now()")
	if u, err := p.upstreamNamed(ctx, "google"); err != nil || u != nil {
		t.Errorf("a disabled one: %+v, %v", u, err)
	}
}
