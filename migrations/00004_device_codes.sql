-- What a device without a browser waits for (RFC 8628).

-- +goose Up
-- device_codes: ten minutes each; after a crash they are gone, and the device asks again. Unlogged and without foreign keys, as
-- auth_codes and for its reasons: whoever asks for a code is not signed in and costs no durable write, and the redemption joins the
-- session and the user anyway.
CREATE UNLOGGED TABLE device_codes (
  device_code_sha256 bytea PRIMARY KEY,
  user_code_hmac     bytea NOT NULL CONSTRAINT device_codes_user_code_must_be_unique UNIQUE,
  network_hmac       bytea NOT NULL,
  grant_id           uuid NOT NULL,
  client_id          text NOT NULL,
  offline            boolean NOT NULL,
  scope              text NOT NULL,
  poll_interval      interval NOT NULL,
  polled_at          timestamptz,
  allowed            boolean,
  user_id            uuid,
  sid                uuid,
  auth_time          timestamptz,
  amr                text[],
  expires_at         timestamptz NOT NULL,
  used_at            timestamptz,
  CONSTRAINT device_codes_allowed_must_say_by_whom CHECK (NOT allowed OR num_nulls(user_id, sid, auth_time, amr) = 0)
);
COMMENT ON COLUMN device_codes.user_code_hmac IS 'under a key of GATEHOUSE_ENCRYPTION_KEY: eight letters are too few for a mere digest';
COMMENT ON COLUMN device_codes.network_hmac IS 'who asked for it (an IPv4 address or an IPv6 /48), so that no network can fill the table';
COMMENT ON COLUMN device_codes.allowed IS 'NULL until a person has answered';
CREATE INDEX device_codes_by_expires_at ON device_codes (expires_at);

-- +goose Down
DROP TABLE device_codes;
