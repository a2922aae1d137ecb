package authn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	relying "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"gatehouse/api/oidc"
)

// The kinds of error of an upstream; the details are for the log.
var (
	ErrUpstreamUnavailable = errors.New("the upstream does not answer")             // slow or down: try again
	ErrUpstreamFailed      = errors.New("the upstream's answer cannot be used")     // invalid, or it refuses us
	ErrUpstreamRefused     = errors.New("the upstream no longer accepts the token") // a new sign-in there is needed
)

// Upstreams makes Gatehouse a relying party of other providers. It keeps only their discovery documents and key sets.
type Upstreams struct {
	http *http.Client
	keys *http.Client // the same, for key sets
	now  func() time.Time

	mu          sync.Mutex
	discoveries map[string]*discovery // by issuer
}

// NewUpstreams returns an Upstreams that sends its requests with client, the one for addresses that others wrote down.
func NewUpstreams(client *http.Client, now func() time.Time) *Upstreams {
	keys := *client
	keys.Transport = boundedKeys{client.Transport}
	return &Upstreams{http: client, keys: &keys, now: now, discoveries: map[string]*discovery{}}
}

// A shape describes a kind of upstream: where its endpoints are, the parameters of an authorization request, and how to find out
// who signed in.
type shape struct {
	find   func(s *Upstreams, ctx context.Context, u *oidc.Upstream, age time.Duration) (*endpoints, error)
	words  func(r UpstreamRequest) url.Values
	person func(s *Upstreams, ctx context.Context, u *oidc.Upstream, e *endpoints, a UpstreamAnswer, t *oauth2.Token) (UpstreamPerson, error)
}

// shapes is the table of kinds; the constraint on upstreams.kind has the same names.
var shapes = map[string]shape{
	"oidc":   {(*Upstreams).discover, oidcWords, (*Upstreams).oidcPerson},
	"github": {(*Upstreams).githubEndpoints, githubWords, (*Upstreams).githubPerson},
}

// endpoints are those of an upstream.
type endpoints struct {
	oauth2.Endpoint
	userinfo string
	issuers  []string // allowed as iss of its answers (RFC 9207)
	namesIss bool     // each answer of its authorization endpoint has iss
	provider *relying.Provider
}

// UpstreamRequest is an authorization request of ours to an upstream.
type UpstreamRequest struct {
	RedirectURI string // of this upstream alone (RFC 9700 §4.4.2.2)
	State       string
	Nonce       string
	Verifier    string   // PKCE, always with S256
	LoginHint   string   // "" for none
	Prompt      []string // login and select_account are passed on
	MaxAge      *int     // seconds
}

// AuthorizationURL returns where to send the browser to sign in.
func (s *Upstreams) AuthorizationURL(ctx context.Context, u *oidc.Upstream, r UpstreamRequest) (string, error) {
	e, err := s.endpointsOf(ctx, u, redirectAge)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(r.Verifier)}
	add := func(name, value string) { options = append(options, oauth2.SetAuthURLParam(name, value)) }
	for name, value := range u.Params {
		add(name, value)
	}
	for name, values := range shapes[u.Kind].words(r) {
		if name == "prompt" && u.Params["prompt"] != "" {
			values[0] += " " + u.Params["prompt"] // each word once
			values[0] = strings.Join(distinct(strings.Fields(values[0])), " ")
		}
		add(name, values[0])
	}
	return s.config(u, *e, r.RedirectURI).AuthCodeURL(r.State, options...), nil
}

// UpstreamAnswer is what came back to the redirect URI, and what it has to match.
type UpstreamAnswer struct {
	RedirectURI string
	Code        string
	Issuer      string // the parameter iss, "" if there was none
	Nonce       string
	Verifier    string
}

// UpstreamPerson is who signed in at an upstream. All texts are bounded; only Sub, together with the upstream and its issuer,
// identifies them.
type UpstreamPerson struct {
	Sub           string
	Email         string
	EmailVerified bool
	Name          string
	GivenName     string
	FamilyName    string
	Username      string // at the upstream
	AMR           []string
	ACR           string    // "" where the upstream says none
	AuthTime      time.Time // zero if not known
	Tokens        UpstreamTokens
	LeftOut       []string // what could not be used or had, for the log
}

// UpstreamTokens are issued by an upstream.
type UpstreamTokens struct {
	AccessToken  string
	ExpiresAt    time.Time // zero if not known
	RefreshToken string    // "" for none
	Scope        string
}

// CheckIssuer compares the parameter iss of an answer with the upstream that was asked (RFC 9207 §2.4).
func (s *Upstreams) CheckIssuer(ctx context.Context, u *oidc.Upstream, issuer string) error {
	e, err := s.endpointsOf(ctx, u, discoveryAge)
	if err != nil {
		return err
	}
	for _, known := range e.issuers {
		if issuer == known {
			return nil
		}
	}
	if issuer == "" && !e.namesIss {
		return nil
	}
	return fmt.Errorf("%w: it comes from %.100q, not from %q (iss)", ErrUpstreamFailed, issuer, u.Issuer)
}

