package load

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
)

// operations are what can be measured, by workload.
var operations = map[string]func(*worker) error{
	"login":      (*worker).login,
	"sso":        (*worker).signOn,
	"refresh":    (*worker).refreshTokens,
	"cc":         (*worker).clientCredentials,
	"userinfo":   (*worker).userinfo,
	"introspect": (*worker).introspect,
	"discovery":  func(w *worker) error { return w.get("discovery") },
	"jwks":       func(w *worker) error { return w.get("jwks_uri") },
}

// needsTokens reports whether a worker has to sign on before the workload.
func needsTokens(workload string) bool {
	return workload == "refresh" || workload == "userinfo" || workload == "introspect"
}

// worker is a person with a browser, and the relying party that they use.
type worker struct {
	target          *Target
	http            *client
	user            User
	access, refresh string // the last tokens
}

// newWorker returns a worker who has a session and, if the workload needs them, tokens.
func newWorker(t *Target, user int, workload string) (*worker, error) {
	if operations[workload] == nil {
		return nil, fmt.Errorf("there is no workload %q", workload)
	}
	w := &worker{target: t, http: newClient()}
	if t.User != nil {
		w.user = t.User(user % t.Users)
		w.http.jar.set(w.user.SessionCookie, w.user.Session, "/")
	}
	if needsTokens(workload) {
		if err := w.signOn(); err != nil {
			return nil, fmt.Errorf("before %s: %w", workload, err)
		}
	}
	return w, nil
}

// Repeat does an operation n times, one after the other. Three more come first, to fill caches, and then a call of between.
func Repeat(t *Target, workload string, n int, between func() error) error {
	if err := t.Discover(); err != nil {
		return err
	}
	w, err := newWorker(t, 0, workload)
	if err != nil {
		return err
	}
	defer w.http.close()
	for i := range 3 + n {
		if i == 3 {
			if err := between(); err != nil {
				return err
			}
		}
		if err := operations[workload](w); err != nil {
			return err
		}
	}
	return nil
}

// login signs a random person on who has no session.
func (w *worker) login() error {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(w.target.Users)))
	if err != nil {
		return err
	}
	w.user = w.target.User(int(n.Int64()))
	w.http.jar.reset()
	return w.signOn()
}

