package store

import (
	"context"
	"time"

	"gatehouse/api/oidc"
)

// UpstreamRow is an upstream as an administrator sees one.
type UpstreamRow struct {
	Name                string            `json:"name" help:"What it is called in addresses."`
	DisplayName         string            `json:"display_name,omitempty" help:"What people are shown."`
	Kind                string            `json:"kind" help:"oidc, or github."`
	Issuer              string            `json:"issuer" help:"As its discovery document says."`
	ClientID            string            `json:"client_id" help:"Ours there."`
	HasSecret           bool              `json:"has_client_secret" help:"Whether we have a secret there."`
	Scope               string            `json:"scope" help:"What is asked for, separated by spaces."`
	AuthorizationParams map[string]string `json:"authorization_params" help:"More parameters of the authorization request."`
	EmailDomains        []string          `json:"email_domains" help:"Addresses of these domains go there."`
	TrustsEmail         bool              `json:"trusts_email" help:"A verified address of these is linked to the one user who has it."`
	CreatesUsers        bool              `json:"creates_users" help:"An account that belongs to nobody becomes a new user."`
	UsernamePrefix      string            `json:"username_prefix,omitempty" help:"What the usernames of these begin with."`
	UsernamePattern     string            `json:"username_pattern,omitempty" help:"What the usernames of these are, a regular expression."`
	MFAValues           []string          `json:"mfa_values" help:"Of its acr and amr, which say that two factors were proven."`
	Position            int               `json:"position" help:"Among the buttons: the lowest is the first."`
	Accounts            int               `json:"accounts" help:"How many people have an account there."`
	DisabledAt          *time.Time        `json:"disabled_at,omitempty" help:"Since when nobody signs in there."`
	CreatedAt           time.Time         `json:"created_at" help:"When it was added."`
	UpdatedAt           time.Time         `json:"updated_at" help:"When the row was last changed."`
	ManagedBy           string            `json:"managed_by,omitempty" help:"Where a file declares it, such as hub.yaml:14; empty: none does."`
}

var addUpstream = compile(`
	INSERT INTO upstreams (name, display_name, kind, issuer, client_id, client_secret, scope, authorization_params, email_domains,
		trusts_email, creates_users, username_prefix, username_pattern, position, mfa_values)
	VALUES (@name, nullif(@display_name, ''), @kind, @issuer, @client, nullif(@secret, ''), @scope, @authorization_params, @email_domains,
		@trusts_email, @creates_users, nullif(@username_prefix, ''), nullif(@username_pattern, ''), @position, @mfa_values)`)

// AddUpstream adds an upstream; secret is "" for a public client.
func (s *Store) AddUpstream(ctx context.Context, u UpstreamRow, secret string) error {
	if u.AuthorizationParams == nil {
		u.AuthorizationParams = map[string]string{}
	}
	_, err := addUpstream.run(ctx, s.pool, args{"name": u.Name, "display_name": u.DisplayName, "kind": u.Kind, "issuer": u.Issuer,
		"client": u.ClientID, "secret": secret, "scope": u.Scope, "authorization_params": u.AuthorizationParams,
		"email_domains": oidc.NotNil(u.EmailDomains), "trusts_email": u.TrustsEmail, "creates_users": u.CreatesUsers,
		"username_prefix": u.UsernamePrefix, "username_pattern": u.UsernamePattern, "position": u.Position,
		"mfa_values": oidc.NotNil(u.MFAValues)})
	return inWords(err, values{"name": u.Name, "display_name": u.DisplayName, "kind": u.Kind, "issuer": u.Issuer, "client_id": u.ClientID,
		"scope": u.Scope, "email_domains": join(u.EmailDomains), "username_prefix": u.UsernamePrefix,
		"username_pattern": u.UsernamePattern, "mfa_values": join(u.MFAValues)})
}

const upstreamSelect = `SELECT name, coalesce(display_name, '') AS display_name, kind, issuer, client_id,
	client_secret IS NOT NULL AS has_secret,
	created_at, updated_at, coalesce(managed_by, '') AS managed_by, scope, authorization_params, email_domains, trusts_email, creates_users,
	coalesce(username_prefix, '') AS username_prefix, coalesce(username_pattern, '') AS username_pattern, mfa_values, position, disabled_at,
	(SELECT count(*) FROM upstream_accounts a WHERE a.upstream = u.name) AS accounts FROM upstreams u`

