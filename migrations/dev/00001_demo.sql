-- The demo rows of `npm start`, which are also an example of how users and groups are added with SQL.
-- The demo client is registered by `gatehouse client add --template jupyterhub`, as its secret and port are this machine's own.

-- +goose Up
INSERT INTO groups (name, description) VALUES
  ('hub-admins', 'Administrators of JupyterHub'), ('gatehouse-admins', 'Administrators of Gatehouse');
INSERT INTO users (username, password, name, given_name, email, email_verified)
VALUES
  ('alice', password_hash('demo passphrase'), 'Alice', 'Alice', 'alice@example.org', true),
  ('admin', password_hash('demo passphrase'), 'Administrator', NULL, NULL, false);
INSERT INTO group_members (group_name, username) VALUES ('hub-admins', 'alice'), ('gatehouse-admins', 'admin');

-- +goose Down
DELETE FROM users WHERE username IN ('alice', 'admin');
DELETE FROM groups WHERE name IN ('hub-admins', 'gatehouse-admins');
