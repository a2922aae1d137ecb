package provider_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	. "gatehouse/api/apitest"
)

// RFC 6749 §4.1.2.1, RFC 9700 §4.1: never a redirect to an address that is not registered, character for character.
func TestAnUnregisteredRedirectURIIsAPageAndNeverARedirect(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.Code(AuthParams()) // signed in, so that nothing but the address stands in the way
	for _, uri := range []string{"", "https://rp.example.org/callback", Callback + "&x=1", Callback + "#",
		"https://rp.example.org/callback/?fixed=1",
		"http://rp.example.org/callback?fixed=1", "https://rp.example.org:443/callback?fixed=1", "https://RP.example.org/callback?fixed=1",
		"https://rp.example.org.evil.example/callback?fixed=1", "https://rp.example.org@evil.example/callback?fixed=1",
		"//rp.example.org/callback?fixed=1",
		"https://rp.example.org/%63allback?fixed=1", "javascript:alert(1)", Callback + "\x00", Callback + "\n"} {
		a := b.Authorize(AuthParams("redirect_uri", uri))
		if a.Status != 400 || a.Header.Get("Location") != "" || !strings.HasPrefix(a.LeadsTo(), UIOrigin+"/error?request=") {
			t.Errorf("%q: %d %s leads to %s", uri, a.Status, a.Header.Get("Location"), a.LeadsTo())
		}
	}
	for _, params := range []url.Values{AuthParams("client_id", "nobody"), AuthParams("client_id", ""),
		AuthParams("client_id", strings.Repeat("x", 300)),
		AuthParams("client_id", "web\x00"), {}} {
		if a := b.Authorize(params); a.Status != 400 || a.Header.Get("Location") != "" {
			t.Errorf("client_id %q: %d", params.Get("client_id"), a.Status)
		}
	}
	page := b.Interaction(b.Authorize(AuthParams("client_id", "nobody")).LeadsTo())
	if page["page"] != "error" || page["error"].(map[string]any)["code"] != "unknown_client" || page["request_id"] == "" {
		t.Errorf("error page: %v", page)
	}
	twice := AuthParams()
	twice.Add("redirect_uri", "https://evil.example/")
	if a := b.Authorize(twice); a.Status != 400 || a.Header.Get("Location") != "" {
		t.Errorf("a repeated redirect_uri: %d %s", a.Status, a.Location())
	}
}

func TestAllOtherRefusalsGoBackWithErrorStateAndIss(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	repeated := AuthParams()
	repeated.Add("scope", "openid")
	for want, list := range map[string][]url.Values{
		"invalid_request": {AuthParams("response_type", ""), AuthParams("code_challenge", ""), AuthParams("code_challenge_method", "plain"),
			AuthParams("code_challenge_method", ""), AuthParams("code_challenge", "short"), AuthParams("prompt", "none login"),
			AuthParams("prompt", "dance"),
			AuthParams("max_age", "-1"), AuthParams("max_age", "soon"), AuthParams("response_mode", "web_message"),
			AuthParams("nonce", strings.Repeat("n", 2000)), repeated},
		"unsupported_response_type":  {AuthParams("response_type", "none"), AuthParams("response_type", "code none")},
		"invalid_scope":              {AuthParams("scope", "everything")},
		"invalid_request_object":     {AuthParams("request", "eyJ"), AuthParams("request", strings.Repeat("x", 12<<10))},
		"invalid_request_uri":        {AuthParams("request_uri", "https://evil.example/r"), AuthParams("request_uri", "urn:x")},
		"registration_not_supported": {AuthParams("registration", "{}")},
		"login_required":             {AuthParams("prompt", "none")},
	} {
		for _, params := range list {
			a := b.Authorize(params)
			if a.Status != 303 || a.Location().Host != "rp.example.org" || a.Query("error") != want || a.Query("state") != "st" ||
				a.Query("iss") != b.Issuer || a.Query("code") != "" {
				t.Errorf("%s: %d %s", want, a.Status, a.Location())
			}
		}
	}
	if a := b.Authorize(AuthParams("data", "None", "foo", "bar", "scope", "openid unheard-of")); a.Location().Path != "/login" {
		t.Errorf("unknown parameters were not ignored: %s", a.Location())
	}
}

