-- What is measured: third-party clients with stored consents, so that every check is made, and people who are signed in. Their
-- password is that of user0000.
INSERT INTO users (username, password, name, email, email_verified)
SELECT 'user' || lpad(i::text, 4, '0'), u.password, 'Person ' || i, 'user' || lpad(i::text, 4, '0') || '@example.com', true
FROM generate_series(1, 63) AS i, users u WHERE u.username = 'user0000';
INSERT INTO groups (name) VALUES ('staff'), ('hub-admins');
INSERT INTO group_members (group_name, username) SELECT 'staff', username FROM users;

INSERT INTO clients (client_id, client_name, redirect_uris, grant_types, scope,
  id_token_signed_response_alg)
SELECT id, 'Client ' || id, '{https://rp.example.org/cb}', '{authorization_code,refresh_token}',
  'openid profile email groups offline_access', alg
FROM (VALUES ('web', 'RS256'), ('web-es256', 'ES256')) AS c (id, alg);
INSERT INTO clients (client_id, client_name, grant_types, response_types, scope)
VALUES ('svc', 'A service', '{client_credentials}', '{}', 'jobs');
INSERT INTO client_secrets (client_id, secret_sha256)
SELECT client_id, CASE client_id WHEN 'svc' THEN sha256('svc-secret-svc-secret') ELSE sha256('web-secret-web-secret') END FROM clients;
INSERT INTO consents (user_id, client_id, scopes, granted_at)
SELECT u.id, c.client_id, '{openid,email,offline_access}', now() FROM users u, clients c WHERE c.redirect_uris <> '{}';
INSERT INTO sessions (sid, cookie_sha256, user_id, auth_time, amr, seen_at, expires_at, ends_at)
SELECT gen_random_uuid(), sha256(('session-of-' || username)::bytea), id, now(), '{pwd}', now(),
  now() + interval '8 hours', now() + interval '24 hours'
FROM users;
