package provider

import (
	"context"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// method is a way to prove who one is. A new one is a line here, a method_<name>.go and, in the UI, a methods/<Name>.svelte.
type method struct {
	name string
	amr  []string // RFC 8176, unless prove knows better; nil where it is for an upstream to say
	// prove checks what the login page posts with method=<name>; nil where people go elsewhere and come back to an
	// endpoint of its own. The error is a notProven where they are to stay on the page, errUserChanged to have it called
	// again, once.
	prove func(p *Provider, ctx context.Context, r Request, client *oidc.Client, now time.Time) (proven, error)
	// offers returns the buttons for it of other applications' pages; nil for none.
	offers func(p *Provider, ctx context.Context) ([]authenticationMethod, error)
}

// methods is the table of the methods there are.
func methods() []method {
	return []method{
		{"password", []string{oidc.AMRPassword}, (*Provider).provePassword, (*Provider).offerPassword},
		{"passkey", oidc.PasskeyAMR(false), (*Provider).provePasskey, nil},
		{"upstream", nil, nil, (*Provider).offerUpstreams},
	}
}

func methodNamed(name string) *method {
	for _, m := range methods() {
		if m.name == name {
			return &m
		}
	}
	return nil
}

// proven is an authenticated user, whatever the method.
type proven struct {
	user      *oidc.User
	consented oidc.Consent // what they allowed the client earlier
	allowed   bool         // to use the client
	enrolled  oidc.Enrolled
	amr       []string  // RFC 8176
	authTime  time.Time // when, if not now

	verified string  // the password hash that was verified, "" if no password was asked for
	upgraded string  // what replaces it, "" for nothing
	reset    []int32 // buckets of the throttle that the success clears
	cookies  []Cookie

	passkey *store.UsedPasskey // nil where it was something else
}

// notProven is why somebody has not proved who they are: the status and the code for the login page, or with 400 for the
// error page.
type notProven struct {
	status int
	code   string
	wait   time.Duration // before it is worth another try

	cookies []Cookie
	unknown []byte // the passkey that there is none of

	endedAt  *time.Time // the account; nil where that is not why
	workshop string     // that it was made at, and ended with

	ended *store.Candidate // who proved by their password that it is theirs, of a workshop that has ended
}

func (e notProven) Error() string { return e.code }
