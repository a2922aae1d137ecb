-- What the rest of the protocol has to know of clients, in the names of the IANA registry of client metadata.

-- +goose Up
-- +goose StatementBegin
-- jwks_are_public: {"keys": […]} of at most 20 keys and 32 kB, none of them private or symmetric (RFC 7517 §5, RFC 7518 §6).
CREATE FUNCTION jwks_are_public(jwks jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE
    WHEN jsonb_typeof(jwks -> 'keys') IS DISTINCT FROM 'array' OR octet_length(jwks::text) > 32768 THEN false
    ELSE jsonb_array_length(jwks -> 'keys') BETWEEN 1 AND 20
      AND NOT jsonb_path_exists(jwks, 'strict $.keys[*] ? (@.type() != "object")')
      AND NOT jsonb_path_exists(jwks, '$.keys[*] ? (exists(@.d) || exists(@.p) || exists(@.q) || exists(@.k))')
  END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
-- request_uris_are_registrable: as uris_are_registrable, http(s) only; a fragment is the digest of what is there (OpenID Connect Core §6.2).
CREATE FUNCTION request_uris_are_registrable(uris text[]) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT uris_are_registrable(ARRAY(SELECT regexp_replace(uri, '#[A-Za-z0-9_-]{0,86}$', '') FROM unnest(uris) AS uri))
    AND NOT EXISTS (SELECT FROM unnest(uris) AS uri WHERE uri !~ '^https?://')
$$;
-- +goose StatementEnd
-- +goose StatementBegin
-- are_of_one_host: what a pairwise subject is made for, unless there is a sector_identifier_uri (OpenID Connect Core §8.1).
CREATE FUNCTION are_of_one_host(uris text[]) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT count(DISTINCT lower(substring(uri FROM '^https?://(\[[^]]*\]|[^/:?]+)'))) = 1
    AND count(*) = count(substring(uri FROM '^https?://')) FROM unnest(uris) AS uri
$$;
-- +goose StatementEnd

ALTER TABLE clients
  DROP CONSTRAINT clients_auth_method_must_be_secret_basic_secret_post_or_none,
  DROP CONSTRAINT clients_id_token_alg_must_be_RS256_ES256_or_EdDSA,
  DROP CONSTRAINT clients_access_token_alg_must_be_RS256_ES256_or_EdDSA,
  ADD COLUMN jwks                                   jsonb,
  ADD COLUMN jwks_uri                               text,
  ADD COLUMN token_endpoint_auth_signing_alg        text,
  ADD COLUMN request_uris                           text[] NOT NULL DEFAULT '{}',
  ADD COLUMN request_object_signing_alg             text,
  ADD COLUMN require_signed_request_object          boolean NOT NULL DEFAULT false,
  ADD COLUMN require_pushed_authorization_requests  boolean NOT NULL DEFAULT false,
  ADD COLUMN dpop_bound_access_tokens               boolean NOT NULL DEFAULT false,
  ADD COLUMN userinfo_signed_response_alg           text,
  ADD COLUMN subject_type                           text NOT NULL DEFAULT 'public',
  ADD COLUMN sector_identifier_uri                  text,
  ADD COLUMN frontchannel_logout_uri                text,
  ADD COLUMN frontchannel_logout_session_required   boolean NOT NULL DEFAULT false,
  ADD COLUMN security_profile                       text NOT NULL DEFAULT 'openid',
  ADD COLUMN id_token_scope_claims                  boolean NOT NULL DEFAULT true,
  ADD CONSTRAINT clients_auth_method_must_be_basic_post_private_key_jwt_or_none CHECK (
    token_endpoint_auth_method IN ('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none')),
  ADD CONSTRAINT clients_id_token_alg_must_be_RS256_PS256_ES256_or_EdDSA CHECK (id_token_signed_response_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  ADD CONSTRAINT clients_access_token_alg_must_be_RS256_PS256_ES256_or_EdDSA CHECK (access_token_signing_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  ADD CONSTRAINT clients_userinfo_alg_must_be_RS256_PS256_ES256_or_EdDSA CHECK (userinfo_signed_response_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  ADD CONSTRAINT clients_token_endpoint_auth_alg_is_RS256_PS256_ES256_or_EdDSA CHECK (
    token_endpoint_auth_signing_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  ADD CONSTRAINT clients_request_object_alg_must_be_RS256_PS256_ES256_or_EdDSA CHECK (
    request_object_signing_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  ADD CONSTRAINT clients_jwks_must_have_1_to_20_public_keys CHECK (jwks_are_public(jwks)),
  ADD CONSTRAINT clients_jwks_and_jwks_uri_exclude_each_other CHECK (num_nonnulls(jwks, jwks_uri) <= 1),
  ADD CONSTRAINT clients_jwks_uri_must_be_a_url_without_fragment CHECK (uris_are_registrable(array_remove(ARRAY[jwks_uri], NULL)) AND jwks_uri ~ '^https?://'),
  ADD CONSTRAINT clients_private_key_jwt_needs_jwks_or_jwks_uri_and_no_secret CHECK (
    token_endpoint_auth_method <> 'private_key_jwt' OR num_nonnulls(jwks, jwks_uri) = 1 AND client_secret_sha256 IS NULL),
  ADD CONSTRAINT clients_request_uris_must_be_at_most_20_urls CHECK (request_uris_are_registrable(request_uris)),
  ADD CONSTRAINT clients_signed_request_objects_need_jwks_or_jwks_uri CHECK (NOT require_signed_request_object OR num_nonnulls(jwks, jwks_uri) = 1),
  ADD CONSTRAINT clients_subject_type_must_be_public_or_pairwise CHECK (subject_type IN ('public', 'pairwise')),
  ADD CONSTRAINT clients_sector_identifier_uri_must_be_an_https_url CHECK (
    uris_are_registrable(array_remove(ARRAY[sector_identifier_uri], NULL)) AND sector_identifier_uri ~ '^https://'),
  ADD CONSTRAINT clients_pairwise_on_several_hosts_needs_sector_identifier_uri CHECK (
    subject_type <> 'pairwise' OR sector_identifier_uri IS NOT NULL OR are_of_one_host(redirect_uris)),
  ADD CONSTRAINT clients_frontchannel_logout_uri_must_be_a_url_without_fragment CHECK (
    uris_are_registrable(array_remove(ARRAY[frontchannel_logout_uri], NULL)) AND frontchannel_logout_uri ~ '^https?://'),
  ADD CONSTRAINT clients_security_profile_must_be_openid_or_fapi2 CHECK (security_profile IN ('openid', 'fapi2')),
  ADD CONSTRAINT clients_fapi2_needs_private_key_jwt_par_dpop_pkce_code_no_RS256 CHECK (security_profile <> 'fapi2'
    OR token_endpoint_auth_method = 'private_key_jwt' AND require_pushed_authorization_requests AND dpop_bound_access_tokens
      AND require_pkce AND response_types = '{code}' AND id_token_signed_response_alg <> 'RS256' AND access_token_signing_alg <> 'RS256'
      AND token_endpoint_auth_signing_alg IS DISTINCT FROM 'RS256' AND request_object_signing_alg IS DISTINCT FROM 'RS256'
      AND userinfo_signed_response_alg IS DISTINCT FROM 'RS256');
COMMENT ON COLUMN clients.jwks IS 'the client''s public keys, {"keys": [...]}: for private_key_jwt and signed request objects';
COMMENT ON COLUMN clients.jwks_uri IS 'where they are fetched instead; http, and private addresses, only of hosts in GATEHOUSE_PRIVATE_HOSTS';
COMMENT ON COLUMN clients.subject_type IS 'pairwise: sub differs for each host, so that clients cannot compare whom they know';
COMMENT ON COLUMN clients.id_token_scope_claims IS 'false: what scopes release comes from userinfo only (OpenID Connect Core §5.4)';
COMMENT ON COLUMN clients.security_profile IS 'fapi2: held to the FAPI 2.0 Security Profile';

ALTER TABLE signing_keys
  DROP CONSTRAINT signing_keys_alg_must_be_RS256_ES256_or_EdDSA,
  ADD CONSTRAINT signing_keys_alg_must_be_RS256_PS256_ES256_or_EdDSA CHECK (alg IN ('RS256', 'PS256', 'ES256', 'EdDSA'));

-- What an authorization request asks for beside scopes; NULL: nothing.
ALTER TABLE grants
  ADD COLUMN userinfo_claims text[], ADD COLUMN id_token_claims text[], ADD COLUMN resources text[], ADD COLUMN dpop_jkt text;
COMMENT ON COLUMN grants.resources IS 'the audiences that were asked for (RFC 8707); NULL: all of the client';
COMMENT ON COLUMN grants.dpop_jkt IS 'the key that refresh tokens of a public client are bound to (RFC 9449 §5)';

CREATE OR REPLACE VIEW grant_states AS
SELECT g.id AS grant_id, g.user_id, g.client_id, g.sid, g.scope, g.offline,
  LEAST(g.expires_at, CASE WHEN g.offline THEN 'infinity' ELSE s.expires_at END) AS ends_at,
  CASE
    WHEN g.revoked_at IS NOT NULL THEN 'grant_revoked'
    WHEN u.disabled_at IS NOT NULL THEN 'user_disabled'
    WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'
    WHEN NOT g.offline AND (s.sid IS NULL OR s.ended_at IS NOT NULL) THEN 'session_ended'
    WHEN c.allowed_groups <> '{}' AND NOT EXISTS (
      SELECT FROM group_members m WHERE m.username = u.username AND m.group_name = ANY (c.allowed_groups)) THEN 'not_in_allowed_groups'
  END AS refusal,
  g.userinfo_claims, g.id_token_claims, g.resources, g.dpop_jkt
FROM grants g
JOIN users u ON u.id = g.user_id
JOIN clients c ON c.client_id = g.client_id
LEFT JOIN sessions s ON s.sid = g.sid;

-- used_jtis: what may be used once and is stored nowhere else: client assertions, DPoP proofs, pushed requests. Unlogged: after a crash they
-- are gone, and what comes again meanwhile is within its life of minutes.
CREATE UNLOGGED TABLE used_jtis (
  jti_sha256 bytea PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
CREATE INDEX used_jtis_by_expires_at ON used_jtis (expires_at);

-- revoked_tokens: access tokens that ended before their time and whose grant did not, or that have none.
CREATE TABLE revoked_tokens (
  jti        uuid PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
CREATE INDEX revoked_tokens_by_expires_at ON revoked_tokens (expires_at);

-- pairwise_salt makes pairwise subjects (OpenID Connect Core §8.1). It never changes: relying parties know people by what it makes.
CREATE TABLE pairwise_salt (
  only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT pairwise_salt_must_have_one_row CHECK (only_row),
  salt     bytea NOT NULL
);
INSERT INTO pairwise_salt (salt) VALUES (gen_random_bytes(32));

-- Codes are sealed now, and nothing of them is stored before they are redeemed. The release before this one still writes here.
COMMENT ON TABLE auth_codes IS 'not used any more; a later migration drops it';

-- +goose Down
COMMENT ON TABLE auth_codes IS NULL;
DROP TABLE used_jtis, revoked_tokens, pairwise_salt;
DROP VIEW grant_states;
CREATE VIEW grant_states AS
SELECT g.id AS grant_id, g.user_id, g.client_id, g.sid, g.scope, g.offline,
  LEAST(g.expires_at, CASE WHEN g.offline THEN 'infinity' ELSE s.expires_at END) AS ends_at,
  CASE
    WHEN g.revoked_at IS NOT NULL THEN 'grant_revoked'
    WHEN u.disabled_at IS NOT NULL THEN 'user_disabled'
    WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'
    WHEN NOT g.offline AND (s.sid IS NULL OR s.ended_at IS NOT NULL) THEN 'session_ended'
    WHEN c.allowed_groups <> '{}' AND NOT EXISTS (
      SELECT FROM group_members m WHERE m.username = u.username AND m.group_name = ANY (c.allowed_groups)) THEN 'not_in_allowed_groups'
  END AS refusal
FROM grants g
JOIN users u ON u.id = g.user_id
JOIN clients c ON c.client_id = g.client_id
LEFT JOIN sessions s ON s.sid = g.sid;
ALTER TABLE grants DROP COLUMN userinfo_claims, DROP COLUMN id_token_claims, DROP COLUMN resources, DROP COLUMN dpop_jkt;
DELETE FROM signing_keys WHERE alg = 'PS256';
ALTER TABLE signing_keys
  DROP CONSTRAINT signing_keys_alg_must_be_RS256_PS256_ES256_or_EdDSA,
  ADD CONSTRAINT signing_keys_alg_must_be_RS256_ES256_or_EdDSA CHECK (alg IN ('RS256', 'ES256', 'EdDSA'));
-- A client that needs what is not there before this migration is disabled rather than forgotten.
UPDATE clients SET disabled_at = coalesce(disabled_at, now()) WHERE token_endpoint_auth_method = 'private_key_jwt' OR subject_type = 'pairwise';
UPDATE clients SET token_endpoint_auth_method = 'client_secret_basic', client_secret_sha256 = gen_random_bytes(32), security_profile = 'openid'
  WHERE token_endpoint_auth_method = 'private_key_jwt';
UPDATE clients SET id_token_signed_response_alg = 'RS256' WHERE id_token_signed_response_alg = 'PS256';
UPDATE clients SET access_token_signing_alg = 'RS256' WHERE access_token_signing_alg = 'PS256';
ALTER TABLE clients
  DROP CONSTRAINT clients_fapi2_needs_private_key_jwt_par_dpop_pkce_code_no_RS256,
  DROP CONSTRAINT clients_auth_method_must_be_basic_post_private_key_jwt_or_none,
  DROP CONSTRAINT clients_id_token_alg_must_be_RS256_PS256_ES256_or_EdDSA,
  DROP CONSTRAINT clients_access_token_alg_must_be_RS256_PS256_ES256_or_EdDSA,
  DROP COLUMN jwks, DROP COLUMN jwks_uri, DROP COLUMN token_endpoint_auth_signing_alg, DROP COLUMN request_uris,
  DROP COLUMN request_object_signing_alg, DROP COLUMN require_signed_request_object, DROP COLUMN require_pushed_authorization_requests,
  DROP COLUMN dpop_bound_access_tokens, DROP COLUMN userinfo_signed_response_alg, DROP COLUMN subject_type, DROP COLUMN sector_identifier_uri,
  DROP COLUMN frontchannel_logout_uri, DROP COLUMN frontchannel_logout_session_required, DROP COLUMN security_profile,
  DROP COLUMN id_token_scope_claims,
  ADD CONSTRAINT clients_auth_method_must_be_secret_basic_secret_post_or_none CHECK (
    token_endpoint_auth_method IN ('client_secret_basic', 'client_secret_post', 'none')),
  ADD CONSTRAINT clients_id_token_alg_must_be_RS256_ES256_or_EdDSA CHECK (id_token_signed_response_alg IN ('RS256', 'ES256', 'EdDSA')),
  ADD CONSTRAINT clients_access_token_alg_must_be_RS256_ES256_or_EdDSA CHECK (access_token_signing_alg IN ('RS256', 'ES256', 'EdDSA'));
DROP FUNCTION jwks_are_public, request_uris_are_registrable, are_of_one_host;
