package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	. "gatehouse/api/apitest"
)

const (
	dataService   = "https://data.example.org"
	exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
)

// goClient is a program with go-oidc, for discovery and tokens, and x/oauth2, for the grants: client "web".
type goClient struct {
	*rig
	oauth2.Config
	ctx       context.Context
	op        *oidc.Provider
	endpoints struct {
		Introspection string `json:"introspection_endpoint"`
		Revocation    string `json:"revocation_endpoint"`
		EndSession    string `json:"end_session_endpoint"`
	}
}

func (r *rig) goClient(scopes ...string) goClient {
	r.Helper()
	c := goClient{rig: r, ctx: oidc.ClientContext(context.Background(), http.DefaultClient)}
	var err error
	if c.op, err = oidc.NewProvider(c.ctx, r.Issuer); err != nil {
		r.Fatal(err)
	}
	if err := c.op.Claims(&c.endpoints); err != nil {
		r.Fatal(err)
	}
	c.Config = oauth2.Config{ClientID: "web", ClientSecret: "web-secret", RedirectURL: Callback, Endpoint: c.op.Endpoint(), Scopes: scopes}
	return c
}

// signIn returns alice's tokens.
func (c goClient) signIn(b *browser) *oauth2.Token {
	c.Helper()
	verifier := oauth2.GenerateVerifier()
	at, err := url.Parse(c.AuthCodeURL("st", oidc.Nonce("no"), oauth2.S256ChallengeOption(verifier)))
	if err != nil {
		c.Fatal(err)
	}
	token, err := c.Exchange(c.ctx, b.Code(at.Query()), oauth2.VerifierOption(verifier))
	if err != nil {
		c.Fatal(err)
	}
	return token
}

// post sends what x/oauth2 has no function for, with the HTTP client that x/oauth2 uses.
func (c goClient) post(endpoint string, form url.Values) (status int, out map[string]any) {
	c.Helper()
	req, err := http.NewRequestWithContext(c.ctx, "POST", endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		c.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(c.ClientID), url.QueryEscape(c.ClientSecret))
	resp, err := oauth2.NewClient(c.ctx, nil).Do(req)
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	_ = json.NewDecoder(resp.Body).Decode(&out)
	return resp.StatusCode, out
}

func (c goClient) introspect(token string) map[string]any {
	c.Helper()
	status, out := c.post(c.endpoints.Introspection, url.Values{"token": {token}})
	if status != 200 {
		c.Fatalf("introspection: %d %v", status, out)
	}
	return out
}

func (c goClient) expectRefusal(what string, err error, code string) {
	c.Helper()
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.ErrorCode != code {
		c.Errorf("%s: %v, want %s", what, err, code)
	}
}

func expired(t *oauth2.Token) *oauth2.Token {
	out := *t
	out.Expiry = time.Now().Add(-time.Minute)
	return &out
}

func TestAGoClientRefreshesUntilItRevokes(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := r.goClient("openid", "email", oidc.ScopeOfflineAccess)
	first := c.signIn(r.browser())
	source := c.TokenSource(c.ctx, expired(first))
	info, err := c.op.UserInfo(c.ctx, source)
	if err != nil || info.Subject != "sub-alice" {
		t.Fatalf("userinfo with a token that refreshed itself: %+v %v", info, err)
	}
	second, err := source.Token()
	if err != nil || second.AccessToken == first.AccessToken || second.RefreshToken == first.RefreshToken {
		t.Fatalf("refresh: %v", err)
	}
	raw, _ := second.Extra("id_token").(string)
	if id, err := c.op.Verifier(&oidc.Config{ClientID: "web"}).Verify(c.ctx, raw); err != nil ||
		id.VerifyAccessToken(second.AccessToken) != nil {
		t.Errorf("the refreshed ID token: %v", err)
	}
	if known := c.introspect(second.AccessToken); known["active"] != true || known["sub"] != "sub-alice" || known["client_id"] != "web" {
		t.Errorf("introspection: %v", known)
	}
	if status, out := c.post(c.endpoints.Revocation, url.Values{"token": {second.RefreshToken},
		"token_type_hint": {"refresh_token"}}); status != 200 {
		t.Fatalf("revocation: %d %v", status, out)
	}
	_, err = c.TokenSource(c.ctx, expired(second)).Token()
	c.expectRefusal("refresh after the revocation", err, "invalid_grant")
	for _, token := range []string{second.AccessToken, second.RefreshToken} {
		if known := c.introspect(token); known["active"] != false {
			t.Errorf("introspection after the revocation: %v", known)
		}
	}
	if _, err := c.op.UserInfo(c.ctx, oauth2.StaticTokenSource(second)); err == nil {
		t.Error("userinfo after the revocation")
	}
}

