package admin

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// door is how a table of the operators is read and written by operations.
type door struct {
	show, add, set string            // operations; "" if there is none
	not            map[string]string // columns that these have not, and why; "add name" is of that operation alone
}

const (
	byGatehouse = "Gatehouse writes it"
	secret      = "it is a secret, or a digest of one"
	theKey      = "it names the row"
)

// doors are the tables of docs/sql.md.
var doors = map[string]door{
	"users": {"user show", "user add", "user set", map[string]string{
		"id": "sub is what others know them by", "passkey_later_at": byGatehouse, "password": secret + "; user passwd sets it",
		"add disabled_at": "user disable", "set disabled_at": "user disable, user enable",
		"workshop": "whoever types its code", "adopted_by": "they do so themselves",
		"active_at": byGatehouse, "add password_changed_at": byGatehouse, "set password_changed_at": byGatehouse, "set sub": "it never changes"}},
	"retired_names": {"user retired-names", "", "", nil},
	"groups":        {"group show", "group add", "group set", nil},
	"terms": {"terms show", "terms add", "terms set", map[string]string{
		"add id": byGatehouse, "set id": byGatehouse}},
	"group_members": {"", "group add-member", "group set-member", map[string]string{
		"group_name": "it is called group there", "add username": "there are several: usernames"}},
	"group_owners": {"", "group add-owner", "", map[string]string{
		"group_name": "it is called group there", "add username": "there are several: usernames"}},
	"clients": {"client show", "client add", "client set", map[string]string{
		"registration_access_token_sha256": secret,
		"registration":                     "clients that registered themselves have it",
		"metadata_fetched_at":              byGatehouse, "set disabled_at": "client disable, client enable"}},
	"client_secrets": {"client secrets", "client add-secret", "", map[string]string{
		"show client_id": theKey, "show managed_by": "its client shows it", "secret_sha256": secret,
		"add expires_at": "it is called days there", "add used_at": byGatehouse}},
	"client_claims": {"client claim list", "client claim add", "client claim set", map[string]string{
		"show client_id": theKey, "show created_at": "its place is what counts", "show managed_by": "its client shows it"}},
	"upstreams": {"upstream show", "upstream add", "upstream set", map[string]string{
		"show client_secret": secret, "add disabled_at": "upstream disable", "set disabled_at": "upstream disable, upstream enable"}},
	"upstream_accounts": {"user linked-accounts", "upstream link", "", map[string]string{
		"access_token": secret, "refresh_token": secret, "access_token_expires_at": byGatehouse, "token_scope": byGatehouse,
		"refreshing_until": byGatehouse, "add label": byGatehouse, "add used_at": byGatehouse, "add linked_at": byGatehouse,
		"show username": theKey}},
	"resources": {"resource show", "resource add", "resource set", map[string]string{
		"add disabled_at": "resource disable", "set disabled_at": "resource disable, resource enable"}},
	"exchange_policies": {"client exchange-policy list", "client exchange-policy add", "client exchange-policy set", nil},
	"acr_values":        {"acr-value list", "acr-value add", "acr-value set", nil},
	"initial_access_tokens": {"client token list", "client token add", "", map[string]string{
		"token_sha256": secret, "add uses_left": "it is called uses there", "add expires_at": "it is called days there",
		"add used_at": byGatehouse}},
	"account_links": {"user links", "user link", "", map[string]string{
		"token_sha256": secret, "show username": theKey, "add expires_at": "it is called hours there", "add spent_at": "user revoke-links"}},
	"invitations": {"invitation list", "invitation add", "", map[string]string{
		"token_sha256": secret, "add id": byGatehouse, "add created_by": byGatehouse, "add owner": byGatehouse,
		"add uses_left": "it is called uses there", "add expires_at": "it is called hours there",
		"code_hmac": secret, "code_tries_left": byGatehouse, "browser_sha256": byGatehouse}},
	"workshops": {"workshop show", "workshop open", "workshop set", map[string]string{
		"add owner": byGatehouse, "set owner": byGatehouse,
		"group_name": "it is called group there", "add code": byGatehouse, "seats_left": byGatehouse, "add code_closed_at": "workshop set",
		"set code_closed_at": "it is called code_closed there", "closed_at": "workshop close", "show former_accounts": "workshop report",
		"add former_accounts": byGatehouse, "set former_accounts": byGatehouse, "add created_by": byGatehouse, "set created_by": byGatehouse}},
	"sign_up_domains": {"sign-up domain list", "sign-up domain add", "", nil},
	"sign_up_requests": {"sign-up list", "", "", map[string]string{
		"network_hmac": secret, "browser_sha256": secret, "told_at": byGatehouse, "looked_at": byGatehouse, "locale": byGatehouse}},
	"personal_access_tokens": {"user tokens", "", "", map[string]string{
		"token_sha256": secret, "show username": theKey, "show amr": byGatehouse, "show shown_at": byGatehouse}},
	"passkeys": {"user passkey list", "", "user passkey set", map[string]string{
		"show user_id": theKey, "show credential_id": "it is called id there", "show public_key": "nobody reads it",
		"set user_id": theKey, "set credential_id": theKey, "set rp_id": "it never changes", "set public_key": byGatehouse,
		"set sign_count": byGatehouse, "set synced": byGatehouse, "set aaguid": byGatehouse, "set transports": byGatehouse,
		"set used_at": byGatehouse}},
}

