-- The tables are the public interface: users, groups and clients are managed with SQL.
-- Every constraint is named after what to do when it refuses a row.

-- +goose Up
CREATE EXTENSION IF NOT EXISTS pgcrypto;

-- +goose StatementBegin
-- password_hash makes a bcrypt hash for users.password: INSERT … VALUES ('alice', password_hash('a long passphrase')).
-- It is upgraded to argon2id at the user's next sign-in.
CREATE FUNCTION password_hash(password text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT AS $$
BEGIN
  IF length(password) < 8 OR octet_length(password) > 72 THEN
    RAISE EXCEPTION 'the password must have at least 8 characters and at most 72 bytes'
      USING ERRCODE = 'check_violation', HINT = 'Longer passwords: gatehouse user passwd NAME';
  END IF;
  RETURN crypt(password, gen_salt('bf', 10));
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- password_hash_is_acceptable: bcrypt with cost 4 to 14, or argon2id (PHC string) with m ≤ 256 MiB, t ≤ 10, p ≤ 16.
CREATE FUNCTION password_hash_is_acceptable(hash text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE
    WHEN hash ~ '^\$2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}$' THEN true
    WHEN hash ~ '^\$argon2id\$v=19\$m=[0-9]{1,6},t=[0-9]{1,2},p=[0-9]{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$' THEN
      (regexp_match(hash, 'm=([0-9]+)'))[1]::int BETWEEN 8 * (regexp_match(hash, 'p=([0-9]+)'))[1]::int AND 262144
      AND (regexp_match(hash, 't=([0-9]+)'))[1]::int BETWEEN 1 AND 10
      AND (regexp_match(hash, 'p=([0-9]+)'))[1]::int BETWEEN 1 AND 16
    ELSE false
  END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- origin_of gives scheme://host[:port] of an http or https URL, as browsers write it; NULL for any other.
CREATE FUNCTION origin_of(uri text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT regexp_replace(regexp_replace(lower(substring(uri FROM '^[hH][tT][tT][pP][sS]?://[^/?#]+')), '^(https://.*):443$', '\1'), '^(http://.*):80$', '\1')
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- uris_are_registrable: absolute http(s) URLs, or private-use schemes with a dot (RFC 8252 §7.1); no fragment, wildcard,
-- user name, white space, backslash or control character; at most 20 of at most 1,000 characters.
CREATE FUNCTION uris_are_registrable(uris text[]) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT cardinality(uris) <= 20 AND NOT EXISTS (
    SELECT FROM unnest(uris) AS uri
    WHERE uri IS NULL OR length(uri) > 1000
      OR uri ~ '[#*\\[:space:][:cntrl:]<>"^`{|}]'
      OR uri !~ '^(https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?([/?].*)?|[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:.*)$')
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- http_only_on_loopback: no http:// URL but of localhost, 127.0.0.1 and [::1].
CREATE FUNCTION http_only_on_loopback(uris text[]) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT NOT EXISTS (SELECT FROM unnest(uris) AS uri
    WHERE uri ~* '^http:' AND uri !~* '^http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?([/?]|$)')
$$;
-- +goose StatementEnd

-- users: who can sign in. Set disabled_at to shut a user out at once.
CREATE TABLE users (
  id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  sub            text NOT NULL DEFAULT gen_random_uuid()::text,
  username       text NOT NULL,
  password       text,
  name           text,
  given_name     text,
  family_name    text,
  email          text,
  email_verified boolean NOT NULL DEFAULT false,
  picture        text,
  zoneinfo       text,
  locale         text,
  claims         jsonb NOT NULL DEFAULT '{}',
  disabled_at    timestamptz,
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT users_sub_must_be_unique UNIQUE (sub),
  CONSTRAINT users_sub_must_be_1_to_255_printable_ascii CHECK (sub ~ '^[!-~]{1,255}$'),
  CONSTRAINT users_username_must_be_unique UNIQUE (username),
  CONSTRAINT users_username_must_be_a_unix_name_lower_case_max_32 CHECK (username ~ '^[a-z_][a-z0-9_.-]{0,31}$'),
  CONSTRAINT users_password_must_be_a_hash_use_password_hash CHECK (password ~ '^\$(2[aby]|argon2id)\$'),
  CONSTRAINT users_password_hash_must_be_bcrypt_4_14_or_sane_argon2id CHECK (password !~ '^\$(2[aby]|argon2id)\$' OR password_hash_is_acceptable(password)),
  CONSTRAINT users_email_must_have_one_at_sign CHECK (email ~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+$' AND length(email) <= 254),
  CONSTRAINT users_email_verified_needs_an_email CHECK (NOT email_verified OR email IS NOT NULL),
  CONSTRAINT users_names_must_be_short_without_control_characters CHECK (
    length(concat(name, given_name, family_name)) <= 600 AND concat(name, given_name, family_name) !~ '[[:cntrl:]]'),
  CONSTRAINT users_claims_must_be_a_json_object_below_8_kb CHECK (jsonb_typeof(claims) = 'object' AND octet_length(claims::text) <= 8192)
);

-- +goose StatementBegin
CREATE FUNCTION users_keep_sub() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.sub IS DISTINCT FROM OLD.sub OR NEW.id IS DISTINCT FROM OLD.id THEN
    RAISE EXCEPTION 'users.sub never changes: relying parties know the user by it'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'users_sub_never_changes_add_a_new_user', TABLE = 'users',
            HINT = 'Add a new user instead, or change username.';
  END IF;
  NEW.updated_at := now();
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_keep_sub BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION users_keep_sub();

-- groups and who is in them: the groups claim, and who may use a client (clients.allowed_groups).
CREATE TABLE groups (
  name        text CONSTRAINT groups_name_must_be_unique PRIMARY KEY,
  description text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT groups_name_must_be_1_to_64_letters_digits_and_punctuation CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9_.:/@+-]{0,63}$')
);
CREATE TABLE group_members (
  group_name text NOT NULL CONSTRAINT group_members_group_must_exist REFERENCES groups (name) ON UPDATE CASCADE ON DELETE CASCADE,
  username   text NOT NULL CONSTRAINT group_members_user_must_exist REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  CONSTRAINT group_members_user_is_in_the_group_already PRIMARY KEY (username, group_name)
);
CREATE INDEX group_members_by_group ON group_members (group_name, username);

-- clients: the relying parties, in the names of RFC 7591.
CREATE TABLE clients (
  client_id                    text CONSTRAINT clients_client_id_must_be_unique PRIMARY KEY,
  client_secret_sha256         bytea,
  client_name                  text,
  client_uri                   text,
  logo_uri                     text,
  policy_uri                   text,
  tos_uri                      text,
  contacts                     text[] NOT NULL DEFAULT '{}',
  application_type             text NOT NULL DEFAULT 'web',
  redirect_uris                text[] NOT NULL DEFAULT '{}',
  post_logout_redirect_uris    text[] NOT NULL DEFAULT '{}',
  grant_types                  text[] NOT NULL DEFAULT '{authorization_code}',
  response_types               text[] NOT NULL DEFAULT '{code}',
  token_endpoint_auth_method   text NOT NULL DEFAULT 'client_secret_basic',
  scope                        text NOT NULL DEFAULT 'openid profile email groups offline_access',
  id_token_signed_response_alg text NOT NULL DEFAULT 'RS256',
  access_token_signing_alg     text NOT NULL DEFAULT 'ES256',
  default_max_age              integer,
  initiate_login_uri           text,
  first_party                  boolean NOT NULL DEFAULT false,
  require_pkce                 boolean NOT NULL DEFAULT true,
  allowed_groups               text[] NOT NULL DEFAULT '{}',
  disabled_at                  timestamptz,
  created_at                   timestamptz NOT NULL DEFAULT now(),
  updated_at                   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT clients_client_id_must_be_1_to_255_printable_ascii CHECK (client_id ~ '^[!-~]{1,255}$'),
  CONSTRAINT clients_secret_must_be_a_digest_use_sha256 CHECK (octet_length(client_secret_sha256) = 32),
  CONSTRAINT clients_with_a_secret_method_need_client_secret_sha256 CHECK (
    token_endpoint_auth_method NOT IN ('client_secret_basic', 'client_secret_post') OR client_secret_sha256 IS NOT NULL),
  CONSTRAINT clients_without_authentication_must_have_no_secret CHECK (token_endpoint_auth_method <> 'none' OR client_secret_sha256 IS NULL),
  CONSTRAINT clients_auth_method_must_be_secret_basic_secret_post_or_none CHECK (
    token_endpoint_auth_method IN ('client_secret_basic', 'client_secret_post', 'none')),
  CONSTRAINT clients_application_type_must_be_web_or_native CHECK (application_type IN ('web', 'native')),
  CONSTRAINT clients_redirect_uris_must_be_absolute_no_fragment_or_wildcard CHECK (uris_are_registrable(redirect_uris)),
  CONSTRAINT clients_post_logout_redirect_uris_must_be_absolute CHECK (uris_are_registrable(post_logout_redirect_uris)),
  CONSTRAINT clients_public_redirect_uris_must_be_https_or_loopback CHECK (
    token_endpoint_auth_method <> 'none' OR http_only_on_loopback(redirect_uris)),
  CONSTRAINT clients_links_must_be_http_or_https_urls CHECK (
    uris_are_registrable(array_remove(ARRAY[client_uri, logo_uri, policy_uri, tos_uri, initiate_login_uri], NULL))
    AND concat_ws(' ', client_uri, logo_uri, policy_uri, tos_uri, initiate_login_uri) !~* '(^| )(?!https?://)[^ ]'),
  CONSTRAINT clients_client_name_must_be_1_to_100_without_control_characters CHECK (client_name ~ '^[^[:cntrl:]]{1,100}$'),
  CONSTRAINT clients_scope_must_be_words_separated_by_one_space CHECK (
    scope ~ '^([!#-\[\]-~]+( [!#-\[\]-~]+)*)?$' AND length(scope) <= 1000),
  CONSTRAINT clients_id_token_alg_must_be_RS256_ES256_or_EdDSA CHECK (id_token_signed_response_alg IN ('RS256', 'ES256', 'EdDSA')),
  CONSTRAINT clients_access_token_alg_must_be_RS256_ES256_or_EdDSA CHECK (access_token_signing_alg IN ('RS256', 'ES256', 'EdDSA')),
  CONSTRAINT clients_default_max_age_must_not_be_negative CHECK (default_max_age >= 0),
  CONSTRAINT clients_without_a_secret_must_require_pkce CHECK (require_pkce OR token_endpoint_auth_method <> 'none')
);
-- +goose StatementBegin
CREATE FUNCTION clients_keep_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER clients_keep_updated_at BEFORE UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION clients_keep_updated_at();
COMMENT ON COLUMN clients.client_secret_sha256 IS 'sha256(''the secret''); make the secret with: SELECT encode(gen_random_bytes(32), ''hex'')';
COMMENT ON COLUMN clients.first_party IS 'true: people are not asked for consent';
COMMENT ON COLUMN clients.allowed_groups IS 'empty: everybody; otherwise members of one of these groups';

-- sessions: a person in a browser. The cookie is kept as a digest only.
CREATE TABLE sessions (
  sid            uuid PRIMARY KEY,
  cookie_sha256  bytea NOT NULL CONSTRAINT sessions_cookie_must_be_unique UNIQUE,
  user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  auth_time      timestamptz NOT NULL,
  amr            text[] NOT NULL,
  seen_at        timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL,
  ends_at        timestamptz NOT NULL,
  ended_at       timestamptz
);
COMMENT ON COLUMN sessions.expires_at IS 'idle end, moved on use, never past ends_at';
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expires_at ON sessions (expires_at);

-- consents: what a user allowed a third-party client.
CREATE TABLE consents (
  user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id  text NOT NULL REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE CASCADE,
  scopes     text[] NOT NULL,
  granted_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, client_id)
);
CREATE INDEX consents_by_client ON consents (client_id);

-- grants: one for each redeemed code; what its access and refresh tokens live by.
CREATE TABLE grants (
  id         uuid PRIMARY KEY,
  user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id  text NOT NULL REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE CASCADE,
  sid        uuid REFERENCES sessions (sid) ON DELETE SET NULL,
  offline    boolean NOT NULL,
  scope      text NOT NULL,
  auth_time  timestamptz NOT NULL,
  amr        text[] NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
COMMENT ON COLUMN grants.offline IS 'true: outlives its session (offline_access); false: ends with it';
CREATE INDEX grants_by_user ON grants (user_id);
CREATE INDEX grants_by_client ON grants (client_id);
CREATE INDEX grants_by_sid ON grants (sid);
CREATE INDEX grants_by_expires_at ON grants (expires_at);

-- auth_codes: a minute each; after a crash they are gone, which is the safe side. No foreign keys: their row locks would cost
-- a durable commit, and the redemption joins the session, the user and the client anyway.
CREATE UNLOGGED TABLE auth_codes (
  code_sha256    bytea PRIMARY KEY,
  grant_id       uuid NOT NULL,
  client_id      text NOT NULL,
  user_id        uuid NOT NULL,
  sid            uuid NOT NULL,
  redirect_uri   text NOT NULL,
  code_challenge text,
  offline        boolean NOT NULL,
  scope          text NOT NULL,
  nonce          text,
  auth_time      timestamptz NOT NULL,
  amr            text[] NOT NULL,
  expires_at     timestamptz NOT NULL,
  used_at        timestamptz
);
CREATE INDEX auth_codes_by_expires_at ON auth_codes (expires_at);

-- refresh_tokens: each is used once; a used one stays until it would have expired, so that a replay is noticed.
CREATE TABLE refresh_tokens (
  token_sha256 bytea PRIMARY KEY,
  grant_id     uuid NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  used_at      timestamptz
);
CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_by_expires_at ON refresh_tokens (expires_at);

-- signing_keys: private_key is encrypted under GATEHOUSE_ENCRYPTION_KEY.
CREATE TABLE signing_keys (
  kid          text PRIMARY KEY,
  alg          text NOT NULL CONSTRAINT signing_keys_alg_must_be_RS256_ES256_or_EdDSA CHECK (alg IN ('RS256', 'ES256', 'EdDSA')),
  private_key  bytea NOT NULL,
  created_at   timestamptz NOT NULL,
  activates_at timestamptz NOT NULL,
  retires_at   timestamptz,
  CONSTRAINT signing_keys_retires_at_must_not_be_before_created_at CHECK (retires_at >= created_at)
);
COMMENT ON COLUMN signing_keys.activates_at IS 'published from created_at on, signs from activates_at on';
COMMENT ON COLUMN signing_keys.retires_at IS 'leaves the JWKS then; set when a successor activates';

-- login_throttle: failed sign-ins in a fixed number of buckets, so that no attack can grow it.
CREATE UNLOGGED TABLE login_throttle (
  bucket     integer PRIMARY KEY CONSTRAINT login_throttle_bucket_must_be_below_65536 CHECK (bucket BETWEEN 0 AND 65535),
  failures   real NOT NULL,
  updated_at timestamptz NOT NULL
);

-- cache_version: what replicas that cannot LISTEN poll.
CREATE TABLE cache_version (
  only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT cache_version_must_have_one_row CHECK (only_row),
  version  bigint NOT NULL
);
INSERT INTO cache_version (version) VALUES (1);

-- +goose StatementBegin
CREATE FUNCTION gatehouse_cached_rows_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE cache_version SET version = version + 1;
  NOTIFY gatehouse_cached_rows_changed;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER clients_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON clients FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed();
CREATE TRIGGER signing_keys_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON signing_keys FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed();

-- grant_states is the one predicate that says whether a grant may live: refusal IS NULL AND ends_at > now.
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

-- +goose Down
DROP VIEW grant_states;
DROP TABLE cache_version, login_throttle, signing_keys, refresh_tokens, auth_codes, grants, consents, sessions, clients, group_members, groups, users;
DROP FUNCTION gatehouse_cached_rows_changed, clients_keep_updated_at, users_keep_sub, http_only_on_loopback, uris_are_registrable, origin_of, password_hash_is_acceptable, password_hash;
