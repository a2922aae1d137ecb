package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/api/admin"
	"gatehouse/api/config"
	"gatehouse/api/provider"
	"gatehouse/api/web"
)

const nowhere = "https://backup.invalid/callback"

// signInOnce makes a user and a client, and has them get tokens by a code (OpenID Connect Core 1.0 §3.1) from an API that
// listens on loopback only.
func signInOnce(ctx context.Context, cfg *config.Config, p *provider.Provider, adm *admin.Admin) error {
	name, password := "backup-verify-"+strings.ToLower(rand.Text()[:10]), rand.Text()
	if _, err := adm.AddUser(ctx, admin.AddUser{Username: name, Password: password}); err != nil {
		return err
	}
	client := admin.NewRegistration()
	client.ClientID, client.TokenEndpointAuthMethod, client.FirstParty = name, "none", true
	client.RedirectURIs = []string{nowhere}
	if _, err := adm.AddClient(ctx, client); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	api := web.API(p, web.Proxies{}, cfg.Look) //nolint:contextcheck // a line of the log belongs to its request
	server := &http.Server{Handler: api, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	b := &browser{api: "http://" + listener.Addr().String(), ui: cfg.UIOrigin}
	verifier := rand.Text() + rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	code, err := b.code(ctx, name, password, url.Values{"response_type": {"code"}, "client_id": {name},
		"redirect_uri": {nowhere}, "scope": {"openid"}, "state": {"s"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}})
	if err != nil || code == "" {
		return err
	}
	return b.tokens(ctx, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {nowhere},
		"client_id": {name}, "code_verifier": {verifier}})
}

// browser is as much of one as a sign-in needs.
type browser struct {
	api, ui string
	cookies []string
}

// code signs somebody in, and returns the code; "" where the pages ask for something more of somebody who is signed in.
func (b *browser) code(ctx context.Context, username, password string, request url.Values) (string, error) {
	page, _, err := b.do(ctx, http.MethodGet, "/authorize?"+request.Encode(), nil)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(page.String(), b.ui+"/login?") {
		return "", fmt.Errorf("the API answers with %s", page)
	}
	next, _, err := b.do(ctx, http.MethodPost, "/login",
		url.Values{"request": page.Query()["request"], "username": {username}, "password": {password}})
	switch {
	case err != nil:
		return "", err
	case strings.HasPrefix(next.String(), nowhere+"?"):
		return next.Query().Get("code"), nil
	case strings.HasPrefix(next.String(), b.ui+"/") && next.Path != "/login" && next.Path != "/error":
		return "", nil
	}
	return "", fmt.Errorf("the sign-in ends at %s", next.Path)
}

func (b *browser) tokens(ctx context.Context, form url.Values) error {
	_, body, err := b.do(ctx, http.MethodPost, "/token", form)
	if err != nil {
		return err
	}
	var answer struct {
		IDToken string `json:"id_token"`
		Error   string `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.IDToken == "" {
		return fmt.Errorf("there is no ID token for the code: %s", answer.Error)
	}
	return nil
}

// do sends a request and returns where it leads, and what is answered.
func (b *browser) do(ctx context.Context, method, path string, form url.Values) (*url.URL, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.api+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.ui)
	}
	r.Header.Set("Cookie", strings.Join(b.cookies, "; "))
	res, err := http.DefaultTransport.RoundTrip(r) // follows no redirect
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		b.cookies = append(b.cookies, c.Name+"="+c.Value)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, nil, err
	}
	next, err := url.Parse(res.Header.Get("Location"))
	if res.StatusCode >= http.StatusBadRequest && err == nil {
		err = fmt.Errorf("%s answers %s", strings.TrimSuffix(path[:min(len(path), 10)], "?"), res.Status)
	}
	return next, body, err
}
