package oidc

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var everyScope = clientOf(ClientMetadata{ClientID: "c", Scope: strings.Join(Scopes(), " ")})

// OpenID Connect Core §5.5.
func TestWhatTheClaimsParameterAsksFor(t *testing.T) {
	fewScopes := clientOf(ClientMetadata{Scope: "openid email"})
	fifty := make([]string, 60)
	for i := range fifty {
		fifty[i] = fmt.Sprintf(`"claim%02d":null`, i)
	}
	for _, c := range []struct {
		text   string
		client *Client
		want   ClaimsRequest
		sub    string
		acr    []string
	}{
		{``, everyScope, ClaimsRequest{}, "", nil},
		{`{}`, everyScope, ClaimsRequest{}, "", nil},
		{`{"userinfo":{"name":null,"email":{"essential":true}},"id_token":{"department":{"value":"x"}}}`, everyScope,
			ClaimsRequest{Userinfo: []string{"email", "name"}, IDToken: []string{"department"}}, "", nil},
		{`{"userinfo":{"name":null,"email":null,"department":null,"groups":null,"phone_number":null}}`, fewScopes,
			ClaimsRequest{Userinfo: []string{"email"}}, "", nil},
		{`{"userinfo":{"sub":null,"iss":null,"acr":null,"Groups":null,"email#de":null,"\u0000":null,"` + strings.Repeat("n", 101) +
			`":null}}`, everyScope, ClaimsRequest{}, "", nil},
		{`{"id_token":{"sub":{"value":"s"}},"userinfo":{"sub":{"essential":true,"values":["s"]}}}`, everyScope, ClaimsRequest{}, "s", nil},
		{`{"id_token":{"acr":{"essential":true,"values":["2","1"],"value":"3"}},"userinfo":{"acr":{"essential":true,"value":4}}}`,
			everyScope, ClaimsRequest{}, "", []string{"", "2", "1", "3"}},
		{`{"id_token":{"acr":{"values":["2"]}}}`, everyScope, ClaimsRequest{}, "", nil},
	} {
		got, e := parseClaims([]string{c.text}, c.client)
		sub, e2 := got.subject()
		if e != nil || e2 != nil || !reflect.DeepEqual(got.ClaimsRequest, c.want) || sub != c.sub || !slices.Equal(got.essential, c.acr) {
			t.Errorf("%s: %+v, sub %q, %v %v", c.text, got, sub, e, e2)
		}
	}
	many, e := parseClaims([]string{`{"userinfo":{` + strings.Join(fifty, ",") + `}}`}, everyScope)
	if e != nil || len(many.Userinfo) != maxClaimsAskedFor || many.Userinfo[49] != "claim49" {
		t.Errorf("60 claims: %v %v", many.Userinfo, e)
	}
	for _, text := range []string{`{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}`,
		`{"id_token":{"sub":{"values":["a","b"]}}}`, `{"id_token":{"sub":{"value":false}}}`} {
		got, _ := parseClaims([]string{text}, everyScope)
		if sub, e := got.subject(); e == nil || e.Code != InvalidRequest || sub != "" {
			t.Errorf("%s: %q %v", text, sub, e)
		}
	}
}

// OpenID Connect Core §5.5.1.1.
func TestOneOfTheEssentialACRValuesHasToBeReached(t *testing.T) {
	p := Policy{ACRValues: []ACRValue{{Value: "1", Factors: 1}}}
	for _, good := range [][]string{nil, {"1"}, {"9", "1"}} {
		if e := p.checkACR(good); e != nil {
			t.Errorf("%q: %v", good, e)
		}
	}
	for _, bad := range [][]string{{}, {""}, {"9"}, {"1 "}} {
		if e := p.checkACR(bad); e == nil || e.Code != UnmetAuthenticationRequirements {
			t.Errorf("%q: %v", bad, e)
		}
	}
}

func TestThePersonIsAskedForEachScopeOnce(t *testing.T) {
	r := AuthorizeRequest{Scope: "openid email", Claims: ClaimsRequest{Userinfo: []string{"address", "email", "phone_number"},
		IDToken: []string{"department", "name", "phone_number_verified"}}}
	if got := r.AsksFor(); !slices.Equal(got, []string{"openid", "email", "address", "phone", "profile"}) {
		t.Errorf("%v", got)
	}
}

func FuzzParseClaims(f *testing.F) {
	// the example of OpenID Connect Core §5.5
	f.Add(`{"userinfo":{"given_name":{"essential":true},"nickname":null,"email_verified":{"essential":true},
		"http://example.info/claims/groups":null},
		"id_token":{"auth_time":{"essential":true},"acr":{"values":["urn:mace:incommon:iap:silver"]}}}`)
	f.Add(`{"id_token":{"sub":{"value":"a"},"acr":{"essential":true,"values":["1",2,null]}}}`)
	f.Add(`{"userinfo":{"email#de":{"value":[[[[{}]]]]},"\u0000":null,"GROUPS":null,"\ud800":null}}`)
	c := clientOf(ClientMetadata{ClientID: "c", Scope: "openid profile email"})
	f.Fuzz(func(t *testing.T, text string) {
		got, e := parseClaims([]string{text}, c)
		if e != nil {
			if e.Code != InvalidRequest {
				t.Errorf("%v", e)
			}
			return
		}
		if sub, e := got.subject(); e == nil && (sub == "") != (len(got.subs) == 0) {
			t.Errorf("for %q of %q", sub, got.subs)
		}
		for _, names := range [][]string{got.Userinfo, got.IDToken} {
			if len(names) > maxClaimsAskedFor || !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
				t.Errorf("%q", names)
			}
			for _, name := range names {
				if !isText(name) || len(name) > 100 || !HasScope(c.Scope, scopeOfClaim(name)) || reserved[name] {
					t.Errorf("may ask for %q", name)
				}
			}
		}
		var back ClaimsRequest // it travels sealed
		plain, err := json.Marshal(got.ClaimsRequest)
		if err != nil || json.Unmarshal(plain, &back) != nil || !reflect.DeepEqual(back, got.ClaimsRequest) {
			t.Errorf("%+v comes back as %+v, %v", got.ClaimsRequest, back, err)
		}
	})
}
