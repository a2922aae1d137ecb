-- Upstreams: other providers that people sign in with, and whose tokens Gatehouse keeps for clients that may have them.

-- +goose Up
-- upstreams are managed with SQL, like clients. Write client_secret as it is: Gatehouse seals it when it first reads the row.
CREATE TABLE upstreams (
  name                 text CONSTRAINT upstreams_name_must_be_unique PRIMARY KEY,
  display_name         text,
  kind                 text NOT NULL DEFAULT 'oidc',
  issuer               text NOT NULL,
  client_id            text NOT NULL,
  client_secret        text,
  scope                text NOT NULL DEFAULT 'openid email profile',
  authorization_params jsonb NOT NULL DEFAULT '{}',
  email_domains        text[] NOT NULL DEFAULT '{}',
  trusts_email         boolean NOT NULL DEFAULT false,
  creates_users        boolean NOT NULL DEFAULT false,
  disabled_at          timestamptz,
  created_at           timestamptz NOT NULL DEFAULT now(),
  updated_at           timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT upstreams_name_must_be_1_to_32_of_a_z_0_9_dash_underscore CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,31}$'),
  CONSTRAINT upstreams_display_name_must_be_1_to_100_without_control_chars CHECK (display_name ~ '^[^[:cntrl:]]{1,100}$'),
  CONSTRAINT upstreams_kind_must_be_oidc_or_github CHECK (kind IN ('oidc', 'github')),
  CONSTRAINT upstreams_issuer_must_be_an_http_url_without_query CHECK (
    issuer ~ '^https?://' AND issuer !~ '[?#]' AND uris_are_registrable(ARRAY[issuer])),
  CONSTRAINT upstreams_client_id_must_be_1_to_255_printable_ascii CHECK (client_id ~ '^[!-~]{1,255}$'),
  CONSTRAINT upstreams_client_secret_must_be_1_to_2000_printable_ascii CHECK (client_secret ~ '^[ -~]+$' AND length(client_secret) <= 2000),
  CONSTRAINT upstreams_scope_must_be_words_separated_by_one_space CHECK (
    scope ~ '^([!#-\[\]-~]+( [!#-\[\]-~]+)*)?$' AND length(scope) <= 1000),
  CONSTRAINT upstreams_scope_has_openid_for_oidc_and_never_for_github CHECK (
    kind NOT IN ('oidc', 'github') OR ('openid' = ANY (string_to_array(scope, ' '))) = (kind = 'oidc')),
  CONSTRAINT upstreams_authorization_params_must_be_texts_below_2_kb CHECK (
    jsonb_typeof(authorization_params) = 'object' AND octet_length(authorization_params::text) <= 2048
    AND NOT jsonb_path_exists(authorization_params, '$.* ? (@.type() != "string")')),
  CONSTRAINT upstreams_authorization_params_must_not_be_the_protocols CHECK (
    NOT authorization_params ?| ARRAY['client_id', 'client_secret', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce',
      'code_challenge', 'code_challenge_method', 'request', 'request_uri']),
  CONSTRAINT upstreams_email_domains_must_be_at_most_100_in_lower_case CHECK (
    email_domains = '{}' OR cardinality(email_domains) <= 100
    AND array_to_string(email_domains, E'\n', '?') ~ '^[^[:space:][:cntrl:]@A-Z?]{1,253}(\n[^[:space:][:cntrl:]@A-Z?]{1,253})*$'),
  CONSTRAINT upstreams_that_trust_email_need_email_domains CHECK (NOT trusts_email OR email_domains <> '{}')
);
-- +goose StatementBegin
CREATE FUNCTION upstreams_keep_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER upstreams_keep_updated_at BEFORE UPDATE ON upstreams FOR EACH ROW EXECUTE FUNCTION upstreams_keep_updated_at();
CREATE TRIGGER upstreams_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON upstreams FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed();
COMMENT ON COLUMN upstreams.client_secret IS 'written plain, kept sealed: it is replaced by sealed:… when Gatehouse first reads it';
COMMENT ON COLUMN upstreams.authorization_params IS 'more parameters of the authorization request, such as {"access_type": "offline"}';
COMMENT ON COLUMN upstreams.email_domains IS 'addresses of these domains (login_hint) go straight to this upstream';
COMMENT ON COLUMN upstreams.trusts_email IS 'a verified address of email_domains is linked to the one enabled user who has it verified';
COMMENT ON COLUMN upstreams.creates_users IS 'an account that belongs to nobody becomes a new user';

-- upstream_accounts: whose account at an upstream is whose here. The tokens are sealed.
CREATE TABLE upstream_accounts (
  upstream                text NOT NULL CONSTRAINT upstream_accounts_upstream_must_exist REFERENCES upstreams (name) ON UPDATE CASCADE ON DELETE CASCADE,
  issuer                  text NOT NULL,
  sub                     text NOT NULL,
  username                text NOT NULL CONSTRAINT upstream_accounts_user_must_exist REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  label                   text,
  access_token            bytea,
  access_token_expires_at timestamptz,
  refresh_token           bytea,
  token_scope             text,
  refreshing_until        timestamptz,
  linked_at               timestamptz NOT NULL DEFAULT now(),
  used_at                 timestamptz,
  CONSTRAINT upstream_accounts_account_is_linked_already PRIMARY KEY (upstream, issuer, sub),
  CONSTRAINT upstream_accounts_user_has_an_account_there_already UNIQUE (upstream, username),
  CONSTRAINT upstream_accounts_sub_must_be_1_to_255_printable_ascii CHECK (sub ~ '^[ -~]{1,255}$'),
  CONSTRAINT upstream_accounts_label_must_be_1_to_254_without_control_chars CHECK (label ~ '^[^[:cntrl:]]{1,254}$')
);
CREATE INDEX upstream_accounts_by_username ON upstream_accounts (username);
COMMENT ON COLUMN upstream_accounts.label IS 'what to show: e-mail address or name there';

ALTER TABLE clients ADD COLUMN allowed_upstreams text[] NOT NULL DEFAULT '{}'
  CONSTRAINT clients_allowed_upstreams_must_be_at_most_20_names CHECK (
    allowed_upstreams = '{}' OR cardinality(allowed_upstreams) <= 20
    AND array_to_string(allowed_upstreams, ' ', '?') ~ '^[a-z0-9][a-z0-9_-]{0,31}( [a-z0-9][a-z0-9_-]{0,31})*$');
COMMENT ON COLUMN clients.allowed_upstreams IS 'upstreams whose tokens of its users this client may get (token exchange)';

-- +goose Down
ALTER TABLE clients DROP COLUMN allowed_upstreams;
DROP TABLE upstream_accounts, upstreams;
DROP FUNCTION upstreams_keep_updated_at;
