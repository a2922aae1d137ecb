package authn

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	relying "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"gatehouse/api/oidc"
)

// How long a discovery document is used. Keys are fetched again as soon as a token names an unknown one.
const (
	discoveryAge   = time.Hour
	redirectAge    = 10 * time.Second // before a browser is sent there, so that it does not find an upstream that is down
	discoveryPause = 5 * time.Second  // before the next request to an upstream that did not answer
	discoveryLimit = 1000             // issuers
)

// algorithms that ID tokens may be signed with: never none, and never one with a shared secret.
var algorithms = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"}

// discovery is one fetch of a document, running or finished; requests that come meanwhile wait for it.
type discovery struct {
	done      chan struct{}
	at        time.Time // zero while it is running
	document  document
	endpoints *endpoints
	err       error
}

// usable reports whether no new fetch is needed: this one is younger than age, or still running.
func (d *discovery) usable(age time.Duration, now time.Time) bool {
	if d.err != nil {
		age = discoveryPause
	}
	return d.at.IsZero() || d.at.Add(age).After(now)
}

// discover returns an OpenID Provider's endpoints (OpenID Connect Discovery §4), fetched at most age ago.
func (s *Upstreams) discover(ctx context.Context, u *oidc.Upstream, age time.Duration) (*endpoints, error) {
	s.mu.Lock()
	d := s.discoveries[u.Issuer]
	if d == nil || !d.usable(age, s.now()) {
		before := d
		if d == nil && len(s.discoveries) >= discoveryLimit {
			s.discoveries = map[string]*discovery{}
		}
		d = &discovery{done: make(chan struct{})}
		s.discoveries[u.Issuer] = d
		go s.fetch(context.WithoutCancel(ctx), u.Issuer, before, d)
	}
	s.mu.Unlock()
	select {
	case <-d.done:
		return d.endpoints, d.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: its discovery document: %w", ErrUpstreamUnavailable, ctx.Err())
	}
}

// fetch fills d. The cached keys are kept if the document has not changed.
func (s *Upstreams) fetch(ctx context.Context, issuer string, before, d *discovery) {
	doc, err := s.fetchDocument(ctx, issuer)
	s.mu.Lock()
	d.document, d.err, d.at = doc, err, s.now()
	switch {
	case err != nil:
	case before != nil && before.err == nil && reflect.DeepEqual(before.document, doc):
		d.endpoints = before.endpoints
	default:
		d.endpoints = s.endpointsIn(ctx, doc)
	}
	s.mu.Unlock()
	close(d.done)
}

// document has the members that are read of a discovery document (OpenID Connect Discovery §3, RFC 9207 §3).
type document struct {
	relying.ProviderConfig
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	NamesIss    bool     `json:"authorization_response_iss_parameter_supported"`
}

