package provider_test

import (
	"net/url"
	"testing"

	. "gatehouse/api/apitest"
)

// All of these are invalid_client (RFC 6749 §5.2); the log tells them apart, for whoever has to set the client right.
func TestTheLogSaysWhyAClientIsNotAuthenticated(t *testing.T) {
	log := TakeLog(t)
	b := start(t).browser()
	b.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, jwks_uri, redirect_uris)
		VALUES ('signing', 'private_key_jwt', 'https://rp.example.org/jwks', '{https://rp.example.org/}')`)
	b.Exec(`INSERT INTO clients (client_id, token_endpoint_auth_method, disabled_at, redirect_uris)
		VALUES ('off', 'none', now(), '{https://rp.example.org/}')`)
	b.WaitForNotify()
	const assertion = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ3ZWIifQ.c2lnbmF0dXJl" // of web
	for want, form := range map[string]url.Values{
		"client_id web sent another secret than its own; to make a new one: gatehouse client rotate-secret": {
			"client_id": {"web"}, "client_secret": {"another"}},
		"client_id web has a secret, and sent none":                           {"client_id": {"web"}},
		"client_id spa is a public client, which has no secret, and sent one": {"client_id": {"spa"}, "client_secret": {"none"}},
		"client_id signing authenticates with private_key_jwt, and sent no client_assertion": {
			"client_id": {"signing"}, "client_secret": {"secret"}},
		"client_id web is not registered for private_key_jwt, and sent a client_assertion": {
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}},
		"client_id spa comes with the credentials of web": {"client_id": {"spa"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}},
		"client_id off is disabled": {"client_id": {"off"}},
		"client_id nobody is not registered; to see what is: gatehouse client list": {"client_id": {"nobody"}, "client_secret": {"x"}},
		"no client_id, or a header or client_assertion that cannot be read":         {},
	} {
		form.Set("grant_type", "refresh_token")
		a := b.Do("POST", "/token", form)
		if a.Status != 401 || a.JSON()["error"] != "invalid_client" || a.JSON()["error_description"] != "client authentication failed" {
			t.Errorf("%v: %d %v", form, a.Status, a.JSON())
		}
		if got := lastReason(log); got != want {
			t.Errorf("%v: %q, want %q", form, got, want)
		}
	}
}
