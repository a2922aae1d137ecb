DROP TABLE IF EXISTS codes, tokens, sessions;
CREATE TABLE codes (id bytea PRIMARY KEY, session_id bytea, data text, expires_at timestamptz);
CREATE TABLE tokens (id bytea PRIMARY KEY, session_id bytea, data text, expires_at timestamptz);
CREATE TABLE sessions (id bytea PRIMARY KEY, sub text, expires_at timestamptz);
INSERT INTO sessions SELECT sha256(i::text::bytea), 'u' || i, now() + interval '1 day' FROM generate_series(0, 9999) AS i;
ANALYZE sessions;
