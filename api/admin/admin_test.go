package admin

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/authn"
	"gatehouse/api/devdb"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

const passphrase = "correct horse battery staple"

// newAdmin returns the use cases over a database of the test's own, and a connection to it.
func newAdmin(t *testing.T) (*Admin, *pgx.Conn) {
	t.Helper()
	url := devdb.Test(t)
	db, err := store.Open(t.Context(), url)
	try(t, err)
	t.Cleanup(db.Close)
	conn, err := pgx.Connect(t.Context(), url)
	try(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	return New(db, Settings{
		Settings: oidc.Settings{UIOrigin: "https://login.example.org", Issuer: "https://api.example.org",
			ResponseTypes: []oidc.ResponseType{"code"}},
		GrantTypes:  []string{oidc.GrantAuthorizationCode, oidc.GrantRefreshToken, oidc.GrantClientCredentials},
		Passwords:   authn.NewPasswords(1, 0),
		TryUpstream: func(context.Context, string) (bool, error, error) { return true, nil, nil },
		SealMail:    func(string, map[string]string) []byte { return []byte("sealed") },
		MailedCode:  func(of store.Digest) (string, store.Digest) { return "123456", of },
		ReplaceKeys: func(context.Context, *store.Store, []string, bool) (store.Ended, bool, error) {
			return store.Ended{}, false, nil
		},
	}), conn
}

// try fails the test on an error of what has to work.
func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused fails the test unless err is an E with these words in it.
func refused[E error](t *testing.T, err error, words string) {
	t.Helper()
	if err == nil || !errors.As(err, new(E)) || !strings.Contains(err.Error(), words) {
		t.Errorf("%T %v, want %T: %s", err, err, *new(E), words)
	}
}

func TestAnInvalidInputNamesItsMembersAsTheDoorDoes(t *testing.T) {
	t.Parallel()
	err := invalid("%s must be below %d, and so must %s", member("uses_left"), 5, member("days"))
	if err.Error() != "uses_left must be below 5, and so must days" {
		t.Error(err)
	}
	var invalid Invalid
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	words := invalid.Words(func(member string) string { return "--" + strings.ReplaceAll(member, "_", "-") })
	if words != "--uses-left must be below 5, and so must --days" {
		t.Error(words)
	}
}
