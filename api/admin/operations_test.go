package admin

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What is made of the table relies on this: names are commands, help is a sentence, and the members of inputs and results have names as
// columns do.
func TestTheTableOfOperations(t *testing.T) {
	t.Parallel()
	var names []string
	for _, o := range Operations() {
		names = append(names, o.Name)
		if !regexp.MustCompile(`^[a-z-]+( [a-z-]+){0,2}$`).MatchString(o.Name) {
			t.Errorf("%q is no command", o.Name)
		}
		if !regexp.MustCompile(`^[A-Z][^"]*\.$`).MatchString(o.Help) {
			t.Errorf("%s: %q is no sentence", o.Name, o.Help)
		}
		if !regexp.MustCompile(`^((GET|POST|PATCH|DELETE) (/([a-z][a-z-]*|{[a-z_]+}))+)?$`).MatchString(o.Path) {
			t.Errorf("%s: %q is no method and path", o.Name, o.Path)
		}
		if o.In.Kind() != reflect.Struct {
			t.Errorf("%s: its input is a %s", o.Name, o.In)
		}
		for _, of := range []reflect.Type{o.In, o.Out} {
			if of.Kind() == reflect.Slice {
				of = of.Elem()
			}
			for _, f := range reflect.VisibleFields(of) {
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if !f.Anonymous && name != "-" && !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(name) {
					t.Errorf("%s: %s.%s is named %q in JSON", o.Name, of, f.Name, name)
				}
			}
		}
	}
	if slices.Sort(names); len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("a name is there twice: %v", names)
	}
}