func (s *Upstreams) fetchDocument(ctx context.Context, issuer string) (doc document, err error) {
	err = s.getJSON(ctx, "discovery document", strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", "", &doc)
	if err != nil {
		return doc, err
	}
	if doc.IssuerURL != issuer { // §4.3: exactly
		return doc, fmt.Errorf("%w: its discovery document says that it is %.200q, not %q", ErrUpstreamFailed, doc.IssuerURL, issuer)
	}
	secure := strings.HasPrefix(issuer, "https:")
	addresses := map[string]string{"authorization_endpoint": doc.AuthURL, "token_endpoint": doc.TokenURL, "jwks_uri": doc.JWKSURL}
	if doc.UserInfoURL != "" {
		addresses["userinfo_endpoint"] = doc.UserInfoURL
	}
	for name, address := range addresses {
		at, err := url.Parse(address)
		if err != nil || at.Host == "" || at.Scheme != "https" && (secure || at.Scheme != "http") {
			return doc, fmt.Errorf("%w: its discovery document has %.200q for %s", ErrUpstreamFailed, address, name)
		}
	}
	doc.Algorithms = slices.DeleteFunc(doc.Algorithms, func(alg string) bool { return !slices.Contains(algorithms, alg) })
	return doc, nil
}

func (s *Upstreams) endpointsIn(ctx context.Context, doc document) *endpoints {
	e := &endpoints{Endpoint: oauth2.Endpoint{AuthURL: doc.AuthURL, TokenURL: doc.TokenURL, AuthStyle: oauth2.AuthStyleInHeader},
		userinfo: doc.UserInfoURL, issuers: []string{doc.IssuerURL}, namesIss: doc.NamesIss,
		provider: doc.NewProvider(relying.ClientContext(ctx, s.keys))}
	// One way only: trying the other after a refusal would present a rotating refresh token twice.
	if len(doc.AuthMethods) > 0 && !slices.Contains(doc.AuthMethods, "client_secret_basic") {
		e.AuthStyle = oauth2.AuthStyleInParams
	}
	return e
}

func oidcWords(r UpstreamRequest) url.Values {
	v := url.Values{"nonce": {r.Nonce}}
	if r.LoginHint != "" {
		v.Set("login_hint", r.LoginHint)
	}
	if r.MaxAge != nil {
		v.Set("max_age", seconds(r.MaxAge))
	}
	if len(r.Prompt) > 0 {
		v.Set("prompt", strings.Join(r.Prompt, " "))
	}
	return v
}

// oidcPerson verifies the ID token (OpenID Connect Core §2, §3.1.3.7). What is wrong with claims that a sign-in can do without, or
// with userinfo, is left out and named.
func (s *Upstreams) oidcPerson(ctx context.Context, u *oidc.Upstream, e *endpoints, a UpstreamAnswer,
	token *oauth2.Token) (UpstreamPerson, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return UpstreamPerson{}, fmt.Errorf("%w: there is no ID token in it", ErrUpstreamFailed)
	}
	id, err := e.provider.Verifier(&relying.Config{ClientID: u.ClientID, Now: s.now}).Verify(ctx, raw)
	if err != nil {
		return UpstreamPerson{}, unreachable("ID token", err)
	}
	var claims claimSet
	if err := id.Claims(&claims); err != nil {
		return UpstreamPerson{}, fmt.Errorf("%w: its ID token is no JSON object", ErrUpstreamFailed)
	}
	sub, isText := claims.text("sub")
	azp, azpIsText := claims.text("azp")
	switch {
	case !isText || sub != id.Subject:
		return UpstreamPerson{}, fmt.Errorf("%w: its ID token names two subjects, or none", ErrUpstreamFailed)
	case id.IssuedAt.Unix() <= 0: // the library takes one without
		return UpstreamPerson{}, fmt.Errorf("%w: its ID token does not say when it was issued (iat)", ErrUpstreamFailed)
	case id.Nonce != a.Nonce:
		return UpstreamPerson{}, fmt.Errorf("%w: its ID token has another nonce", ErrUpstreamFailed)
	case !azpIsText || azp != "" && azp != u.ClientID:
		return UpstreamPerson{}, fmt.Errorf("%w: its ID token is for another client (azp %.100q)", ErrUpstreamFailed, claims["azp"])
	case id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil:
		return UpstreamPerson{}, fmt.Errorf("%w: its ID token is not of this access token (at_hash)", ErrUpstreamFailed)
	}
	c, leftOut := claims.optional()
	if (c.Email == "" || c.Name == "") && e.userinfo != "" {
		more, missing, err := s.userinfo(ctx, u, e, token.AccessToken, id.Subject)
		if err != nil {
			return UpstreamPerson{}, err
		}
		if missing != nil {
			leftOut = append(leftOut, "userinfo: "+missing.Error())
		}
		rest, of := more.optional()
		c.complete(rest)
		for _, name := range of {
			leftOut = append(leftOut, "userinfo's "+name)
		}
	}
	person := UpstreamPerson{Sub: id.Subject, Email: c.Email, EmailVerified: c.EmailVerified, Name: c.Name, GivenName: c.GivenName,
		FamilyName: c.FamilyName, Username: c.Username, AMR: c.AMR, ACR: c.ACR, AuthTime: c.AuthTime, LeftOut: leftOut}
	return person.bounded()
}

// getJSON reads a document; bearer is the access token to send, "" for none.
func (s *Upstreams) getJSON(ctx context.Context, what, address, bearer string, into any) error {
	body, err := s.get(ctx, what, address, bearer, "application/json")
	if err == nil && json.Unmarshal(body, into) != nil {
		err = fmt.Errorf("%w: its %s is not the JSON that it should be", ErrUpstreamFailed, what)
	}
	return err
}

// get returns the body of an answer with status 200; accept has the media types that can be read.
func (s *Upstreams) get(ctx context.Context, what, address, bearer, accept string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: the address of its %s is %.200q", ErrUpstreamFailed, what, address)
	}
	r.Header.Set("Accept", accept)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := s.http.Do(r)
	if err != nil {
		return nil, unreachable(what, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return nil, unreachable(what, err)
	case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
		return nil, fmt.Errorf("%w: its %s says %d", ErrUpstreamUnavailable, what, res.StatusCode)
	case res.StatusCode != http.StatusOK:
		return nil, statusError{what, res.StatusCode}
	}
	return body, nil
}

// statusError is an answer with a status other than 200.
type statusError struct {
	what   string
	status int
}

func (e statusError) Error() string {
	return fmt.Sprintf("%v: its %s says %d", ErrUpstreamFailed, e.what, e.status)
}
func (e statusError) Unwrap() error { return ErrUpstreamFailed }
