-- Clients that register themselves (RFC 7591, RFC 7592), or that are known by a document at their client_id.

-- +goose Up
ALTER TABLE clients
  ADD COLUMN registration                     text,
  ADD COLUMN registration_access_token_sha256 bytea,
  ADD COLUMN metadata_fetched_at              timestamptz,
  ADD CONSTRAINT clients_registration_must_be_open_token_or_document CHECK (registration IN ('open', 'token', 'document')),
  ADD CONSTRAINT clients_registration_access_token_must_be_a_digest_use_sha256 CHECK (octet_length(registration_access_token_sha256) = 32),
  ADD CONSTRAINT clients_with_a_document_must_have_metadata_fetched_at CHECK (
    (registration IS NOT DISTINCT FROM 'document') = (metadata_fetched_at IS NOT NULL));
COMMENT ON COLUMN clients.registration IS 'how the client registered itself: open, with an initial access token, or by a document at its client_id; NULL: an administrator did';
COMMENT ON COLUMN clients.registration_access_token_sha256 IS 'sha256 of what the client reads, changes and removes its registration with';
CREATE INDEX clients_by_registration ON clients (created_at) WHERE registration IS NOT NULL;

-- initial_access_tokens: what a client registers itself with where not everybody may, or beyond the bounds for everybody.
CREATE TABLE initial_access_tokens (
  name         text CONSTRAINT initial_access_tokens_name_must_be_unique PRIMARY KEY,
  token_sha256 bytea NOT NULL CONSTRAINT initial_access_tokens_token_must_be_unique UNIQUE,
  uses_left    integer DEFAULT 1,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL DEFAULT now() + interval '30 days',
  used_at      timestamptz,
  CONSTRAINT initial_access_tokens_name_is_1_to_100_without_control_chars CHECK (name ~ '^[^[:cntrl:]]{1,100}$'),
  CONSTRAINT initial_access_tokens_token_must_be_a_digest_use_sha256 CHECK (octet_length(token_sha256) = 32),
  CONSTRAINT initial_access_tokens_uses_left_must_not_be_negative CHECK (uses_left >= 0)
);
COMMENT ON COLUMN initial_access_tokens.uses_left IS 'clients that may still be registered with it; NULL: any number';

-- recent_registrations: registrations and changes of the last hour, counted for each network and in all. Unlogged as device_codes.
CREATE UNLOGGED TABLE recent_registrations (
  network_hmac  bytea NOT NULL,
  registered_at timestamptz NOT NULL
);
CREATE INDEX recent_registrations_by_registered_at ON recent_registrations (registered_at);

-- A statement that changes no row, such as a registration that is refused, must not drop the caches of all replicas.
-- +goose StatementBegin
CREATE FUNCTION gatehouse_cached_rows_changed_if_any() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM changed) THEN
    UPDATE cache_version SET version = version + 1;
    NOTIFY gatehouse_cached_rows_changed;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['clients', 'signing_keys'] LOOP
    EXECUTE format('DROP TRIGGER %I ON %I', t || '_changed', t);
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed_if_any()', t || '_inserted', t);
    EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed_if_any()', t || '_updated', t);
    EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed_if_any()', t || '_deleted', t);
    EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed()', t || '_truncated', t);
  END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['clients', 'signing_keys'] LOOP
    EXECUTE format('DROP TRIGGER %I ON %I', t || '_inserted', t);
    EXECUTE format('DROP TRIGGER %I ON %I', t || '_updated', t);
    EXECUTE format('DROP TRIGGER %I ON %I', t || '_deleted', t);
    EXECUTE format('DROP TRIGGER %I ON %I', t || '_truncated', t);
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed()', t || '_changed', t);
  END LOOP;
END $$;
-- +goose StatementEnd
DROP FUNCTION gatehouse_cached_rows_changed_if_any;
DROP TABLE recent_registrations, initial_access_tokens;
-- Nobody would look again at what such a client says of itself.
UPDATE clients SET disabled_at = coalesce(disabled_at, now()) WHERE registration = 'document';
ALTER TABLE clients DROP COLUMN registration, DROP COLUMN registration_access_token_sha256, DROP COLUMN metadata_fetched_at;
