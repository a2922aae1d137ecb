package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"gatehouse/api/apitest"
	"gatehouse/api/authn"
)

// othersSQL are clients that people are asked about, and that authenticate with keys.
const othersSQL = `
INSERT INTO clients (client_id, redirect_uris, grant_types, scope)
	VALUES ('third', '{https://rp.example.org/cb}', '{authorization_code,refresh_token}', 'openid email offline_access');
INSERT INTO client_secrets (client_id, secret_sha256) VALUES ('third', sha256('web-secret-web-secret'))`

// form posts a form of the page that a leads to.
func (p *person) form(a answer, path string, fields ...string) (answer, bool) {
	form := url.Values{"request": {a.location().Query().Get("request")}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return p.ask("POST", path, form, "Origin", uiOrigin)
}

// shown is what the page that a leads to shows.
func (p *person) shown(a answer) (view map[string]any) {
	request := url.Values{"request": {a.location().Query().Get("request")}}
	if a, ok := p.ask("GET", "/interaction", request, "Origin", uiOrigin); ok {
		_ = json.Unmarshal(a.body, &view) // what is none shows nothing
	}
	return view
}

// leads is an error unless a leads to a path.
func (a answer) leads(ok bool, to string) error {
	if !ok || a.status != http.StatusSeeOther || a.location().Path != to {
		return fmt.Errorf("led to %d %s in place of %s: %.300s", a.status, a.location().Path, to, a.body)
	}
	return nil
}

// goesOnWith redeems the code that a sign-in ended with.
func (p *person) goesOnWith(a answer, ok bool) error {
	code := a.location().Query().Get("code")
	if !ok || code == "" {
		return fmt.Errorf("no code: %d %s %.300s", a.status, a.location(), a.body)
	}
	session := p.cookie()
	p.told(func(b *ledger) { b.acknowledged++; b.sessions = append(b.sessions, session) })
	if _, ok := p.redeem("web", code); !ok {
		return errors.New("the code of the sign-in was refused")
	}
	return nil
}

// provesCode signs in with a one-time code.
func (p *person) provesCode(k *killer) error {
	p.name = carefulName(k.n)
	page, ok := p.typesPassword()
	if err := page.leads(ok, "/factor"); err != nil {
		return err
	}
	code := codeAt(p.name, p.now())
	k.reaches("one-time code", "/factor")
	if err := p.goesOnWith(p.form(page, "/factor", "code", code)); err != nil {
		return err
	}
	if p.countsAgain(code) {
		k.twice.add("a one-time code")
	}
	return nil
}

// provesRecoveryCode signs in with a recovery code.
func (p *person) provesRecoveryCode(k *killer) error {
	p.name = carefulName(k.n)
	var id string
	if err := k.query(p.ctx, &id, "SELECT id::text FROM users WHERE username = $1", p.name); err != nil {
		return err
	}
	const code = "abcde-fghij"
	digest, _ := authn.RecoveryDigest(code, id)
	if err := execute(p.ctx, k.database, fmt.Sprintf(`INSERT INTO recovery_codes (user_id, place, code_pbkdf2, created_at)
		VALUES ('%s', 1, '\x%x', now()) ON CONFLICT (user_id, place) DO UPDATE SET spent_at = NULL`, id, digest)); err != nil {
		return err
	}
	page, ok := p.typesPassword()
	if err := page.leads(ok, "/factor"); err != nil {
		return err
	}
	k.reaches("recovery code", "/factor")
	if err := p.goesOnWith(p.form(page, "/factor", "code", code)); err != nil {
		return err
	}
	if p.countsAgain(code) {
		k.twice.add("a recovery code")
	}
	return nil
}

// provesPasskey makes a passkey, and signs in with it alone at another browser.
func (p *person) provesPasskey(k *killer) error {
	other := newPerson(p.crowd, 0)
	other.name = p.name
	defer other.browser.CloseIdleConnections()
	if _, ok := other.signIn(); !ok {
		return errors.New("nobody could sign in")
	}
	key := apitest.NewAuthenticator()
	key.Origin = uiOrigin
	account, ok := other.ask("GET", "/account", nil)
	if err := account.leads(ok, "/account"); err != nil {
		return err
	}
	added, ok := other.form(account, "/account/passkeys", "add", "passkey", "credential", key.Create(other.shown(account)["passkey_options"]))
	if !ok || added.status != http.StatusSeeOther || added.location().Path != "/account" && added.location().Path != "/recovery-codes" {
		return fmt.Errorf("no passkey: %d %s %v", added.status, added.location().Path, other.shown(added)["error"])
	}
	byPasskey := func() (page answer, answered string, a answer, ok bool) {
		page, _ = p.ask("GET", "/authorize", authorization("web", ""))
		answered = key.Get(p.shown(page)["passkey"])
		p.counts(1)
		a, ok = p.form(page, "/login", "method", "passkey", "credential", answered)
		return page, answered, a, ok
	}
	k.reaches("passkey", "/login")
	page, answered, a, ok := byPasskey()
	switch there := ok && a.location().Query().Get("code") != ""; {
	case there && k.isDone():
		k.twice.add("an answer of a passkey, by the same browser")
	case !there: // it was answered, and the browser was not told: they press the button again
		nextSecond()
		_, _, a, ok = byPasskey()
	}
	if err := p.goesOnWith(a, ok); err != nil {
		return err
	}
	if a, ok := p.form(page, "/login", "method", "passkey", "credential", answered); ok && a.location().Query().Get("code") != "" {
		k.twice.add("an answer of a passkey")
	}
	return nil
}

// counts notes forms that may begin a session.
func (p *person) counts(signIns int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.book.signIns += signIns
}

// consents allows an application what it asks for, and is not asked again.
func (p *person) consents(k *killer) error {
	if _, ok := p.signIn(); !ok {
		return errors.New("nobody could sign in")
	}
	page, ok := p.ask("GET", "/authorize", authorization("third", ""))
	if page.location().Path != "/consent" { // they have allowed it in an earlier round
		if err := execute(p.ctx, k.database, fmt.Sprintf(`DELETE FROM consents WHERE client_id = 'third'
			AND user_id = (SELECT id FROM users WHERE username = '%s')`, p.name)); err != nil {
			return err
		}
		page, ok = p.ask("GET", "/authorize", authorization("third", ""))
	}
	if err := page.leads(ok, "/consent"); err != nil {
		return err
	}
	k.reaches("consent", "/consent")
	a, ok := p.form(page, "/consent", "consent", "yes")
	code := a.location().Query().Get("code")
	if !ok || code == "" {
		return fmt.Errorf("no code after the consent: %d %s", a.status, a.location())
	}
	if _, ok := p.redeem("third", code); !ok {
		return errors.New("the code after the consent was refused")
	}
	p.told(func(b *ledger) { b.acknowledged++ })
	if a, ok = p.ask("GET", "/authorize", authorization("third", "none")); !ok || a.location().Query().Get("code") == "" {
		p.misses("a consent is gone: " + a.location().Query().Get("error"))
	}
	return nil
}

// comesPushed has an application push a request, which is good once.
func (p *person) comesPushed(k *killer) error {
	if _, ok := p.signIn(); !ok {
		return errors.New("nobody could sign in")
	}
	push := func() (visit url.Values, err error) {
		ask := authorization("web", "")
		ask.Set("client_secret", secret)
		a, ok := p.ask("POST", "/par", ask)
		var pushed struct {
			URI string `json:"request_uri"`
		}
		if !ok || a.status != http.StatusCreated || json.Unmarshal(a.body, &pushed) != nil {
			return nil, fmt.Errorf("not pushed: %d %.300s", a.status, a.body)
		}
		return url.Values{"client_id": {"web"}, "request_uri": {pushed.URI}}, nil
	}
	k.reaches("push", "/par")
	visit, err := push()
	if err != nil {
		return err
	}
	k.reaches("pushed", "/authorize")
	a, ok := p.ask("GET", "/authorize", visit)
	if there := ok && a.location().Query().Get("code") != ""; k.step == "pushed" && k.isDone() && there {
		k.twice.add("a pushed request, by the same browser")
	} else if !there && k.step == "pushed" { // the application begins again
		if visit, err = push(); err != nil {
			return err
		}
		a, ok = p.ask("GET", "/authorize", visit)
	}
	if err := p.goesOnWith(a, ok); err != nil {
		return err
	}
	if a, ok = p.ask("GET", "/authorize", visit); ok && a.location().Query().Get("code") != "" {
		k.twice.add("a pushed request")
	}
	return nil
}

// allowsDevice signs a device in, which begins again where its code is gone.
func (p *person) allowsDevice(k *killer) error {
	if _, ok := p.signIn(); !ok {
		return errors.New("nobody could sign in")
	}
	var err error
	for range 2 {
		var code string
		if code, err = p.allowsCode(k); err == nil {
			p.told(func(b *ledger) { b.acknowledged++ })
			if a, ok := p.polls(code); ok && a.status == http.StatusOK {
				k.twice.add("a device code")
			}
			return nil
		}
		k.say("  %s, %s: the device begins again: %v", k.step, k.when, err)
	}
	return err
}

func (p *person) allowsCode(k *killer) (code string, err error) {
	k.reaches("device code", "/device_authorization")
	a, ok := p.ask("POST", "/device_authorization", url.Values{"client_id": {"tv"}, "scope": {"openid"}})
	var device struct {
		Code string `json:"device_code"`
		User string `json:"user_code"`
	}
	if !ok || a.status != http.StatusOK || json.Unmarshal(a.body, &device) != nil {
		return "", fmt.Errorf("no device code: %d %.300s", a.status, a.body)
	}
	k.reaches("user code", "/device")
	a, ok = p.ask("POST", "/device", url.Values{"user_code": {device.User}}, "Origin", uiOrigin)
	if err := a.leads(ok, "/consent"); err != nil {
		return "", err
	}
	k.reaches("allow", "/consent")
	a, ok = p.form(a, "/consent", "consent", "yes")
	if err := a.leads(ok, "/device-done"); err != nil {
		return "", err
	}
	k.reaches("poll", "/token")
	if a, ok = p.polls(device.Code); !ok || a.status != http.StatusOK {
		return "", fmt.Errorf("no tokens: %d %.300s", a.status, a.body)
	}
	return device.Code, nil
}

func (p *person) polls(code string) (answer, bool) {
	return p.ask("POST", "/token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {"tv"},
		"device_code": {code}})
}
