package store

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// onlyGatehouse are tables that nobody else writes: their constraints are for whoever works on it.
var onlyGatehouse = []string{"backchannel_logouts", "cache_version",
	"audit", "audit_turn", "device_codes", "email_codes", "login_throttle", "mail_outbox", "pairwise_salt", "password_resets", "refusals",
	"sessions", "sign_ins", "signing_keys", "used_since"}

func TestEveryConstraintHasWordsThatAPersonWouldSay(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	type named struct{ Table, Name string }
	there := map[string]bool{}
	for _, name := range byTriggers {
		there[name] = true
	}
	for _, rule := range []string{"email", "open", "unix"} {
		_, err := conn.Exec(t.Context(), "SELECT set_username_rule($1)", rule)
		try(t, err)
		rows, err := conn.Query(t.Context(), `SELECT conrelid::regclass::text, conname FROM pg_constraint
			WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND conname !~ '_(pkey|fkey)$' AND coninhcount = 0
				AND contype IN ('c', 'f', 'p', 'u', 'x')`)
		try(t, err)
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[named])
		try(t, err)
		for _, c := range list {
			there[c.Name] = true
			if _, own := constraintWords[c.Name]; own || slices.Contains(onlyGatehouse, c.Table) {
				continue
			}
			if _, ours := inPersonsWords(c.Table, c.Name); !ours {
				t.Errorf("%s has no words but its name: add a line to constraintWords, or a phrase", c.Name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(constraintWords)) {
		if !there[name] {
			t.Errorf("there are words for %s, which is not in the schema", name)
		}
		if words := constraintWords[name]; regexp.MustCompile(`_must_|docs sql md|a z 0 9|^.{0,10}$|\.$`).MatchString(words) {
			t.Errorf("%s: %q", name, words)
		}
	}
}

func TestPhrasesNameTheColumnsAsTheyAre(t *testing.T) {
	t.Parallel()
	for constraint, want := range map[string]string{
		"clients_fapi2_needs_dpop_bound_access_tokens": "security_profile fapi2 needs dpop_bound_access_tokens",
		"clients_fapi2_userinfo_signed_response_alg_must_not_be_RS256": "with security_profile fapi2, " +
			"userinfo_signed_response_alg must not be RS256",
		"clients_token_endpoint_auth_alg_is_RS256_PS256_ES256_or_EdDSA": "token_endpoint_auth_signing_alg must be RS256, PS256, ES256 or EdDSA",
		"clients_id_token_alg_must_be_RS256_PS256_ES256_or_EdDSA":       "id_token_signed_response_alg must be RS256, PS256, ES256 or EdDSA",
		"clients_access_token_alg_must_be_RS256_PS256_ES256_or_EdDSA":   "access_token_signing_alg must be RS256, PS256, ES256 or EdDSA",
		"clients_client_name_must_have_1_to_100_characters":             "client_name must have 1 to 100 characters",
		"clients_client_id_must_be_1_to_255_printable_ascii": "client_id must have 1 to 255 letters, " +
			"digits and signs of ASCII, without spaces",
		"clients_secret_must_be_a_digest_use_sha256": "secret must be kept as its SHA-256, " +
			"which sha256('…') makes, not as it is",
		"clients_scope_must_be_words_separated_by_one_space": "scope must be words with one space between them",
		"operators_own_rule_that_is_not_ours":                "operators own rule that is not ours",
	} {
		if got, _ := inPersonsWords("clients", strings.ToLower(constraint)); got != want {
			t.Errorf("%s: %q, want %q", constraint, got, want)
		}
	}
}

func TestAMissingRowIsNamedAmongSeveral(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	s := open(t, conn.Config().ConnString())
	_, err := conn.Exec(t.Context(), "INSERT INTO users (username) VALUES ('alice'); INSERT INTO groups (name) VALUES ('staff')")
	try(t, err)
	if err := s.AddGroupMembers(t.Context(), "staff", []string{"alice", "bob3"}, nil); err == nil ||
		err.Error() != `there is no such user: "bob3"` {
		t.Errorf("a member who is not there: %v", err)
	}
	if err := s.AddGroupMembers(t.Context(), "gone", []string{"alice"}, nil); err == nil || err.Error() != `there is no such group: "gone"` {
		t.Errorf("a group that is not there: %v", err)
	}
}
