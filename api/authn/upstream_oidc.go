package authn

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
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

// oidcClaims are read from the ID token and, where it lacks some, from userinfo (OpenID Connect Core §5.1).
type oidcClaims struct {
	Sub           string   `json:"sub"`
	Email         string   `json:"email"`
	EmailVerified any      `json:"email_verified"` // some send "true"
	Name          string   `json:"name"`
	GivenName     string   `json:"given_name"`
	FamilyName    string   `json:"family_name"`
	Username      string   `json:"preferred_username"`
	AZP           string   `json:"azp"`
	AMR           any      `json:"amr"`
	AuthTime      *float64 `json:"auth_time"`
}

// oidcPerson verifies the ID token (OpenID Connect Core §3.1.3.7).
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
	var c oidcClaims
	switch err := exactly(id.Claims, &c); {
	case err != nil:
		return UpstreamPerson{}, fmt.Errorf("%w: its ID token has claims of another type: %.200s", ErrUpstreamFailed, err)
	case c.Sub != id.Subject:
		return UpstreamPerson{}, fmt.Errorf("%w: its ID token names two subjects", ErrUpstreamFailed)
	case id.Nonce != a.Nonce:
		return UpstreamPerson{}, fmt.Errorf("%w: its ID token has another nonce", ErrUpstreamFailed)
	case c.AZP != "" && c.AZP != u.ClientID:
		return UpstreamPerson{}, fmt.Errorf("%w: its ID token is for another client (azp %.100q)", ErrUpstreamFailed, c.AZP)
	case id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil:
		return UpstreamPerson{}, fmt.Errorf("%w: its ID token is not of this access token (at_hash)", ErrUpstreamFailed)
	}
	if (c.Email == "" || c.Name == "") && e.userinfo != "" {
		var more oidcClaims
		ask := func(into any) error { return s.getJSON(ctx, "userinfo", e.userinfo, token.AccessToken, into) }
		if err := exactly(ask, &more); err != nil {
			return UpstreamPerson{}, err
		}
		if more.Sub != id.Subject { // §5.3.2
			return UpstreamPerson{}, fmt.Errorf("%w: its userinfo is about another person", ErrUpstreamFailed)
		}
		c.complete(more)
	}
	person := UpstreamPerson{Sub: id.Subject, Email: c.Email, EmailVerified: c.EmailVerified == true || c.EmailVerified == "true",
		Name: c.Name, GivenName: c.GivenName, FamilyName: c.FamilyName, Username: c.Username, AMR: boundedAMR(c.AMR)}
	if c.AuthTime != nil && *c.AuthTime > 0 && *c.AuthTime < 1<<40 {
		person.AuthTime = time.Unix(int64(*c.AuthTime), 0)
	}
	return person.bounded()
}

// exactly reads claims by their exact names (RFC 7519 §4): encoding/json takes EMAIL_VERIFIED for email_verified, too, and at
// some upstreams people may have claims of their own.
func exactly(read func(into any) error, c *oidcClaims) error {
	var all map[string]json.RawMessage
	if err := read(&all); err != nil {
		return err
	}
	maps.DeleteFunc(all, func(name string, _ json.RawMessage) bool { return !claimName.MatchString(name) })
	plain, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, c)
}

// claimName matches all names in oidcClaims, and no other spelling of them.
var claimName = regexp.MustCompile(`^[a-z_]+$`)

// complete adds what is missing from userinfo. An address and whether it is verified come from the same source.
func (c *oidcClaims) complete(more oidcClaims) {
	if c.Email == "" {
		c.Email, c.EmailVerified = more.Email, more.EmailVerified
	}
	for _, field := range []struct {
		to   *string
		from string
	}{{&c.Name, more.Name}, {&c.GivenName, more.GivenName}, {&c.FamilyName, more.FamilyName}, {&c.Username, more.Username}} {
		if *field.to == "" {
			*field.to = field.from
		}
	}
}

// getJSON reads a document; bearer is the access token to send, "" for none.
func (s *Upstreams) getJSON(ctx context.Context, what, address, bearer string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("%w: the address of its %s is %.200q", ErrUpstreamFailed, what, address)
	}
	r.Header.Set("Accept", "application/json")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := s.http.Do(r)
	if err != nil {
		return unreachable(what, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return unreachable(what, err)
	case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("%w: its %s says %d", ErrUpstreamUnavailable, what, res.StatusCode)
	case res.StatusCode != http.StatusOK:
		return statusError{what, res.StatusCode}
	case json.Unmarshal(body, into) != nil:
		return fmt.Errorf("%w: its %s is not the JSON that it should be", ErrUpstreamFailed, what)
	}
	return nil
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
