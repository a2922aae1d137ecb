CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, username text UNIQUE, email text);
CREATE TABLE sessions (id bytea PRIMARY KEY, user_id bigint NOT NULL, expires_at timestamptz NOT NULL);
CREATE TABLE codes (id bytea PRIMARY KEY, user_id bigint NOT NULL, client_id text NOT NULL, nonce text, challenge bytea, scope text,
  expires_at timestamptz NOT NULL);
CREATE TABLE tokens (id bytea PRIMARY KEY, access bytea, user_id bigint NOT NULL, client_id text NOT NULL, scope text,
  expires_at timestamptz NOT NULL);
CREATE INDEX tokens_access ON tokens (access);
INSERT INTO users (username, email) SELECT 'user' || lpad(i::text, 4, '0'), 'user' || lpad(i::text, 4, '0') || '@example.com'
FROM generate_series(0, 63) AS i;
INSERT INTO sessions SELECT sha256(('session-of-' || username)::bytea), id, now() + interval '1 day' FROM users;
