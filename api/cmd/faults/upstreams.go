package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// answer is what the target answers to a request when it is well: an upstream's endpoints, and where logout tokens go.
func (t *target) answer(r *http.Request) (status int, body any) {
	if r.ParseForm() != nil {
		return http.StatusBadRequest, nil
	}
	at := "http://" + t.at
	switch r.URL.Path {
	case "/bye":
		var claims struct{ SID string }
		if parts := strings.Split(r.PostForm.Get("logout_token"), "."); len(parts) == 3 {
			text, _ := base64.RawURLEncoding.DecodeString(parts[1])
			_ = json.Unmarshal(text, &claims) // what is not one has no sid
		}
		t.gets(claims.SID)
		return http.StatusOK, nil
	case "/.well-known/openid-configuration":
		return http.StatusOK, map[string]any{"issuer": at, "authorization_endpoint": at + "/authorize", "token_endpoint": at + "/token",
			"jwks_uri": at + "/jwks", "userinfo_endpoint": at + "/userinfo", "id_token_signing_alg_values_supported": []string{"ES256"}}
	case "/jwks":
		point, _ := t.key.PublicKey.Bytes() // of a curve that there is
		return http.StatusOK, map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256",
			"x": base64URL(point[1:33]), "y": base64URL(point[33:])}}}
	case "/token":
		nonce, sub, _ := strings.Cut(r.PostForm.Get("code"), ".")
		now := time.Now().Unix()
		return http.StatusOK, map[string]any{"access_token": sub, "token_type": "Bearer", "id_token": t.sign(map[string]any{
			"iss": at, "aud": "us", "sub": sub, "nonce": nonce, "iat": now, "exp": now + 60})}
	case "/userinfo":
		return http.StatusOK, map[string]any{"sub": strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), "name": "Somebody"}
	}
	return http.StatusNotFound, nil
}

func base64URL(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func newKey() *ecdsa.PrivateKey {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // of a curve that there is
	return key
}

// sign returns a JWT.
func (t *target) sign(claims map[string]any) string {
	text, _ := json.Marshal(claims) // texts and numbers
	signed := base64URL([]byte(`{"alg":"ES256","kid":"k"}`)) + "." + base64URL(text)
	digest := sha256.Sum256([]byte(signed))
	r, s, _ := ecdsa.Sign(rand.Reader, t.key, digest[:]) // it fails where there is no randomness
	return signed + "." + base64URL(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// upstream is one that everybody has an account at.
type upstream struct {
	*target
	*lab
	name, path string // path is the one endpoint that can be dead; "" for none
	suffices   bool   // for a sign-in, which does without what is there
}

// upstreams makes one that stays well, and others that can be dead in part.
func (s *site) upstreams(ctx context.Context) (list []upstream, err error) {
	list = []upstream{{name: "fine"}, {name: "tokenless", path: "/token"}, {name: "keyless", path: "/jwks"},
		{name: "infoless", path: "/userinfo", suffices: true}}
	var sql strings.Builder
	for i := range list {
		list[i].lab = s.lab
		if list[i].target, err = s.target(); err != nil {
			return nil, err
		}
		if err := list[i].become(well); err != nil {
			return nil, err
		}
		fmt.Fprintf(&sql, `INSERT INTO upstreams (name, issuer, client_id, client_secret)
			VALUES ('%[1]s', 'http://%[2]s', 'us', 'a secret there');
			INSERT INTO upstream_accounts (upstream, issuer, sub, username) SELECT '%[1]s', 'http://%[2]s', username, username FROM users;`,
			list[i].name, list[i].at)
	}
	return list, execute(ctx, s.database, sql.String())
}

// through counts people who sign in by way of an upstream, on and on, all from one address.
type through struct {
	mu                sync.Mutex
	signedIn, refused int
	longest           time.Duration
	wrong             []string // answers that nobody should have
	people            sync.WaitGroup
}

// goThrough has n people do so until ctx ends. Where well is false, being sent back to the login page is an answer, too.
func (c *crowd) goThrough(ctx context.Context, n int, upstream string, well bool) *through {
	t := &through{}
	for i := range n {
		t.people.Go(func() {
			for round := 0; ctx.Err() == nil; round++ {
				p := newPerson(c, (i+round*n)%population)
				began := time.Now()
				back, code, err := p.goThrough(upstream)
				t.mu.Lock()
				t.longest = max(t.longest, time.Since(began))
				switch {
				case code != "":
					t.signedIn++
				case err == nil && !well && back:
					t.refused++
				default:
					t.wrong = append(t.wrong, fmt.Sprintf("%s: %v, back %t", upstream, err, back))
				}
				t.mu.Unlock()
				if code != "" {
					session := p.cookie()
					p.told(func(b *ledger) { b.acknowledged++; b.sessions = append(b.sessions, session) })
					p.redeem("web", code)
				}
				p.browser.CloseIdleConnections()
				_ = pause(ctx, 200*time.Millisecond) // or it is over
			}
		})
	}
	return t
}

// goThrough signs in at an upstream. back reports whether the answer leads to the login page, which says why.
func (p *person) goThrough(upstream string) (back bool, code string, err error) {
	hint := authorization("web", "")
	hint.Set("idp_hint", upstream)
	a, err := p.send("GET", "/authorize", hint)
	there := a.location().Query()
	if err != nil || there.Get("state") == "" || there.Get("nonce") == "" {
		return a.leadsToLogin(), "", unwanted(err, a)
	}
	p.mu.Lock()
	p.book.signIns++
	p.mu.Unlock()
	a, err = p.send("GET", "/upstream/"+upstream+"/callback", url.Values{"state": {there.Get("state")},
		"code": {there.Get("nonce") + "." + p.name}})
	if code = a.location().Query().Get("code"); code != "" {
		return false, code, nil
	}
	return a.leadsToLogin(), "", unwanted(err, a)
}

// leadsToLogin reports whether an upstream's failure is answered as it should be.
func (a answer) leadsToLogin() bool {
	failed := a.status == http.StatusServiceUnavailable || a.status == http.StatusBadGateway
	return failed && strings.Contains(string(a.body), uiOrigin+"/login?")
}

// unwanted returns err, or that an answer is neither a sign-in nor about a failure of the upstream.
func unwanted(err error, a answer) error {
	if err == nil && !a.leadsToLogin() {
		return fmt.Errorf("%d %s %.200s", a.status, a.location(), a.body)
	}
	return err
}
