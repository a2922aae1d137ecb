-- Personal access tokens: what a person makes on the account page for programs of his own, in place of a password.

-- +goose Up
CREATE TABLE personal_access_tokens (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  token_sha256 bytea NOT NULL CONSTRAINT personal_access_tokens_token_must_be_unique UNIQUE,
  username     text NOT NULL CONSTRAINT personal_access_tokens_user_must_exist
    REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  name         text NOT NULL,
  scope        text NOT NULL DEFAULT 'openid',
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  shown_at     timestamptz,
  used_at      timestamptz,
  revoked_at   timestamptz,
  CONSTRAINT personal_access_tokens_token_must_be_a_digest_use_sha256 CHECK (octet_length(token_sha256) = 32),
  CONSTRAINT personal_access_tokens_name_is_1_to_100_without_control_chars CHECK (name ~ '^[^[:cntrl:]]{1,100}$'),
  CONSTRAINT personal_access_tokens_scope_must_be_words_with_one_space CHECK (
    scope ~ '^([!#-\[\]-~]+( [!#-\[\]-~]+)*)?$' AND length(scope) <= 1000),
  CONSTRAINT personal_access_tokens_expires_at_must_be_after_created_at CHECK (expires_at > created_at)
);
COMMENT ON COLUMN personal_access_tokens.token_sha256 IS 'sha256 of the whole token, which begins with gatehouse_pat_';
COMMENT ON COLUMN personal_access_tokens.shown_at IS 'when the person saw the token, which is once';
COMMENT ON COLUMN personal_access_tokens.used_at IS 'the latest use, to the hour';
CREATE INDEX personal_access_tokens_by_username ON personal_access_tokens (username, created_at, id);
CREATE INDEX personal_access_tokens_by_expires_at ON personal_access_tokens (expires_at);

-- +goose Down
DROP TABLE personal_access_tokens;
