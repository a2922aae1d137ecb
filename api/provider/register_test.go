package provider

import (
	"testing"

	"gatehouse/api/oidc"
)

func TestOnlyAClientWithAnInitialAccessTokenMayDoMore(t *testing.T) {
	t.Parallel()
	p := &Provider{Settings: Settings{ResponseTypes: oidc.ResponseTypes[:1]}}
	for text, trusted := range map[string]bool{`{"grant_types": ["client_credentials"]}`: true,
		`{"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"}`: false,
		`{"grant_types": ["` + oidc.GrantTokenExchange + `"]}`:                          false, `{"grant_types": ["password"]}`: false} {
		for _, who := range []bool{true, false} {
			r, e := oidc.ParseRegistration([]byte(text))
			if e == nil {
				terms, _ := p.terms(t.Context(), r, who)
				_, e = r.Check(terms)
			}
			if (e == nil) != (who && trusted) {
				t.Errorf("%s, trusted %v: %v", text, who, e)
			}
		}
	}
}
