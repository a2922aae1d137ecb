package store

import "maps"

const (
	someTerms   = `INSERT INTO terms (name, version, titles, texts) VALUES (%, '{"en": "Terms"}', '{"en": "Be kind."}')`
	termsTitled = `INSERT INTO terms (name, version, texts, titles) VALUES ('use', '2', '{"en": "Be kind."}', %)`
	termsSaying = `INSERT INTO terms (name, version, titles, texts) VALUES ('use', '2', '{"en": "Terms"}', %)`
	termsAt     = `INSERT INTO terms (name, version, titles, uris) VALUES ('use', '2', '{"en": "Terms"}', %)`
)

func init() {
	maps.Copy(refused, map[string]refusedStatement{
		"terms_have_this_version_already": {someTerms, []string{"'use', '1'"}},
		"terms_name_must_be_1_to_64_of_a_z_0_9_dot_dash_underscore": {someTerms, []string{
			"'', '1'", "'Use', '1'", "'a b', '1'", "'../use', '1'", "repeat('x', 65), '1'"}},
		"terms_version_must_be_1_to_64_letters_digits_dots_and_dashes": {someTerms, []string{
			"'use', ''", "'use', '1/2'", "'use', '1 2'", "'use', repeat('1', 65)"}},
		"terms_titles_must_be_1_to_200_characters_by_language": {termsTitled, []string{
			`'{}'`, `'[]'`, `'"Terms"'`, `'{"en": ""}'`, `'{"english": "Terms"}'`, `'{"en": "a\nb"}'`, `'{"en": 1}'`, `'{"": "Terms"}'`,
			`jsonb_build_object('en', repeat('x', 201))`}},
		"terms_texts_must_be_texts_by_language": {termsSaying, []string{
			`'[]'`, `'{"en": " \n "}'`, `'{"EN": "Be kind."}'`, `'{"en": {}}'`, `'{"en": null}'`}},
		"terms_texts_must_have_at_most_300_kb": {termsSaying, []string{`jsonb_build_object('en', repeat('x', 307200))`}},
		"terms_must_have_texts_or_uris":        {termsSaying, []string{`'{}'`}},
		"terms_uris_must_be_https_by_language": {termsAt, []string{
			`'{"en": "http://example.org/"}'`, `'{"en": "javascript:alert(1)"}'`, `'{"en": "https://a b/"}'`, `'{"en": "https://"}'`,
			`'{"en": "https://user@example.org/"}'`, `'{"en": "https://example.org/\"onclick="}'`, `'{"en": "https://example.org/<x>"}'`,
			`'{"en": " https://example.org/"}'`, `'{"en": "https://example.org/\n"}'`}},
		"terms_uris_must_have_at_most_8_kb": {termsAt, []string{`jsonb_build_object('en', 'https://example.org/' || repeat('x', 8192))`}},
		"terms_groups_must_be_at_most_100": {
			"UPDATE terms SET groups = ARRAY(SELECT i::text FROM generate_series(1, 101) AS i)", nil},
		"terms_groups_must_not_be_null": {"UPDATE terms SET groups = '{staff,NULL}'", nil},
		"terms_clients_must_be_at_most_100": {
			"UPDATE terms SET clients = ARRAY(SELECT i::text FROM generate_series(1, 101) AS i)", nil},
		"terms_clients_must_not_be_null": {"UPDATE terms SET clients = '{NULL}'", nil},
		"terms_sign_again_after_must_be_1_day_to_100_years": {"UPDATE terms SET sign_again_after = %", []string{
			"'0'", "'-1 day'", "'36501 days'"}},
		"terms_sign_again_after_must_be_whole_days": {"UPDATE terms SET sign_again_after = '25 hours'", nil},
		"terms_in_force_from_must_be_in_the_years_1970_to_9999": {
			`INSERT INTO terms (name, version, titles, texts, in_force_from) VALUES ('use', '2', '{"en": "T"}', '{"en": "x"}', %)`,
			[]string{"'infinity'", "'-infinity'", "'1969-12-31'", "'10000-01-01'"}},
		"terms_ended_at_must_be_in_the_years_1970_to_9999": {"UPDATE terms SET ended_at = %", []string{"'infinity'", "'10000-01-01'"}},
		"terms_in_force_stay_as_they_are_add_a_version": {"UPDATE terms SET %", []string{
			`texts = '{"en": "Be unkind."}'`, "version = '2'", "name = 'other'", "in_force_from = now() + interval '1 day'",
			`titles = '{"en": "Other"}'`, `uris = '{"en": "https://example.org/"}'`, "id = gen_random_uuid()"}},
		"terms_acceptances_keep_their_terms": {"DELETE FROM terms", nil},
	})
}
