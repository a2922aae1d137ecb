-- Token exchange between services (RFC 8693): who may turn which access token into one for somebody else.

-- +goose Up
CREATE TABLE exchange_policies (
  client_id        text NOT NULL CONSTRAINT exchange_policies_client_must_exist REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE CASCADE,
  audience         text NOT NULL,
  scope            text NOT NULL DEFAULT '',
  subject_audience text,
  impersonation    boolean NOT NULL DEFAULT false,
  created_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT exchange_policies_client_has_one_for_this_audience_already PRIMARY KEY (client_id, audience),
  CONSTRAINT exchange_policies_audience_must_be_1_to_255_without_spaces CHECK (audience ~ '^[!-~]{1,255}$'),
  CONSTRAINT exchange_policies_subject_audience_is_1_to_255_without_spaces CHECK (subject_audience ~ '^[!-~]{1,255}$'),
  CONSTRAINT exchange_policies_scope_must_be_words_separated_by_one_space CHECK (
    scope ~ '^([!#-\[\]-~]+( [!#-\[\]-~]+)*)?$' AND length(scope) <= 1000)
);
COMMENT ON TABLE exchange_policies IS 'the client may exchange access tokens for one that audience takes';
COMMENT ON COLUMN exchange_policies.scope IS 'the widest scope of the new token, which never has one that the old token has not';
COMMENT ON COLUMN exchange_policies.subject_audience IS 'tokens for this audience may be exchanged, beside the client''s own and those for its client_id';
COMMENT ON COLUMN exchange_policies.impersonation IS 'false: the new token says who acts for the person (act); true: it need not';

-- +goose Down
DROP TABLE exchange_policies;