func TestAGoServiceGetsATokenForItselfThatAnotherVerifies(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE clients SET grant_types = '{client_credentials}', scope = 'openid read', audiences = ARRAY[$1]
		WHERE client_id = 'web'`, dataService)
	c := r.goClient()
	own := clientcredentials.Config{ClientID: "web", ClientSecret: "web-secret", TokenURL: c.Endpoint.TokenURL, Scopes: []string{"read"},
		EndpointParams: url.Values{"resource": {dataService}}}
	token, err := own.Token(c.ctx)
	if err != nil {
		t.Fatal(err)
	}
	atService := oidc.Config{ClientID: dataService, SupportedSigningAlgs: []string{oidc.ES256}}
	if verified, err := c.op.Verifier(&atService).Verify(c.ctx, token.AccessToken); err != nil || verified.Subject != "web" {
		t.Errorf("at the service: %+v %v", verified, err)
	}
	atService.ClientID = "https://other.example.org"
	if _, err := c.op.Verifier(&atService).Verify(c.ctx, token.AccessToken); err == nil {
		t.Error("another service takes it, too")
	}
	if known := c.introspect(token.AccessToken); known["active"] != true || known["sub"] != "web" || known["scope"] != "read" {
		t.Errorf("introspection: %v", known)
	}
	own.Scopes = []string{"write"}
	_, err = own.Token(c.ctx)
	c.expectRefusal("a scope that it has not", err, "invalid_scope")
}

func TestAGoServiceExchangesATokenForAnotherService(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.Exec(`UPDATE clients SET grant_types = grant_types || ARRAY[$1], scope = 'openid read' WHERE client_id = 'web'`, exchangeGrant)
	r.Exec(`INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('web', $1, 'read')`, dataService)
	c := r.goClient("openid", "read")
	subject := c.signIn(r.browser())
	// clientcredentials lets EndpointParams replace grant_type: so Go programs exchange tokens.
	exchange := clientcredentials.Config{ClientID: "web", ClientSecret: "web-secret", TokenURL: c.Endpoint.TokenURL,
		EndpointParams: url.Values{
			"grant_type": {exchangeGrant}, "audience": {dataService},
			"subject_token": {subject.AccessToken}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}}}
	token, err := exchange.Token(c.ctx)
	if err != nil || token.Extra("issued_token_type") != "urn:ietf:params:oauth:token-type:access_token" {
		t.Fatalf("%+v %v", token, err)
	}
	verified, err := c.op.Verifier(&oidc.Config{ClientID: dataService, SupportedSigningAlgs: []string{oidc.ES256}}).Verify(c.ctx,
		token.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Scope string
		Act   struct{ Sub string }
	}
	if err := verified.Claims(&claims); err != nil || verified.Subject != "sub-alice" || claims.Scope != "read" || claims.Act.Sub != "web" {
		t.Errorf("%+v %+v %v", verified, claims, err)
	}
	exchange.EndpointParams.Set("audience", "https://other.example.org")
	_, err = exchange.Token(c.ctx)
	c.expectRefusal("an audience without a policy", err, "invalid_target")
	c.post(c.endpoints.Revocation, url.Values{"token": {subject.AccessToken}})
	if known := c.introspect(token.AccessToken); known["active"] != false {
		t.Errorf("the exchanged token outlives its subject's: %v", known)
	}
}

func TestAGoDeviceSignsIn(t *testing.T) {
	t.Parallel()
	r := startWithDevices(t)
	c := r.goClient("openid", oidc.ScopeOfflineAccess)
	c.ClientID, c.ClientSecret = "tv", ""
	// Otherwise x/oauth2 tries two ways to say who it is at each poll, and is told to slow down for the second.
	c.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	device, err := c.DeviceAuth(c.ctx)
	if err != nil || device.Interval != 5 || device.VerificationURI != UIOrigin+"/device" {
		t.Fatalf("%+v %v", device, err)
	}
	b := r.browser()
	b.press("yes", b.toConsent(device.UserCode))
	device.Interval = 1 // seconds: somebody has answered, so that the first poll is the only one
	token, err := c.DeviceAccessToken(c.ctx, device)
	if err != nil {
		t.Fatal(err)
	}
	info, err := c.op.UserInfo(c.ctx, c.TokenSource(c.ctx, expired(token)))
	if err != nil || info.Subject != "sub-alice" {
		t.Errorf("userinfo: %+v %v", info, err)
	}

	device, err = c.DeviceAuth(c.ctx)
	if err != nil {
		t.Fatal(err)
	}
	b.press("no", b.toConsent(device.UserCode))
	device.Interval = 1
	_, err = c.DeviceAccessToken(c.ctx, device)
	c.expectRefusal("nobody allowed it", err, "access_denied")
}

func TestAGoClientSignsOutAndVerifiesTheLogoutToken(t *testing.T) {
	t.Parallel()
	r := start(t, private)
	told := r.receiver("web")
	c, b := r.goClient("openid"), r.browser()
	token := c.signIn(b)
	hint, _ := token.Extra("id_token").(string)
	out := b.Do("GET", c.endpoints.EndSession, url.Values{"id_token_hint": {hint},
		"post_logout_redirect_uri": {"https://rp.example.org/bye"}, "state": {"x"}})
	if to := out.Header.Get("Location"); out.Status != 303 || to != "https://rp.example.org/bye?state=x" {
		t.Errorf("signing out leads to %s: %d %s", to, out.Status, out.Body)
	}

	verifier := c.op.Verifier(&oidc.Config{ClientID: "web"})
	id, err := verifier.Verify(c.ctx, hint)
	if err != nil {
		t.Fatal(err)
	}
	var session struct {
		SID string `json:"sid"`
	}
	if err := id.Claims(&session); err != nil {
		t.Fatal(err)
	}
	var raw string
	select {
	case raw = <-told.tokens:
	case <-time.After(soon):
		t.Fatal("the client is not told")
	}
	logout, err := verifier.VerifyLogout(c.ctx, raw)
	if err != nil || logout.Subject != "sub-alice" || logout.SessionID != session.SID || session.SID == "" || logout.TokenID == "" {
		t.Errorf("%+v %v, want sid %s", logout, err, session.SID)
	}
	if _, err := c.op.Verifier(&oidc.Config{SkipClientIDCheck: true}).VerifyLogout(c.ctx, raw); err != nil {
		t.Error(err)
	}
	if _, err := c.op.Verifier(&oidc.Config{ClientID: "spa"}).VerifyLogout(c.ctx, raw); err == nil {
		t.Error("another client takes the logout token")
	}
	if _, err := verifier.VerifyLogout(c.ctx, hint); err == nil {
		t.Error("an ID token passes for a logout token")
	}
	if known := c.introspect(token.AccessToken); known["active"] != false {
		t.Errorf("the access token outlives the session: %v", known)
	}
	at := b.Authorize(AuthParams("prompt", "none"))
	if at.Query("error") != "login_required" {
		t.Errorf("still signed in: %s", at.Location())
	}
}