// signOn is the code flow with PKCE, and userinfo.
func (w *worker) signOn() error {
	verifier := random(32)
	code, err := w.authorize(verifier)
	if err != nil {
		return err
	}
	err = w.token(w.target.Client, url.Values{"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {w.target.RedirectURI}, "code_verifier": {verifier}}, "id_token", "refresh_token")
	if err != nil {
		return err
	}
	return w.userinfo()
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // it never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// authorize returns the code. It signs the person in, if the provider asks for that.
func (w *worker) authorize(verifier string) (code string, err error) {
	challenge, state := sha256.Sum256([]byte(verifier)), random(12)
	query := url.Values{"client_id": {w.target.Client.ID}, "redirect_uri": {w.target.RedirectURI}, "response_type": {"code"},
		"scope": {w.target.Scope}, "state": {state}, "nonce": {random(12)},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"}}
	endpoint := *w.target.endpoints["authorization_endpoint"]
	endpoint.RawQuery = query.Encode()
	got, err := w.http.do("GET", &endpoint, nil)
	if err != nil {
		return "", err
	}
	back, err := endpoint.Parse(got.location)
	if err == nil && !strings.HasPrefix(got.location, w.target.RedirectURI) && got.location != "" {
		back, err = w.signIn(back)
	}
	if err != nil {
		return "", err
	}
	if answer := back.Query(); answer.Get("state") == state && answer.Get("code") != "" {
		return answer.Get("code"), nil
	}
	return "", fmt.Errorf("authorize: no code: status %d, %s: %.300s", got.status, back, got.body)
}

// signIn does what the browser does on Gatehouse's login page, and returns where it is sent to afterwards.
func (w *worker) signIn(page *url.URL) (*url.URL, error) {
	if _, err := w.http.do("GET", page, nil); err != nil {
		return nil, err
	}
	base, err := url.Parse(w.target.Issuer + "/")
	if err != nil {
		return nil, err
	}
	origin, request := header{"Origin", w.target.UIOrigin}, page.Query().Get("request")
	interaction := base.JoinPath("interaction")
	interaction.RawQuery = url.Values{"request": {request}}.Encode()
	if got, err := w.http.do("GET", interaction, nil, origin); err != nil || got.status != 200 {
		return nil, unexpected("interaction", got, err)
	}
	form := url.Values{"request": {request}, "username": {w.user.Username}, "password": {w.user.Password}}
	got, err := w.http.do("POST", base.JoinPath("login"), []byte(form.Encode()), urlencoded, origin)
	if err != nil || got.status != 303 {
		return nil, unexpected("login", got, err)
	}
	return base.Parse(got.location)
}

var urlencoded = header{"Content-Type", "application/x-www-form-urlencoded"}

// unexpected returns err, or an error that shows the response.
func unexpected(what string, got *response, err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: status %d: %.300s", what, got.status, got.body)
}

// token asks the token endpoint, and wants an access token and the members that are named.
func (w *worker) token(c Client, form url.Values, members ...string) error {
	got, err := w.http.do("POST", w.target.endpoints["token_endpoint"], []byte(form.Encode()), urlencoded, c.basic())
	if err != nil || got.status != 200 {
		return unexpected("token", got, err)
	}
	for _, member := range append(members, "access_token") {
		if text(got.body, member) == "" {
			return fmt.Errorf("token: no %s: %.300s", member, got.body)
		}
	}
	w.access, w.refresh = text(got.body, "access_token"), text(got.body, "refresh_token")
	return nil
}

// basic is the header of client_secret_basic (RFC 6749 §2.3.1).
func (c Client) basic() header {
	pair := url.QueryEscape(c.ID) + ":" + url.QueryEscape(c.Secret)
	return header{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))}
}

// refreshTokens refreshes, and wants a new refresh token.
func (w *worker) refreshTokens() error {
	old := w.refresh
	err := w.token(w.target.Client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old}}, "refresh_token")
	if err == nil && w.refresh == old {
		err = errors.New("the refresh token was not rotated")
	}
	return err
}

func (w *worker) clientCredentials() error {
	return w.token(w.target.Service, url.Values{"grant_type": {"client_credentials"}})
}

func (w *worker) userinfo() error {
	got, err := w.http.do("GET", w.target.endpoints["userinfo_endpoint"], nil, header{"Authorization", "Bearer " + w.access})
	if err != nil || got.status != 200 || text(got.body, "sub") == "" {
		return unexpected("userinfo", got, err)
	}
	return nil
}

func (w *worker) introspect() error {
	form := url.Values{"token": {w.access}}
	got, err := w.http.do("POST", w.target.endpoints["introspection_endpoint"], []byte(form.Encode()), urlencoded,
		w.target.Service.basic())
	if err != nil || got.status != 200 || text(got.body, "sub") == "" { // no sub, not active (RFC 7662 §2.2)
		return unexpected("introspection", got, err)
	}
	return nil
}

func (w *worker) get(endpoint string) error {
	got, err := w.http.do("GET", w.target.endpoints[endpoint], nil)
	if err != nil || got.status != 200 || len(got.body) < 20 {
		return unexpected(endpoint, got, err)
	}
	return nil
}

// text returns a string of a JSON object, "" if it is not there. It is cheap rather than right: it knows no escapes, which tokens
// and subjects do not have.
func text(object []byte, name string) string {
	_, rest, _ := strings.Cut(string(object), `"`+name+`":"`)
	value, _, found := strings.Cut(rest, `"`)
	if !found {
		return ""
	}
	return value
}