// RFC 9101 §6.2: most objects have the redirect URI, so that it is not known where one cannot be read; that is not what is wrong.
func TestABadRequestObjectIsNamedAlthoughTheRedirectURIIsInIt(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	params := url.Values{"client_id": {"web"}, "request": {"eyJ"}}
	a := b.Authorize(params)
	page := b.Interaction(a.LeadsTo())
	if e, _ := page["error"].(map[string]any); a.Status != 400 || a.Header.Get("Location") != "" || e["code"] != "invalid_request" {
		t.Errorf("%d %s %v", a.Status, a.Location(), page)
	}
	params.Set("client_secret", "web-secret")
	if a := b.Do("POST", "/par", params); a.Status != 400 || a.JSON()["error"] != "invalid_request_object" {
		t.Errorf("pushed: %d %s", a.Status, a.Body)
	}
}

func TestAPendingRequestIsGoodForOneBrowserOnePageAndHalfAnHour(t *testing.T) {
	t.Parallel()
	r := start(t)
	b, thief := r.browser(), r.browser()
	at := b.Authorize(AuthParams()).Location()
	sealed := at.Query().Get("request")

	expect := func(what string, a Answer, status int, code string) {
		t.Helper()
		page := b.Interaction(a.LeadsTo())
		if a.Status != status || a.Header.Get("Location") != "" || page["error"] == nil || page["error"].(map[string]any)["code"] != code {
			t.Errorf("%s: %d %v", what, a.Status, page)
		}
	}
	expect("another browser", thief.Login(at, "alice", Password), 400, "request_from_another_browser")
	thief.Authorize(AuthParams())
	expect("another browser with a cookie of its own", thief.Login(at, "alice", Password), 400, "request_from_another_browser")
	expect("another page", b.Do("POST", "/consent", url.Values{"request": {sealed}, "consent": {"yes"}}, "Origin", UIOrigin), 400,
		"request_altered")
	for i := 0; i < len(sealed); i += 97 {
		altered := []byte(sealed)
		altered[i] ^= 1
		expect("altered", b.Do("POST", "/login", url.Values{"request": {string(altered)}, "username": {"alice"},
			"password": {Password}}, "Origin", UIOrigin), 400, "request_altered")
	}
	expect("another origin", b.Do("POST", "/login", url.Values{"request": {sealed}, "username": {"alice"}, "password": {Password}},
		"Origin", "https://evil.example"), 403, "origin_refused")
	expect("a sandboxed frame", b.Do("POST", "/login", url.Values{"request": {sealed}, "username": {"alice"},
		"password": {Password}}, "Origin", "null"), 403, "origin_refused")
	expect("no origin but a browser", b.Do("POST", "/login", url.Values{"request": {sealed}, "username": {"alice"},
		"password": {Password}}, "Sec-Fetch-Site", "cross-site"), 403, "origin_refused")
	extra := b.Do("POST", "/login", url.Values{"request": {sealed}, "username": {"alice"}, "password": {Password},
		"redirect_uri": {"https://evil.example/"}, "client_id": {"spa"}}, "Origin", UIOrigin)
	if extra.Location().Host != "rp.example.org" {
		t.Errorf("a form field was trusted: %s", extra.Location())
	}
	b.Later(31 * time.Minute)
	expect("expired", b.Login(at, "alice", Password), 400, "request_expired")
	if page := b.Interaction(at.String()); page["page"] != "error" || page["return_to"] != "https://rp.example.org/" {
		t.Errorf("an expired request does not lead back to the application: %v", page)
	}
	if r.Count("SELECT count(*) FROM sessions") != 1 {
		t.Error("a refused form started a session")
	}
}

