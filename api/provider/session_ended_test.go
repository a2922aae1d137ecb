package provider

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/api/oidc"
)

// A session that ends after it was loaded gets nothing: the person is asked to sign in.
func TestASessionThatEndsMeanwhileLeadsToTheLoginPage(t *testing.T) {
	t.Parallel()
	authorize := url.Values{"client_id": {"first"}, "redirect_uri": {"https://rp.example.org/cb"},
		"response_type": {"code id_token token"}, "scope": {"openid"}, "nonce": {"no"},
		"code_challenge": {strings.Repeat("A", 43)}, "code_challenge_method": {"S256"}}
	for door, walk := range map[string]func(b *visitor, endsFromHere func()) Answer{
		"authorize": func(b *visitor, endsFromHere func()) Answer {
			endsFromHere()
			return b.get(b.p.Authorize, authorize)
		},
		"consent for a device": func(b *visitor, endsFromHere func()) Answer {
			page := b.post(b.p.Device, Answer{}, url.Values{"user_code": {b.deviceWaits()}})
			endsFromHere()
			return b.post(b.p.Consent, page, url.Values{"consent": {"yes"}})
		},
	} {
		t.Run(door, func(t *testing.T) {
			t.Parallel()
			b := newVisitor(t)
			password := url.Values{"username": {"alice"}, "password": {"correct horse"}}
			b.post(b.p.Login, b.get(b.p.Authorize, authorize), password)
			var before map[string]int
			a := walk(b, func() {
				before = b.counts()
				b.p.decide = func(r oidc.AuthorizeRequest, c *oidc.Client, s oidc.Standing, consented bool, now time.Time,
				) (oidc.Step, *oidc.Error) {
					if _, err := b.db.Exec(b.Context(), "UPDATE sessions SET ended_at = now()"); err != nil {
						b.Error(err)
					}
					return r.Decide(c, s, consented, now)
				}
			})
			after := b.counts()
			for what, n := range before {
				if after[what] != n {
					t.Errorf("there were %d %s, now there are %d", n, what, after[what])
				}
			}
			if shown := b.shown(a); a.Status != 303 || shown["page"] != "login" {
				t.Errorf("%d %v", a.Status, shown)
			}
		})
	}
}
