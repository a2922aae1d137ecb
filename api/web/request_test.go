package web

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

// FuzzReadRequest: whatever comes, it is bounded before it is parsed, and parameters come from the query or from the body, never from both
// (RFC 6749 §3.2).
func FuzzReadRequest(f *testing.F) {
	f.Add("GET", "/authorize", "client_id=c&state=%00", "", "", "Basic YTpi", "gatehouse-session=x")
	f.Add("POST", "/token", "code=query", "code=body&code=2", "application/x-www-form-urlencoded; charset=utf-8", "", "")
	f.Add("POST", "/token", "", "a=%zz;b", "application/x-www-form-urlencoded", "Bearer x", "a=b; gatehouse-browser=\x00")
	f.Add("POST", "/register", "a=b", `{"redirect_uris":[]}`, "application/json", "", "")
	f.Add("DELETE", "/register/:name", "", "x", "text/plain", "", "")
	f.Add("HEAD", "/jwks", strings.Repeat("&", 200), "", "", "", "")
	f.Fuzz(func(t *testing.T, method, path, query, body, kind, authorization, cookie string) {
		if !strings.Contains(" GET HEAD POST PUT DELETE ", " "+method+" ") {
			return
		}
		request := httptest.NewRequest(method, "/", strings.NewReader(body))
		request.URL.RawQuery = query
		request.Header.Set("Content-Type", kind)
		request.Header.Set("Authorization", authorization)
		request.Header.Set("Cookie", cookie)
		c := echo.New().NewContext(request, httptest.NewRecorder())
		c.SetPath(path)
		r, problem := answerer{}.readRequest(c)
		if problem != nil {
			if problem.status < 400 || problem.status >= 500 || problem.why == "" || len(r.Params) > 0 {
				t.Errorf("%d %q, and yet %v", problem.status, problem.why, r.Params)
			}
			return
		}
		if len(r.Body) > maxBody || len(r.Params) > maxParams || r.Body != nil && r.Params != nil {
			t.Errorf("%d bytes and %d parameters", len(r.Body), len(r.Params))
		}
		source := query
		if method == "POST" {
			source = body
		}
		n := 0
		for _, list := range r.Params {
			n += len(list)
		}
		if n > strings.Count(source, "&")+1 || source == "" && n > 0 {
			t.Errorf("%d parameters of %q", n, source)
		}
	})
}