// RFC 6749 §5.2.
func TestTheTokenEndpointAnswersInTheProtocolsWords(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	for _, c := range []struct {
		what   string
		form   url.Values
		status int
		code   string
	}{
		{"wrong secret", Redeem("x", "client_id", "web", "client_secret", "wrong"), 401, "invalid_client"},
		{"unknown client", Redeem("x", "client_id", "nobody", "client_secret", "wrong"), 401, "invalid_client"},
		{"no secret of a confidential client", Redeem("x", "client_id", "web"), 401, "invalid_client"},
		{"a secret of a public client", Redeem("x", "client_id", "spa", "client_secret", "x"), 401, "invalid_client"},
		{"no grant_type", url.Values{}, 400, "invalid_request"},
		{"unknown grant_type", url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type"},
		{"no code", url.Values{"grant_type": {"authorization_code"}, "redirect_uri": {Callback}}, 400, "invalid_request"},
		{"unknown code", Redeem("x"), 400, "invalid_grant"},
		{"unknown refresh token", Refresh("x"), 400, "invalid_grant"},
	} {
		a := b.Token(c.form)
		if a.Status != c.status || a.JSON()["error"] != c.code || a.Header.Get("Cache-Control") != "no-store" ||
			(a.Status == 401) != (a.Header.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: %d %s %v", c.what, a.Status, a.Body, a.Header)
		}
	}
	b.Exec(`INSERT INTO clients (client_id, grant_types) VALUES ('a:b%', '{}')`)
	b.GiveSecret("a:b%", "p+w %:")
	for what, header := range map[string]string{"raw": Basic("web", "web-secret"),
		"encoded": Basic(url.QueryEscape("a:b%"), url.QueryEscape("p+w %:"))} {
		if a := b.Token(Redeem("x"), "Authorization", header); a.Status != 400 || a.JSON()["error"] == "invalid_client" {
			t.Errorf("client_secret_basic, %s: %d %s", what, a.Status, a.Body)
		}
	}
	if a := b.Token(Redeem("x", "client_id", "web", "client_secret", "web-secret"), "Authorization",
		Basic("web", "web-secret")); a.JSON()["error"] != "invalid_request" {
		t.Errorf("two ways at once: %s", a.Body)
	}
	if a := b.Token(Refresh("x", "client_id", "nobody"), "Authorization", Basic("web", "web-secret")); a.Status != 401 {
		t.Errorf("client_id and header disagree: %d", a.Status)
	}
}

func TestUserinfoRefusesWhatIsNotItsToken(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	out := b.Token(Redeem(b.Code(AuthParams("scope", "openid offline_access")))).JSON()
	access := Str(out["access_token"])
	for what, token := range map[string]string{"nothing": "", "nonsense": "nonsense", "the ID token": Str(out["id_token"]),
		"the refresh token": Str(out["refresh_token"]),
		"another signature": access[:len(access)-4] + "AAAA", "no algorithm": "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." +
			strings.Split(access, ".")[1] + "."} {
		if a := b.Userinfo(token); a.Status != 401 || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	if a := b.Do("GET", "/userinfo", url.Values{"access_token": {access}}); a.Status != 401 {
		t.Errorf("token in the query: %d", a.Status)
	}
	if a := b.Do("GET", "/userinfo?state=state&kc_idp_hint=x", nil, "Authorization", "bearer "+access); a.Status != 200 {
		t.Errorf("extra parameters and a lower case scheme: %d", a.Status)
	}
	if a := b.Do("POST", "/userinfo", url.Values{"access_token": {access}}); a.Status != 200 {
		t.Errorf("token in the form: %d", a.Status)
	}
	for what, a := range map[string]Answer{ // RFC 6750 §2
		"in the header and the form":       b.Do("POST", "/userinfo", url.Values{"access_token": {access}}, "Authorization", "Bearer "+access),
		"in the header and the address":    b.Do("GET", "/userinfo", url.Values{"access_token": {"x"}}, "Authorization", "Bearer "+access),
		"in the form twice":                b.Do("POST", "/userinfo", url.Values{"access_token": {access, access}}),
		"as a proof's and in the form":     b.Do("POST", "/userinfo", url.Values{"access_token": {access}}, "Authorization", "DPoP "+access),
		"wrong in the header, and in form": b.Do("POST", "/userinfo", url.Values{"access_token": {access}}, "Authorization", "Bearer x"),
	} {
		if challenge := a.Header.Get("WWW-Authenticate"); a.Status != 400 || a.JSON()["error"] != "invalid_request" ||
			!strings.Contains(challenge, `error="invalid_request"`) {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	if a := b.Do("POST", "/userinfo", url.Values{"access_token": {""}}, "Authorization", "Bearer "+access); a.Status != 200 {
		t.Errorf("an empty one in the form: %d", a.Status)
	}
	b.Later(16 * time.Minute)
	if a := b.Userinfo(access); a.Status != 401 {
		t.Errorf("an expired token: %d", a.Status)
	}
	plain := b.Token(Redeem(b.Code(AuthParams("scope", "email")))).JSON()
	if a := b.Userinfo(Str(plain["access_token"])); a.Status != 403 || plain["id_token"] != nil || !challenges(a, "Bearer", "openid") {
		t.Errorf("without the scope openid: %d %v %s", a.Status, plain["id_token"], a.Header.Get("WWW-Authenticate"))
	}
}
