-- People, their groups and consents
SET session_replication_role = replica; -- references hold by construction; to check each would take hours
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'users_search'::regclass;
INSERT INTO users (id, sub, username, name, email, email_verified)
SELECT md5('person' || i)::uuid, 'grown' || i, 'grown' || i, 'Person ' || i, 'grown' || i || '@example.com', true
FROM generate_series({people from}, {people to} - 1) AS i;
INSERT INTO group_members (group_name, username)
SELECT 'staff', 'grown' || i FROM generate_series({people from}, {people to} - 1) AS i;
INSERT INTO consents (user_id, client_id, scopes, granted_at)
SELECT md5('person' || i)::uuid, 'web-es256', '{openid,email,offline_access}', now()
FROM generate_series({people from}, {people to} - 1) AS i;
-- Indexes that REINDEX makes at the end, rather than each row.
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid IN ('sessions'::regclass, 'grants'::regclass);

-- Sessions: ids are ordered by time, as Gatehouse's are; one in a thousand ends every 25 seconds, from an hour on
CREATE FUNCTION pg_temp.nth_id(kind text, i bigint) RETURNS uuid LANGUAGE sql AS $$
  SELECT (lpad(to_hex(1700000000000 + i), 12, '0') || '7' || left(md5(kind || i), 3) || '8' || right(md5(kind || i), 15))::uuid
$$;
CREATE TEMPORARY TABLE numbers AS
SELECT i, md5('person' || i % {people to})::uuid AS user_id,
  now() + interval '1 hour' + interval '7 hours' * (i::float / {logins to}) AS expires_at
FROM generate_series({logins from}::bigint, {logins to} - 1) AS i;
INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
SELECT pg_temp.nth_id('session', i), sha256(('session-' || i)::bytea), user_id, now(), '{pwd}', now(), expires_at, expires_at
FROM numbers;

-- Grants, each with a family of refresh tokens, whose secret is the digest of a name
INSERT INTO grants (id, user_id, client_id, sid, offline, scope, auth_time, amr, created_at, expires_at,
  refresh_sha256, refreshed_at, refresh_expires_at)
SELECT pg_temp.nth_id('grant', i), user_id, 'web-es256', pg_temp.nth_id('session', i), true, 'openid email offline_access',
  now(), '{pwd}', now(), expires_at, sha256(sha256(('refresh-' || i)::bytea)), now(), expires_at
FROM numbers;
DROP TABLE numbers;

-- Indexes
REINDEX TABLE sessions;
REINDEX TABLE grants;
REINDEX INDEX users_search;
