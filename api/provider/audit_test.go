package provider_test

import (
	"testing"

	. "gatehouse/api/apitest"
)

// Who signs in changes nothing: with a password, whose hash is replaced, with a session that is there, a code, tokens, and out again.
func TestASignOnIsNotInTheAudit(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE users SET password = password_hash($1)`, Password)
	r.WaitForNotify()
	const rows = `SELECT count(*) FROM audit`
	before := r.Count(rows)
	b := r.browser()
	params := AuthParams("scope", "openid profile email groups offline_access")
	b.Token(Redeem(b.Code(params)))
	if r.Count(`SELECT count(*) FROM users WHERE password LIKE '$argon2id$%'`) != 1 {
		t.Error("the hash was not replaced")
	}
	b.throughTheProtocol("web", "web-secret", params)                                    // signs on, refreshes, asks userinfo, signs out
	b.throughTheProtocol("spa", "", SPAParams("scope", "openid profile offline_access")) // with consent
	if n := r.Count(rows) - before; n > 0 {
		t.Errorf("%d rows", n)
	}
}
