// Package admin is what an administrator does: a function with typed input and result for each use case. The command line
// reads flags, calls one of them and prints; other doors call the same ones and have the same refusals. The table operations
// names them all.
//
// Inputs and results are named in JSON as the columns of the tables are. The tags arg, optional, name, placeholder and help
// of an input's fields say how the command line asks for them (github.com/alecthomas/kong).
package admin

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Settings are what the use cases depend on beside the database. Those that an operation does not mention may be zero.
type Settings struct {
	oidc.Settings                                   // of the deployment
	Version       string                            // of the program
	GrantTypes    []string                          // that the token endpoint knows
	Passwords     *authn.Passwords                  // hashes new passwords
	Tell          func(context.Context, oidc.Event) // hears of what happens; nil: nobody does
	// ReplaceKeys makes successors for the signing keys of algs, which sign at once in an emergency. ended is what ended with
	// them; sameSeal reports whether they are encrypted with the encryption key of the old ones.
	ReplaceKeys func(ctx context.Context, db *store.Store, algs []string, emergency bool) (ended store.Ended, sameSeal bool, err error)
	// SealMail returns the values of a template of mail as store.Mail has them; nil where no mail is sent.
	SealMail func(template string, values map[string]string) []byte
	// MailedCode returns a code for the mail of an invitation, and what is stored of it.
	MailedCode func(invitation store.Digest) (code string, digest store.Digest)
	// ProjectorAddress returns the address of the projector's page of a workshop; nil where there is no key to seal it with.
	ProjectorAddress func(workshop string, createdAt time.Time) string
	// TryUpstream returns what is wrong with an upstream, as far as its secret and its discovery document say; found is false where none
	// of that name is enabled.
	TryUpstream func(ctx context.Context, name string) (found bool, wrong, err error)
	// OpenUpstreamSecret opens the client_secret of an upstream that is sealed.
	OpenUpstreamSecret func(u oidc.Upstream) (string, error)
}

// Admin has the use cases as methods.
type Admin struct {
	store *store.Store
	Settings
}

// New returns the use cases over a database with a current schema.
func New(db *store.Store, settings Settings) *Admin { return &Admin{db, settings} }

// Nothing is the result of what has none.
type Nothing struct{}

type (
	// Missing is the store's error where there is no row of that name.
	Missing = store.Missing
	// Refusal is that of a row that the database refuses.
	Refusal = store.Refusal
	// RepeatedKey is that of a request that came before.
	RepeatedKey = store.RepeatedKey
	// Unavailable is that of a Postgres that cannot be reached or is not ready: worth another try.
	Unavailable = store.Unavailable
)

// Invalid is an input that is refused before the database sees it.
type Invalid struct {
	format string
	args   []any
}

// member is a member of an input, by its name in JSON.
type member string

// invalid returns an Invalid; the members among args are named as the door that is told names them.
func invalid(format string, args ...any) error { return Invalid{format, args} }

func (e Invalid) Error() string { return e.Words(func(member string) string { return member }) }

// Words returns what is wrong, with the members of the input as name returns them.
func (e Invalid) Words(name func(member string) string) string {
	args := make([]any, len(e.args))
	for i, arg := range e.args {
		if m, ok := arg.(member); ok {
			arg = name(string(m))
		}
		args[i] = arg
	}
	return fmt.Sprintf(e.format, args...)
}

// member returns the first member that is wrong; "" where it is none.
func (e Invalid) member() string {
	for _, arg := range e.args {
		if m, ok := arg.(member); ok {
			return string(m)
		}
	}
	return ""
}

// shellWord quotes a word for a shell where it has to be: client_ids are addresses, too, and what is offered is pasted.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_.:/@%+=][A-Za-z0-9_.:/@%+=-]*$`)

// newSecret returns 256 random bits in base64url and their digest, which is all that is stored of them.
func newSecret() (secret string, sha []byte) {
	var random [32]byte
	rand.Read(random[:]) // never fails (Go 1.24)
	secret = base64.RawURLEncoding.EncodeToString(random[:])
	digest := oidc.Digest(secret)
	return secret, digest[:]
}

// Wrong returns an Invalid of what a door itself reads of an input.
func Wrong(words string) error { return invalid("%s", words) }