// Every operation can be called by its name, with JSON.
func TestEveryOperationRuns(t *testing.T) {
	t.Parallel()
	a, conn := newAdmin(t)
	_, err := conn.Exec(t.Context(), `INSERT INTO signing_keys (kid, alg, private_key, created_at, activates_at)
		VALUES ('k', 'ES256', '', now(), now())`)
	try(t, err)
	_, err = conn.Exec(t.Context(), `WITH erin AS (INSERT INTO users (username) VALUES ('erin') RETURNING id), zoo AS (
		INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES ('zoo', 'none') RETURNING client_id
	) INSERT INTO consents (user_id, client_id, scopes, granted_at) SELECT id, client_id, '{openid}', now() FROM erin, zoo`)
	try(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO users (username) VALUES ('gone')`)
	try(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO invitations (id, token_sha256)
		VALUES ('00000000-0000-4000-8000-000000000009', sha256('an invitation'))`)
	try(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO workshops (name, code, prefix, seats, seats_left, until)
		VALUES ('past', 'one-two-three', 'past-', 9, 8, now())`)
	try(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO users (username, workshop) VALUES ('past-ada', 'past')`)
	try(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO sign_up_requests
			(id, email, network_hmac, browser_sha256, waits_since, created_at, expires_at)
		SELECT ('00000000-0000-4000-8000-00000000000' || i)::uuid, n || '@x.example', '', '', now(), now(), now() + interval '1 h'
		FROM (VALUES ('a', 'ada'), ('b', 'eve')) AS of (i, n)`)
	try(t, err)
	var added int64
	_, err = conn.Exec(t.Context(), `INSERT INTO groups (name) VALUES ('to-undo')`)
	try(t, err)
	try(t, conn.QueryRow(t.Context(), `SELECT max(id) FROM audit`).Scan(&added))
	_, err = conn.Exec(t.Context(), `INSERT INTO grants (id, user_id, client_id, offline, scope, auth_time, amr, created_at, expires_at)
		SELECT '00000000-0000-4000-8000-000000000001', id, 'zoo', true, 'openid', now(), '{}', now(), now() + interval '1 h' FROM users
		WHERE username = 'erin'`)
	try(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO passkeys (user_id, credential_id, rp_id, name, public_key)
		SELECT id, '\xffef', 'example.org', 'Key', 'x' FROM users WHERE username = 'erin'`)
	try(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
		SELECT '00000000-0000-4000-8000-000000000002', 'x', id, now(), '{pwd}', now(), now() + interval '1 h', now() + interval '1 h'
		FROM users WHERE username = 'erin'`)
	try(t, err)
	_, err = conn.Exec(t.Context(), `INSERT INTO mail_outbox (username, recipient, template, created_at, expires_at, given_up_at)
		VALUES ('erin', 'e@example.org', 'test', now(), now() + interval '4 days', now())`)
	try(t, err)
	left, called := map[string]Operation{}, map[string]bool{}
	for _, o := range Operations() {
		left[o.Name] = o
	}
	for _, call := range []struct{ name, in, want string }{
		{"audit undo", fmt.Sprintf(`{"id": %d}`, added), `{}`},
		{"group add", `{"name": "staff", "description": "The staff"}`, `{}`},
		{"user add",
			`{"username": "alice", "sub": "1", "password": "` + passphrase + `", "email": "a@example.org", "groups": ["staff"]}`,
			`{"username":"alice","sub":"1"}`},
		{"user import", `{"roster": "username,email\nzoe,zoe@example.org\n", "group": "staff", "preview": true}`,
			`{"lines":\[{"line":2,"username":"zoe","email":"zoe@example.org","state":"new"}\],"unread":\[\],"gone":\["alice"\],"problems":0}`},
		{"user passwd", `{"username": "alice", "password": "` + passphrase + `", "sign_out": true}`, `{}`},
		{"user disable", `{"username": "alice"}`, `{}`},
		{"user enable", `{"username": "alice"}`, `{}`},
		{"user set-username-rule", `{"rule": "email"}`, `{}`},
		{"user set-posix-ranges", `{"uids": "100000-199999", "gids": "200000-299999", "home": "/srv/{username}"}`, `{}`},
		{"user posix-ranges", `{}`, `{"uids":"100000-199999","gids":"200000-299999","home":"/srv/{username}","shell":"/bin/bash"}`},
		{"user set-posix-ranges", `{}`, `{}`},
		{"user posix-ranges", `{}`, `{}`},
		{"user set", `{"username": "alice", "given_name": "Alice", "claims": {"department": "physics"}}`, `{}`},
		{"user show", `{"username": "alice"}`, `{"username":"alice","sub":"1","given_name":"Alice",.*"claims":{"department":"physics"},.*` +
			`"has_password":true,.*"factors":{"passkeys":0,"recovery_codes":0}}`},
		{"user remove", `{"username": "gone"}`, `{"groups":0,"sessions":0,"grants":0,"consents":0,"personal_access_tokens":0,` +
			`"linked_accounts":0,"passkeys":0,"one_time_codes":0}`},
		{"user list", `{"q": "A@EX", "group": "staff", "limit": 1}`,
			`{"items":\[{"username":"alice","sub":"1",.*"groups":\["staff"\].*}\]}`},
		{"user linked-accounts", `{"username": "alice"}`, `{"accounts":\[\]}`},
		{"user grants", `{"username": "erin"}`, `{"items":\[{"id":"00000000-0000-4000-8000-000000000001","client_id":"zoo",.*}\]}`},
		{"user revoke-grant", `{"username": "erin", "id": "00000000-0000-4000-8000-000000000001"}`, `{}`},
		{"user tokens", `{"username": "alice"}`, `{"items":\[\]}`},
		{"user revoke-token", `{"all_of": "alice"}`, `{"revoked":0}`},
		{"offboard", `{"username": "erin", "preview": true}`, `{"username":"erin",.*"steps":\["the account is shut out",.*\]}`},
		{"user retired-names", `{"q": "gon"}`, `{"items":\[{"name":"gone","sub":"[^"]+","created_at":"[^"]+","retired_at":"[^"]+"}\]}`},
		{"user free-name", `{"name": "gone"}`, `{}`},
		{"invitation add", `{"groups": ["staff"], "uses": 30}`,
			`{"id":"[0-9a-f-]{36}","link":"https://login.example.org/link#[A-Za-z0-9_-]{43}",` +
				`"expires_at":"[^"]+","qr":{"size":\d+,"path":"[^"]+"}}`},
		{"invitation list", `{"group": "staff"}`, `{"items":\[{"id":"[^"]+","groups":\["staff"\],"methods":\[` +
			`"password","passkey","upstream","account"\],` +
			`"uses_left":30,"used":0,"created_by":"[^"]+","created_at":"[^"]+","expires_at":"[^"]+"}\]}`},
		{"invitation revoke", `{"id": "00000000-0000-4000-8000-000000000009"}`, `{}`},
		{"workshop open", `{"name": "surf", "group": "staff", "seats": 60, "until": "2099-03-03T18:00:00Z"}`,
			`{"name":"surf","group":"staff","code":"([a-z-]+)","prefix":"surf-","seats":60,"seats_left":60,"until":"[^"]+","grace":"14d",` +
				`"created_by":"[^"]+","created_at":"[^"]+","link":"https://login.example.org/join#[a-z-]+"}`},
		{"workshop list", `{"group": "staff"}`, `{"items":\[{"name":"surf","group":"staff",.*}\]}`},
		{"workshop set", `{"name": "surf", "seats": 61, "until": "2099-03-04T18:00:00Z", "code_closed": true, "new_code": true}`,
			`{"name":"surf",.*"seats":61,"seats_left":61,.*"code_closed_at":"[^"]+",.*}`},
		{"workshop show", `{"name": "surf"}`, `{"name":"surf","group":"staff",.*}`},
		{"workshop phrase", `{"name": "past", "username": "past-ada"}`, `{"phrase":"[a-z-]+"}`},
		{"workshop remove", `{"name": "past", "username": "past-ada"}`, `{}`},
		{"workshop report", `{"name": "past"}`,
			`{"items":\[{"username":"past-ada","state":"removed","home":"/srv/past-ada","joined_at":"[^"]+"}\]}`},
		{"workshop close", `{"name": "surf"}`, `{}`},
		{"sign-up list", `{}`, `{"items":\[{"id":"00000000-0000-4000-8000-00000000000a","email":"ada@x.example","groups":\[\],` +
			`"created_at":"[^"]+","waits_since":"[^"]+","expires_at":"[^"]+"},{.*eve@x.*}\]}`},
		{"sign-up approve", `{"id": "00000000-0000-4000-8000-00000000000a"}`,
			`{"mailed_to":"ada@x.example","invitation_id":"[0-9a-f-]{36}","expires_at":"[^"]+"}`},
		{"sign-up refuse", `{"id": "00000000-0000-4000-8000-00000000000b", "reason": "no"}`, `{"mailed_to":"eve@x.example"}`},
		{"sign-up domain add", `{"domain": "Uni.example", "approval": true, "groups": ["staff"]}`, `{}`},
		{"sign-up domain list", `{}`, `{"items":\[{"domain":"uni.example","approval":true,"groups":\["staff"\],"created_at":"[^"]+"}\]}`},
		{"sign-up domain remove", `{"domain": "uni.example"}`, `{}`},
		{"group remove-member", `{"group": "staff", "username": "alice"}`, `{}`},
		{"group add-member", `{"group": "staff", "usernames": ["alice"]}`, `{}`},
		{"group set-member", `{"group": "staff", "username": "alice", "until": "2099-03-01T00:00:00Z"}`, `{}`},
		{"group members", `{"group": "staff"}`, `{"items":\[{"username":"alice","name":"Alice","until":"2099-03-01T[^"]+"}\]}`},
		{"group set", `{"name": "staff", "mfa": true, "mfa_from": "2027-03-01T00:00:00Z", "inactive_after": "365d"}`, `{}`},
		{"group show", `{"name": "staff"}`, `{"name":"staff",.*"mfa":true,"mfa_from":"2027-03-01T00:00:00Z","inactive_after":"365d",` +
			`"gid":200000,"created_at":"[^"]+","members":1,"owners":\[\],"not_owned":"its members have to prove two factors"}`},
		{"terms add", `{"name": "use", "version": "1", "titles": {"en": "Terms of use"}, "texts": {"en": "Be kind."}, "groups": ["staff"]}`,
			`{}`},
		{"terms add", `{"name": "use", "version": "2", "titles": {"en": "Terms of use"}, "uris": {"en": "https://example.org/2"},
			"in_force_from": "2099-03-01T00:00:00Z"}`, `{}`},
		{"terms set", `{"name": "use", "version": "1", "sign_again_after": "365d"}`, `{}`},
		{"terms show", `{"name": "use", "version": "1"}`, `{"id":"[^"]+","name":"use","version":"1","groups":\["staff"\],"clients":\[\],` +
			`"sign_again_after":"365d",.*"accepted":0,.*"titles":{"en":"Terms of use"},"texts":{"en":"Be kind."},"uris":{}}`},
		{"terms list", `{"limit": 1}`, `{"items":\[{"id":"[^"]+","name":"use","version":"1",.*}\],"next":"use 1"}`},
		{"terms report", `{"name": "use", "group": "staff"}`, `{"items":\[{"username":"alice",.*}\]}`},
		{"terms remove", `{"name": "use", "version": "1"}`, `{}`},
		{"group list", `{}`,
			`{"items":\[{"name":"staff","description":"The staff","mfa":true,"mfa_from":"2027-03-01T00:00:00Z","inactive_after":"365d",` +
				`"gid":200000,"created_at":"[^"]+"}\]}`},
		{"group set", `{"name": "staff", "mfa": false, "mfa_from": "0001-01-01T00:00:00Z", "inactive_after": "0d"}`, `{}`},
		{"group add-owner", `{"group": "staff", "usernames": ["alice"]}`, `{}`},
		{"group show", `{"name": "staff"}`, `{"name":"staff",.*"members":1,"owners":\["alice"\]}`},
		{"group remove-owner", `{"group": "staff", "username": "alice"}`, `{}`},
		{"course create", `{"name": "stat131", "teachers": ["alice"]}`, `{"students":"nbgrader-stat131","teachers":"formgrade-stat131"}`},
		{"group remove", `{"name": "staff"}`, `{}`},
		{"client add", `{"client_id": "wiki"}`, `{"client_id":"wiki","client_secret":"[\w-]{43}"}`},
		{"client add-hub", `{"client_id": "zhub", "url": "https://hub.example.org", "template": "jupyterhub"}`,
			`{"client_id":"zhub","config":".*https://hub\.example\.org/hub/oauth_callback.*"}`},
		{"client add-secret", `{"client_id": "wiki", "name": "second", "days": 90}`,
			`{"client_id":"wiki","name":"second","client_secret":"[\w-]{43}","expires_at":"[^"]+"}`},
		{"client secrets", `{"client_id": "wiki"}`, `{"items":\[{"name":"20[^"]+","created_at":"[^"]+"},{"name":"second",.*}\]}`},
		{"client remove-secret", `{"client_id": "wiki", "name": "second"}`, `{}`},
		{"client rotate-secret", `{"client_id": "wiki", "keep": "7d", "name": "third"}`,
			`{"client_id":"wiki","name":"third","client_secret":"[\w-]{43}"}`},
		{"client import", `{"clients": [{"client_id": "spa", "token_endpoint_auth_method": "none"}]}`,
			`{"clients":\[{"client_id":"spa","new":true}\],"warnings":\[\]}`},
		{"client disable", `{"client_id": "spa"}`, `{}`},
		{"client enable", `{"client_id": "spa"}`, `{}`},
		{"consent list", `{"username": "erin"}`, `\[{"client_id":"zoo","scopes":\["openid"\],"asked":true,"since":"[^"]+"}\]`},
		{"consent withdraw", `{"username": "erin", "client_id": "zoo"}`, `{}`},
		{"client show", `{"client_id": "spa"}`, `{.*"require_pkce":true,.*}`},
		{"client set", `{"client_id": "spa", "min_acr": "mfa"}`, `{}`},
		{"explain", `{"username": "alice", "client_id": "spa"}`, `{"steps":\[{"what":"signs in with a password"},.*` +
			`"row":"clients.min_acr of spa: mfa"},{"what":"asked to allow.*"},{"what":"let in, with acr \\"phr\\""}\]}`},
		{"client claim add", `{"client_id": "spa", "claim": "tier", "value": {"a": [1]}, "shape": "list", "position": 7}`,
			`{"position":7,"claim":"tier","value":{"a":\[1\]},"keep_prefix":false,"shape":"list","in_access_token":false}`},
		{"client claim list", `{"client_id": "spa", "limit": 1}`, `{"items":\[{"position":7,.*}\]}`},
		{"claims", `{"client_id": "spa", "username": "alice", "scope": "openid profile"}`, `{"scope":"openid profile","id_token":{.*` +
			`"tier":\[{"a":\[1\]}\].*},"userinfo":{.*"tier":.*},"access_token":{.*"client_id":"spa",.*},` +
			`"rows":\[{"position":7,.*"makes":\[{"a":\[1\]}\]}\]}`},
		{"client claim set", `{"client_id": "spa", "position": 7, "new_position": 8, "value": "gold", "shape": "single"}`, `{}`},
		{"client claim remove", `{"client_id": "spa", "position": 8}`, `{}`},
		{"client list", `{"limit": 1}`, `{"items":\[{.*"client_id":"spa".*}\],"next":"spa"}`},
		{"client logouts", `{"client_id": "spa"}`, `\[\]`},
		{"client refusals", `{"client_id": "spa"}`, `\[\]`},
		{"client remove", `{"client_id": "spa"}`, `{}`},
		{"client token add", `{"name": "t"}`, `{"initial_access_token":"[\w-]{43}"}`},
		{"client consents", `{"client_id": "zoo"}`, `{"items":\[\]}`},
		{"session list", `{"username": "erin"}`, `{"items":\[{"username":"erin","sid":"00000000-0000-4000-8000-000000000002",.*}\]}`},
		{"session end", `{"sid": "00000000-0000-4000-8000-000000000002"}`, `{"ended":1}`},
		{"client exchange-policy add", `{"client_id": "zoo", "audience": "mail", "scope": "a"}`, `{}`},
		{"client exchange-policy set", `{"client_id": "zoo", "audience": "mail", "scope": "a b", "impersonation": true}`, `{}`},
		{"client exchange-policy list", `{"client_id": "zoo"}`, `{"items":\[{"client_id":"zoo","audience":"mail","scope":"a b",` +
			`"impersonation":true,.*}\]}`},
		{"client exchange-policy remove", `{"client_id": "zoo", "audience": "mail"}`, `{}`},
		{"acr-value add", `{"value": "gold"}`, `{}`},
		{"acr-value set", `{"value": "gold", "new_value": "golden", "factors": 2}`, `{}`},
		{"acr-value list", `{}`, `\[.*,{"value":"golden","position":70,"factors":2,"phishing_resistant":false,"hardware_protected":false}\]`},
		{"acr-value remove", `{"value": "golden"}`, `{}`},
		{"session end", `{"all_of": "alice"}`, `{"ended":0}`},
		{"audit list", `{"table_name": "groups", "limit": 1}`, `{"items":\[{"id":[0-9]+,"at":"[^"]+","actor":.*"table_name":"groups",.*}\],` +
			`"next":"[0-9]+"}`},
		{"audit verify", `{}`, `{"rows":[0-9]+,"first":{"id":1,.*},"last":{"id":[0-9]+,"at":"[^"]+","digest":"[0-9a-f]{64}"}}`},
		{"sign-ins", `{"username": "alice", "failed": true, "since": "2026-01-02T03:04:05Z"}`, `{"items":\[\]}`},
		{"user link", `{"username": "alice"}`, `{"link":"https://login.example.org/link#[A-Za-z0-9_-]{43}","expires_at":"[^"]+"}`},
		{"user links", `{"username": "alice"}`, `{"links":\[{"created_at":"[^"]+","expires_at":"[^"]+"}\]}`},
		{"user revoke-links", `{"username": "alice"}`, `{"revoked":1}`},
		{"user passkey list", `{"username": "erin"}`, `{"passkeys":\[{"id":"_-8","name":"Key",.*"hardware_protected":false,.*}\]}`},
		{"user passkey set", `{"username": "erin", "id": "_-8", "hardware_protected": true}`, `{}`},
		{"user passkey remove", `{"username": "erin", "id": "_-8"}`, `{}`},
		{"user factors", `{"username": "alice"}`, `{"passkeys":0,"recovery_codes":0}`},
		{"user reset-factors", `{"username": "alice"}`, `{"totp":false,"passkeys":0,"recovery_codes":0,"sessions":0,` +
			`"link":"https://login.example.org/link#[A-Za-z0-9_-]{43}","expires_at":"[^"]+"}`},
		{"client token list", `{}`, `{"items":\[{"name":"t","uses_left":1,.*}\]}`},
		{"client token remove", `{"name": "t"}`, `{}`},
		{"resource add", `{"identifier": "https://mcp.example.org/mcp", "name": "Tools", "scopes": {"mcp:tools": "Use the tools"},
			"open_to": "registered", "access_token_lifetime": 300, "allowed_groups": ["staff"], "min_acr": "mfa"}`, `{}`},
		{"resource disable", `{"identifier": "https://mcp.example.org/mcp"}`, `{}`},
		{"resource show", `{"identifier": "https://mcp.example.org/mcp"}`, `{.*"disabled_at":"[^"]+","created_at":"[^"]+"}`},
		{"resource print-config", `{"identifier": "https://mcp.example.org/mcp"}`, `{"config":"{\\n  \\"resource\\".*\\n"}`},
		{"resource enable", `{"identifier": "https://mcp.example.org/mcp"}`, `{}`},
		{"resource list", `{}`, `{"items":\[{"identifier":"https://mcp.example.org/mcp","name":"Tools",` +
			`"scopes":{"mcp:tools":"Use the tools"},"open_to":"registered","access_token_lifetime":300,"allowed_groups":\["staff"\],` +
			`"min_acr":"mfa","created_at":"[^"]+"}\]}`},
		{"resource set", `{"identifier": "https://mcp.example.org/mcp", "new_identifier": "https://mcp.example.org/x", "name": "",
			"access_token_lifetime": 60}`, `{}`},
		{"resource set", `{"identifier": "https://mcp.example.org/x", "new_identifier": "https://mcp.example.org/mcp",
			"access_token_lifetime": 0, "scopes": {}}`, `{}`},
		{"resource remove", `{"identifier": "https://mcp.example.org/mcp"}`, `{}`},
		{"upstream add", `{"name": "google", "issuer": "https://accounts.google.com", "client_id": "us", "client_secret": "s"}`,
			`{"name":"google","redirect_uri":"https://api.example.org/upstream/google/callback"}`},
		{"upstream list", `{}`, `\[{"name":"google","kind":"oidc",.*"has_client_secret":true,"scope":"openid email profile".*}\]`},
		{"upstream try", `{"name": "google"}`, `{"good":true}`},
		{"upstream show", `{"name": "google"}`, `{"name":"google",.*}`},
		{"upstream set", `{"name": "google", "display_name": "Google", "email_domains": ["Uni.Example"]}`, `{}`},
		{"upstream disable", `{"name": "google"}`, `{}`},
		{"upstream enable", `{"name": "google"}`, `{}`},
		{"upstream link", `{"upstream": "google", "sub": "123", "username": "alice"}`, `{}`},
		{"upstream unlink", `{"upstream": "google", "username": "alice"}`, `{}`},
		{"upstream remove", `{"name": "google"}`, `{}`},
		{"plan", `{"files": [{"name": "hub.yaml", "content": "groups:\n- name: staff"}]}`, `{"changes":\[{"verb":"insert","table":"groups",` +
			`"key":{"name":"staff"},"managed_by":"hub.yaml:2","columns":{.*}}\],"moved":\[\],"gone":\[\],"sessions":0,"grants":0}`},
		{"apply", `{"files": [{"name": "hub.yaml", "content": "groups:\n- name: staff"}]}`, `{"changes":.*}`},
		{"export", `{"nouns": ["groups"]}`, `{"yaml":"groups:.*"}`},
		{"sign-in-counts", `{"days": 1}`, `{"hours":\[({"at":"[^"]+","signed_in":0,"failed":0,"throttled":0},?){24}\]}`},
		{"mail list", `{"state": "given_up"}`, `{"items":\[{"id":"[^"]+","username":"erin","recipient":"e@example.org","template":"test",` +
			`"state":"given_up","attempts":0,.*}\]}`},
		{"mail retry", `{"all": true}`, `{"tried":1}`},
		{"whoami", `{}`, `{"name":"","role":"","scope":"","may":\[\]}`},
		{"health", `{}`, `{"version":"","trouble":\[.*\],"keys":\[{.*}\],"store":{"postgres":"1.*}}`},
		{"key list", `{}`, `\[{"alg":"ES256","kid":"k","state":"signs","activates_at":"[^"]+"}\]`},
		{"key rotate", `{"alg": "ES256"}`,
			`{"algs":\["ES256"\],"sessions":0,"grants":0,"personal_access_tokens":0,"same_encryption_key":false}`},
	} {
		o, ok := left[call.name]
		if !ok {
			t.Fatalf("there is no operation %q", call.name)
		}
		called[call.name] = true
		in := reflect.New(o.In)
		try(t, json.Unmarshal([]byte(call.in), in.Interface()))
		out, err := o.Run(t.Context(), a, in.Elem().Interface())
		if err != nil {
			t.Errorf("%s: %v", call.name, err)
		}
		if got, _ := json.Marshal(out); !regexp.MustCompile(`^`+call.want+`$`).Match(got) || reflect.TypeOf(out) != o.Out {
			t.Errorf("%s: %s, want %s", call.name, got, call.want)
		}
	}
	for name := range left {
		if !called[name] {
			t.Errorf("%s was not tried", name)
		}
	}
}
