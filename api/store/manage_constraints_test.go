package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"gatehouse/api/devdb"
)

// connect returns a connection to a migrated database of the test's own.
func connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), devdb.Test(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

const argon = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"

// otherArgon is of another password.
var otherArgon = strings.Replace(argon, "MDEy", "MDEz", 1)

// argonWith is a hash that costs otherwise.
func argonWith(from, to string) string { return "'" + strings.Replace(argon, from, to, 1) + "'" }

const (
	aUser      = "INSERT INTO users (username) VALUES (%)"
	aSub       = "INSERT INTO users (username, sub) VALUES ('bob', %)"
	aPassword  = "INSERT INTO users (username, password) VALUES ('bob', %)"
	aUID       = "INSERT INTO users (username, uid) VALUES ('bob', %)"
	aGID       = "INSERT INTO groups (name, gid) VALUES ('b', %)"
	aHome      = "INSERT INTO users (username, home) VALUES ('bob', %)"
	aShell     = "INSERT INTO users (username, shell) VALUES ('bob', %)"
	aRange     = "INSERT INTO posix_ranges (kind, first, last) VALUES ('uid', 1000, 1999), (%, 3000, 3999)"
	aGroup     = "INSERT INTO groups (name) VALUES (%)"
	anOwner    = "INSERT INTO group_owners (username, group_name) VALUES (%)"
	aMember    = "INSERT INTO group_members (username, group_name) VALUES (%)"
	anACR      = "INSERT INTO acr_values (value, position, factors) VALUES (%)"
	anUpstream = "INSERT INTO upstreams (name, issuer, client_id) VALUES (%)"
	aChange    = "UPDATE upstreams SET %"
	anAccount  = "INSERT INTO upstream_accounts (upstream, issuer, sub, username) VALUES (%)"
	aToken     = `INSERT INTO personal_access_tokens (username, name, expires_at, token_sha256)
		VALUES ('alice', 'x', now() + interval '1 day', %)`
	aLink     = "INSERT INTO account_links (username, token_sha256) VALUES ('alice', %)"
	anInvite  = "INSERT INTO invitations (token_sha256) VALUES (%)"
	aGuest    = "UPDATE invitations SET %"
	aWorkshop = `INSERT INTO workshops (name, code, prefix, seats, seats_left, until) SELECT name, code, prefix, seats, left_, now()
		FROM (VALUES (%)) AS w (name, code, prefix, seats, left_)`
	aDomain  = "INSERT INTO sign_up_domains (domain) VALUES (%)"
	aPasskey = "INSERT INTO passkeys (name, public_key, user_id, credential_id, rp_id) SELECT 'x', 'x', id, % FROM users"
	aClaim   = "INSERT INTO client_claims (client_id, position, claim, value) VALUES (%)"
	aPolicy  = "INSERT INTO exchange_policies (client_id, audience) VALUES (%)"

	aMail = "INSERT INTO mail_outbox (username, created_at, expires_at, next_attempt_at, last_error, template) VALUES (%, 'test')"
)

// refusedStatement is a statement with % in place of each of the values.
type refusedStatement struct {
	statement string
	values    []string
}

// refused has, for every named constraint, a statement that it must refuse with each of its values.
// There are alice, her group staff and the client hub already.
var refused = map[string]refusedStatement{
	"users_sub_must_be_unique":                            {aSub, []string{"'alice-sub'"}},
	"users_sub_must_be_1_to_255_printable_ascii":          {aSub, []string{"'é'", "''", "'a b'", "repeat('x', 256)"}},
	"users_sub_never_changes_add_a_new_user":              {"UPDATE users SET %", []string{"sub = 'other'", "id = gen_random_uuid()"}},
	"users_username_must_be_unique":                       {aUser, []string{"'alice'"}},
	"users_username_is_retired_free_it_first":             {"UPDATE users SET username = %", []string{"'was.carols'"}},
	"users_uid_must_be_100_to_4294967293_and_not_nobodys": {aUID, []string{"0", "-1", "99", "65534", "65535", "4294967294"}},
	"users_gid_must_be_100_to_4294967293_and_not_nobodys": {
		"ALTER TABLE users DISABLE TRIGGER users_have_posix_numbers; UPDATE users SET uid = 100, gid = %", []string{"0", "65534"}},
	"users_uid_must_be_unique": {"ALTER TABLE users DISABLE TRIGGER users_have_posix_numbers; UPDATE users SET uid = 100; " +
		"INSERT INTO users (username, uid) VALUES ('bob', 100)", nil},
	"users_gid_needs_a_uid": {"UPDATE users SET gid = 1000", nil},
	"users_home_must_be_an_absolute_path": {aHome, []string{"'home'", "'/a/../b'", "'/a:b'",
		"'/' || repeat('x', 255)"}},
	"users_shell_must_be_an_absolute_path":                 {aShell, []string{"'sh'", "'/bin/./sh'", "'/a:b'"}},
	"groups_gid_must_be_100_to_4294967293_and_not_nobodys": {aGID, []string{"0", "99", "65534", "4294967294"}},
	"groups_gid_must_be_unique": {"ALTER TABLE groups DISABLE TRIGGER groups_have_posix_numbers; " +
		"INSERT INTO groups (name, gid) VALUES ('a', 100), ('b', 100)", nil},
	"posix_ranges_has_one_row_of_each_kind": {aRange, []string{"'uid'"}},
	"posix_ranges_kind_must_be_uid_or_gid":  {aRange, []string{"'pid'"}},
	"posix_numbers_number_is_given_once":    {"INSERT INTO groups (name, gid) VALUES ('a', 100), ('b', 100)", nil},
	"posix_ranges_must_have_a_number_left": {"SELECT set_posix_ranges('[100,100]', '[200,200]'); " +
		"INSERT INTO groups (name) VALUES ('a'), ('b')", nil},
	"users_gid_must_be_the_uid_or_that_of_a_group": {"INSERT INTO users (username, uid, gid) VALUES ('bob', 1000, 1001)", nil},
	"users_username_must_be_a_unix_name_lower_case_max_32": {aUser, []string{
		"'Bob'", "'1bob'", "'b ob'", "'../b'", "repeat('b', 33)", "E'b\\n'", "''"}},
	"users_password_must_be_a_hash_use_password_hash": {aPassword, []string{
		"'correct horse'", "''", "'$'", "'100$ for 2$'", "'{curly}'", "'{'"}},
	"users_password_hash_must_be_of_a_form_in_docs_sql_md": {aPassword, []string{
		"'$1$salt$md5'", "crypt('correct horse', gen_salt('md5'))", "'$2a$10$short'", "'$argon2id$nonsense'", "'{MD5}x'", "'{\"a\": 1}'",
		"'{\"secretData\"'", "'$y$j9T$salt$' || repeat('a', 43)", "'md5$salt$' || repeat('a', 32)", argonWith("argon2id", "argon2d")}},
	"users_password_hash_must_not_cost_more_than_docs_sql_md_has": {aPassword, []string{
		"'$2a$15$' || repeat('a', 53)", "'$2a$03$' || repeat('a', 53)",
		argonWith("m=19456", "m=1048577"), argonWith("m=19456", "m=7"), argonWith("t=2", "t=11"), argonWith("p=1", "p=17"),
		"'pbkdf2_sha256$2000001$salt$' || repeat('a', 43) || '='", "'$6$rounds=1000001$salt$' || repeat('a', 86)"}},
	"users_email_must_have_one_at_sign":                  {"UPDATE users SET email = %", []string{"'alice'", "'a@b@c'", "'@b'", "''"}},
	"users_email_must_have_no_white_space":               {"UPDATE users SET email = %", []string{"E'a@b\\n.org'", "' a@b'", "E'a@b\\x7f'"}},
	"users_email_must_have_at_most_254_characters":       {"UPDATE users SET email = repeat('a', 254) || '@b'", nil},
	"users_email_verified_needs_an_email":                {"UPDATE users SET email_verified = true", nil},
	"users_name_must_have_at_most_200_characters":        {"UPDATE users SET name = repeat('x', 201)", nil},
	"users_name_must_have_no_control_characters":         {"UPDATE users SET name = E'a\\tb'", nil},
	"users_given_name_must_have_at_most_200_characters":  {"UPDATE users SET given_name = repeat('x', 201)", nil},
	"users_given_name_must_have_no_control_characters":   {"UPDATE users SET given_name = E'a\\nb'", nil},
	"users_family_name_must_have_at_most_200_characters": {"UPDATE users SET family_name = repeat('x', 201)", nil},
	"users_family_name_must_have_no_control_characters":  {"UPDATE users SET family_name = E'a\\x01b'", nil},
	"users_expires_at_must_be_a_date_or_null":            {"UPDATE users SET expires_at = %", []string{"'infinity'", "'-infinity'"}},
	"users_expires_at_must_be_in_the_years_1970_to_9999": {"UPDATE users SET expires_at = %", []string{
		"'9999-12-31 00:00Z'", "'20000-01-01'", "'1969-12-31 23:59Z'", "'0044-03-15 BC'"}},
	"users_claims_must_be_a_json_object":  {"UPDATE users SET claims = %", []string{"'[]'", "'1'", "'null'"}},
	"users_claims_must_have_at_most_8_kb": {"UPDATE users SET claims = jsonb_build_object('a', repeat('x', 9000))", nil},

	"groups_mfa_from_must_be_a_date_or_null":            {"UPDATE groups SET mfa_from = %", []string{"'infinity'", "'-infinity'"}},
	"acr_values_value_must_be_unique":                   {anACR, []string{"'mfa', 1, 1"}},
	"acr_values_value_must_be_1_to_255_printable_ascii": {anACR, []string{"'', 1, 1", "'a b', 1, 1", "repeat('a', 256), 1, 1"}},
	"acr_values_position_must_be_unique":                {anACR, []string{"'a', 40, 1"}},
	"acr_values_factors_must_be_1_or_2":                 {anACR, []string{"'a', 1, 0", "'a', 1, 3"}},
	"clients_min_acr_must_be_in_acr_values":             {"UPDATE clients SET min_acr = 'gone'", nil},
	"clients_min_acr_from_must_be_a_date_or_null":       {"UPDATE clients SET min_acr_from = 'infinity'", nil},
	"recovery_codes_place_must_be_1_to_10": {"INSERT INTO recovery_codes (user_id, place, code_pbkdf2, created_at) " +
		"SELECT id, %, '\\x00', now() FROM users LIMIT 1", []string{"0", "11"}},
	"groups_name_must_be_unique":                     {aGroup, []string{"'staff'"}},
	"groups_name_must_have_1_to_255_characters":      {aGroup, []string{"''", "repeat('g', 256)"}},
	"groups_name_must_have_no_comma":                 {aGroup, []string{"'a,b'", "'cn=staff,ou=groups'"}},
	"groups_name_must_have_no_control_character":     {aGroup, []string{"E'a\\nb'", "E'a\\tb'"}},
	"groups_name_must_not_begin_or_end_with_a_space": {aGroup, []string{"' staff '", "'staff '", "' staff'"}},
	"group_members_user_is_in_the_group_already":     {aMember, []string{"'alice', 'staff'"}},
	"invitations_owner_must_exist":                   {aGuest, []string{"owner = 'nobody'"}},
	"group_owners_group_must_exist":                  {anOwner, []string{"'alice', 'gone'"}},
	"group_owners_user_must_exist":                   {anOwner, []string{"'nobody', 'staff'"}},
	"group_owners_user_owns_the_group_already":       {anOwner, []string{"'alice', 'staff'"}},
	"group_members_until_must_be_a_date_or_null":     {"UPDATE group_members SET until = %", []string{"'infinity'", "'-infinity'"}},
	"group_members_until_must_be_in_the_years_1970_to_9999": {"UPDATE group_members SET until = %", []string{
		"'9999-12-31 00:00Z'", "'20000-01-01'", "'1969-12-31 23:59Z'", "'0044-03-15 BC'"}},
	"groups_inactive_after_must_be_1_day_to_100_years": {"UPDATE groups SET inactive_after = %", []string{
		"'23 hours'", "'-1 day'", "'40000 days'"}},
	"groups_inactive_after_must_be_whole_days": {"UPDATE groups SET inactive_after = %", []string{"'36 hours'", "'1 year'"}},
	"group_members_group_must_exist":           {aMember, []string{"'alice', 'nobody'"}},
	"offboardings_user_must_exist": {`INSERT INTO offboardings (username, memberships, undo_until)
		VALUES ('bob', '[]', now())`, nil},
	"group_members_user_must_exist": {aMember, []string{"'bob', 'staff'"}},

	"backchannel_logouts_reason_must_be_one_of_an_end": {`INSERT INTO backchannel_logouts (client_id, sub, created_at, reason)
		VALUES ('hub', 'x', now(), %)`, []string{"''", "'hijacking'"}},
	"backchannel_logouts_last_error_must_have_at_most_500_characters": {`INSERT INTO backchannel_logouts (client_id, sub, created_at,
		last_error)
		VALUES ('hub', 'x', now(), repeat('x', 501))`, nil},

	"email_codes_user_must_exist": {`INSERT INTO email_codes (username, email, code_hmac, created_at, expires_at)
		VALUES ('nobody', 'a@example.org', '', now(), now())`, nil},
	"password_resets_link_must_be_unique": {`INSERT INTO password_resets (id, link_sha256, code_hmac, browser_sha256, network_hmac, name_hmac,
		created_at, expires_at) SELECT gen_random_uuid(), 'x', '', '', '', '', now(), now() FROM generate_series(1, 2)`, nil},
	"mail_outbox_user_must_exist":                     {aMail, []string{"'nobody', now(), now() + interval '1 h', now(), NULL"}},
	"mail_outbox_expires_at_must_be_after_created_at": {aMail, []string{"NULL, now(), now(), now(), NULL"}},
	"mail_outbox_waits_or_was_sent_or_given_up":       {aMail, []string{"NULL, now(), now() + interval '1 h', NULL, NULL"}},
	"mail_outbox_last_error_must_have_at_most_500_characters": {aMail, []string{
		"NULL, now(), now() + interval '1 h', now(), repeat('x', 501)"}},

	"client_claims_client_must_exist":         {aClaim, []string{"'nobody', 1, 'x', '1'"}},
	"client_claims_group_must_exist":          {"UPDATE client_claims SET from_group = 'nobody'", nil},
	"client_claims_position_is_taken_already": {aClaim, []string{"'hub', 1, 'x', '1'"}},
	"client_claims_position_must_be_1_to_50":  {aClaim, []string{"'hub', 0, 'x', '1'", "'hub', 51, 'x', '1'"}},
	"client_claims_claim_must_be_1_to_100_letters_digits_and_signs": {"UPDATE client_claims SET claim = %", []string{
		"''", "'a b'", "repeat('a', 101)", "'ſub'", "'rôle'", "E'a\n'", "'ro\u200ble'", "'<script>'", "'name#en'"}},
	"client_claims_claim_must_not_be_one_of_the_protocol": {"UPDATE client_claims SET claim = %", []string{
		"'sub'", "'SUB'", "'Iss'", "'scope'", "'cnf'", "'authorization_details'", "'Active'", "'_claim_sources'", "'grant_id'"}},
	"client_claims_claim_must_not_be_one_that_a_scope_releases": {"UPDATE client_claims SET claim = %", []string{
		"'groups'", "'GROUPS'", "'email'", "'Email_Verified'", "'preferred_username'"}},
	"client_claims_must_have_value_or_one_from": {"UPDATE client_claims SET %", []string{
		"value = NULL", "from_field = 'email', from_group = 'staff'", "from_group = 'staff', from_group_prefix = 's'"}},
	"client_claims_value_must_be_alone_or_with_from_group": {"UPDATE client_claims SET %", []string{
		"from_field = 'email'", "from_group_prefix = 's'"}},
	"client_claims_value_must_say_something":     {"UPDATE client_claims SET value = %", []string{`'""'`, "'null'", "'[]'", "'{}'"}},
	"client_claims_value_must_have_at_most_1_kb": {"UPDATE client_claims SET value = to_jsonb(repeat('x', 1023))", nil},
	"client_claims_from_field_must_be_the_name_of_a_claim": {"UPDATE client_claims SET value = NULL, from_field = %", []string{
		"''", "'a b'", "repeat('a', 101)", "'é'"}},
	"client_claims_from_field_must_not_be_sub": {"UPDATE client_claims SET value = NULL, from_field = 'sub'", nil},
	"client_claims_from_group_prefix_must_have_1_to_255_characters": {"UPDATE client_claims SET value = NULL, from_group_prefix = %",
		[]string{"''", "repeat('g', 256)"}},
	"client_claims_from_group_prefix_must_have_no_control_character": {
		"UPDATE client_claims SET value = NULL, from_group_prefix = %", []string{"E'a\\x1b[2J'", "E'a\\n'"}},
	"client_claims_keep_prefix_needs_from_group_prefix": {"UPDATE client_claims SET keep_prefix = true", nil},
	"client_claims_shape_must_be_single_or_list":        {"UPDATE client_claims SET shape = 'csv'", nil},

	"exchange_policies_client_has_one_for_this_audience_already": {aPolicy, []string{"'hub', 'https://data.example.org'"}},
	"exchange_policies_client_must_exist":                        {aPolicy, []string{"'nobody', 'x'"}},
	"exchange_policies_audience_must_be_1_to_255_without_spaces": {aPolicy, []string{"'hub', ''", "'hub', 'a b'"}},
	"exchange_policies_subject_audience_is_1_to_255_without_spaces": {"UPDATE exchange_policies SET subject_audience = %", []string{
		"''", "'a b'"}},
	"exchange_policies_scope_must_be_words_separated_by_one_space": {"UPDATE exchange_policies SET scope = %", []string{
		"'read  write'", "' read'", "'a\"b'"}},
	"exchange_policies_scope_must_have_at_most_1000_characters": {"UPDATE exchange_policies SET scope = repeat('x', 1001)", nil},

	"upstreams_mfa_values_must_be_1_to_255_printable_ascii": {"UPDATE upstreams SET mfa_values = %",
		[]string{"'{\"\"}'", "'{a b}'", "ARRAY[repeat('a', 256)]"}},
	"upstreams_mfa_values_must_be_at_most_20": {"UPDATE upstreams SET mfa_values = array_fill('a'::text, ARRAY[21])", nil},
	"upstreams_mfa_values_must_not_be_null":   {"UPDATE upstreams SET mfa_values = '{NULL}'", nil},
	"upstreams_name_must_be_unique":           {anUpstream, []string{"'google', 'https://op.example.org', 'us'"}},
	"upstreams_name_must_be_1_to_32_of_a_z_0_9_dash_underscore": {"UPDATE upstreams SET name = %", []string{
		"''", "'Google'", "'a/b'", "'-a'", "repeat('x', 33)", "E'a\\n'"}},
	"upstreams_display_name_must_have_1_to_100_characters": {"UPDATE upstreams SET display_name = %", []string{
		"''", "repeat('x', 101)"}},
	"upstreams_display_name_must_have_no_control_characters": {"UPDATE upstreams SET display_name = E'a\\nb'", nil},
	"upstreams_kind_must_be_oidc_or_github":                  {"UPDATE upstreams SET kind = 'saml'", nil},
	"upstreams_issuer_must_have_no_query":                    {"UPDATE upstreams SET issuer = %", []string{"'https://op.example.org/?x=1'"}},
	"upstreams_client_id_must_be_1_to_255_printable_ascii":   {"UPDATE upstreams SET client_id = %", []string{"''", "'a b'"}},
	"upstreams_client_secret_must_be_1_to_2000_printable_ascii": {"UPDATE upstreams SET client_secret = %", []string{
		"''", "E'a\\n'", "repeat('x', 2001)"}},
	"upstreams_scope_must_be_words_separated_by_one_space":  {"UPDATE upstreams SET scope = %", []string{"'openid  email'", "' openid'"}},
	"upstreams_scope_must_have_at_most_1000_characters":     {"UPDATE upstreams SET scope = 'openid ' || repeat('x', 1000)", nil},
	"upstreams_of_kind_oidc_need_openid_in_scope":           {aChange, []string{"scope = 'email'", "scope = 'openidx'", "scope = ''"}},
	"upstreams_of_kind_github_must_have_no_openid_in_scope": {aChange, []string{"kind = 'github'"}},
	"upstreams_authorization_params_must_be_a_json_object": {"UPDATE upstreams SET authorization_params = %", []string{
		"'[]'", `'"x"'`}},
	"upstreams_authorization_params_must_be_texts": {"UPDATE upstreams SET authorization_params = %", []string{
		`'{"max_age": 1}'`, `'{"a": {"b": 1}}'`, `'{"a": ["b"]}'`, `'{"a": null}'`}},
	"upstreams_authorization_params_must_have_at_most_2_kb": {"UPDATE upstreams SET authorization_params = %", []string{
		"jsonb_build_object('a', repeat('x', 3000))"}},
	"upstreams_authorization_params_must_not_be_the_protocols": {"UPDATE upstreams SET authorization_params = %", []string{
		`'{"state": "x"}'`, `'{"redirect_uri": "https://evil.example.org"}'`}},
	"upstreams_email_domains_must_be_at_most_100": {"UPDATE upstreams SET email_domains = array_fill('x'::text, '{101}')", nil},
	"upstreams_email_domains_must_not_be_null":    {"UPDATE upstreams SET email_domains = '{NULL}'", nil},
	"upstreams_email_domains_must_be_domains_in_lower_case": {"UPDATE upstreams SET email_domains = %", []string{
		"'{Example.org}'", "'{@example.org}'", "ARRAY['']", "'{a b}'", "ARRAY[E'a\\nb']"}},
	"upstreams_that_trust_email_need_email_domains":               {"UPDATE upstreams SET trusts_email = true", nil},
	"upstreams_that_create_users_need_username_prefix_or_pattern": {"UPDATE upstreams SET creates_users = true", nil},
	"upstreams_username_prefix_must_end_in_dash_dot_or_underscore": {"UPDATE upstreams SET username_prefix = %", []string{
		"'uni'", "''", "'1-'", "'Uni-'", "'-'", "'a b-'"}},
	"upstreams_username_prefix_must_have_at_most_16_characters": {"UPDATE upstreams SET username_prefix = repeat('a', 16) || '-'", nil},
	"upstreams_username_pattern_must_be_a_regular_expression": {"UPDATE upstreams SET username_pattern = %", []string{
		"'('", "'a)'", "'(?i)a'"}},
	"upstreams_username_pattern_must_have_1_to_200_characters": {"UPDATE upstreams SET username_pattern = %", []string{
		"''", "repeat('a', 201)"}},

	"upstream_accounts_upstream_must_exist":               {anAccount, []string{"'nobody', 'https://op.example.org', '2', 'alice'"}},
	"upstream_accounts_user_must_exist":                   {anAccount, []string{"'google', 'https://op.example.org', '2', 'nobody'"}},
	"upstream_accounts_account_is_linked_already":         {anAccount, []string{"'google', 'https://op.example.org', '1', 'alice'"}},
	"upstream_accounts_user_has_an_account_there_already": {anAccount, []string{"'google', 'https://op.example.org', '2', 'alice'"}},
	"upstream_accounts_sub_must_be_1_to_255_printable_ascii": {"UPDATE upstream_accounts SET sub = %", []string{
		"''", "'é'", "repeat('x', 256)"}},
	"upstream_accounts_label_must_have_1_to_254_characters": {"UPDATE upstream_accounts SET label = %", []string{
		"''", "repeat('x', 255)"}},
	"upstream_accounts_label_must_have_no_control_characters": {"UPDATE upstream_accounts SET label = E'a\\nb'", nil},

	"sessions_cookie_must_be_unique": {`INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
		SELECT gen_random_uuid(), 'x', id, now(), '{pwd}', now(), now(), now() FROM users, generate_series(1, 2)`, nil},
	"sign_ins_outcome_must_be_signed_in_factor_proven_or_failed": {
		"INSERT INTO sign_ins (at, user_id, outcome) VALUES (now(), gen_random_uuid(), %)", []string{"'x'", "''"}},
	"sign_in_counts_outcome_must_be_answered_or_throttled": {
		"INSERT INTO sign_in_counts (hour, outcome, within_ms, n) VALUES (now(), %, 25, 1)", []string{"'x'", "''"}},
	"sessions_user_agent_must_have_at_most_200_characters": {
		`INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at, user_agent)
		SELECT gen_random_uuid(), 'y', id, now(), '{pwd}', now(), now(), now(), repeat('x', 201) FROM users`, nil},
	"account_links_token_must_be_unique":              {aLink, []string{"sha256('a link')"}},
	"account_links_token_must_be_a_digest_use_sha256": {aLink, []string{"'plain'"}},
	"account_links_user_must_exist":                   {"UPDATE account_links SET username = 'nobody'", nil},
	"account_links_client_must_exist":                 {"UPDATE account_links SET client_id = 'nothing'", nil},
	"account_links_expires_at_must_be_after_created_at": {"UPDATE account_links SET expires_at = created_at - interval %", []string{
		"'0'", "'1 day'"}},
	"invitations_token_must_be_unique":                        {anInvite, []string{"sha256('an invitation')"}},
	"invitations_token_must_be_a_digest_use_sha256":           {anInvite, []string{"'plain'"}},
	"invitations_client_must_exist":                           {aGuest, []string{"client_id = 'nothing'"}},
	"invitations_email_must_have_one_at_sign":                 {aGuest, []string{"email = 'ada'", "email = 'a@b@c'", "email = '@b'"}},
	"invitations_email_must_have_no_white_space":              {aGuest, []string{"email = 'a da@b'", "email = E'ada@b\\n'"}},
	"invitations_email_must_have_at_most_254_characters":      {aGuest, []string{"email = '@' || repeat('x', 254)"}},
	"invitations_email_is_for_one_use":                        {aGuest, []string{"email = 'ada@example.org', uses_left = 2"}},
	"invitations_username_must_have_at_most_255_characters":   {aGuest, []string{"username = repeat('x', 256)"}},
	"invitations_name_must_have_at_most_200_characters":       {aGuest, []string{"name = repeat('x', 201)"}},
	"invitations_account_expires_at_must_be_a_date_or_null":   {aGuest, []string{"account_expires_at = 'infinity'"}},
	"invitations_membership_until_must_be_a_date_or_null":     {aGuest, []string{"membership_until = '-infinity'"}},
	"invitations_methods_must_be_ones_that_docs_sql_md_lists": {aGuest, []string{"methods = '{}'", "methods = '{password,none}'"}},
	"invitations_code_hmac_takes_an_email":                    {aGuest, []string{"code_hmac = 'x'"}},
	"invitations_uses_left_must_be_0_to_10000":                {aGuest, []string{"uses_left = -1", "uses_left = 10001"}},
	"invitations_expires_at_must_be_after_created_at":         {aGuest, []string{"expires_at = created_at"}},
	"invitation_groups_group_must_exist":                      {"INSERT INTO invitation_groups SELECT id, 'nothing' FROM invitations", nil},
	"workshops_name_must_be_unique":                           {aWorkshop, []string{"'w', 'a-b-c-d-e-f', 'w-', 1, 1"}},
	"workshops_group_must_exist":                              {"UPDATE workshops SET group_name = 'nothing'", nil},
	"workshops_client_must_exist":                             {"UPDATE workshops SET client_id = 'nothing'", nil},
	"workshops_code_must_be_unique":                           {aWorkshop, []string{"'v', 'onetwo-three', 'w-', 1, 1"}},
	"workshops_seats_must_be_1_to_10000": {aWorkshop, []string{
		"'v', 'a-new-code', 'w-', 0, 0", "'v', 'a-new-code', 'w-', 10001, 1"}},
	"workshops_grace_must_be_0_to_3650_days": {"UPDATE workshops SET grace = %", []string{"'-1 day'", "'3651 days'"}},
	"workshops_name_must_be_1_to_32_of_a_z_0_9_dash_underscore": {"UPDATE workshops SET name = %", []string{
		"''", "'Surf'", "'a b'", "'-a'", "repeat('a', 33)"}},
	"workshops_code_must_be_words_with_dashes_of_9_to_100_letters": {"UPDATE workshops SET code = %", []string{
		"''", "'short-er'", "'One-two-three'", "'one two three'", "'one--two-three'", "'-one-two-three'", "repeat('a', 101)"}},
	"workshops_prefix_must_end_in_dash_dot_or_underscore": {"UPDATE workshops SET prefix = %", []string{
		"''", "'surf'", "'-'", "'Surf-'", "'1-'", "'a b-'", "repeat('a', 20) || '-'"}},
	"workshops_seats_must_not_be_fewer_than_are_taken":  {"UPDATE workshops SET seats_left = -1", nil},
	"workshops_seats_left_must_not_be_more_than_seats":  {"UPDATE workshops SET seats_left = seats + 1", nil},
	"workshops_until_must_be_in_the_years_1970_to_9999": {"UPDATE workshops SET until = %", []string{"'infinity'", "'1969-12-31'"}},
	"users_workshop_must_exist":                         {"UPDATE users SET workshop = 'nothing'", nil},
	"users_adopted_by_must_exist":                       {"UPDATE users SET adopted_by = 'nobody'", nil},
	"sign_up_domains_domain_must_be_unique":             {aDomain, []string{"'uni.example'), ('uni.example'"}},
	"sign_up_domains_domain_must_be_a_domain_in_lower_case_ascii": {aDomain, []string{"'Uni.example'", "'example'", "'@uni.example'",
		"'unі.example'", "'.example'", "'uni..example'", "'uni.example.'", "'-uni.example'", "''", "repeat('a.', 127) || 'example'"}},
	"sign_up_domains_any_domain_takes_approval": {aDomain, []string{"'*'"}},
	"sign_up_domain_groups_domain_must_exist": {
		"INSERT INTO sign_up_domain_groups SELECT 'nothing.example', name FROM groups LIMIT 1", nil},
	"sign_up_domain_groups_group_must_exist": {
		"WITH d AS (INSERT INTO sign_up_domains (domain) VALUES ('uni.example') RETURNING domain) " +
			"INSERT INTO sign_up_domain_groups SELECT domain, 'nothing' FROM d", nil},
	"sign_up_requests_client_must_exist": {"INSERT INTO sign_up_requests (id, email, client_id, network_hmac, browser_sha256, created_at, " +
		"expires_at) VALUES (gen_random_uuid(), 'a@b', 'nothing', '', '', now(), now())", nil},
	"invitation_uses_they_have_it_already": {
		"INSERT INTO invitation_uses SELECT i.id, u.id, now() FROM invitations i, users u, generate_series(1, 2)", nil},
	"personal_access_tokens_token_must_be_unique":              {aToken, []string{"sha256('a token')"}},
	"personal_access_tokens_token_must_be_a_digest_use_sha256": {aToken, []string{"'gatehouse_pat_plain'"}},
	"personal_access_tokens_user_must_exist":                   {"UPDATE personal_access_tokens SET username = 'nobody'", nil},
	"personal_access_tokens_name_must_have_1_to_100_characters": {"UPDATE personal_access_tokens SET name = %", []string{
		"''", "repeat('x', 101)"}},
	"personal_access_tokens_name_must_have_no_control_characters": {"UPDATE personal_access_tokens SET name = E'a\\nb'", nil},
	"personal_access_tokens_scope_must_be_words_with_one_space": {"UPDATE personal_access_tokens SET scope = %", []string{
		"'openid  email'", "' openid'", "'a\"b'"}},
	"personal_access_tokens_scope_must_have_at_most_1000_characters": {"UPDATE personal_access_tokens SET scope = repeat('x', 1001)", nil},
	"personal_access_tokens_expires_at_must_be_after_created_at":     {"UPDATE personal_access_tokens SET expires_at = created_at", nil},
	"passkeys_credential_id_must_be_unique": {"WITH other AS (INSERT INTO users (username) VALUES ('other') RETURNING id) " +
		"INSERT INTO passkeys (user_id, credential_id, rp_id, name, public_key) " +
		"SELECT id, '\\x00', 'example.org', 'a', 'x' FROM (SELECT id FROM users UNION ALL SELECT id FROM other) AS u", nil},
	"passkeys_credential_id_must_have_1_to_1023_bytes": {aPasskey, []string{"'', 'example.org'", "repeat('x', 1024)::bytea, 'example.org'"}},
	"passkeys_public_key_must_have_1_to_2000_bytes": {"UPDATE passkeys SET public_key = %", []string{
		"''", "repeat('x', 2001)::bytea"}},
	"passkeys_name_must_have_1_to_100_characters":         {"UPDATE passkeys SET name = %", []string{"''", "repeat('x', 101)"}},
	"passkeys_name_must_have_no_control_characters":       {"UPDATE passkeys SET name = E'a\\nb'", nil},
	"passkeys_sign_count_must_not_be_negative":            {"UPDATE passkeys SET sign_count = -1", nil},
	"passkeys_that_are_synced_are_not_hardware_protected": {"UPDATE passkeys SET hardware_protected = true, synced = true", nil},
	"passkeys_rp_id_must_be_that_of_all_passkeys":         {aPasskey, []string{"'\\x02', 'example.com'"}},
	"device_codes_user_code_must_be_unique": {`INSERT INTO device_codes (device_code_sha256, user_code_hmac, network_hmac, grant_id, client_id,
		offline, scope, poll_interval, expires_at) SELECT i::text::bytea, 'x', 'x', gen_random_uuid(), 'hub', true, '', '5 s', now()
		FROM generate_series(1, 2) AS i`, nil},
	"device_codes_allowed_must_say_by_whom": {`INSERT INTO device_codes (device_code_sha256, user_code_hmac, network_hmac, grant_id, client_id,
		offline, scope, poll_interval, expires_at, allowed) VALUES ('x', 'x', 'x', gen_random_uuid(), 'hub', true, '', '5 s', now(), true)`, nil},
	"signing_keys_alg_must_be_rs256_ps256_es256_or_eddsa": {"INSERT INTO signing_keys VALUES ('k', 'HS256', 'x', now(), now())", nil},
	"signing_keys_retires_at_must_not_be_before_created_at": {
		"INSERT INTO signing_keys VALUES ('k', 'ES256', 'x', now(), now(), 'epoch')", nil},
	"login_throttle_bucket_must_be_below_16777216": {"INSERT INTO login_throttle VALUES (%, 1, now())", []string{"16777216", "-1"}},
	"audit_turn_must_have_one_row":                 {"INSERT INTO audit_turn VALUES (false, 1)", nil},
	"cache_version_must_have_one_row":              {"INSERT INTO cache_version VALUES (false, 1)", nil},
	"used_since_must_have_one_row":                 {"INSERT INTO used_since VALUES (false)", nil},
	"pairwise_salt_must_have_one_row":              {"INSERT INTO pairwise_salt VALUES (false, 'x')", nil},
}

const someRows = `
	INSERT INTO users (username, sub) VALUES ('alice', 'alice-sub');
	INSERT INTO groups (name) VALUES ('staff');
	INSERT INTO group_members (username, group_name) VALUES ('alice', 'staff');
	INSERT INTO group_owners (username, group_name) VALUES ('alice', 'staff');
	INSERT INTO retired_names (name, sub, person) VALUES ('was.carols', 'carol-sub', 'Carol');
	INSERT INTO clients (client_id) VALUES ('hub');
	INSERT INTO clients (client_id, token_endpoint_auth_method, jwks_uri) VALUES ('spa', 'none', NULL),
		('signs', 'private_key_jwt', 'https://c.example.org/jwks');
	INSERT INTO client_secrets (client_id, name, secret_sha256) VALUES ('hub', 'first', sha256('a secret'));
	INSERT INTO upstreams (name, issuer, client_id) VALUES ('google', 'https://op.example.org', 'us');
	INSERT INTO exchange_policies (client_id, audience) VALUES ('hub', 'https://data.example.org');
	INSERT INTO client_claims (client_id, position, claim, value) VALUES ('hub', 1, 'tier', '"gold"');
	INSERT INTO upstream_accounts (upstream, issuer, sub, username) VALUES ('google', 'https://op.example.org', '1', 'alice');
	INSERT INTO account_links (username, token_sha256) VALUES ('alice', sha256('a link'));
	INSERT INTO invitations (token_sha256) VALUES (sha256('an invitation'));
	INSERT INTO workshops (name, code, prefix, seats, seats_left, until) VALUES ('w', 'one-two-three', 'w-', 9, 9, now());
	INSERT INTO terms (name, version, titles, texts) VALUES ('use', '1', '{"en": "Terms"}', '{"en": "Be kind."}');
	INSERT INTO terms_acceptances (user_id, terms_id) SELECT u.id, t.id FROM users u, terms t;
	INSERT INTO personal_access_tokens (username, name, expires_at, token_sha256)
		VALUES ('alice', 'x', now() + interval '1 day', sha256('a token'));
	INSERT INTO passkeys (name, public_key, user_id, credential_id, rp_id) SELECT 'x', 'x', id, '\x01', 'example.org' FROM users`

func TestEveryConstraintRefusesWhatItNames(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	if _, err := conn.Exec(t.Context(), someRows, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	for constraint, test := range refused {
		for _, value := range append(test.values, "")[:max(1, len(test.values))] {
			statement := strings.Replace(test.statement, "%", value, 1)
			var refusal *pgconn.PgError
			if _, err := conn.Exec(t.Context(), statement); !errors.As(err, &refusal) {
				t.Errorf("%s takes %s: %v", constraint, statement, err)
			} else if refusal.ConstraintName != constraint {
				t.Errorf("%s\nis refused by %q (%s), want %s", statement, refusal.ConstraintName, refusal.Message, constraint)
			}
		}
	}
}

// byTriggers are what triggers refuse by the name of a constraint.
var byTriggers = []string{"posix_ranges_must_have_a_number_left", "users_gid_must_be_the_uid_or_that_of_a_group",
	"terms_in_force_stay_as_they_are_add_a_version",
	"users_sub_never_changes_add_a_new_user", "users_username_is_retired_free_it_first",
	"passkeys_rp_id_must_be_that_of_all_passkeys",
	"client_secrets_must_be_at_most_two_live_ones_remove_one_first", "clients_without_authentication_must_have_no_secret",
	"clients_with_private_key_jwt_must_have_no_secret"}

func TestEveryConstraintHasANameAndATest(t *testing.T) {
	t.Parallel()
	rows, err := connect(t).Query(t.Context(), `SELECT conname FROM pg_constraint
		WHERE connamespace = 'public'::regnamespace AND conname !~ '_(pkey|fkey)$' AND coninhcount = 0 AND contype IN ('c', 'f', 'p', 'u', 'x')
			AND pg_get_constraintdef(oid) !~ 'check_uris' -- those are in check_uris_test.go`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, ok := refused[name]; !ok {
			t.Errorf("%s has no line in refused", name)
		}
		if strings.HasSuffix(name, "_check") || strings.HasSuffix(name, "_key") || len(name) > 63 {
			t.Errorf("%s is no name that says what to do", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		if !slices.Contains(names, name) && !slices.Contains(byTriggers, name) {
			t.Errorf("%s is not in the schema", name)
		}
	}
}

func TestWhatIsSafeIsTaken(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	for _, statement := range []string{
		"INSERT INTO users (username) VALUES ('a')",
		"INSERT INTO users (username) VALUES ('_svc-1.x')",
		"INSERT INTO users (username, password) VALUES ('u1', crypt('correct horse', gen_salt('bf')))",
		"INSERT INTO users (username, password) VALUES ('u2', password_hash('correct horse'))",
		"INSERT INTO users (username, password) VALUES ('u3', '" + argon + "')",
		"INSERT INTO users (username, email, email_verified, name) VALUES ('u4', 'u4@example.org', true, 'Zoë')",
		"UPDATE users SET username = 'u5' WHERE username = 'u4'",
		"INSERT INTO groups (name) VALUES ('course:2026/physics')",
		`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris) VALUES ('c1', 'none',
			'{https://c.example.org/cb?x=1,http://localhost:8000/cb,http://127.0.0.1/,"http://[::1]:80/",org.example.app:/cb,https://c}')`,
		`UPDATE clients SET audiences = '{https://data.example.org/?x=1}', redirect_uris = redirect_uris ||
			'{https://pos_integration.example.org/cb,myapp:/cb,myapp://cb,com.example+x-1:/cb,vscode://publisher.name/cb,exp://127.0.0.1:19000}'
			WHERE client_id = 'c1'`,
		`UPDATE clients SET cors_origins = '{capacitor://localhost,ionic://localhost,tauri://localhost,https://localhost,http://tauri.localhost,
			"http://[::1]:8080",https://c.example.org:8443,app://obsidian.md}'`,
		"UPDATE clients SET post_logout_redirect_uris = ARRAY(SELECT 'https://' || i || '.example.org/' FROM generate_series(1, 100) i)",
		`INSERT INTO clients (client_id, redirect_uris, post_logout_redirect_uris) VALUES ('c2',
			'{http://hub.internal/hub/oauth_callback}', '{http://hub.internal/}')`,
		`INSERT INTO upstreams (name, display_name, issuer, client_id, client_secret, authorization_params, email_domains, trusts_email)
			VALUES ('google', 'Google', 'https://accounts.google.com', 'us', 'GOCSPX-s', '{"access_type": "offline"}',
			'{example.org,gmail.example}', true)`,
		`INSERT INTO upstreams (name, kind, issuer, client_id, scope)
			VALUES ('github', 'github', 'https://github.com', 'us', 'read:user user:email')`,
		"INSERT INTO upstreams (name, issuer, client_id) VALUES ('auth0', 'https://tenant.example.org/', 'us')",
		"UPDATE clients SET allowed_upstreams = '{google,github}'",
		`INSERT INTO resources (identifier, name, scopes, open_to) VALUES ('https://mcp.example.org/mcp?v=1', 'Zoë’s tools',
			'{"mcp:tools": "Use the “tools” (all)", "!#[]^~": "Ä"}', 'registered')`,
		`INSERT INTO resources (identifier, access_token_lifetime, allowed_groups, min_acr, disabled_at)
			VALUES ('https://data.example.org', 86400, '{staff,"Group, with a comma"}', 'phr', now())`,
		"UPDATE clients SET client_uri = 'https://c.example.org', logo_uri = NULL, default_max_age = 0, scope = ''",
		`UPDATE clients SET jwks = '{"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}]}', require_signed_request_object = true,
			request_uris = '{https://c.example.org/ro.jwt#GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM,https://c.example.org/ro}'`,
		`UPDATE clients SET subject_type = 'pairwise', redirect_uris = '{https://a.example.org/1,https://A.example.org:8443/2}'
			WHERE client_id = 'c1'`,
		`UPDATE clients SET redirect_uris = '{https://a.example.org/,https://b.example.org/}',
			sector_identifier_uri = 'https://a.example.org/uris' WHERE client_id = 'c1'`,
		`UPDATE clients SET security_profile = 'fapi2', token_endpoint_auth_method = 'private_key_jwt',
			dpop_bound_access_tokens = true,
			require_pushed_authorization_requests = true, id_token_signed_response_alg = 'PS256' WHERE client_id = 'c2'`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Errorf("%s\nis refused: %v", statement, err)
		}
	}
}

func TestPasswordHashRefusesWeakOnes(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	for _, password := range []string{"short", strings.Repeat("x", 73), "Password1!", "Passw0rd", "aaaaaaaa", "abcabcabc", "Qwertzuiop",
		"MyJupyterHub1", "1234567890"} {
		if _, err := conn.Exec(t.Context(), "SELECT password_hash($1)", password); err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("%q: %v", password, err)
		}
	}
}
