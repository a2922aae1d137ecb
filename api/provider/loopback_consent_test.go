package provider_test

import (
	"net/url"
	"strings"
	"testing"

	. "gatehouse/api/apitest"
)

// RFC 8252 §8.6: what was allowed an application on somebody's machine is no silent code for another program there.
func TestAClientOnLoopbackOrAPrivateSchemeAsksEachTime(t *testing.T) {
	t.Parallel()
	r := start(t)
	for name, c := range map[string]struct {
		uri, columns string // columns of the row, as SQL
		silent       bool
	}{
		"loopback":        {"http://127.0.0.1:4711/cb", "'none', false, 'native'", false},
		"another-host":    {"http://localhost:9/cb", "'client_secret_basic', false, 'web'", false},
		"private-scheme":  {"org.example.app:/cb", "'none', false, 'native'", false},
		"claimed-https":   {"https://app.example.org/cb", "'none', false, 'native'", true},
		"first-party":     {"http://localhost:4711/cb", "'client_secret_basic', true, 'web'", true},
		"a-hub-elsewhere": {"http://hub.example.org/cb", "'client_secret_basic', false, 'web'", true},
	} {
		r.Exec(`INSERT INTO clients (client_id, redirect_uris, token_endpoint_auth_method, first_party, application_type)
			SELECT $1, ARRAY[$2], m, f, a FROM (VALUES (`+c.columns+`)) v(m, f, a)`,
			name, c.uri)
		if !strings.HasPrefix(c.columns, "'none'") {
			r.GiveSecret(name, "web-secret")
		}
		r.WaitForNotify()
		b := r.browser()
		request := func(more ...string) url.Values {
			return AuthParams(append([]string{"client_id", name, "redirect_uri", c.uri, "scope", "openid"}, more...)...)
		}
		if code := b.Code(request()); code == "" {
			t.Fatalf("%s: no code after the consent", name)
		}
		a := b.Authorize(request())
		if asks := a.Location().Path == "/consent"; asks == c.silent {
			t.Errorf("%s: the second request leads to %s", name, a.Location())
		}
		a = b.Authorize(request("prompt", "none"))
		if c.silent && a.Query("code") == "" || !c.silent && a.Query("error") != "consent_required" {
			t.Errorf("%s: prompt=none leads to %s", name, a.Location())
		}
	}
}
