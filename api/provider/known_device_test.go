package provider_test

import (
	"testing"

	. "gatehouse/api/apitest"
)

// A browser is known to a row of users, not to a name: whoever has the name next is not known there.
func TestABrowserIsKnownToAUserAndNotToTheirName(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.from("192.0.2.1")
	if _, in := b.signIn("alice", Password); !in {
		t.Fatal("alice cannot sign in")
	}
	r.fill(flooded...)
	if a, in := b.signIn("alice", Password); !in {
		t.Errorf("her browser is not known: %d", a.Status)
	}
	r.Exec("UPDATE users SET username = 'alice.before' WHERE username = 'alice'")
	r.Exec("INSERT INTO users (username, password) SELECT 'alice', password FROM users WHERE username = 'alice.before'")
	if a, _ := b.signIn("alice", Password); a.Status != 429 {
		t.Errorf("the browser is known to the next alice: %d", a.Status)
	}
}
