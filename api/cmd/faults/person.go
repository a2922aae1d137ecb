package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"time"
)

// person is somebody with a browser and the applications that they use, which ask again as people and client libraries do.
type person struct {
	*crowd
	name    string
	browser http.Client
}

const (
	sessionCookie = "gatehouse-session"
	verifier      = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, Appendix B
	challenge     = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func newPerson(c *crowd, n int) *person {
	jar, _ := cookiejar.New(nil) // it returns no error
	return &person{crowd: c, name: fmt.Sprintf("person%04d", n), browser: http.Client{Jar: jar, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// visit is a sign-in with a password, tokens at two applications, a few refreshes, and, each fourth time, a logout.
func (p *person) visit(round int) {
	defer p.browser.CloseIdleConnections()
	back, ok := p.signIn()
	if !ok {
		return
	}
	session := p.cookie()
	p.told(func(b *ledger) { b.acknowledged++; b.sessions = append(b.sessions, session) })
	tokens, ok := p.redeem("web", back.Query().Get("code"))
	if !ok {
		return
	}
	for range 2 {
		p.userinfo(tokens.Access)
		if tokens, ok = p.refresh(back.Query().Get("code"), tokens); !ok {
			return
		}
	}
	if code, ok := p.signOn(session); ok {
		p.redeem("other", code)
	}
	if round%4 == 3 {
		p.signOut(session, tokens.ID)
	}
}

// answer has been read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
	tries  int  // 1 where the first was answered
	torn   bool // an earlier try may have been done, though nobody was told
}

// location is where the answer leads to.
func (a answer) location() *url.URL {
	to, err := url.Parse(a.header.Get("Location"))
	if err != nil || to == nil {
		return &url.URL{}
	}
	return to
}

// ask sends a request until it has an answer that is not about a fault, and reports whether there was one before the crowd was stopped
// for long. Form nil is a GET.
func (p *person) ask(method, path string, form url.Values, headers ...string) (answer, bool) {
	torn := false
	for try := 1; try <= 400; try++ {
		a, err := p.send(method, path, form, headers...)
		switch {
		case err != nil:
			torn = true
			p.troubled(kind(err))
		case a.status == http.StatusBadGateway || a.status == http.StatusGatewayTimeout:
			torn = true
			p.troubled(fmt.Sprintf("%d of the proxy", a.status))
		case a.status >= 500 || a.status == http.StatusTooManyRequests:
			p.troubled(fmt.Sprintf("%d%s", a.status, map[bool]string{true: " with Retry-After"}[a.header.Get("Retry-After") != ""]))
			torn = torn || a.status != http.StatusTooManyRequests
		default:
			a.tries, a.torn = try, torn
			return a, true
		}
		if p.ctx.Err() != nil { // the crowd goes home
			return answer{}, false
		}
		time.Sleep(150 * time.Millisecond)
	}
	return answer{}, false
}

func (p *person) send(method, path string, form url.Values, headers ...string) (answer, error) {
	target, body := p.issuer+path, io.Reader(nil)
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	} else if form != nil {
		target += "?" + form.Encode()
	}
	// Not with the crowd's context: what was begun when it is stopped is finished.
	request, err := http.NewRequest(method, target, body) //nolint:noctx // the browser has a timeout
	if err != nil {
		return answer{}, err
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := p.browser.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return answer{status: response.StatusCode, header: response.Header, body: text}, err
}

// kind names an error without what differs each time.
func kind(err error) string {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return "no connection"
}

func authorization(client, prompt string) url.Values {
	ask := url.Values{"response_type": {"code"}, "client_id": {client}, "redirect_uri": {redirectURI}, "nonce": {"n"},
		"scope": {"openid offline_access email"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	if prompt != "" {
		ask.Set("prompt", prompt)
	}
	return ask
}

// signIn types the password, and the one-time code of who has them, and returns the redirect_uri with the code.
func (p *person) signIn() (*url.URL, bool) {
	a, ok := p.typesPassword()
	if ok && a.location().Path == "/factor" {
		a, ok = p.typesCode(a.location())
	}
	if !ok {
		return nil, false
	}
	back := a.location()
	if a.status != http.StatusSeeOther || back.Query().Get("code") == "" {
		p.misses(fmt.Sprintf("a sign-in was refused: %d %s %.200s", a.status, back.Path, a.body))
		return nil, false
	}
	return back, true
}

// typesPassword begins a sign-in, and returns what comes after the password.
func (p *person) typesPassword() (answer, bool) {
	a, ok := p.ask("GET", "/authorize", authorization("web", ""))
	if !ok {
		return a, false
	}
	request := a.location().Query().Get("request")
	if _, ok = p.ask("GET", "/interaction", url.Values{"request": {request}}, "Origin", uiOrigin); !ok {
		return a, false
	}
	p.mu.Lock()
	p.book.signIns++
	p.mu.Unlock()
	a, ok = p.ask("POST", "/login", url.Values{"request": {request}, "username": {p.name}, "password": {password}}, "Origin", uiOrigin)
	if a.tries > 1 {
		p.mu.Lock()
		p.book.signIns += a.tries - 1
		p.mu.Unlock()
	}
	return a, ok
}

// cookie is the value of the session's.
func (p *person) cookie() string {
	at, _ := url.Parse(p.issuer)
	for _, c := range p.browser.Jar.Cookies(at) {
		if c.Name == sessionCookie {
			return c.Value
		}
	}
	return ""
}

// tokens are what the token endpoint answers.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

func (p *person) token(client string, form url.Values) (t tokens, a answer, ok bool) {
	form.Set("client_id", client)
	form.Set("client_secret", secret)
	if a, ok = p.ask("POST", "/token", form); ok && a.status == http.StatusOK {
		ok = json.Unmarshal(a.body, &t) == nil
	}
	return t, a, ok
}

func redemption(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}}
}

// redeem has tokens for a code. Where an answer was lost the code may be used up, and nobody was told that they have tokens.
func (p *person) redeem(client, code string) (tokens, bool) {
	t, a, ok := p.token(client, redemption(code))
	switch {
	case !ok:
		return t, false
	case a.status != http.StatusOK:
		if !a.torn {
			p.misses(fmt.Sprintf("a code was refused: %d %.200s", a.status, a.body))
		}
		return t, false
	}
	p.told(func(b *ledger) {
		b.acknowledged++
		b.codes = append(b.codes, redeemed{code, client})
		if client == "web" {
			b.refresh[code] = t.Refresh
		}
	})
	return t, true
}

// refresh has new tokens. The old ones are good for another try where an answer was lost (GATEHOUSE_REFRESH_GRACE).
func (p *person) refresh(code string, old tokens) (tokens, bool) {
	t, a, ok := p.token("web", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old.Refresh}})
	if !ok {
		return t, false
	}
	if a.status != http.StatusOK {
		p.misses(fmt.Sprintf("a refresh token was refused: %d %.200s", a.status, a.body))
		p.told(func(b *ledger) { delete(b.refresh, code) }) // it is counted now, and not once more in the end
		return t, false
	}
	t.ID = cmp.Or(t.ID, old.ID)
	p.told(func(b *ledger) { b.acknowledged++; b.refresh[code] = t.Refresh })
	return t, true
}

func (p *person) userinfo(access string) {
	if a, ok := p.ask("GET", "/userinfo", nil, "Authorization", "Bearer "+access); ok {
		if a.status != http.StatusOK {
			p.misses(fmt.Sprintf("an access token was refused: %d %.200s", a.status, a.body))
			return
		}
		p.told(nil)
	}
}

// signOn has a code for another application, without a form.
func (p *person) signOn(session string) (code string, ok bool) {
	a, ok := p.ask("GET", "/authorize", authorization("other", ""))
	if !ok {
		return "", false
	}
	if code = a.location().Query().Get("code"); code == "" {
		p.misses(fmt.Sprintf("a session was not known any more: %d %s", a.status, a.location().Path))
		p.told(func(b *ledger) { b.forget(session) })
		return "", false
	}
	p.told(nil)
	return code, true
}

// signOut ends the session.
func (p *person) signOut(session, idToken string) {
	a, ok := p.ask("GET", "/logout", url.Values{"id_token_hint": {idToken}, "post_logout_redirect_uri": {bye}})
	p.told(func(b *ledger) { b.forget(session) }) // where no answer came, it may have ended
	if ok && a.status == http.StatusSeeOther && strings.HasPrefix(a.header.Get("Location"), bye) {
		p.told(func(b *ledger) { b.acknowledged++; b.ended = append(b.ended, session) })
	} else if ok {
		p.misses(fmt.Sprintf("a logout was refused: %d %s", a.status, a.location().Path))
	}
}

func (b *ledger) forget(session string) {
	for i, s := range b.sessions {
		if s == session {
			b.sessions = append(b.sessions[:i], b.sessions[i+1:]...)
			return
		}
	}
}

// sessionIs returns what is missing where a session is not there although it should be, or the other way round.
func (p *person) sessionIs(session string, wanted bool) (missed string) {
	at, _ := url.Parse(p.issuer)
	p.browser.Jar.SetCookies(at, []*http.Cookie{{Name: sessionCookie, Value: session, Path: "/"}})
	defer p.browser.CloseIdleConnections()
	a, ok := p.ask("GET", "/authorize", authorization("web", "none"))
	there := ok && a.location().Query().Get("code") != ""
	switch {
	case wanted && !there:
		return "a session is gone: " + a.location().Query().Get("error")
	case !wanted && there:
		return "somebody who signed out is signed in"
	}
	return ""
}

// refreshes returns what is missing where a refresh token is refused.
func (p *person) refreshes(refresh string) (missed string) {
	defer p.browser.CloseIdleConnections()
	_, a, ok := p.token("web", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
	if !ok || a.status != http.StatusOK {
		return fmt.Sprintf("a refresh token is refused: %d %.200s", a.status, a.body)
	}
	return ""
}

// redeemsAgain reports whether a code that had tokens for it has some once more.
func (p *person) redeemsAgain(client, code string) bool {
	defer p.browser.CloseIdleConnections()
	_, a, ok := p.token(client, redemption(code))
	return ok && a.status == http.StatusOK
}
