package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"gatehouse/api/oidc"
)

// clientColumns is how a client c is read; scanned by clientFields in this order.
const clientColumns = `c.client_id, c.client_secret_sha256, coalesce(c.client_name, ''), coalesce(c.client_uri, ''),
	coalesce(c.logo_uri, ''), coalesce(c.policy_uri, ''), coalesce(c.tos_uri, ''),
	c.redirect_uris, c.post_logout_redirect_uris, c.grant_types, c.response_types,
	c.token_endpoint_auth_method, c.scope, c.id_token_signed_response_alg, c.access_token_signing_alg, c.default_max_age,
	coalesce(c.initiate_login_uri, ''), c.first_party, c.require_pkce, c.allowed_groups, c.disabled_at IS NOT NULL,
	c.refresh_token_format, c.application_type, c.released_claims, c.audiences, c.allowed_upstreams,
	c.jwks, coalesce(c.jwks_uri, ''), coalesce(c.token_endpoint_auth_signing_alg, ''), c.request_uris,
	coalesce(c.request_object_signing_alg, ''), c.require_signed_request_object, c.require_pushed_authorization_requests,
	c.dpop_bound_access_tokens, coalesce(c.userinfo_signed_response_alg, ''), c.subject_type, coalesce(c.sector_identifier_uri, ''),
	c.security_profile, c.id_token_scope_claims, coalesce(c.frontchannel_logout_uri, ''), c.frontchannel_logout_session_required,
	c.backchannel_logout_uri IS NOT NULL,
	coalesce(c.registration, ''), c.metadata_fetched_at`

func clientFields(c *oidc.Client) []any {
	return []any{&c.ClientID, &c.SecretSHA256, &c.Name, &c.URI,
		&c.LogoURI, &c.PolicyURI, &c.TOSURI,
		&c.RedirectURIs, &c.PostLogoutRedirectURIs, &c.GrantTypes, &c.ResponseTypes,
		&c.AuthMethod, &c.Scope, &c.IDTokenAlg, &c.AccessTokenAlg, &c.DefaultMaxAge,
		&c.InitiateLoginURI, &c.FirstParty, &c.RequirePKCE, &c.AllowedGroups, &c.Disabled,
		&c.RefreshTokenFormat, &c.ApplicationType, &c.ReleasedClaims, &c.Audiences, &c.AllowedUpstreams,
		&c.JWKS, &c.JWKSURI, &c.AuthSigningAlg, &c.RequestURIs,
		&c.RequestObjectAlg, &c.RequireSignedRequest, &c.RequirePushedRequest,
		&c.DPoPBound, &c.UserinfoAlg, &c.SubjectType, &c.SectorIdentifierURI,
		&c.SecurityProfile, &c.IDTokenScopeClaims, &c.FrontchannelLogoutURI, &c.FrontchannelSIDRequired,
		&c.BackchannelLogout,
		&c.Registration, &c.MetadataFetchedAt}
}

var loadClient = compile(`SELECT ` + clientColumns + ` FROM clients c WHERE c.client_id = @client`)

// Client returns a registered client, from the cache where it is; ErrNotFound for one that is not registered.
func (s *Store) Client(ctx context.Context, clientID string) (*oidc.Client, error) {
	return s.clients.get(clientID, func() (*oidc.Client, error) {
		var c oidc.Client
		err := loadClient.row(ctx, s.pool, args{"client": clientID}).Scan(clientFields(&c)...)
		return &c, failure(err)
	})
}

// IsClientOrigin says whether a browser page of origin belongs to a registered client: it has a redirect URI there.
func (s *Store) IsClientOrigin(ctx context.Context, origin string) (bool, error) {
	origins, err := s.origins.get("", func() (map[string]bool, error) {
		rows, err := s.pool.Query(ctx, `
			SELECT DISTINCT origin_of(uri) FROM clients, unnest(redirect_uris) AS uri WHERE disabled_at IS NULL AND origin_of(uri) IS NOT NULL`)
		if err != nil {
			return nil, failure(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		set := make(map[string]bool, len(list))
		for _, o := range list {
			set[o] = true
		}
		return set, failure(err)
	})
	return origins[origin], err
}
