// Package web is the HTTP skin: all routes on one screen, bounded input, cookies, CORS, and one writer of answers.
// It alone imports echo.
package web

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"gatehouse/api/config"
	"gatehouse/api/provider"
	"gatehouse/api/store"
)

// endpoint is one path of the API.
type endpoint struct {
	methods string
	path    string
	origins origins // whose pages may read the answer from another origin
	caller  caller
	run     run
}

// caller is who asks an endpoint.
type caller int

const (
	program caller = iota // a client, or a script of the UI: errors are JSON
	person                // a browser navigates here: errors are pages
	// public is anyone, unauthenticated, for what is the same for all: nothing of the request is read, and it is logged at
	// level debug, unless it fails.
	public
)

// run answers a request.
type run func(context.Context, provider.Request) provider.Answer

func routes(p *provider.Provider) []endpoint {
	list := []endpoint{
		{"GET POST", "/authorize", nobody, person, p.Authorize},
		{"GET", "/interaction", theUI, program, p.Interaction},
		{"GET POST", "/upstream/:name/callback", nobody, person, p.UpstreamCallback},
		{"GET POST", "/logout", nobody, person, p.Logout},
		{"GET", "/account", nobody, person, p.Account},
		{"GET HEAD", "/authentication-methods", clients, program, p.AuthenticationMethods},
		{"POST", "/device_authorization", clients, program, p.DeviceAuthorization},
		{"POST", "/par", clients, program, p.PushAuthorization},
		{"POST", "/token", clients, program, p.Token},
		{"GET POST", "/userinfo", clients, program, p.Userinfo},
		{"POST", "/revoke", clients, program, p.Revoke},
		{"POST", "/introspect", nobody, program, p.Introspect},
		{"GET HEAD", "/jwks", anybody, public, p.JWKS},
		{"GET HEAD", "/.well-known/openid-configuration", anybody, public, p.Discovery},
		{"GET HEAD", "/.well-known/oauth-authorization-server", anybody, public, p.Discovery},
		{"GET", "/forwarded", nobody, program, p.Forwarded},
		{"GET HEAD", "/healthz", nobody, public, health(nil)},
		{"GET HEAD", "/readyz", nobody, public, health(p.Ready)},
	}
	for _, form := range p.Forms() { // what the pages post: the table is in provider/pages.go
		list = append(list, endpoint{"POST", form.Path, nobody, person, form.Run})
	}
	if p.SessionManagement {
		list = append(list, endpoint{"GET HEAD", "/check_session", nobody, public, p.CheckSession})
	}
	if p.LetsClientsRegister() {
		list = append(list,
			endpoint{"POST", "/register", anybody, program, p.Register},
			endpoint{"GET", "/register/:name", anybody, program, p.ReadRegistration},
			endpoint{"PUT", "/register/:name", anybody, program, p.ReplaceRegistration},
			endpoint{"DELETE", "/register/:name", anybody, program, p.EndRegistration})
	}
	return list
}

func health(ready func(context.Context) error) run {
	return func(ctx context.Context, _ provider.Request) provider.Answer {
		if ready != nil {
			ctx, cancel := context.WithTimeout(ctx, provider.Patience)
			defer cancel()
			if err := ready(ctx); err != nil {
				return provider.Answer{Status: 503, JSON: map[string]string{"status": "not ready: " + whyNotReady(err)}}
			}
		}
		return provider.Answer{Status: 200, JSON: map[string]string{"status": "ok"}}
	}
}

// whyNotReady says to strangers what they may know of err.
func whyNotReady(err error) string {
	if old := (store.SchemaTooOld{}); errors.As(err, &old) {
		return old.Error()
	}
	return "Postgres does not answer or the keys are not loaded"
}

// API is the handler of the OAuth endpoints. What proxies say of where a request comes from is believed of the trusted ones
// only; look is that of its pages.
func API(p *provider.Provider, proxies Proxies, look config.Look) http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	a := answerer{https: strings.HasPrefix(p.Issuer, "https:"), proxies: proxies, pages: newPages(p.Settings, look), count: p.Answered,
		tracer: p.Tracer()}
	a.checkSession = checkSessionPage(a.prefix() + string(provider.StateCookie))
	e.HTTPErrorHandler = func(err error, c echo.Context) { a.writeRoutingError(c, err) }
	endpoints := routes(p)
	e.Use(a.logged(endpoints), middleware.RecoverWithConfig(middleware.RecoverConfig{LogErrorFunc: logPanic}))
	for _, end := range endpoints {
		handler := func(c echo.Context) error {
			end.origins.allow(c, p)
			if end.caller == public {
				ctx := provider.WithRequest(c.Request().Context(), requestID(c), netip.Addr{})
				return a.write(c, end.run(ctx, provider.Request{}))
			}
			r, problem := a.readRequest(c)
			ctx, cancel := context.WithTimeout(provider.WithRequest(c.Request().Context(), requestID(c), r.Addr), provider.Patience)
			defer cancel()
			if r.Via.Unread != "" {
				p.AddressUnread(ctx, r.Via)
			}
			if problem != nil && end.path == "/logout" { // whoever wants to sign out can
				r.Unread, problem = problem.why, nil
			}
			if problem != nil {
				return a.write(c, p.Malformed(ctx, end.caller == person || isNavigation(c), problem.status, problem.why))
			}
			if answer, not := p.NotStarted(ctx, end.caller == person || isNavigation(c)); not {
				return a.write(c, answer)
			}
			return a.write(c, end.run(ctx, r))
		}
		for _, method := range strings.Fields(end.methods) {
			e.Add(method, end.path, handler)
		}
		if end.origins != nobody {
			e.OPTIONS(end.path, func(c echo.Context) error { return end.origins.preflight(c, p, methodsOf(endpoints, end.path)) })
		}
	}
	e.GET("/", func(c echo.Context) error { return a.root(c, p.Settings) })
	return e
}

// methodsOf returns all methods of a path, which may be those of several endpoints.
func methodsOf(endpoints []endpoint, path string) string {
	var methods []string
	for _, end := range endpoints {
		if end.path == path {
			methods = append(methods, end.methods)
		}
	}
	return strings.Join(methods, " ")
}

// isNavigation reports whether a person opened an address that is for programs.
func isNavigation(c echo.Context) bool {
	return c.Request().Method == http.MethodGet && wantsPage(c.Request().Header.Get("Accept"))
}

// root leads a person to the UI. Where a proxy serves both at one origin, the pages have the root.
func (a answerer) root(c echo.Context, s provider.Settings) error {
	if !isNavigation(c) || s.UIOrigin == s.Issuer {
		return echo.ErrNotFound
	}
	return a.write(c, provider.Answer{Status: http.StatusSeeOther, Location: s.UIOrigin + "/"})
}