// Redeem redeems the code of an answer, and returns who signed in.
func (s *Upstreams) Redeem(ctx context.Context, u *oidc.Upstream, a UpstreamAnswer) (UpstreamPerson, error) {
	e, err := s.endpointsOf(ctx, u, discoveryAge)
	if err != nil {
		return UpstreamPerson{}, err
	}
	token, err := s.config(u, *e, a.RedirectURI).Exchange(s.with(ctx), a.Code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return UpstreamPerson{}, tokenFailure(err)
	}
	person, err := shapes[u.Kind].person(s, ctx, u, e, a, token)
	if err != nil {
		return UpstreamPerson{}, err
	}
	person.Tokens = s.tokens(token, u.Scope)
	return person, nil
}

// Refresh uses a refresh token. The result has another one if the upstream rotates them, otherwise the same.
func (s *Upstreams) Refresh(ctx context.Context, u *oidc.Upstream, refreshToken, scope string) (UpstreamTokens, error) {
	e, err := s.endpointsOf(ctx, u, discoveryAge)
	if err != nil {
		return UpstreamTokens{}, err
	}
	token, err := s.config(u, *e, "").TokenSource(s.with(ctx), &oauth2.Token{RefreshToken: refreshToken}).Token()
	if err != nil {
		return UpstreamTokens{}, tokenFailure(err)
	}
	return s.tokens(token, scope), nil
}

// Reachable tries discovery, for gatehouse doctor.
func (s *Upstreams) Reachable(ctx context.Context, u *oidc.Upstream) error {
	_, err := s.endpointsOf(ctx, u, discoveryAge)
	return err
}

func (s *Upstreams) endpointsOf(ctx context.Context, u *oidc.Upstream, age time.Duration) (*endpoints, error) {
	kind, ok := shapes[u.Kind]
	if !ok {
		return nil, fmt.Errorf("%w: kind %q of upstream %s is not known to this version", ErrUpstreamFailed, u.Kind, u.Name)
	}
	return kind.find(s, ctx, u, age)
}

func (s *Upstreams) config(u *oidc.Upstream, e endpoints, redirectURI string) *oauth2.Config {
	if u.ClientSecret == "" {
		e.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{ClientID: u.ClientID, ClientSecret: u.ClientSecret, Endpoint: e.Endpoint, RedirectURL: redirectURI,
		Scopes: strings.Fields(u.Scope)}
}

func (s *Upstreams) with(ctx context.Context) context.Context {
	return relying.ClientContext(ctx, s.http)
}

func (s *Upstreams) tokens(t *oauth2.Token, scope string) UpstreamTokens {
	out := UpstreamTokens{AccessToken: t.AccessToken, RefreshToken: t.RefreshToken, Scope: scope}
	if granted, ok := t.Extra("scope").(string); ok && granted != "" && len(granted) <= 1000 {
		out.Scope = granted
	}
	seconds := t.ExpiresIn
	if seconds == 0 { // a form rather than JSON
		seconds, _ = t.Extra("expires_in").(int64)
	}
	if seconds > 0 {
		out.ExpiresAt = s.now().Add(time.Duration(min(seconds, 10*365*24*3600)) * time.Second)
	}
	return out
}

// tokenFailure classifies an error of the token endpoint. Its full text stays out of the log: it may repeat what was sent.
func tokenFailure(err error) error {
	var refused *oauth2.RetrieveError
	switch {
	case !errors.As(err, &refused):
		return unreachable("token endpoint", err)
	case refused.ErrorCode == oidc.InvalidGrant:
		return fmt.Errorf("%w: invalid_grant", ErrUpstreamRefused)
	case refused.Response.StatusCode >= 500 || refused.Response.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("%w: its token endpoint says %d", ErrUpstreamUnavailable, refused.Response.StatusCode)
	}
	return fmt.Errorf("%w: its token endpoint says %d %.100q", ErrUpstreamFailed, refused.Response.StatusCode, refused.ErrorCode)
}

// unreachable returns the error of a request without an answer, or with an unreadable one.
func unreachable(what string, err error) error {
	var unanswered *url.Error
	if errors.As(err, &unanswered) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: its %s: %w", ErrUpstreamUnavailable, what, err)
	}
	return fmt.Errorf("%w: its %s: %.200s", ErrUpstreamFailed, what, err)
}

func distinct(words []string) (out []string) {
	seen := map[string]bool{}
	for _, w := range words {
		if !seen[w] {
			out = append(out, w)
		}
		seen[w] = true
	}
	return out
}

func seconds(n *int) string { return strconv.Itoa(*n) }
