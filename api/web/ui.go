package web

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/api/config"
	"gatehouse/api/provider"
)

// UI serves the built pages below cfg.UIRoot with the headers they need, for those who have no web server for it. All files
// are read once, at the start: no request names a file of the disk, and a build that replaces them is seen after a restart.
func UI(cfg *config.Config) (http.Handler, error) {
	files, err := readUIFiles(cfg.UIRoot)
	if err != nil {
		return nil, err
	}
	configJSON, err := UIConfig(cfg)
	if err != nil {
		return nil, err
	}
	files["/config.json"] = newUIFile("/config.json", configJSON)
	files["/index.html"].asks = cfg.Issuer + "/interaction?request="

	e := echo.New()
	e.Use(uiHeaders(cfg))
	e.GET(changePassword, func(c echo.Context) error { return c.Redirect(http.StatusFound, cfg.Issuer+"/account") })
	if cfg.UIOrigin != "" {
		files[relatedOrigins] = newUIFile(relatedOrigins+".json", RelatedOrigins(cfg))
	}
	e.Match([]string{http.MethodGet, http.MethodHead}, "/*", func(c echo.Context) error {
		return files.answer(c.Response(), c.Request())
	})
	return e, nil
}

// changePassword is where password managers send people (W3C, A Well-Known URL for Changing Passwords).
const changePassword = "/.well-known/change-password"

// relatedOrigins is where browsers ask the RP ID of passkeys which other origins may use them (WebAuthn Level 3 §5.11).
const relatedOrigins = "/.well-known/webauthn"

// RelatedOrigins is what is there: the origin of the pages, for when they have moved from the host that passkeys are good for.
func RelatedOrigins(cfg *config.Config) []byte {
	text, _ := json.Marshal(map[string][]string{"origins": {cfg.UIOrigin}})
	return text
}

// UIConfig is config.json: what the pages learn at run time, so that one build serves any host name.
func UIConfig(cfg *config.Config) ([]byte, error) {
	return json.Marshal(struct {
		API  string `json:"api"`
		Name string `json:"name"`
		config.Look
	}{cfg.Issuer, cfg.Name, cfg.Look})
}

// uiHeaders are the same as in deploy/nginx and deploy/apache.
func uiHeaders(cfg *config.Config) echo.MiddlewareFunc {
	// No form-action: browsers apply it to the redirect after the form, too, and would not let people go back to the client.
	csp := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; font-src 'self'; " +
		"connect-src 'self' " + cfg.Issuer + "; base-uri 'none'; frame-ancestors 'none'"
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("Content-Security-Policy", csp)
			h.Set("Referrer-Policy", "strict-origin") // no-referrer would make the form's Origin null, which the API refuses
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
			if strings.HasPrefix(cfg.Issuer, "https:") {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			return next(c)
		}
	}
}

// A uiFile is a file of the UI, with the compressed forms that the build made of it.
type uiFile struct {
	contentType  string
	cacheControl string
	etag         string // without quotes; each encoding has its own (RFC 9110 §8.8.3.3)
	plain        []byte
	encoded      map[string][]byte // by content coding
	// asks is what its script will ask the API, up to the request, which follows. The answer names it to the browser, which asks at once
	// and not only when the script runs: on a phone that saves a round trip.
	asks string
}

// sealed is what a request is made of, and may stand in a header.
var sealed = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// uiFiles are known by the path of their URL.
type uiFiles map[string]*uiFile

// codings are tried in this order: the first is the smallest.
var codings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

func readUIFiles(root string) (uiFiles, error) {
	all := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(entry.Name(), ".") && name != ".":
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		}
		all["/"+name], err = os.ReadFile(path.Join(root, name))
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("GATEHOUSE_UI_ROOT cannot be read: %w", err)
	}
	if all["/index.html"] == nil {
		return nil, fmt.Errorf("there is no %s: run `npm run build`, or set GATEHOUSE_UI_ROOT to the folder of the built pages",
			path.Join(root, "index.html"))
	}
	out := uiFiles{}
	for name, content := range all {
		out[name] = newUIFile(name, content)
		for _, coding := range codings {
			if encoded := all[name+coding.suffix]; encoded != nil {
				out[name].encoded[coding.name] = encoded
			}
		}
	}
	return out, nil
}

func newUIFile(name string, content []byte) *uiFile {
	sum := sha256.Sum256(content)
	f := &uiFile{
		contentType:  mime.TypeByExtension(path.Ext(name)),
		cacheControl: "no-cache",
		etag:         hex.EncodeToString(sum[:12]),
		plain:        content,
		encoded:      map[string][]byte{},
	}
	if f.contentType == "" {
		f.contentType = "application/octet-stream"
	}
	if strings.HasPrefix(strings.TrimPrefix(name, adminPages), "/assets/") { // their names change with their content
		f.cacheControl = "public, max-age=31536000, immutable"
	}
	return f
}

// isPage reports whether a path is that of a page, with or without a slash at its end.
func isPage(path string) bool {
	return path == "/" || slices.Contains(provider.PagePaths(), strings.TrimSuffix(path, "/"))
}

// adminPages is where the pages for administrators are, a build of their own that may be left out.
const adminPages = "/admin"

// pageOf returns the file that shows a path, whose script knows which page is meant; nil where there is no page.
func (all uiFiles) pageOf(path string) *uiFile {
	below, found := strings.CutPrefix(path, adminPages)
	switch {
	case found && (below == "" || below[0] == '/') && !strings.HasPrefix(below, "/assets/"):
		return all[adminPages+"/index.html"]
	case isPage(path):
		return all["/index.html"]
	}
	return nil
}

// answer sends the file of the path, or that of its page. A path of neither is not found, which index.html says to people.
func (all uiFiles) answer(w http.ResponseWriter, r *http.Request) error {
	f := cmp.Or(all[r.URL.Path], all.pageOf(r.URL.Path))
	if f == nil {
		h := w.Header()
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, err := w.Write(all["/index.html"].plain)
		return err
	}
	body, coding := f.negotiate(r.Header.Get("Accept-Encoding"))
	etag := `"` + strings.TrimSuffix(f.etag+"-"+coding, "-") + `"`
	h := w.Header()
	h.Set("Cache-Control", f.cacheControl)
	h.Set("ETag", etag)
	if request := r.URL.Query().Get("request"); f.asks != "" && sealed.MatchString(request) {
		h.Set("Link", "<"+f.asks+request+">; rel=preload; as=fetch; crossorigin=anonymous")
	}
	if len(f.encoded) > 0 {
		h.Set("Vary", "Accept-Encoding")
	}
	if known := r.Header.Get("If-None-Match"); known == "*" || strings.Contains(known, etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := bytes.NewReader(body).WriteTo(w)
	return err
}

func (f *uiFile) negotiate(acceptEncoding string) (body []byte, coding string) {
	for _, c := range codings {
		if body := f.encoded[c.name]; body != nil && acceptsCoding(acceptEncoding, c.name) {
			return body, c.name
		}
	}
	return f.plain, ""
}

// acceptsCoding reads Accept-Encoding (RFC 9110 §12.5.3); a weight counts only if it is 0, which refuses.
func acceptsCoding(header, coding string) bool {
	for item := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			_, q, _ := strings.Cut(strings.ReplaceAll(weight, " ", ""), "=")
			n, err := strconv.ParseFloat(q, 64)
			return weight == "" || err != nil || n > 0
		}
	}
	return false
}
