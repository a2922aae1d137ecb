package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/api/config"
	"gatehouse/api/oidc"
)

// builtUI is a folder as the build leaves it.
func builtUI(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range map[string]string{
		"index.html":            "<!doctype html><title>Gatehouse</title>",
		"logo.svg":              "<svg/>",
		"admin/index.html":      "<!doctype html><title>Administration</title>",
		"admin/assets/a-1.js":   "script for administrators",
		".secret":               "not for the public",
		"assets/app-1a2b.js":    "plain script",
		"assets/app-1a2b.js.br": "brotli",
		"assets/app-1a2b.js.gz": "gzip",
		"../outside.txt":        "outside of the root",
	} {
		path := filepath.Join(root, "dist", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(root, "dist")
}

func builtUIHandler(t *testing.T) http.Handler {
	t.Helper()
	handler, err := UI(&config.Config{Settings: oidc.Settings{Issuer: "https://api.example.org", Name: "Campus",
		UIOrigin: "https://login.example.org"},
		Look: config.Look{Accent: "#0b57d0"}, UIRoot: builtUI(t)})
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func testUI(t *testing.T) func(method, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	handler := builtUIHandler(t)
	return func(method, target string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/", nil)
		r.URL.Path, r.RequestURI = target, target
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
}

func TestUIAnswersPathsOfPagesWithIndex(t *testing.T) {
	t.Parallel()
	get := testUI(t)
	for _, test := range []struct {
		path, body string
		status     int
	}{
		{"/", "<!doctype", 200},
		{"/index.html", "<!doctype", 200},
		{"/login", "<!doctype", 200},
		{"/signed-out", "<!doctype", 200},
		{"/device/", "<!doctype", 200},
		{"/a/b/c/", "<!doctype", 404},
		{"/login/x", "<!doctype", 404},
		{"/start", "<!doctype", 404},
		{"/.well-known/change-password", "", 302},                                   // A Well-Known URL for Changing Passwords §3
		{"/.well-known/webauthn", `{"origins":["https://login.example.org"]}`, 200}, // WebAuthn Level 3 §5.11
		{"/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200", "<!doctype", 404},
		{"/logo.svg", "<svg/>", 200},
		{"/assets/app-1a2b.js", "plain script", 200},
		{"/assets/", "", 404},
		{"/assets/app-gone.js", "", 404},
		{"/favicon.ico", "", 404},
		{"/.secret", "", 404},
		{"/../outside.txt", "", 404},
		{"/assets/../../outside.txt", "", 404},
		{"/..%2foutside.txt", "", 404},
	} {
		w := get("GET", test.path)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) || strings.Contains(w.Body.String(), "outside of") {
			t.Errorf("%s: %d %s, want %d %s", test.path, w.Code, w.Body, test.status, test.body)
		}
	}
}

func TestUIHasTheHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	get := testUI(t)
	for _, w := range []*httptest.ResponseRecorder{
		get("GET", "/login"), get("GET", "/gone.js"), get("POST", "/login"), get("GET", "/config.json")} {
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; font-src 'self'; " +
				"connect-src 'self' https://api.example.org; base-uri 'none'; frame-ancestors 'none'",
			"Referrer-Policy":            "strict-origin",
			"X-Content-Type-Options":     "nosniff",
			"X-Frame-Options":            "DENY",
			"Strict-Transport-Security":  "max-age=31536000",
			"Cross-Origin-Opener-Policy": "", // a sign-in in a popup needs window.opener
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%d: %s is %q, want %q", w.Code, name, got, want)
			}
		}
	}
}

func TestUITakesGetAndHeadOnly(t *testing.T) {
	t.Parallel()
	get := testUI(t)
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		if w := get(method, "/login"); w.Code != 405 && w.Code != 204 || !strings.Contains(w.Header().Get("Allow"), "GET") {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	w := get("HEAD", "/login")
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") == "0" || w.Header().Get("Content-Length") == "" {
		t.Errorf("HEAD: %d, %d bytes, Content-Length %q", w.Code, w.Body.Len(), w.Header().Get("Content-Length"))
	}
}

func TestUIChoosesAnEncoding(t *testing.T) {
	t.Parallel()
	get := testUI(t)
	etags := map[string]bool{}
	for _, test := range []struct{ accept, coding, body string }{
		{"gzip, deflate, br, zstd", "br", "brotli"},
		{"gzip;q=1.0, br;q=0", "gzip", "gzip"},
		{"br;q=0.000, gzip ; q=0.0", "", "plain script"},
		{"", "", "plain script"},
		{"BR", "br", "brotli"},
	} {
		w := get("GET", "/assets/app-1a2b.js", "Accept-Encoding", test.accept)
		if w.Header().Get("Content-Encoding") != test.coding || w.Body.String() != test.body || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: %q %q", test.accept, w.Header().Get("Content-Encoding"), w.Body)
		}
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") {
			t.Errorf("Content-Type %q", w.Header().Get("Content-Type"))
		}
		etags[w.Header().Get("ETag")] = true
	}
	if len(etags) != 3 {
		t.Errorf("three encodings have %d ETags", len(etags))
	}
	if w := get("GET", "/", "Accept-Encoding", "br"); w.Header().Get("Content-Encoding") != "" || w.Header().Get("Vary") != "" {
		t.Error("index.html has no compressed form here")
	}
}

