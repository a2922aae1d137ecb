package provider_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
)

// hasFactor gives alice one-time codes that nobody has the secret of, and a recovery code.
func (r *rig) hasFactor(code string) {
	r.Exec(`INSERT INTO totp_secrets (user_id, secret, last_step, created_at) SELECT id, '\x00', 0, now() FROM users WHERE username = 'alice'`)
	var id string
	if err := r.DB.QueryRow(r.Context(), `SELECT id::text FROM users WHERE username = 'alice'`).Scan(&id); err != nil {
		r.Fatal(err)
	}
	digest, ok := authn.RecoveryDigest(code, id)
	if !ok {
		r.Fatalf("%s is no code", code)
	}
	r.Exec(`INSERT INTO recovery_codes (user_id, place, code_pbkdf2, created_at) VALUES ($1, 1, $2, now())`, id, digest[:])
}

func TestAPasswordAloneLinksNoAccountOfWhoHasAFactor(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.rig.hasFactor("ab2de-fghij")
	asked := n.via(n.choose(n.Authorize(AuthParams()).Location(), "up"), "bob")
	page := n.Login(asked.Location(), "alice", Password).Header.Get("Location")
	if n.Interaction(page)["page"] != "factor" || n.Count(`SELECT count(*) FROM upstream_accounts`) != 0 {
		t.Fatalf("linked by a password: %s", page)
	}
	wrong := n.types(page, "zzzzz-zzzzz").Header.Get("Location")
	if n.errorOn(wrong) != "wrong_recovery_code" || n.Count(`SELECT count(*) FROM upstream_accounts`) != 0 {
		t.Errorf("after a wrong code: %s", wrong)
	}
	back := n.types(wrong, "ab2de-fghij")
	if back.Query("code") == "" || n.Count(`SELECT count(*) FROM upstream_accounts WHERE username = 'alice'`) != 1 {
		t.Errorf("with it: %d %s", back.Status, back.Location())
	}
}

func TestWhoComesBackFromAnUpstreamProvesTheirFactorHere(t *testing.T) {
	t.Parallel()
	n := startWithUpstream(t)
	n.Exec(`INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT name, issuer, 'sub-bob', 'alice' FROM upstreams`)
	n.rig.hasFactor("ab2de-fghij")
	page := n.via(n.choose(n.Authorize(AuthParams()).Location(), "up"), "bob").Header.Get("Location")
	if n.Interaction(page)["page"] != "factor" {
		t.Fatalf("%s", page)
	}
	if a := n.types(page, "ab2de-fghij"); a.Query("code") == "" {
		t.Errorf("%d %s", a.Status, a.Location())
	}
}

func TestADeviceIsAllowedByWhoHasProvenTheirFactor(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	r.Exec("UPDATE clients SET allowed_groups = '{}' WHERE client_id = 'tv'")
	r.WaitForNotify()
	r.hasFactor("ab2de-fghij")
	d := r.waiting("openid")
	b := r.browser()
	at := b.Do("POST", "/device", url.Values{"user_code": {d.user}}, "Origin", UIOrigin).Location()
	page := b.Login(at, "alice", Password).Header.Get("Location")
	view := b.Interaction(page)
	if view["page"] != "factor" || view["cancel"] != nil {
		t.Fatalf("%v", view)
	}
	d.expect("before the factor", "authorization_pending")
	consent := b.types(page, "ab2de-fghij").Header.Get("Location")
	if !strings.HasPrefix(consent, UIOrigin+"/consent?") {
		t.Fatalf("%s", consent)
	}
	b.post("/consent", consent, "consent", "yes")
	r.Later(10 * time.Second)
	if a := d.poll(); a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
