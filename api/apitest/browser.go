package apitest

import (
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Answer is a response, read whole.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Location is where a redirect leads.
func (a Answer) Location() *url.URL {
	u, _ := url.Parse(a.Header.Get("Location"))
	return u
}

// Query is a parameter of that address.
func (a Answer) Query(name string) string { return a.Location().Query().Get(name) }

// JSON is the body as an object, nil if it is none.
func (a Answer) JSON() map[string]any {
	var m map[string]any
	_ = json.Unmarshal([]byte(a.Body), &m)
	return m
}

// LeadsTo is the address of a page that an error leads to.
func (a Answer) LeadsTo() string {
	_, rest, _ := strings.Cut(a.Body, `;url=`)
	to, _, _ := strings.Cut(rest, `"`)
	return html.UnescapeString(to)
}

// Fragment reads the parameters behind the # of the address that the browser is sent to.
func (a Answer) Fragment() url.Values {
	v, _ := url.ParseQuery(a.Location().EscapedFragment())
	return v
}

// Frames are the addresses that the page loads, sorted.
func (a Answer) Frames() (list []string) {
	for _, found := range regexp.MustCompile(`<iframe [^>]*src="([^"]*)"`).FindAllStringSubmatch(a.Body, -1) {
		list = append(list, html.UnescapeString(found[1]))
	}
	slices.Sort(list)
	return list
}

// Browser keeps cookies and follows nothing by itself.
type Browser struct {
	API  *Rig
	HTTP *http.Client
}

// Browser returns a new one, with no cookies.
func (r *Rig) Browser() *Browser {
	jar, _ := cookiejar.New(nil)
	connections := &http.Transport{} // of its own: the server of any test that ends closes those of http.DefaultTransport
	r.Cleanup(connections.CloseIdleConnections)
	return &Browser{r, &http.Client{Jar: jar, Transport: connections,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Do sends form as the body of a POST and as the query of anything else; headers are name, value pairs.
func (b *Browser) Do(method, path string, form url.Values, headers ...string) Answer {
	b.API.Helper()
	target := path
	if strings.HasPrefix(path, "/") {
		target = b.API.Issuer + path
	}
	var body io.Reader
	if method == "POST" {
		body = strings.NewReader(form.Encode())
	} else if form != nil {
		target += "?" + form.Encode()
	}
	req, err := http.NewRequest(method, target, body)
	if err != nil {
		b.API.Fatal(err)
	}
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.HTTP.Do(req)
	if err != nil {
		b.API.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.API.Fatal(err)
	}
	return Answer{resp.StatusCode, resp.Header, string(text)}
}

// Authorize begins a sign-in.
func (b *Browser) Authorize(params url.Values) Answer { return b.Do("GET", "/authorize", params) }

// Login posts the login form that location leads to.
func (b *Browser) Login(location *url.URL, username, pass string, headers ...string) Answer {
	b.API.Helper()
	headers = append([]string{"Origin", UIOrigin}, headers...)
	return b.Do("POST", "/login", url.Values{"request": {location.Query().Get("request")}, "username": {username},
		"password": {pass}}, headers...)
}

// Interaction asks what the page at location shows.
func (b *Browser) Interaction(location string) map[string]any {
	u, _ := url.Parse(location)
	return b.Do("GET", "/interaction", url.Values{"request": {u.Query().Get("request")}}, "Origin", UIOrigin).JSON()
}

// Code signs alice in for params, consents where it is asked for, and returns the code.
func (b *Browser) Code(params url.Values) string {
	b.API.Helper()
	a := b.Authorize(params)
	if a.Location().Path == "/login" {
		a = b.Login(a.Location(), "alice", Password)
	}
	if a.Location().Path == "/consent" {
		a = b.Do("POST", "/consent", url.Values{"request": {a.Query("request")}, "consent": {"yes"}}, "Origin", UIOrigin)
	}
	if a.Query("code") == "" {
		b.API.Fatalf("no code: %d %s %s", a.Status, a.Header.Get("Location"), a.Body)
	}
	return a.Query("code")
}

// Token posts to the token endpoint as client "web" unless form says who it is.
func (b *Browser) Token(form url.Values, headers ...string) Answer {
	b.API.Helper()
	form = maps.Clone(form)
	if form.Get("client_id") == "" && len(headers) == 0 {
		form.Set("client_id", "web")
		form.Set("client_secret", "web-secret")
	}
	return b.Do("POST", "/token", form, headers...)
}

// Userinfo asks with an access token.
func (b *Browser) Userinfo(token string) Answer {
	return b.Do("GET", "/userinfo", nil, "Authorization", "Bearer "+token)
}

// SignedIn signs alice in at a client and returns the ID token.
func (b *Browser) SignedIn(params url.Values) string {
	b.API.Helper()
	a := b.Token(Redeem(b.Code(params), "client_id", params.Get("client_id"), "redirect_uri", params.Get("redirect_uri"),
		"client_secret", map[string]string{"web": "web-secret"}[params.Get("client_id")]))
	if a.Status != 200 {
		b.API.Fatalf("token: %d %s", a.Status, a.Body)
	}
	return Str(a.JSON()["id_token"])
}

// Cookie is the value of a cookie that the API has set, "" if there is none.
func (b *Browser) Cookie(name string) string {
	for _, c := range b.HTTP.Jar.Cookies(MustParse(b.API.Issuer)) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}
