package store

import (
	"regexp"
	"strings"
)

// constraintWords are what a person is told of a constraint whose name alone would be a riddle. Those that many columns have are in
// constraintPhrases.
var constraintWords = map[string]string{
	"users_username_must_be_a_unix_name_lower_case_max_32": "username must be at most 32 lower-case letters, digits, . _ -, not beginning " +
		"with a digit, . or -, such as alice.b",
	"users_username_must_be_an_address_or_a_unix_name_lower_case": "username must be an address, or at most 32 letters, digits, . _ -, " +
		"not beginning with a digit, . or -; all in lower case, such as alice.b or alice@example.org",
	"users_username_must_be_1_to_255_in_lower_case_no_controls": "username must have 1 to 255 characters, in lower case, without spaces " +
		"at its ends and without control characters",
	"users_username_is_retired_free_it_first":         "this username was somebody's: take another, or free it first",
	"users_username_must_be_unique":                   "there is a user with this username already",
	"users_sub_must_be_unique":                        "there is a user with this sub already",
	"users_sub_never_changes_add_a_new_user":          "sub never changes: relying parties know the user by it; add a new user instead",
	"users_email_must_have_one_at_sign":               "email must have one @, with something on both sides",
	"posix_numbers_number_is_given_once":              "this number is, or was, somebody's: it is given once",
	"posix_ranges_has_one_row_of_each_kind":           "there is a range of this kind already",
	"users_gid_needs_a_uid":                           "gid needs a uid",
	"users_email_verified_needs_an_email":             "email_verified needs an email",
	"users_email_must_have_no_white_space":            "email must have no white space",
	"users_password_must_be_a_hash_use_password_hash": "password must be a hash, which password_hash('…') makes, not the password itself",
	"users_password_hash_must_be_of_a_form_in_docs_sql_md": "password is a hash of a kind that cannot be verified here: " +
		"docs/sql.md lists those that can",
	"users_password_hash_must_not_cost_more_than_docs_sql_md_has": "password is a hash that costs too much to verify: " +
		"docs/sql.md has the bounds",
	"groups_name_must_be_unique":                              "there is a group of this name already",
	"groups_name_must_have_no_comma":                          "the name of a group must have no comma",
	"groups_name_must_not_begin_or_end_with_a_space":          "the name of a group must not begin or end with a space",
	"acr_values_value_must_be_unique":                         "there is this acr value already",
	"acr_values_position_must_be_unique":                      "another acr value has this position already",
	"clients_min_acr_must_be_in_acr_values":                   "min_acr must be a value of acr_values: such as mfa or phr",
	"recovery_codes_place_must_be_1_to_10":                    "a person has ten recovery codes at most: place is from 1 to 10",
	"passkeys_credential_id_must_be_unique":                   "this passkey is somebody's already",
	"invitations_email_is_for_one_use":                        "an invitation with an address is for one use: leave out one of them",
	"invitations_email_must_have_one_at_sign":                 "email must have one @, with something on both sides",
	"invitations_email_must_have_no_white_space":              "email must have no white space",
	"invitations_methods_must_be_ones_that_docs_sql_md_lists": "methods must be of password, passkey, upstream and account",
	"sign_up_domain_groups_domain_must_exist":                 "there is no such sign-up domain",
	"sign_up_domains_domain_must_be_a_domain_in_lower_case_ascii": "domain must be one as DNS has it, such as uni.example, without what " +
		"is before the @",
	"sign_up_requests_client_must_exist":         "there is no such client",
	"sign_up_domains_domain_must_be_unique":      "this domain is there already",
	"sign_up_domains_any_domain_takes_approval":  "where any domain will do, somebody has to say yes to each: add approval",
	"sign_up_domain_groups_group_must_exist":     "there is no such group",
	"invitations_code_hmac_takes_an_email":       "what is mailed takes an address",
	"invitations_uses_left_must_be_0_to_10000":   "an invitation can be accepted at most 10000 times",
	"invitations_client_must_exist":              "there is no such client",
	"account_links_client_must_exist":            "there is no such client",
	"invitation_groups_group_must_exist":         "there is no such group",
	"invitation_uses_they_have_it_already":       "they have accepted this invitation already",
	"group_members_group_must_exist":             "there is no such group",
	"group_members_user_is_in_the_group_already": "the user is in the group already",
	"group_owners_group_must_exist":              "there is no such group",
	"group_owners_user_owns_the_group_already":   "the user owns the group already",
	"invitations_owner_must_exist":               "there is no such user",

	"workshops_name_must_be_unique":                             "there is a workshop of this name already, or there was one",
	"workshops_group_must_exist":                                "there is no such group",
	"workshops_client_must_exist":                               "there is no such client",
	"workshops_name_must_be_1_to_32_of_a_z_0_9_dash_underscore": "name must be 1 to 32 of a-z, 0-9, - and _, beginning with a letter or digit",
	"workshops_code_must_be_unique":                             "another workshop has this code: make another one",
	"workshops_code_must_be_words_with_dashes_of_9_to_100_letters": "code must be words of small letters and digits with dashes between " +
		"them, 9 to 100 letters in all",
	"workshops_prefix_must_end_in_dash_dot_or_underscore": "prefix must be lower-case letters, digits, . _ -, at most 20, beginning with a " +
		"letter or _ and ending in - . or _: such as surf-",
	"workshops_seats_must_be_1_to_10000":               "seats must be 1 to 10000",
	"workshops_seats_must_not_be_fewer_than_are_taken": "seats must not be fewer than are taken",
	"workshops_seats_left_must_not_be_more_than_seats": "seats_left must not be more than seats",
	"workshops_grace_must_be_0_to_3650_days":           "grace must be at most 3650 days",
	"users_workshop_must_exist":                        "there is no such workshop, or it has accounts: those are removed first",
	"users_adopted_by_must_exist":                      "there is no such user",

	"clients_client_id_must_be_unique": "there is a client with this client_id already",
	"clients_allowed_upstreams_must_be_names_of_upstreams": "allowed_upstreams must be names of upstreams: 1 to 32 of a-z, 0-9, - and _, " +
		"beginning with a letter or digit",
	"clients_auth_method_must_be_basic_post_private_key_jwt_or_none": "token_endpoint_auth_method must be client_secret_basic, " +
		"client_secret_post, private_key_jwt or none",
	"clients_access_token_typ_must_be_at_jwt_or_jwt": "access_token_typ must be at+jwt or JWT",
	"clients_cors_origins_must_be_in_lower_case":     "cors_origins must be in lower case",
	"clients_cors_origins_must_be_scheme_and_host_without_path": "cors_origins must be a scheme and a host, with a port where it has one, " +
		"and no path: such as https://app.example.org",
	"clients_cors_origins_must_have_no_default_port":   "cors_origins must leave out the port 443 of https and 80 of http, as browsers do",
	"clients_default_max_age_must_not_be_negative":     "default_max_age must not be negative",
	"clients_jwks_and_jwks_uri_exclude_each_other":     "a client has jwks or jwks_uri, not both",
	"clients_jwks_must_be_an_object_with_1_to_20_keys": `jwks must be an object with 1 to 20 keys: {"keys": […]}`,
	"clients_jwks_must_have_no_private_or_symmetric_keys": "jwks must have public keys only: a private or symmetric one is a secret " +
		"that stays with the client",
	"clients_pairwise_needs_redirect_uris_or_sector_identifier_uri": "subject_type pairwise needs redirect_uris or a sector_identifier_uri, " +
		"whose host the subject is made for",
	"clients_pairwise_on_several_hosts_needs_sector_identifier_uri": "subject_type pairwise with redirect_uris on several hosts needs a " +
		"sector_identifier_uri",
	"clients_pairwise_with_private_schemes_needs_sector_identifier": "subject_type pairwise with redirect_uris of a private scheme needs a " +
		"sector_identifier_uri",
	"clients_private_key_jwt_needs_jwks_or_jwks_uri": "token_endpoint_auth_method private_key_jwt needs the client's keys: jwks or jwks_uri",
	"clients_public_redirect_uris_must_be_https_or_loopback": "redirect_uris of a client without a secret must be https, or http of " +
		"localhost, 127.0.0.1 or [::1]",
	"clients_registration_must_be_open_token_or_document":  "registration must be open, token or document",
	"clients_released_claims_must_be_claim_names":          "released_claims must be names of claims",
	"clients_signed_request_objects_need_jwks_or_jwks_uri": "require_signed_request_object needs the client's keys: jwks or jwks_uri",
	"clients_with_a_document_must_have_metadata_fetched_at": "a client with registration document has metadata_fetched_at, " +
		"and no other has",
	"clients_without_a_secret_must_require_pkce": "a client without a secret must have require_pkce",
	"client_claims_client_must_exist":            "there is no such client",
	"client_claims_group_must_exist":             "there is no such group",
	"client_claims_position_is_taken_already":    "the client has a row of this position already",
	"client_claims_position_must_be_1_to_50":     "a client has at most 50 rows, of the positions 1 to 50: give one that is free",
	"client_claims_claim_must_be_1_to_100_letters_digits_and_signs": "claim must be 1 to 100 letters and digits of ASCII, _ . : / and -, " +
		"such as roles or https://example.org/roles",
	"client_claims_claim_must_not_be_one_of_the_protocol": "claim must not be one that only the protocol sets, such as sub, iss or scope, " +
		"in whichever case",
	"client_claims_claim_must_not_be_one_that_a_scope_releases": "claim must not be a standard one, such as email or groups, in whichever " +
		"case: scopes release those",
	"client_claims_must_have_value_or_one_from":            "a row has a value, or one of from_field, from_group and from_group_prefix",
	"client_claims_value_must_be_alone_or_with_from_group": "value must be alone, which is for everybody, or with from_group",
	"client_claims_value_must_say_something":               "value must not be null or empty",
	"client_claims_from_field_must_be_the_name_of_a_claim": "from_field must be username, another claim that scopes release, or a member " +
		"of users.claims",
	"client_claims_from_field_must_not_be_sub":                      "from_field must not be sub, which all tokens have",
	"client_claims_keep_prefix_needs_from_group_prefix":             "keep_prefix needs a from_group_prefix",
	"exchange_policies_audience_must_be_1_to_255_without_spaces":    "audience must have 1 to 255 characters, without spaces",
	"exchange_policies_subject_audience_is_1_to_255_without_spaces": "subject_audience must have 1 to 255 characters, without spaces",
	"exchange_policies_client_has_one_for_this_audience_already":    "the client has a policy for this audience already",
	"terms_have_this_version_already": "there are terms of this name and version already: a version stays as it is, " +
		"so add another",
	"terms_name_must_be_1_to_64_of_a_z_0_9_dot_dash_underscore": "name must be 1 to 64 of a-z, 0-9, ., - and _, beginning with a letter or " +
		"digit: such as terms-of-use",
	"terms_version_must_be_1_to_64_letters_digits_dots_and_dashes": "version must be 1 to 64 letters, digits, ., - and _, beginning with a " +
		"letter or digit: such as 2027-03",
	"terms_titles_must_be_1_to_200_characters_by_language": `titles must be in at least one language, of 1 to 200 characters each: ` +
		`{"en": "Terms of use"}`,
	"terms_texts_must_be_texts_by_language": `texts must be text by language: {"en": "1. Be kind."}`,
	"terms_uris_must_be_https_by_language":  `uris must be https addresses by language: {"en": "https://example.org/terms"}`,
	"terms_must_have_texts_or_uris":         "terms must have texts, or uris where they can be read",
	"terms_acceptances_keep_their_terms":    "people have accepted this version, and that is kept: set ended_at instead",
	"exchange_policies_client_must_exist":   "there is no such client",

	"client_secrets_client_must_exist":                  "there is no such client",
	"client_secrets_name_must_be_unique_for_the_client": "the client has a secret of this name already",

	"initial_access_tokens_name_must_be_unique":            "there is an initial access token of this name already",
	"initial_access_tokens_uses_left_must_not_be_negative": "uses_left must not be negative",

	"passkeys_credential_id_must_have_1_to_1023_bytes":    "credential_id must have 1 to 1023 bytes",
	"passkeys_public_key_must_have_1_to_2000_bytes":       "public_key must have 1 to 2000 bytes",
	"passkeys_sign_count_must_not_be_negative":            "sign_count must not be negative",
	"passkeys_that_are_synced_are_not_hardware_protected": "a passkey that is synced leaves its hardware: it cannot be hardware_protected",
	"passkeys_rp_id_must_be_that_of_all_passkeys": "rp_id must be that of all other passkeys: set GATEHOUSE_PASSKEY_RP_ID to it, or delete " +
		"them, and everybody makes new ones",

	"resources_access_token_lifetime_must_be_1_to_86400_seconds": "access_token_lifetime must be 1 to 86400 seconds, a day",
	"resources_min_acr_must_be_in_acr_values":                    "min_acr must be a value of acr_values: such as mfa or phr",
	"resources_identifier_must_be_unique_without_its_slash":      "there is a resource with this identifier already, but for a slash",

	"resources_identifier_must_be_unique":        "there is a resource with this identifier already",
	"resources_identifier_must_have_no_fragment": "identifier must have no fragment (#…)",
	"resources_scopes_must_be_explained_in_text": `scopes must say in text what each of them is: ` +
		`{"jobs:read": "Read your jobs"}`,
	"resources_scopes_must_be_explained_in_1_to_200_characters": "scopes must be explained in 1 to 200 characters each",
	"resources_scopes_must_be_words_of_at_most_100_characters":  "scopes must be words of at most 100 characters, without spaces and quotes",
	"resources_scopes_must_not_be_those_about_people": "scopes must not be those that are about people, such as openid and email: " +
		"the pages have words for them",

	"upstreams_name_must_be_unique":                             "there is an upstream of this name already",
	"upstreams_name_must_be_1_to_32_of_a_z_0_9_dash_underscore": "name must be 1 to 32 of a-z, 0-9, - and _, beginning with a letter or digit",
	"upstreams_issuer_must_have_no_query":                       "issuer must have no query (?…)",
	"upstreams_of_kind_github_must_have_no_openid_in_scope":     "an upstream of kind github must have no openid in scope",
	"upstreams_of_kind_oidc_need_openid_in_scope":               "an upstream of kind oidc needs openid in scope",
	"upstreams_authorization_params_must_be_texts":              `authorization_params must have texts only: {"prompt": "consent"}`,
	"upstreams_authorization_params_must_not_be_the_protocols": "authorization_params must have none that Gatehouse sends itself, such as " +
		"state and redirect_uri",
	"upstreams_email_domains_must_be_domains_in_lower_case": "email_domains must be domains in lower case, without @: such as example.org",
	"upstreams_that_create_users_need_username_prefix_or_pattern": "an upstream with creates_users needs username_prefix or " +
		"username_pattern: " +
		"else whoever comes from there chooses any name",
	"upstreams_that_trust_email_need_email_domains":           "an upstream with trusts_email needs email_domains: those that it speaks for",
	"upstreams_username_pattern_must_be_a_regular_expression": "username_pattern must be a regular expression, without (?…) options",
	"upstreams_username_prefix_must_end_in_dash_dot_or_underscore": "username_prefix must be lower-case letters, digits, . _ -, beginning " +
		"with a letter or _ and ending in - . or _: such as uni-",
	"upstream_accounts_account_is_linked_already":         "this account is linked already",
	"upstream_accounts_upstream_must_exist":               "there is no such upstream",
	"upstream_accounts_user_has_an_account_there_already": "the user has an account of this upstream already",
}

