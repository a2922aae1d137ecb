package web_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
	"gatehouse/api/config"
	"gatehouse/api/provider"
	"gatehouse/api/web"
)

// browserAccepts is what Chromium asks for when a person opens an address.
const browserAccepts = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

var inlineStyle = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// looksLikeOurs reports what a page of the API lacks of what all have.
func looksLikeOurs(t *testing.T, what string, a Answer) {
	t.Helper()
	for _, part := range []string{`<meta name="viewport" content="width=device-width, initial-scale=1">`,
		`<meta name="color-scheme" content="light dark">`, "color-scheme:light dark", "prefers-color-scheme:dark", "--fill:#8c1515",
		"<h1>", `<span>Gatehouse</span></header>`, ` · Gatehouse</title>`} {
		if !strings.Contains(a.Body, part) {
			t.Errorf("%s lacks %s:\n%s", what, part, a.Body)
		}
	}
	policy := a.Header.Get("Content-Security-Policy")
	styles := inlineStyle.FindAllStringSubmatch(a.Body, -1)
	if len(styles) != 1 || !strings.Contains(policy, "; style-src "+hashOf(styles[0][1])+";") {
		t.Errorf("%s has %d styles, of which %s allows other ones", what, len(styles), policy)
	}
	for _, script := range inlineScript.FindAllStringSubmatch(a.Body, -1) {
		if !strings.Contains(policy, "; script-src "+hashOf(script[1])) {
			t.Errorf("%s has a script that %s does not allow: %s", what, policy, script[1])
		}
	}
	if strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(a.Body, "style=") {
		t.Errorf("%s: policy %s", what, policy)
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: headers %v", what, a.Header)
	}
}

