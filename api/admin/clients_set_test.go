package admin

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"gatehouse/api/oidc"
)

// setTo runs "client set" with JSON.
func setTo(t *testing.T, a *Admin, text string) (ChangedClient, error) {
	t.Helper()
	in := reflect.New(SetClient)
	try(t, json.Unmarshal([]byte(text), in.Interface()))
	out, err := setClient(t.Context(), a, in.Elem().Interface())
	return out.(ChangedClient), err
}

// Each member of a client that is no secret, and is not said by Gatehouse alone, can be set; and all at once, to what they are.
func TestClientSetKnowsEveryMemberOfAClient(t *testing.T) {
	t.Parallel()
	// The key; how it came; disable and enable; where a file declares it.
	others := []string{"client_id", "registration", "disabled_at", "managed_by"}
	known := map[string]bool{}
	for _, f := range reflect.VisibleFields(SetClient) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		known[name] = true
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[oidc.Client]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "-" || slices.Contains(others, name) {
			continue
		}
		if !known[name] {
			t.Errorf("%s cannot be set: add a line to clientWords", name)
		}
		delete(known, name)
	}
	for name := range known {
		column := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(name, "add_"), "remove_"), "new_")
		if _, ok := clientWords[column]; !ok && column != "client_id" {
			t.Errorf("%s is no member of a client", name)
		}
	}
	a, _ := newAdmin(t)
	in := NewRegistration()
	in.ClientID, in.RedirectURIs, in.ClientName = "hub", []string{"https://hub.example.org/cb"}, "Hub"
	age := 60
	in.DefaultMaxAge = &age
	_, err := a.AddClient(t.Context(), in)
	try(t, err)
	before, err := a.ShowClient(t.Context(), ClientID{"hub"})
	try(t, err)
	text, err := json.Marshal(before)
	try(t, err)
	if out, err := setTo(t, a, string(text)); err != nil || out.ClientSecret != "" {
		t.Error(out, err)
	}
	after, err := a.ShowClient(t.Context(), ClientID{"hub"})
	before.UpdatedAt = after.UpdatedAt
	if err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("%+v, want %+v; %v", after, before, err)
	}
}