var (
	listUpstreams   = compile(upstreamSelect + ` ORDER BY name`)
	showUpstream    = compile(upstreamSelect + ` WHERE name = @name`)
	disableUpstream = compile(`UPDATE upstreams SET disabled_at = coalesce(disabled_at, now()) WHERE name = @name RETURNING 1`)
	enableUpstream  = compile(`UPDATE upstreams SET disabled_at = NULL WHERE name = @name RETURNING 1`)
	removeUpstream  = compile(`DELETE FROM upstreams WHERE name = @name RETURNING 1`)
)

// ListUpstreams returns all upstreams by name.
func (s *Store) ListUpstreams(ctx context.Context) ([]UpstreamRow, error) {
	return listed[UpstreamRow](ctx, s, listUpstreams, nil)
}

// ShowUpstream returns one upstream. Errors: Missing.
func (s *Store) ShowUpstream(ctx context.Context, name string) (UpstreamRow, error) {
	return one[UpstreamRow](ctx, s, Missing{"upstream", name}, showUpstream, args{"name": name})
}

// DisableUpstream lets nobody sign in there any more.
func (s *Store) DisableUpstream(ctx context.Context, name string) error {
	return s.manageOne(ctx, Missing{"upstream", name}, nil, disableUpstream, args{"name": name})
}

// EnableUpstream lets people sign in there again.
func (s *Store) EnableUpstream(ctx context.Context, name string) error {
	return s.manageOne(ctx, Missing{"upstream", name}, nil, enableUpstream, args{"name": name})
}

// RemoveUpstream removes an upstream, with its accounts and their tokens.
func (s *Store) RemoveUpstream(ctx context.Context, name string) error {
	return s.manageOne(ctx, Missing{"upstream", name}, nil, removeUpstream, args{"name": name})
}

var (
	addUpstreamAccount = compile(`
		INSERT INTO upstream_accounts (upstream, issuer, sub, username)
		SELECT name, coalesce(nullif(@issuer, ''), issuer), @sub, @username FROM upstreams WHERE name = @upstream RETURNING 1`)
	removeUpstreamAccount = compile(`DELETE FROM upstream_accounts WHERE upstream = @upstream AND username = @username RETURNING 1`)
)

// AddUpstreamAccount makes an account that of a user. Without an issuer in a it is the upstream's own.
func (s *Store) AddUpstreamAccount(ctx context.Context, a UpstreamAccount, username string) error {
	return s.manageOne(ctx, Missing{"upstream", a.Upstream}, values{"sub": a.Sub, "user": username, "account": a.Sub},
		addUpstreamAccount, args{"upstream": a.Upstream, "issuer": a.Issuer, "sub": a.Sub, "username": username})
}

// RemoveUpstreamAccount takes from a user the account they have at an upstream, with its tokens.
func (s *Store) RemoveUpstreamAccount(ctx context.Context, upstream, username string) error {
	return s.manageOne(ctx, Missing{"account of " + upstream + " of user", username}, nil,
		removeUpstreamAccount, args{"upstream": upstream, "username": username})
}

// LinkedAccount is an account at an upstream that belongs to a user.
type LinkedAccount struct {
	Upstream string     `json:"upstream"`
	Issuer   string     `json:"issuer"`
	Sub      string     `json:"sub"`
	Label    string     `json:"label,omitempty"` // an address or a name there
	LinkedAt time.Time  `json:"linked_at"`
	UsedAt   *time.Time `json:"used_at,omitempty"`
}

var listLinkedAccounts = compile(`
	SELECT upstream, issuer, sub, coalesce(label, '') AS label, linked_at, used_at FROM upstream_accounts
	WHERE username = @username ORDER BY linked_at, upstream`)

// ListLinkedAccounts returns the accounts of a user, at most one at each upstream. Errors: Missing.
func (s *Store) ListLinkedAccounts(ctx context.Context, username string) ([]LinkedAccount, error) {
	if err := s.manageOne(ctx, Missing{"user", username}, nil, userIsThere, args{"username": username}); err != nil {
		return nil, err
	}
	return listed[LinkedAccount](ctx, s, listLinkedAccounts, args{"username": username})
}
