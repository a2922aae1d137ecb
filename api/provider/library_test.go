package provider_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	. "gatehouse/api/apitest"
)

// A relying party that nobody here wrote: go-oidc verifies discovery, the JWKS, the ID token, its nonce and at_hash.
func TestGoOIDCSignsInForEachSigningAlgorithm(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		b.Exec(`UPDATE clients SET id_token_signed_response_alg = $1, access_token_signing_alg = $1 WHERE client_id = 'web'`, alg)
		b.WaitForNotify()
		ctx := oidc.ClientContext(context.Background(), http.DefaultClient)
		op, err := oidc.NewProvider(ctx, b.Issuer)
		if err != nil {
			t.Fatal(err)
		}
		rp := oauth2.Config{ClientID: "web", ClientSecret: "web-secret", RedirectURL: Callback, Endpoint: op.Endpoint(),
			Scopes: []string{"openid", "email", "offline_access"}}
		verifier := oauth2.GenerateVerifier()
		at := rp.AuthCodeURL("st", oidc.Nonce("no"), oauth2.S256ChallengeOption(verifier))
		a := b.Do("GET", at, nil)
		if a.Location().Path == "/login" {
			a = b.Login(a.Location(), "alice", Password)
		}
		token, err := rp.Exchange(ctx, a.Query("code"), oauth2.VerifierOption(verifier))
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		raw, _ := token.Extra("id_token").(string)
		id, err := op.VerifierContext(ctx, &oidc.Config{ClientID: "web", SupportedSigningAlgs: []string{alg}}).Verify(ctx, raw)
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		if err := id.VerifyAccessToken(token.AccessToken); err != nil || id.Nonce != "no" || id.Subject != "sub-alice" {
			t.Errorf("%s: %v %+v", alg, err, id)
		}
		info, err := op.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil || info.Email != "alice@example.org" || !info.EmailVerified {
			t.Errorf("%s: userinfo %+v %v", alg, info, err)
		}
		expired := *token
		expired.Expiry = expired.Expiry.AddDate(-1, 0, 0)
		fresh, err := rp.TokenSource(ctx, &expired).Token()
		if err != nil || fresh.AccessToken == token.AccessToken || fresh.RefreshToken == token.RefreshToken {
			t.Errorf("%s: refresh %v", alg, err)
		}
	}
}