// constraintPhrases are what many columns have: what follows the table in the name, in lower case as Postgres has it, and the same in
// words.
var constraintPhrases = []constraintPhrase{
	{rule(`user_must_exist`), "there is no such user"},
	{rule(`token_must_be_unique`), "there is a token of this value already"},
	{rule(`(\w+)_must_be_a_date_or_null`), "$1 must be a date, or NULL"},
	{rule(`(\w+)_must_be_a_date`), "$1 must be a date"},
	{rule(`(\w+)_must_be_in_the_years_(\d+)_to_(\d+)`), "$1 must be in the years $2 to $3"},
	{rule(`(\w+)_must_be_whole_days`), "$1 must be whole days, such as 365 days"},
	{rule(`(\w+)_must_be_1_day_to_100_years`), "$1 must be from a day to 100 years"},
	{rule(`(\w+)_must_be_after_(\w+)`), "$1 must be after $2"},
	{rule(`fapi2_needs_response_types_of_code_alone`), "security_profile fapi2 needs response_types of code alone"},
	{rule(`fapi2_needs_token_endpoint_auth_method_(\w+)`), "security_profile fapi2 needs token_endpoint_auth_method $1"},
	{rule(`fapi2_needs_(\w+)`), "security_profile fapi2 needs $1"},
	{rule(`fapi2_(\w+)_must_not_be_rs256`), "with security_profile fapi2, $1 must not be RS256"},
	{rule(`access_token_alg_must_be_rs256_ps256_es256_or_eddsa`),
		"access_token_signing_alg must be RS256, PS256, ES256 or EdDSA"},
	{rule(`(id_token|userinfo)_alg_must_be_rs256_ps256_es256_or_eddsa`),
		"${1}_signed_response_alg must be RS256, PS256, ES256 or EdDSA"},
	{rule(`(request_object|token_endpoint_auth)_alg_(must_be|is)_rs256_ps256_es256_or_eddsa`),
		"${1}_signing_alg must be RS256, PS256, ES256 or EdDSA"},
	{rule(`alg_must_be_rs256_ps256_es256_or_eddsa`), "alg must be RS256, PS256, ES256 or EdDSA"},
	{rule(`(\w+)_must_have_at_most_(\d+)_characters`), "$1 must have at most $2 characters"},
	{rule(`(\w+)_must_have_(\d+)_to_(\d+)_characters`), "$1 must have $2 to $3 characters"},
	{rule(`(\w+)_must_have_no_control_characters?`), "$1 must have no control characters, such as line breaks"},
	{rule(`(\w+)_must_not_be_null`), "$1 must have no NULL in it"},
	{rule(`(\w+)_must_be_at_most_(\d+)`), "$1 must be at most $2"},
	{rule(`(\w+)_must_be_(\d+)_to_(\d+)_printable_ascii`),
		"$1 must have $2 to $3 letters, digits and signs of ASCII, without spaces"},
	{rule(`(\w+)_must_be_a_json_object`), "$1 must be a JSON object"},
	{rule(`(\w+)_must_have_at_most_(\d+)_kb`), "$1 must have at most $2 kB"},
	{rule(`(\w+)_must_be_a_digest_use_sha256`), "$1 must be kept as its SHA-256, which sha256('…') makes, not as it is"},
	{rule(`(\w+)_must_be_words_(separated_by|with)_one_space`), "$1 must be words with one space between them"},
	{rule(`(\w+)_must_be_([a-z0-9]+)_or_([a-z0-9]+)`), "$1 must be $2 or $3"},
	{rule(`(\w+)_must_be_(a_url|uris)`), "$1 must be a URL"},
	{rule(`(uid|gid)_must_be_100_to_4294967293_and_not_nobodys`), "$1 must be 100 to 4294967293, " +
		"and neither 65534 nor 65535, which are nobody's"},
	{rule(`(home|shell)_must_be_an_absolute_path`), "$1 must be an absolute path of at most 255 characters, " +
		"without . and .. and without a colon"},
	{rule(`(uid|gid)_must_be_unique`), "there is somebody with this $1 already"},
}

type constraintPhrase struct {
	rule  *regexp.Regexp
	words string
}

func rule(name string) *regexp.Regexp { return regexp.MustCompile(`^` + name + `$`) }

// inPersonsWords returns what a person is told of a constraint. Of one that is not ours, or of a table that only Gatehouse writes, it is
// the name itself, and ours is false.
func inPersonsWords(table, constraint string) (words string, ours bool) {
	if words, ok := constraintWords[constraint]; ok {
		return words, true
	}
	rule := strings.TrimPrefix(constraint, table+"_")
	for _, phrase := range constraintPhrases {
		if phrase.rule.MatchString(rule) {
			return phrase.rule.ReplaceAllString(rule, phrase.words), true
		}
	}
	return strings.ReplaceAll(rule, "_", " "), false
}
