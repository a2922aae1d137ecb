-- Those who sign in while something breaks, all with the password of person0000, and the applications that they use.
INSERT INTO users (username, password, name, email, email_verified)
SELECT 'person' || lpad(i::text, 4, '0'), u.password, 'Person ' || i, 'person' || i || '@example.com', true
FROM generate_series(1, 199) AS i, users u WHERE u.username = 'person0000';
INSERT INTO users (username, password)
SELECT 'careful' || lpad(i::text, 4, '0'), u.password FROM generate_series(0, 999) AS i, users u WHERE u.username = 'person0000';
INSERT INTO clients (client_id, client_name, redirect_uris, post_logout_redirect_uris, grant_types, scope, first_party)
SELECT id, 'Client ' || id, '{https://rp.example.org/cb}', '{https://rp.example.org/bye}', '{authorization_code,refresh_token}',
  'openid profile email groups offline_access', true
FROM (VALUES ('web'), ('other')) AS c (id);
INSERT INTO client_secrets (client_id, secret_sha256) SELECT client_id, sha256('web-secret-web-secret') FROM clients;
ANALYZE users, clients;
