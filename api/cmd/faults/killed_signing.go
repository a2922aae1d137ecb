package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"gatehouse/api/oidc"
)

// signer is a key of a client's.
type signer struct{ key *ecdsa.PrivateKey }

func newSigner() signer {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // it never fails (crypto/rand)
	return signer{key}
}

func (s signer) jwk() map[string]any {
	point, _ := s.key.PublicKey.Bytes() // uncompressed: 4, x, y
	return map[string]any{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": base64.RawURLEncoding.EncodeToString(point[1:33]),
		"y": base64.RawURLEncoding.EncodeToString(point[33:])}
}

// jwt signs claims with ES256 (RFC 7515 §3.1, RFC 7518 §3.4).
func (s signer) jwt(header, claims map[string]any) string {
	header["alg"] = "ES256"
	encoded := func(v map[string]any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	text := encoded(header) + "." + encoded(claims)
	digest := sha256.Sum256([]byte(text))
	a, b, _ := ecdsa.Sign(rand.Reader, s.key, digest[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(append(a.FillBytes(make([]byte, 32)), b.FillBytes(make([]byte, 32))...))
}

// assertion authenticates a client, by a clock that is so far ahead (RFC 7523 §3).
func (s signer) assertion(client, issuer string, ahead time.Duration) url.Values {
	now := time.Now().Add(ahead)
	return url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {oidc.AssertionTypeJWT},
		"client_assertion": {s.jwt(map[string]any{"typ": "JWT"}, map[string]any{"iss": client, "sub": client, "aud": issuer,
			"jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()})}}
}

// proof is a DPoP proof by a clock that is so far ahead (RFC 9449 §4.2).
func (s signer) proof(method, address, access, nonce string, ahead time.Duration) string {
	sum := sha256.Sum256([]byte(access))
	return s.jwt(map[string]any{"typ": oidc.DPoPProofType, "jwk": s.jwk()}, map[string]any{"jti": rand.Text(), "htm": method, "htu": address,
		"iat": time.Now().Add(ahead).Unix(), "nonce": nonce, "ath": base64.RawURLEncoding.EncodeToString(sum[:])})
}

// signs has a client use an assertion, and a proof for its token, each of which is good once.
func (p *person) signs(k *killer) error {
	nextSecond() // the step before may have been a crash
	key := newSigner()
	jwks, _ := json.Marshal(map[string]any{"keys": []any{key.jwk()}})
	client := fmt.Sprintf("signs%d", k.n)
	if err := execute(p.ctx, k.database, fmt.Sprintf(`INSERT INTO clients (client_id, token_endpoint_auth_method, jwks, grant_types, scope)
		VALUES ('%s', 'private_key_jwt', '%s', '{client_credentials}', 'read')`, client, jwks)); err != nil {
		return err
	}
	assertion := key.assertion(client, p.issuer, 0)
	k.reaches("assertion", "/token")
	a, ok := p.ask("POST", "/token", assertion)
	switch there := ok && a.status == http.StatusOK; {
	case k.step == "assertion" && k.isDone() && there:
		k.twice.add("a client assertion, by the same client")
	case !there && k.step == "assertion": // a library makes another one
		nextSecond()
		assertion = key.assertion(client, p.issuer, 0)
		a, ok = p.ask("POST", "/token", assertion)
	}
	if !ok || a.status != http.StatusOK {
		return fmt.Errorf("an assertion: %d %.300s", a.status, a.body)
	}
	p.told(func(b *ledger) { b.acknowledged++ })
	if a, ok := p.ask("POST", "/token", assertion); ok && a.status == http.StatusOK {
		k.twice.add("a client assertion")
	}
	return p.provesKey(k)
}

// provesKey has an application show a token that is bound to its key.
func (p *person) provesKey(k *killer) error {
	back, ok := p.signIn()
	if !ok {
		return errors.New("nobody could sign in")
	}
	key, nonce, t := newSigner(), "", tokens{}
	form := redemption(back.Query().Get("code"))
	form.Set("client_id", "web")
	form.Set("client_secret", secret)
	for range 2 { // the first answer has the nonce
		a, ok := p.ask("POST", "/token", form, "DPoP", key.proof("POST", p.issuer+"/token", "", nonce, 0))
		if nonce = a.header.Get("DPoP-Nonce"); !ok || a.status == http.StatusOK && json.Unmarshal(a.body, &t) != nil {
			return fmt.Errorf("no token: %d %.300s", a.status, a.body)
		}
	}
	if t.Access == "" {
		return errors.New("no token by a proof")
	}
	show := func(proof string) (answer, bool) {
		return p.ask("GET", "/userinfo", nil, "Authorization", "DPoP "+t.Access, "DPoP", proof)
	}
	proof := key.proof("GET", p.issuer+"/userinfo", t.Access, nonce, 0)
	k.reaches("proof", "/userinfo")
	a, ok := show(proof)
	switch there := ok && a.status == http.StatusOK; {
	case k.step == "proof" && k.isDone() && there:
		k.twice.add("a DPoP proof, by the same client")
	case !there && k.step == "proof":
		nextSecond()
		proof = key.proof("GET", p.issuer+"/userinfo", t.Access, nonce, 0)
		a, ok = show(proof)
	}
	if !ok || a.status != http.StatusOK {
		return fmt.Errorf("a proof: %d %.300s %s", a.status, a.body, a.header.Get("WWW-Authenticate"))
	}
	p.told(func(b *ledger) { b.acknowledged++ })
	if a, ok := show(proof); ok && a.status == http.StatusOK {
		k.twice.add("a DPoP proof")
	}
	return nil
}