// ofGatehouse are tables that belong to Gatehouse: operations read them, and end what is in them.
var ofGatehouse = []string{"audit", "backchannel_logouts", "cache_version", "client_refusals", "consents", "declared_rows", "device_codes",
	"email_codes", "end_notices", "goose_db_version", "grants", "idempotency_keys", "login_throttle", "mail_outbox", "offboardings",
	"pairwise_salt", "password_resets",
	"terms_acceptances",
	"invitation_groups", "invitation_uses", "sign_in_counts",
	"invitation_groups", "invitation_uses", "sign_up_domain_groups", "sign_in_counts",
	"posix_numbers", "posix_ranges",
	"recent_registrations", "recovery_codes", "refusals", "revoked_tokens", "sessions", "signing_keys", "totp_secrets",
	"used_jtis", "used_since"}

// columnsIn returns the names in JSON of the members of an input or a result, or of what it lists.
func columnsIn(t reflect.Type) (names []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	fields := reflect.VisibleFields(t)
	for _, f := range fields {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct && len(fields) <= 2 {
			return columnsIn(f.Type)
		}
		if !f.Anonymous && name != "-" {
			names = append(names, strings.TrimPrefix(name, "new_"))
		}
	}
	return names
}

// What SQL can do to a table of the operators, an operation can: each column is a member of what shows, adds and sets its rows, or it says
// why not.
func TestEachColumnHasItsDoors(t *testing.T) {
	t.Parallel()
	_, conn := newAdmin(t)
	rows, err := conn.Query(t.Context(), `SELECT table_name::text, column_name::text FROM information_schema.columns
		WHERE table_schema = 'public' ORDER BY 1, ordinal_position`)
	try(t, err)
	type column struct{ Table, Name string }
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	try(t, err)
	operations := map[string]Operation{}
	for _, o := range Operations() {
		operations[o.Name] = o
	}
	used := map[string]bool{}
	for _, c := range columns {
		d, ok := doors[c.Table]
		if !ok {
			if !slices.Contains(ofGatehouse, c.Table) && !strings.HasPrefix(c.Table, "sign_ins") && !strings.HasPrefix(c.Table, "audit_") {
				t.Errorf("%s has no line in doors, and is none of ofGatehouse", c.Table)
			}
			continue
		}
		for what, name := range map[string]string{"show": d.show, "add": d.add, "set": d.set} {
			if name == "" {
				continue
			}
			o, ok := operations[name]
			if !ok {
				t.Fatalf("there is no operation %q", name)
			}
			of := o.In
			if what == "show" {
				of = o.Out
			}
			has := slices.Contains(columnsIn(of), c.Name)
			_, not := d.not[c.Name]
			_, notHere := d.not[what+" "+c.Name]
			used[c.Table+" "+c.Name] = used[c.Table+" "+c.Name] || not && !has
			used[c.Table+" "+what+" "+c.Name] = notHere && !has
			times := what != "show" && slices.Contains([]string{"created_at", "updated_at", "managed_by"}, c.Name) // apply writes the last
			if !has && !not && !notHere && !times {
				t.Errorf("%s lacks %s.%s", name, c.Table, c.Name)
			}
		}
	}
	for table, d := range doors {
		for name := range d.not {
			if name != "*" && !used[table+" "+name] {
				t.Errorf("%s: %q is no exception", table, name)
			}
		}
	}
}
