package store

import "maps"

const (
	aClient = "INSERT INTO clients (client_id, token_endpoint_auth_method) VALUES (%, 'none')"
	anURI   = "INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris) VALUES ('c', 'none', ARRAY[%])"

	aPairwiseClient = "UPDATE clients SET subject_type = 'pairwise', redirect_uris = %"
)

// A client of FAPI 2.0 has a column each for what the profile wants.
const (
	aFAPI2Client = `UPDATE clients SET security_profile = 'fapi2',
		token_endpoint_auth_method = 'private_key_jwt', jwks_uri = 'https://c.example.org/jwks', %`
	dpop  = "dpop_bound_access_tokens = true"
	par   = "require_pushed_authorization_requests = true"
	ps256 = "id_token_signed_response_alg = 'PS256'"
	fapi2 = dpop + ", " + par + ", " + ps256 + ", "
)

func init() {
	maps.Copy(refused, refusedClients)
	const aResource, scopes = "INSERT INTO resources (identifier) VALUES (%)", "INSERT INTO resources (identifier, scopes) VALUES ('r', %)"
	const aSecret = `INSERT INTO client_secrets (client_id, secret_sha256, name, created_at, expires_at) VALUES ('hub', sha256('x'), %)`
	const named = "INSERT INTO resources (identifier, name) VALUES ('r', %)"
	maps.Copy(refused, map[string]refusedStatement{
		"resources_identifier_must_be_unique":                   {aResource + ", ('twice')", []string{"'twice'"}},
		"resources_identifier_must_be_1_to_255_printable_ascii": {aResource, []string{"''", "'a b'", "'é'", "repeat('x', 256)"}},
		"resources_identifier_must_be_unique_without_its_slash": {
			aResource + ", ('https://mcp.example.org')", []string{"'https://mcp.example.org/'"}},
		"resources_identifier_must_have_no_fragment":     {aResource, []string{"'https://mcp.example.org/#x'"}},
		"resources_name_must_have_1_to_100_characters":   {named, []string{"''", "repeat('x', 101)"}},
		"resources_name_must_have_no_control_characters": {named, []string{"E'a\\nb'"}},
		"resources_open_to_must_be_listed_or_registered": {"INSERT INTO resources (identifier, open_to) VALUES ('r', 'all')", nil},
		"resources_access_token_lifetime_must_be_1_to_86400_seconds": {
			"INSERT INTO resources (identifier, access_token_lifetime) VALUES ('r', %)", []string{"0", "-1", "86401"}},
		"resources_allowed_groups_must_be_at_most_100": {
			"INSERT INTO resources (identifier, allowed_groups) SELECT 'r', array_agg('g' || i) FROM generate_series(1, 101) i", nil},
		"resources_allowed_groups_must_not_be_null": {"INSERT INTO resources (identifier, allowed_groups) VALUES ('r', '{NULL}')", nil},
		"resources_disabled_at_must_be_a_date_or_null": {
			"INSERT INTO resources (identifier, disabled_at) VALUES ('r', %)", []string{"'infinity'", "'-infinity'"}},
		"resources_min_acr_must_be_in_acr_values": {"INSERT INTO resources (identifier, min_acr) VALUES ('r', 'gone')", nil},
		"resources_scopes_must_be_a_json_object":  {scopes, []string{"'[]'", `'"read"'`, "'null'"}},
		"resources_scopes_must_have_at_most_8_kb": {scopes, []string{
			"(SELECT jsonb_object_agg(i, repeat('x', 200)) FROM generate_series(1, 50) i)"}},
		"resources_scopes_must_be_words_of_at_most_100_characters": {scopes, []string{
			`'{"a b": "x"}'`, `'{"": "x"}'`, `'{"a\\b": "x"}'`, `'{"é": "x"}'`, "jsonb_build_object(repeat('x', 101), 'x')"}},
		"resources_scopes_must_be_explained_in_text": {scopes, []string{`'{"a": 1}'`, `'{"a": null}'`, `'{"a": {"en": "x"}}'`}},
		"resources_scopes_must_be_explained_in_1_to_200_characters": {scopes, []string{
			`'{"a": ""}'`, "jsonb_build_object('a', repeat('x', 201))"}},
		"refusals_client_must_exist": {"INSERT INTO refusals (at, client_id, endpoint, error, why) VALUES (now(), 'gone', '', '', '')", nil},
		"client_secrets_client_must_exist": {
			"INSERT INTO client_secrets (client_id, secret_sha256) VALUES (%)", []string{"'c', sha256('x')"}},
		"client_secrets_name_must_be_unique_for_the_client":   {aSecret, []string{"'first', now(), NULL"}},
		"client_secrets_name_must_have_1_to_100_characters":   {aSecret, []string{"'', now(), NULL", "repeat('x', 101), now(), NULL"}},
		"client_secrets_name_must_have_no_control_characters": {aSecret, []string{"E'a\\nb', now(), NULL"}},
		"client_secrets_secret_must_be_a_digest_use_sha256":   {"UPDATE client_secrets SET secret_sha256 = 'a plain secret'", nil},
		"client_secrets_created_at_must_be_a_date": {aSecret, []string{"'x', 'infinity', NULL", "'x', '-infinity', NULL",
			"'x', '10000-01-01', NULL", "'x', '0044-03-15 BC', NULL"}},
		"client_secrets_expires_at_must_be_a_date_or_null":   {aSecret, []string{"'x', now(), 'infinity'", "'x', now(), '10000-01-01'"}},
		"client_secrets_expires_at_must_be_after_created_at": {aSecret, []string{"'x', now(), now()", "'x', now(), '-infinity'"}},
		"client_secrets_must_be_at_most_two_live_ones_remove_one_first": {"%", []string{
			"INSERT INTO client_secrets (client_id, secret_sha256) VALUES ('hub', sha256('2')), ('hub', sha256('3'))",
			"INSERT INTO client_secrets (client_id, secret_sha256, name, created_at, expires_at) VALUES ('hub', sha256('2'), '2', now(), NULL), " +
				"('hub', sha256('3'), '3', now() - interval '1 h', now() + interval '1 s')",
			"WITH ended AS (UPDATE client_secrets SET name = name) INSERT INTO client_secrets (client_id, name, secret_sha256) " +
				"SELECT 'hub', i, sha256('x') FROM generate_series(1, 2) AS i",
		}},
		"resources_scopes_must_have_no_control_characters": {scopes, []string{`'{"a": "x\ny"}'`}},
		"resources_scopes_must_not_be_those_about_people":  {scopes, []string{`'{"email": "x"}'`, `'{"a": "x", "offline_access": "x"}'`}},
	})
}