func TestUICaching(t *testing.T) {
	t.Parallel()
	get := testUI(t)
	for path, want := range map[string]string{
		"/": "no-cache", "/login": "no-cache", "/config.json": "no-cache", "/logo.svg": "no-cache",
		"/assets/app-1a2b.js": "public, max-age=31536000, immutable",
	} {
		w := get("GET", path)
		if got := w.Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", path, got, want)
		}
		again := get("GET", path, "If-None-Match", `"other", W/`+w.Header().Get("ETag"))
		if again.Code != 304 || again.Body.Len() != 0 || again.Header().Get("Content-Type") != "" {
			t.Errorf("%s again: %d with %d bytes", path, again.Code, again.Body.Len())
		}
		if fresh := get("GET", path, "If-None-Match", `"other"`); fresh.Code != http.StatusOK {
			t.Errorf("%s with another ETag: %d", path, fresh.Code)
		}
	}
}

func TestUIHasTheBrowserAskTheAPIBeforeTheScriptDoes(t *testing.T) {
	t.Parallel()
	handler := builtUIHandler(t)
	for target, request := range map[string]string{
		"/login?request=A-z_0":         "A-z_0",
		"/consent?x=y&request=A-z_0&z": "A-z_0",
		"/index.html?request=A-z_0":    "A-z_0",
		"/login":                       "",
		"/login?request=":              "",
		"/login?request=a%3E":          "",
		"/login?request=a,<b>":         "",
		"/login?request=a%0d%0aX:%20y": "",
		"/logo.svg?request=A-z_0":      "",
		"/config.json?request=A-z_0":   "",
	} {
		want := ""
		if request != "" {
			want = "<https://api.example.org/interaction?request=" + request + ">; rel=preload; as=fetch; crossorigin=anonymous"
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		if got := strings.Join(w.Header()["Link"], ", "); w.Code != 200 || got != want {
			t.Errorf("%s: %d with Link %q, want %q", target, w.Code, got, want)
		}
	}
}

func TestUIConfigNamesTheAPI(t *testing.T) {
	t.Parallel()
	w := testUI(t)("GET", "/config.json")
	var got map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Header().Get("Content-Type") != "application/json" {
		t.Fatal(err, w.Header())
	}
	if len(got) != 3 || got["api"] != "https://api.example.org" || got["name"] != "Campus" || got["accent"] != "#0b57d0" {
		t.Errorf("config.json is %v", got)
	}
}

func TestUISaysWhatToDoWithoutABuild(t *testing.T) {
	t.Parallel()
	for _, root := range []string{t.TempDir(), "/nowhere/dist"} {
		_, err := UI(&config.Config{UIRoot: root})
		if err == nil || !strings.Contains(err.Error(), "npm run build") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", root, err)
		}
	}
}

func TestUIAnswersWhateverIsBelowAdminWithTheirPages(t *testing.T) {
	t.Parallel()
	get := testUI(t)
	for path, want := range map[string]string{
		"/admin": "Administration", "/admin/": "Administration", "/admin/people/alice": "Administration",
		"/admin/services/https:%2F%2Fapi.example.org": "Administration", "/admin/assets/a-1.js": "script for administrators",
	} {
		w := get("GET", path)
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) || w.Header().Get("Link") != "" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		if cached := w.Header().Get("Cache-Control"); strings.Contains(cached, "immutable") != strings.HasSuffix(path, ".js") {
			t.Errorf("%s: Cache-Control %s", path, cached)
		}
	}
	for _, path := range []string{"/admin/assets/gone.js", "/administrator", "/admin2"} {
		if w := get("GET", path); w.Code != 404 || strings.Contains(w.Body.String(), "Administration") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestUIWorksWithoutThePagesForAdministrators(t *testing.T) {
	t.Parallel()
	root := builtUI(t)
	if err := os.RemoveAll(filepath.Join(root, "admin")); err != nil {
		t.Fatal(err)
	}
	handler, err := UI(&config.Config{Settings: oidc.Settings{Issuer: "https://api.example.org"}, UIRoot: root})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/admin/": 404, "/admin/people": 404, "/login": 200, "/assets/app-1a2b.js": 200} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