// hashOf is how a policy allows what is inline (Content Security Policy Level 3 §2.3.1).
func hashOf(inline string) string {
	sum := sha256.Sum256([]byte(inline))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// pagesInRed is the same API with an accent.
func pagesInRed(b *Browser) {
	server := httptest.NewServer(web.API(b.API.Provider, web.Proxies{}, config.Look{Accent: "#8c1515"}))
	b.API.Cleanup(server.Close)
	b.API.Issuer = server.URL
}

func TestEveryPageOfTheAPILooksLikeOneOfOurs(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	pagesInRed(b)
	b.API.Exec(`UPDATE clients SET frontchannel_logout_uri = 'https://rp.example.org/out' WHERE client_id = 'web'`)
	html := []string{"Accept", browserAccepts, "Accept-Language", "de-CH,de;q=0.9,en;q=0.8"}
	open := func(method, path string, form url.Values) Answer { return b.Do(method, path, form, html...) }
	long := url.Values{"state": {strings.Repeat("x", 17<<10)}}
	form := url.Values{"code": {strings.Repeat("x", 70<<10)}}
	b.SignedIn(AuthParams())
	posted := open("GET", "/authorize", AuthParams("response_mode", "form_post"))
	question := open("GET", "/logout", nil)
	asked, _ := url.Parse(question.LeadsTo())
	yes := url.Values{"request": {asked.Query().Get("request")}, "logout": {"yes"}}
	for _, test := range []struct {
		what   string
		a      Answer
		status int
		title  string
	}{
		{"an error", open("GET", "/authorize", AuthParams("client_id", "nobody")), 400, "Diese Anwendung ist hier nicht bekannt"},
		{"a query that is too long", open("GET", "/authorize", long), 414, "Diese Anfrage ist nicht brauchbar"},
		{"one for programs", open("GET", "/userinfo", long), 414, "Diese Anfrage ist nicht brauchbar"},
		{"a form that is too long", open("POST", "/login", form), 413, "Diese Anfrage ist nicht brauchbar"},
		{"a form from elsewhere", b.Do("POST", "/login", nil, append(html, "Origin", "https://evil.example")...), 403,
			"Dieses Formular kam von unerwarteter Stelle"},
		{"no such path", open("GET", "/nothing", nil), 404, "Hier ist keine Seite"},
		{"a form to nowhere", open("POST", "/nothing", nil), 404, "Hier ist keine Seite"},
		{"an endpoint for programs", open("GET", "/token", nil), 405, "Hier ist keine Seite"},
		{"a posted answer", posted, 200, "Einen Moment\u00a0…"},
		{"the question before a logout", question, 200, "Einen Moment\u00a0…"},
		{"clients told of a logout", b.Do("POST", "/logout/confirm", yes, append(html, "Origin", UIOrigin)...), 200,
			"Sie werden abgemeldet\u00a0…"},
	} {
		looksLikeOurs(t, test.what, test.a)
		if test.a.Status != test.status || !strings.Contains(test.a.Body, "<h1>"+test.title+"</h1>") ||
			!strings.Contains(test.a.Body, `<html lang="de">`) {
			t.Errorf("%s: %d %s", test.what, test.a.Status, test.a.Body)
		}
		id := test.a.Header.Get("X-Request-Id")
		if id == "" || test.status >= 400 && !strings.Contains(test.a.Body, "Vorgangsnummer <code>"+id+"</code>") {
			t.Errorf("%s does not say its request id %s", test.what, id)
		}
	}
}

func TestProgramsAreToldInJSONWhatAPersonReadsOnAPage(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	for _, test := range []struct {
		method, path, accept string
		status               int
		html                 bool
	}{
		{"GET", "/nothing", "*/*", 404, false},
		{"GET", "/nothing", "application/json", 404, false},
		{"GET", "/nothing", browserAccepts, 404, true},
		{"GET", "/token", "", 405, false},
		{"GET", "/token", browserAccepts, 405, true},
		{"GET", "/", "*/*", 404, false},
		{"POST", "/", browserAccepts, 405, true},
		{"POST", "/token", browserAccepts, 401, false}, // an endpoint answers as its specification says, whoever asks
		{"GET", "/userinfo", browserAccepts, 401, false},
	} {
		a := b.Do(test.method, test.path, nil, "Accept", test.accept)
		kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
		if want := map[bool]string{true: "text/html", false: "application/json"}[test.html]; a.Status != test.status || kind != want {
			t.Errorf("%s %s for %q: %d %s, want %d %s", test.method, test.path, test.accept, a.Status, kind, test.status, want)
		}
		if test.html && !strings.Contains(a.Body, `<a class="button" href="`+UIOrigin+`/">`) {
			t.Errorf("%s %s leads nowhere: %s", test.method, test.path, a.Body)
		}
	}
}

func TestAPersonAtTheRootIsLedToTheUI(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	if a := b.Do("GET", "/", nil, "Accept", browserAccepts); a.Status != 303 || a.Header.Get("Location") != UIOrigin+"/" {
		t.Errorf("%d %s", a.Status, a.Header.Get("Location"))
	}
	same := Start(t, func(s *provider.Settings) { s.UIOrigin = s.Issuer }).Browser()
	if a := same.Do("GET", "/", nil, "Accept", browserAccepts); a.Status != 404 {
		t.Errorf("round in a circle: %d %s", a.Status, a.Header.Get("Location"))
	}
}

func TestAPageOfTheAPISpeaksThePersonsLanguage(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	for header, want := range map[string]string{
		"": "en", "de": "de", "de-CH": "de", "FR-ca, de": "fr", "nl, fr;q=0.8, en;q=0.7": "fr", "en;q=0.1, de;q=0.9": "de",
		"de;q=0, fr": "fr", "*": "en", "nl": "en", ";;,q=,de ; q = 0.5": "de", "<script>": "en",
	} {
		a := b.Do("GET", "/nothing", nil, "Accept", browserAccepts, "Accept-Language", header)
		if !strings.Contains(a.Body, `<html lang="`+want+`">`) {
			t.Errorf("%q: %s", header, a.Body)
		}
		if a.Header.Get("Vary") != "Accept-Language" {
			t.Errorf("Vary is %q", a.Header.Get("Vary"))
		}
	}
	b.SignedIn(AuthParams())
	a := b.Do("GET", "/logout", url.Values{"ui_locales": {"fr"}}, "Accept-Language", "de")
	if a.Status != 200 || !strings.Contains(a.Body, `<html lang="fr">`) {
		t.Errorf("not in the language that the request asks for: %d %s", a.Status, a.Body)
	}
	other := b.API.Browser()
	at := other.Authorize(AuthParams("ui_locales", "fr")).Location()
	for range 30 {
		a = other.Login(at, "alice", "wrong", "Accept-Language", "de")
	}
	if a.Status != 429 || !strings.Contains(a.Body, `<html lang="fr">`) || !strings.Contains(a.Body, "<h1>Trop de tentatives</h1>") ||
		!regexp.MustCompile(`<p>Veuillez patienter \d+ (seconde|minute)s?, puis réessayez\.</p>`).MatchString(a.Body) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// withLook returns a page of the API with this look, and its policy.
func withLook(b *Browser, look config.Look) (body, policy string) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/nothing", nil)
	r.Header.Set("Accept", browserAccepts)
	web.API(b.API.Provider, web.Proxies{}, look).ServeHTTP(w, r)
	return w.Body.String(), w.Header().Get("Content-Security-Policy")
}

func TestThePagesOfTheAPIHaveTheLogosOfThePlace(t *testing.T) {
	t.Parallel()
	b := Start(t).Browser()
	for _, test := range []struct {
		look           config.Look
		image, origins string
	}{
		{config.Look{Logo: "/a.svg"},
			`<picture><img class="plate" src="` + UIOrigin + `/a.svg" alt="Gatehouse"></picture>`, UIOrigin},
		{config.Look{Logo: "https://cdn.example.org/a.svg?b&", LogoHeight: 48},
			`<picture><img class="plate" src="https://cdn.example.org/a.svg?b&amp;" alt="Gatehouse"></picture>`, "https://cdn.example.org"},
		{config.Look{Logo: "/a.svg", LogoDark: "/b.svg"}, `<picture><source srcset="` + UIOrigin +
			`/b.svg" media="(prefers-color-scheme: dark)"><img src="` + UIOrigin + `/a.svg" alt="Gatehouse"></picture>`, UIOrigin},
		{config.Look{Logo: "/a.svg", LogoDark: "https://cdn.example.org/b.svg"}, `<source srcset="https://cdn.example.org/b.svg"`,
			UIOrigin + " https://cdn.example.org"},
	} {
		body, policy := withLook(b, test.look)
		if !strings.Contains(body, test.image) || strings.Contains(body, "<header><svg") {
			t.Errorf("%+v: %s", test.look, body)
		}
		if !strings.Contains(policy, "; img-src data: "+test.origins+";") {
			t.Errorf("%+v: %s", test.look, policy)
		}
		if want := fmt.Sprintf("--logo:%dpx;", cmp.Or(test.look.LogoHeight, 32)); !strings.Contains(body, want) {
			t.Errorf("%+v: not %s", test.look, want)
		}
	}
}

func TestThePagesOfTheAPIHaveTheLinksOfThePlace(t *testing.T) {
	t.Parallel()
	body, _ := withLook(Start(t).Browser(), config.Look{Accent: "#ffcc00", Support: "mailto:help@example.org", Links: []config.Link{
		{Text: "R&D <help>", Href: "https://help.example.org/?a=1&b=2"}, {Text: "Data protection", Href: "/privacy.html"}}})
	for _, part := range []string{`<a href="https://help.example.org/?a=1&amp;b=2">R&amp;D &lt;help&gt;</a>`,
		`<a href="` + UIOrigin + `/privacy.html">Data protection</a>`, `</code></span> <a href="mailto:help@example.org">Get help</a>`,
		`<meta name="theme-color" content="#ffcc00">`, `href="data:image/svg&#43;xml,%3Csvg`, "%23ffcc00"} {
		if !strings.Contains(body, part) {
			t.Errorf("no %s in %s", part, body)
		}
	}
}
