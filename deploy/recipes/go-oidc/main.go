// A web application that signs people in with Gatehouse: go-oidc, x/oauth2 and net/http.
//
//	ISSUER=https://api.example.org CLIENT_ID=… CLIENT_SECRET=… BASE_URL=https://app.example.org go run .
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// person is what the application keeps of somebody who signed in.
type person struct {
	Sub     string   `json:"sub"`
	Name    string   `json:"name"`
	Groups  []string `json:"groups"`
	idToken string
}

// login is what has to fit when Gatehouse answers. It stays in the browser, so that visitors cost no memory.
type login struct{ State, Nonce, Verifier string }

type app struct {
	base, endSession string
	oauth            oauth2.Config
	verifier         *oidc.IDTokenVerifier
	sessions         sync.Map // by the cookie's value, of person; put them into your database
}

var page = template.Must(template.New("").Parse(`{{if .}}
<p>Hello {{.Name}}, in {{range $i, $g := .Groups}}{{if $i}}, {{end}}{{$g}}{{else}}no group{{end}}</p><a href="/logout">Sign out</a>
{{else}}<a href="/login">Sign in</a>{{end}}`))

func main() {
	a, err := newApp(context.Background(), os.Getenv("ISSUER"), os.Getenv("CLIENT_ID"), os.Getenv("CLIENT_SECRET"), os.Getenv("BASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	listen := "localhost:" + cmp.Or(os.Getenv("PORT"), "3000")
	log.Printf("%s is listening on %s", a.base, listen)
	log.Fatal(http.ListenAndServe(listen, a.handler()))
}

func newApp(ctx context.Context, issuer, clientID, secret, base string) (*app, error) {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	return &app{base: base, endSession: more.EndSession, verifier: provider.Verifier(&oidc.Config{ClientID: clientID}),
		oauth: oauth2.Config{ClientID: clientID, ClientSecret: secret, Endpoint: provider.Endpoint(), RedirectURL: base + "/callback",
			Scopes: []string{"openid", "profile", "email", "groups"}}}, nil
}

func (a *app) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /login", a.login)
	mux.HandleFunc("GET /callback", a.callback)
	mux.HandleFunc("GET /logout", a.logout)
	return mux
}

func (a *app) home(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, a.person(r))
}

func (a *app) login(w http.ResponseWriter, r *http.Request) {
	l := login{rand.Text(), rand.Text(), oauth2.GenerateVerifier()}
	value, _ := json.Marshal(l)
	a.setCookie(w, "login", url.QueryEscape(string(value)), 600)
	http.Redirect(w, r, a.oauth.AuthCodeURL(l.State, oidc.Nonce(l.Nonce), oauth2.S256ChallengeOption(l.Verifier)), http.StatusFound)
}

func (a *app) callback(w http.ResponseWriter, r *http.Request) {
	var l login
	value, _ := url.QueryUnescape(a.cookie(r, "login"))
	if json.Unmarshal([]byte(value), &l) != nil || l.State == "" || r.FormValue("state") != l.State {
		http.Error(w, "This sign-in did not begin in this browser, or too long ago: begin again.", http.StatusBadRequest)
		return
	}
	p, err := a.redeem(r.Context(), r.URL.Query(), l)
	if err != nil {
		log.Print(err)
		http.Error(w, "The sign-in failed: the log says why.", http.StatusBadRequest)
		return
	}
	id := rand.Text()
	a.sessions.Store(id, p)
	a.setCookie(w, "session", id, 8*60*60)
	a.setCookie(w, "login", "", -1)
	http.Redirect(w, r, "/", http.StatusFound)
}

// redeem trades the code for the ID token and checks signature, issuer, audience, expiry and nonce.
func (a *app) redeem(ctx context.Context, answer url.Values, l login) (*person, error) {
	if answer.Has("error") {
		return nil, fmt.Errorf("%s: %s", answer.Get("error"), answer.Get("error_description"))
	}
	token, err := a.oauth.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(l.Verifier))
	if err != nil {
		return nil, err
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := a.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if idToken.Nonce != l.Nonce {
		return nil, errors.New("the ID token is of another sign-in: its nonce differs")
	}
	p := &person{idToken: raw}
	return p, idToken.Claims(p)
}

func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	query := url.Values{"client_id": {a.oauth.ClientID}, "post_logout_redirect_uri": {a.base + "/"}}
	if p := a.person(r); p != nil {
		query.Set("id_token_hint", p.idToken)
	}
	a.sessions.Delete(a.cookie(r, "session"))
	a.setCookie(w, "session", "", -1)
	http.Redirect(w, r, a.endSession+"?"+query.Encode(), http.StatusFound)
}

// person is nil where nobody is signed in.
func (a *app) person(r *http.Request) *person {
	if p, ok := a.sessions.Load(a.cookie(r, "session")); ok {
		return p.(*person)
	}
	return nil
}

func (a *app) cookieName(name string) string {
	if strings.HasPrefix(a.base, "https:") {
		return "__Host-" + name
	}
	return name
}

func (a *app) cookie(r *http.Request, name string) string {
	if c, err := r.Cookie(a.cookieName(name)); err == nil {
		return c.Value
	}
	return ""
}

func (a *app) setCookie(w http.ResponseWriter, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: a.cookieName(name), Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(a.base, "https:")})
}
