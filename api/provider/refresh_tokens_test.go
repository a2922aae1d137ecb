package provider_test

import (
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// offline returns a refresh token of client web.
func (b *browser) offline() string {
	b.Helper()
	return Str(b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()["refresh_token"])
}

// next spends a refresh token and returns its successor, "" if it is refused.
func (b *browser) next(token string) string {
	b.Helper()
	a := b.Token(Refresh(token))
	if a.Status != 200 && (a.Status != 400 || a.JSON()["error"] != "invalid_grant") {
		b.Errorf("%d %s", a.Status, a.Body)
	}
	return Str(a.JSON()["refresh_token"])
}

func (b *browser) sealer() *keys.Sealer {
	s, err := keys.NewSealer(b.Seals)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// RFC 9700 §4.14.2: the grace is for the token before the last one, and for no older one.
func TestAReplayOfAnOlderRefreshTokenRevokesTheFamilyWithinTheGrace(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	first := b.offline()
	second := b.next(first)
	third := b.next(second)
	if again := b.next(second); again != third {
		t.Errorf("a retry got another successor: %q, not %q", again, third)
	}
	if third == "" || b.next(first) != "" {
		t.Fatal("the first of three is taken again")
	}
	if b.next(third) != "" || b.Count("SELECT count(*) FROM grants WHERE revoked_at IS NULL") != 0 {
		t.Error("the family outlived the replay")
	}
}

// The key makes no token, and neither do the rows: the one has the secret of no family, the others have no key.
func TestAForgedRefreshTokenIsUnknownAndRevokesNothing(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	token, other := b.offline(), b.offline()
	open := func(token string) oidc.RefreshToken {
		box, _ := base64.RawURLEncoding.DecodeString(token)
		plain, err := b.sealer().Open(keys.ForRefreshTokens, box, nil)
		said, ok := oidc.ParseRefreshToken(plain)
		if err != nil || !ok {
			t.Fatal(err)
		}
		return said
	}
	seal := func(s *keys.Sealer, purpose keys.Purpose, change func(*oidc.RefreshToken)) string {
		said := open(token)
		change(&said)
		return base64.RawURLEncoding.EncodeToString(s.SealSame(purpose, said.Plain(), nil))
	}
	asItIs := func(*oidc.RefreshToken) {}
	if seal(b.sealer(), keys.ForRefreshTokens, asItIs) != token {
		t.Fatal("the same token is not sealed the same")
	}
	stranger, err := keys.NewSealer([][32]byte{{9}})
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string]string{
		"a place to come":     seal(b.sealer(), keys.ForRefreshTokens, func(said *oidc.RefreshToken) { said.Place = 1 }),
		"the last place":      seal(b.sealer(), keys.ForRefreshTokens, func(said *oidc.RefreshToken) { said.Place = 1<<63 - 1 }),
		"a negative place":    seal(b.sealer(), keys.ForRefreshTokens, func(said *oidc.RefreshToken) { said.Place = -1 }),
		"another secret":      seal(b.sealer(), keys.ForRefreshTokens, func(said *oidc.RefreshToken) { said.Secret[31] ^= 1 }),
		"the digest":          seal(b.sealer(), keys.ForRefreshTokens, func(said *oidc.RefreshToken) { said.Secret = said.Digest() }),
		"another grant":       seal(b.sealer(), keys.ForRefreshTokens, func(said *oidc.RefreshToken) { said.GrantID = open(other).GrantID }),
		"no grant":            seal(b.sealer(), keys.ForRefreshTokens, func(said *oidc.RefreshToken) { said.GrantID = [16]byte{} }),
		"another key":         seal(stranger, keys.ForRefreshTokens, asItIs),
		"another purpose":     seal(b.sealer(), "authorization code", asItIs),
		"a character more":    token + "A",
		"a character less":    token[1:],
		"another character":   token[:60] + map[bool]string{true: "B", false: "A"}[token[60] == 'A'] + token[61:],
		"no more than a part": token[:43],
		"very long":           strings.Repeat("A", 60_000),
	} {
		if got := b.next(forged); got != "" {
			t.Errorf("%s: got a successor", name)
		}
		b.about("/revoke", forged)
		if a := b.about("/introspect", forged); a.JSON()["active"] != false {
			t.Errorf("%s: introspection: %s", name, a.Body)
		}
	}
	if a := b.Token(Refresh(token, "client_id", "spa")); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("of another client: %d %s", a.Status, a.Body)
	}
	b.Do("POST", "/revoke", form("token", token, "client_id", "spa"))
	if n := b.Count("SELECT count(*) FROM grants WHERE revoked_at IS NULL AND refresh_seq = 0"); n != 2 {
		t.Errorf("%d of 2 grants as they were", n)
	}
	if b.next(token) == "" || b.next(other) == "" {
		t.Error("the real ones are refused")
	}
}

// Only the client of a token hears of its replay, and nobody else can bring one about.
func TestAReplayByAnotherClientRevokesNothing(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	first := b.offline()
	third := b.next(b.next(first))
	if a := b.Token(Refresh(first, "client_id", "spa")); a.JSON()["error"] != "invalid_grant" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if b.next(third) == "" {
		t.Error("the family was revoked by another client")
	}
}

func TestRefreshTokensOutliveTheKeyThatSealedThem(t *testing.T) {
	t.Parallel()
	r := start(t)
	b := r.browser()
	first := b.offline()
	b.Seals = [][32]byte{{4, 5, 6}, {1, 2, 3}}
	rekeyed := httptest.NewUnstartedServer(nil)
	r.Serve(rekeyed, authn.NewPasswords(2, 64))
	before := b.Issuer
	b.Issuer = "http://" + rekeyed.Listener.Addr().String()
	second := b.next(first)
	if second == "" || b.next(first) != second {
		t.Fatal("a token of the key before does not go on, or not the same way twice")
	}
	if b.next(second) == "" {
		t.Error("the successor does not go on")
	}
	b.Issuer = before
	if b.next(second) != "" {
		t.Error("a replica that does not have the key opens what it sealed")
	}
}