var refusedClients = map[string]refusedStatement{
	"clients_client_id_must_be_unique":                   {aClient, []string{"'hub'"}},
	"clients_client_id_must_be_1_to_255_printable_ascii": {aClient, []string{"'my hub'", "''"}},
	"clients_without_a_secret_must_require_pkce": {
		"INSERT INTO clients (client_id, token_endpoint_auth_method, require_pkce) VALUES ('c', 'none', false)", nil},
	"clients_without_authentication_must_have_no_secret": {"%", []string{
		"UPDATE clients SET token_endpoint_auth_method = 'none'",
		"INSERT INTO client_secrets (client_id, secret_sha256) VALUES ('spa', sha256('x'))",
		"UPDATE client_secrets SET client_id = 'spa'", "UPDATE client_secrets SET client_id = 'spa', expires_at = now() + interval '1 s'"}},
	"clients_auth_method_must_be_basic_post_private_key_jwt_or_none": {
		"UPDATE clients SET token_endpoint_auth_method = 'client_secret_jwt'", nil},
	"clients_jwks_and_jwks_uri_exclude_each_other": {`UPDATE clients
		SET jwks = '{"keys": [{}]}', jwks_uri = 'https://c.example.org/jwks'`, nil},
	"clients_token_endpoint_auth_alg_is_rs256_ps256_es256_or_eddsa": {"UPDATE clients SET token_endpoint_auth_signing_alg = 'HS256'", nil},
	"clients_request_object_alg_must_be_rs256_ps256_es256_or_eddsa": {"UPDATE clients SET request_object_signing_alg = 'none'", nil},
	"clients_userinfo_alg_must_be_rs256_ps256_es256_or_eddsa":       {"UPDATE clients SET userinfo_signed_response_alg = 'none'", nil},
	"clients_signed_request_objects_need_jwks_or_jwks_uri":          {"UPDATE clients SET require_signed_request_object = true", nil},
	"clients_subject_type_must_be_public_or_pairwise":               {"UPDATE clients SET subject_type = 'private'", nil},
	"clients_security_profile_must_be_openid_or_fapi2":              {"UPDATE clients SET security_profile = 'fapi1'", nil},
	"clients_application_type_must_be_web_or_native":                {"UPDATE clients SET application_type = 'desktop'", nil},
	"clients_public_redirect_uris_must_be_https_or_loopback": {anURI, []string{
		"'http://c.example.org/cb'", "'http://localhost.example.org/cb'"}},
	"clients_scope_must_be_words_separated_by_one_space": {"UPDATE clients SET scope = %", []string{
		"'openid  email'", "' openid'", "'a\"b'"}},
	"clients_id_token_alg_must_be_rs256_ps256_es256_or_eddsa":     {"UPDATE clients SET id_token_signed_response_alg = 'none'", nil},
	"clients_access_token_alg_must_be_rs256_ps256_es256_or_eddsa": {"UPDATE clients SET access_token_signing_alg = 'HS256'", nil},
	"clients_default_max_age_must_not_be_negative":                {"UPDATE clients SET default_max_age = -1", nil},
	"clients_refresh_token_format_must_be_opaque_or_jwt":          {"UPDATE clients SET refresh_token_format = 'JWT'", nil},

	"clients_client_name_must_have_1_to_100_characters":   {"UPDATE clients SET client_name = %", []string{"''", "repeat('x', 101)"}},
	"clients_client_name_must_have_no_control_characters": {"UPDATE clients SET client_name = %", []string{"E'a\\nb'"}},
	"clients_scope_must_have_at_most_1000_characters":     {"UPDATE clients SET scope = repeat('x', 1001)", nil},
	"clients_private_key_jwt_needs_jwks_or_jwks_uri": {
		"UPDATE clients SET token_endpoint_auth_method = 'private_key_jwt'", nil},
	"clients_with_private_key_jwt_must_have_no_secret": {"%", []string{
		"UPDATE clients SET token_endpoint_auth_method = 'private_key_jwt', jwks_uri = 'https://c.example.org/jwks' WHERE client_id = 'hub'",
		"INSERT INTO client_secrets (client_id, secret_sha256) VALUES ('signs', sha256('x'))"}},
	"clients_jwks_must_be_an_object_with_1_to_20_keys": {"UPDATE clients SET jwks = %", []string{
		"'[]'", "'{}'", "'{\"keys\": []}'", "'{\"keys\": [\"x\"]}'", "'{\"keys\": {\"kty\": \"EC\"}}'",
		"jsonb_build_object('keys', array_to_json(array_fill('{}'::json, '{21}')))"}},
	"clients_jwks_must_have_no_private_or_symmetric_keys": {"UPDATE clients SET jwks = %", []string{
		"'{\"keys\": [{\"kty\": \"oct\", \"k\": \"x\"}]}'", "'{\"keys\": [{\"kty\": \"RSA\"}, {\"kty\": \"EC\", \"d\": \"x\"}]}'"}},
	"clients_jwks_must_have_at_most_32_kb": {"UPDATE clients SET jwks = %", []string{
		"jsonb_build_object('keys', jsonb_build_array(jsonb_build_object('n', repeat('x', 40000))))"}},
	"clients_pairwise_needs_redirect_uris_or_sector_identifier_uri": {aPairwiseClient, []string{"'{}'"}},
	"clients_pairwise_with_private_schemes_needs_sector_identifier": {aPairwiseClient, []string{
		"'{org.example:/cb}'", "'{https://a.example.org/,org.example:/cb}'"}},
	"clients_pairwise_on_several_hosts_needs_sector_identifier_uri": {aPairwiseClient, []string{
		"'{https://a.example.org/,https://b.example.org/}'", "'{https://a.example.org/,https://b_a.example.org/}'"}},

	"clients_fapi2_needs_token_endpoint_auth_method_private_key_jwt": {"UPDATE clients SET security_profile = 'fapi2', " +
		fapi2 + "require_pkce = true", nil},
	"clients_fapi2_needs_require_pushed_authorization_requests": {aFAPI2Client, []string{dpop + ", " + ps256}},
	"clients_fapi2_needs_dpop_bound_access_tokens":              {aFAPI2Client, []string{par + ", " + ps256}},
	"clients_fapi2_needs_require_pkce":                          {aFAPI2Client, []string{fapi2 + "require_pkce = false"}},
	"clients_fapi2_needs_response_types_of_code_alone": {aFAPI2Client, []string{
		fapi2 + "response_types = '{code,token}'", fapi2 + "response_types = '{}'"}},
	"clients_fapi2_id_token_signed_response_alg_must_not_be_rs256": {aFAPI2Client, []string{dpop + ", " + par}},
	"clients_fapi2_access_token_signing_alg_must_not_be_rs256": {aFAPI2Client, []string{
		fapi2 + "access_token_signing_alg = 'RS256'"}},
	"clients_fapi2_userinfo_signed_response_alg_must_not_be_rs256": {aFAPI2Client, []string{
		fapi2 + "userinfo_signed_response_alg = 'RS256'"}},
	"clients_fapi2_token_endpoint_auth_signing_alg_must_not_be_rs256": {aFAPI2Client, []string{
		fapi2 + "token_endpoint_auth_signing_alg = 'RS256'"}},
	"clients_fapi2_request_object_signing_alg_must_not_be_rs256": {aFAPI2Client, []string{
		fapi2 + "request_object_signing_alg = 'RS256'"}},

	"clients_contacts_must_not_be_null":       {"UPDATE clients SET contacts = '{NULL}'", nil},
	"clients_grant_types_must_not_be_null":    {"UPDATE clients SET grant_types = '{authorization_code,NULL}'", nil},
	"clients_response_types_must_not_be_null": {"UPDATE clients SET response_types = '{NULL}'", nil},
	"clients_allowed_groups_must_not_be_null": {"UPDATE clients SET allowed_groups = '{NULL}'", nil},

	"clients_access_token_typ_must_be_at_jwt_or_jwt": {"UPDATE clients SET access_token_typ = %", []string{"'jwt'", "''", "'logout+jwt'"}},
	"clients_cors_origins_must_be_at_most_100": {
		"UPDATE clients SET cors_origins = array_fill('https://c.example.org'::text, '{101}')", nil},
	"clients_cors_origins_must_not_be_null":      {"UPDATE clients SET cors_origins = '{NULL}'", nil},
	"clients_cors_origins_must_be_in_lower_case": {"UPDATE clients SET cors_origins = '{https://C.example.org}'", nil},
	"clients_cors_origins_must_be_scheme_and_host_without_path": {"UPDATE clients SET cors_origins = %", []string{
		"ARRAY['null']", "'{*}'", "ARRAY['']", "'{capacitor:}'", "'{https://c.example.org/}'", "'{https://*.example.org}'",
		"'{https://u@c.example.org}'", "'{c.example.org}'", "ARRAY[E'https://c.example.org\\n']"}},
	"clients_cors_origins_must_have_no_default_port": {"UPDATE clients SET cors_origins = %", []string{
		"'{https://c.example.org:443}'", "'{http://localhost:80}'"}},
	"clients_released_claims_must_be_at_most_20": {"UPDATE clients SET released_claims = array_fill('x'::text, '{21}')", nil},
	"clients_released_claims_must_not_be_null":   {"UPDATE clients SET released_claims = '{NULL}'", nil},
	"clients_released_claims_must_be_claim_names": {"UPDATE clients SET released_claims = %", []string{
		"'{a b}'", "ARRAY['']", "ARRAY[E'a\\nb']"}},
	"clients_audiences_must_be_at_most_20": {"UPDATE clients SET audiences = array_fill('x'::text, '{21}')", nil},
	"clients_audiences_must_not_be_null":   {"UPDATE clients SET audiences = '{NULL}'", nil},
	"clients_audiences_must_be_1_to_255_printable_ascii": {"UPDATE clients SET audiences = %", []string{
		"'{a b}'", "ARRAY['']", "ARRAY['é']", "ARRAY[repeat('x', 256)]", "ARRAY[E'a\\nb']"}},
	"clients_allowed_upstreams_must_be_at_most_20": {"UPDATE clients SET allowed_upstreams = array_fill('x'::text, '{21}')", nil},
	"clients_allowed_upstreams_must_not_be_null":   {"UPDATE clients SET allowed_upstreams = '{NULL}'", nil},
	"clients_allowed_upstreams_must_be_names_of_upstreams": {"UPDATE clients SET allowed_upstreams = %", []string{
		"'{Google}'", "ARRAY['']"}},
}