func TestClientSetWritesWhatIsNamedAndNoMore(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	in := NewRegistration()
	in.ClientID, in.RedirectURIs = "hub", []string{"https://hub.example.org/a"}
	in.GrantTypes = append(in.GrantTypes, oidc.GrantRefreshToken)
	_, err := a.AddClient(t.Context(), in)
	try(t, err)
	_, err = conn.Exec(t.Context(), `WITH u AS (INSERT INTO users (username) VALUES ('ada') RETURNING id)
		INSERT INTO consents (user_id, client_id, scopes, granted_at) SELECT id, 'hub', '{openid}', now() FROM u`)
	try(t, err)
	show := func(id string) oidc.Client {
		t.Helper()
		c, err := a.ShowClient(t.Context(), ClientID{id})
		try(t, err)
		return c.Client
	}
	good := func(text string) ChangedClient {
		t.Helper()
		out, err := setTo(t, a, text)
		try(t, err)
		return out
	}
	good(`{"client_id": "hub", "client_name": "Hub", "default_max_age": 0, "min_acr": "mfa", "min_acr_from": "2027-03-01T00:00:00Z",
		"jwks_uri": "https://hub.example.org/jwks", "first_party": true, "response_types": ["token id_token", "code"],
		"grant_types": ["authorization_code", "implicit"]}`)
	c := show("hub")
	if c.ClientName != "Hub" || *c.DefaultMaxAge != 0 || c.MinACR != "mfa" || c.MinACRFrom.Year() != 2027 || !c.FirstParty ||
		!slices.Equal(c.ResponseTypes, []string{"id_token token", "code"}) || !slices.Equal(c.RedirectURIs, in.RedirectURIs) {
		t.Errorf("%+v", c)
	}
	in2 := reflect.New(SetClient) // what JSON has no word for: an empty value
	in2.Elem().FieldByName("ClientID").SetString("hub")
	in2.Elem().FieldByName("DefaultMaxAge").Set(reflect.New(reflect.TypeFor[*int]()))
	_, err = setClient(t.Context(), a, in2.Elem().Interface())
	try(t, err)
	good(`{"client_id": "hub", "client_name": "", "min_acr": "", "min_acr_from": "0001-01-01T00:00:00Z", "jwks_uri": ""}`)
	if c = show("hub"); c.ClientName != "" || c.DefaultMaxAge != nil || c.MinACR != "" || c.MinACRFrom != nil || c.JWKSURI != "" {
		t.Errorf("%+v", c)
	}
	good(`{"client_id": "hub", "add_redirect_uris": ["https://hub.example.org/b", "https://hub.example.org/a"]}`)
	good(`{"client_id": "hub", "remove_redirect_uris": ["https://hub.example.org/a"], "add_redirect_uris": ["https://hub.example.org/c"]}`)
	if c = show("hub"); strings.Join(c.RedirectURIs, " ") != "https://hub.example.org/b https://hub.example.org/c" {
		t.Errorf("%v", c.RedirectURIs)
	}
	if out := good(`{"client_id": "hub", "token_endpoint_auth_method": "client_secret_post"}`); out.ClientSecret != "" {
		t.Error("it has another secret")
	}
	good(`{"client_id": "hub", "token_endpoint_auth_method": "none"}`)
	if out := good(`{"client_id": "hub", "token_endpoint_auth_method": "client_secret_basic"}`); len(out.ClientSecret) != 43 {
		t.Errorf("secret %q", out.ClientSecret)
	}
	for want, text := range map[string]string{
		`there is no client "gone"`:                                              `{"client_id": "gone", "client_name": "x"}`,
		`there is no "https://hub.example.org/x" among its redirect_uris`:        `{"remove_redirect_uris": ["https://hub.example.org/x"]}`,
		`response_types "x" is not supported`:                                    `{"response_types": ["x"]}`,
		`grant_types "x" is not supported`:                                       `{"grant_types": ["x"]}`,
		`frontchannel_logout_uri must have the scheme, host and port of a`:       `{"frontchannel_logout_uri": "https://x.example.org/"}`,
		`redirect_uris must have no wildcard: "https://*.example.org/"`:          `{"redirect_uris": ["https://*.example.org/"]}`,
		`scope must be words with one space between them: "a  b"`:                `{"scope": "a  b"}`,
		`token_endpoint_auth_method must be client_secret_basic`:                 `{"token_endpoint_auth_method": ""}`,
		`min_acr must be a value of acr_values: such as mfa or phr`:              `{"min_acr": "gold"}`,
		`id_token_signed_response_alg must be RS256, PS256, ES256 or EdDSA: "x"`: `{"id_token_signed_response_alg": "x"}`,
	} {
		if !strings.Contains(text, `"client_id"`) {
			text = `{"client_id": "hub", ` + text[1:]
		}
		if _, err := setTo(t, a, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	good(`{"client_id": "hub", "new_client_id": "jupyterhub"}`)
	if c = show("jupyterhub"); c.TokenEndpointAuthMethod != "client_secret_basic" {
		t.Errorf("%+v", c)
	}
	if list, err := a.ListConsents(t.Context(), Username{"ada"}); err != nil || len(list) != 1 || list[0].ClientID != "jupyterhub" {
		t.Errorf("consents of a client of another name: %+v, %v", list, err)
	}
	if _, err := a.ShowClient(t.Context(), ClientID{"hub"}); !errors.Is(err, Missing{Kind: "client", Name: "hub"}) {
		t.Error(err)
	}
}

// Two administrators at once: what each added is there.
func TestChangesOfAClientAtOnceUndoNothingOfEachOther(t *testing.T) {
	t.Parallel()
	a, _ := newAdmin(t)
	in := NewRegistration()
	in.ClientID = "hub"
	_, err := a.AddClient(t.Context(), in)
	try(t, err)
	var all sync.WaitGroup
	for _, one := range strings.Fields("a b c d e f") {
		all.Go(func() {
			if _, err := setTo(t, a, `{"client_id": "hub", "add_redirect_uris": ["https://hub.example.org/`+one+`"]}`); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c, err := a.ShowClient(t.Context(), ClientID{"hub"})
	if slices.Sort(c.RedirectURIs); err != nil || len(c.RedirectURIs) != 6 {
		t.Errorf("%v, %v", c.RedirectURIs, err)
	}
}
