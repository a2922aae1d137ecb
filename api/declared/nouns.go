// Package declared is what files may declare of the tables that operators manage: how a file is read, compared with the rows that there
// are, and written. It is pure: what it compares is passed in, and what it decides are statements, which others run.
package declared

import (
	"slices"
	"strings"
)

// Noun is a table whose rows a file may declare.
type Noun struct {
	Name    string   // of the table, and of its list in a file
	One     string   // what a row of it is called
	Key     []string // columns that name a row
	Columns []string // that a file may have, those of Key among them, in the order in which they are exported
	Except  []string // all others, which a file may not have
	Secret  *Secret  // that comes by reference; nil: there is none
	People  bool     // only where people are asked for
	Itself  string   // whether a row t came by itself, in SQL: no file declares it; "": none does
	// Deferred is a constraint of the table that can be checked when all is changed; "": there is none.
	Deferred string
	// Made are columns that a trigger fills where a row is added without: what is left out stays as it is.
	Made []string
}

// Secret is a member that a file only refers to.
type Secret struct {
	Member string // of the row in the file
	Table  string // of its own, whose rows name their row by the same columns; "": it is a column of the row
	Column string // where it is stored
	Digest bool   // as its SHA-256
}

// ManagedBy is the column that says where a row is declared: FILE:LINE. It is NULL where nobody declared it.
const ManagedBy = "managed_by"

// Nouns are all tables that files may declare, in an order in which each refers to those before it only.
var Nouns = []*Noun{
	{Name: "acr_values", One: "acr value", Key: words("value"), Deferred: "acr_values_position_must_be_unique",
		Columns: words("value position factors phishing_resistant hardware_protected")},
	{Name: "groups", One: "group", Key: words("name"), Itself: "t.name = '" + owners + "'",
		Columns: words("name description mfa mfa_from inactive_after gid"), Made: words("gid"),
		Except: words("created_at")},
	{Name: "upstreams", One: "upstream", Key: words("name"),
		Secret: &Secret{Member: "client_secret", Column: "client_secret"},
		Columns: words(`name display_name kind issuer client_id scope authorization_params email_domains trusts_email creates_users
			username_prefix username_pattern position mfa_values disabled_at`),
		Except: words("created_at updated_at")},
	{Name: "resources", One: "resource", Key: words("identifier"),
		Columns: words("identifier name scopes open_to access_token_lifetime allowed_groups min_acr disabled_at"),
		Except:  words("created_at")},
	{Name: "clients", One: "client", Key: words("client_id"), Itself: "t.registration IS NOT NULL",
		Secret: &Secret{Member: "client_secret", Table: "client_secrets", Column: "secret_sha256", Digest: true},
		Columns: words(`client_id client_name client_uri logo_uri policy_uri tos_uri contacts initiate_login_uri
			application_type redirect_uris localhost_any_port grant_types response_types scope default_max_age cors_origins
			token_endpoint_auth_method token_endpoint_auth_signing_alg jwks jwks_uri request_uris request_object_signing_alg
			require_signed_request_object require_pushed_authorization_requests require_pkce dpop_bound_access_tokens security_profile
			id_token_signed_response_alg access_token_signing_alg access_token_typ userinfo_signed_response_alg refresh_token_format
			subject_type sector_identifier_uri id_token_scope_claims released_claims audiences
			post_logout_redirect_uris frontchannel_logout_uri frontchannel_logout_session_required backchannel_logout_uri
			backchannel_logout_session_required first_party allowed_groups allowed_upstreams resource_server short_lived_request_objects
			min_acr min_acr_from disabled_at`),
		Except: words("registration registration_access_token_sha256 metadata_fetched_at created_at updated_at")},
	{Name: "terms", One: "version of terms", Key: words("name version"),
		Columns: words("name version titles texts uris groups clients sign_again_after in_force_from ended_at"),
		Made:    words("in_force_from"),
		Except:  words("id created_at")},
	{Name: "client_claims", One: "claim", Key: words("client_id position"),
		Columns: words("client_id position claim value from_field from_group from_group_prefix keep_prefix shape in_access_token"),
		Except:  words("created_at")},
	{Name: "exchange_policies", One: "policy", Key: words("client_id audience"),
		Columns: words("client_id audience scope subject_audience impersonation"),
		Except:  words("created_at")},
	{Name: "users", One: "user", Key: words("username"), People: true,
		Columns: words(`username sub name given_name family_name email email_verified picture zoneinfo locale claims
			uid gid home shell disabled_at expires_at`),
		Made: words("uid gid home shell"),
		Except: words(`id password password_changed_at must_change_password passkey_later_at active_at created_at updated_at
			workshop adopted_by`)},
	{Name: "group_members", One: "membership", Key: words("group_name username"), People: true, Itself: "t.group_name = '" + owners + "'",
		Columns: words("group_name username until")},
	{Name: "group_owners", One: "ownership", Key: words("group_name username"), People: true,
		Columns: words("group_name username"), Except: words("created_at")},
}

// owners is the group of whoever owns a group, whose members triggers keep (oidc.OwnersGroup).
const owners = "gatehouse-owners"

// Others are the tables that no file declares, and why not.
var Others = map[string]string{
	"account_links": ofPeople, "passkeys": ofPeople, "personal_access_tokens": ofPeople, "recovery_codes": ofPeople, "totp_secrets": ofPeople,
	"upstream_accounts": ofPeople, "consents": ofPeople,
	"terms_acceptances": ofPeople,

	"retired_names": "triggers fill it", "offboardings": "what gatehouse offboard did",

	"invitations": "made, shown once and used up", "invitation_groups": "made, shown once and used up", "invitation_uses": own,
	"workshops":             "opened for a day or two, with a code that is made",
	"initial_access_tokens": "made, shown once and used up", "client_secrets": "of a client, which refers to its secret",

	"sign_up_domains": toAnybody, "sign_up_domain_groups": toAnybody, "sign_up_requests": own,

	"audit": own, "audit_turn": own,
	"backchannel_logouts": own, "cache_version": own, "device_codes": own, "email_codes": own, "grants": own, "idempotency_keys": own,
	"end_notices":    own,
	"login_throttle": own, "mail_outbox": own, "pairwise_salt": own, "password_resets": own, "recent_registrations": own, "refusals": own,
	"posix_numbers": own, "posix_ranges": "user set-posix-ranges gives all their numbers",
	"revoked_tokens": own, "sessions": own, "sign_in_counts": own, "sign_ins": own, "signing_keys": own, "used_jtis": own,
	"used_since": own,
}

const (
	ofPeople = "people make it themselves"
	own      = "Gatehouse's own"

	toAnybody = "to whom accounts are open is decided where it is looked at"
)

func words(list string) []string { return strings.Fields(list) }

// NounNamed returns the noun of a table, or nil.
func NounNamed(name string) *Noun {
	i := slices.IndexFunc(Nouns, func(n *Noun) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return Nouns[i]
}

// Names are the names of nouns, people among them where they are asked for.
func Names(people bool) (list []string) {
	for _, n := range Nouns {
		if people || !n.People {
			list = append(list, n.Name)
		}
	}
	return list
}
