-- What relying parties of other origins need, as switches of a client's row rather than as special cases.

-- +goose Up
ALTER TABLE clients
  ADD COLUMN refresh_token_format text NOT NULL DEFAULT 'opaque'
    CONSTRAINT clients_refresh_token_format_must_be_opaque_or_jwt CHECK (refresh_token_format IN ('opaque', 'jwt')),
  ADD COLUMN released_claims text[] NOT NULL DEFAULT '{}'
    CONSTRAINT clients_released_claims_must_be_at_most_20_claim_names CHECK (
      released_claims = '{}' OR cardinality(released_claims) <= 20
      AND array_to_string(released_claims, E'\n', '?') ~ '^[A-Za-z0-9_.:/-]{1,100}(\n[A-Za-z0-9_.:/-]{1,100})*$'),
  ADD COLUMN audiences text[] NOT NULL DEFAULT '{}'
    CONSTRAINT clients_audiences_must_be_at_most_20_without_white_space CHECK (
      audiences = '{}' OR cardinality(audiences) <= 20
      AND array_to_string(audiences, E'\n', '?') ~ '^[!->@-~]{1,255}(\n[!->@-~]{1,255})*$');
COMMENT ON COLUMN clients.refresh_token_format IS 'jwt for a client that parses its refresh tokens';
COMMENT ON COLUMN clients.released_claims IS 'claims that this client gets whatever scopes it asks for, such as preferred_username';
COMMENT ON COLUMN clients.audiences IS 'resource servers that its access tokens are for (aud), beside the issuer''s own userinfo';

-- +goose Down
ALTER TABLE clients DROP COLUMN refresh_token_format, DROP COLUMN released_claims, DROP COLUMN audiences;
