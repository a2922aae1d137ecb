-- A million people, one group with all of them
SET session_replication_role = replica; -- references hold by construction
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'users_search'::regclass; -- REINDEX makes it at the end
INSERT INTO groups (name) VALUES ('everybody');
INSERT INTO users (id, sub, username, name, email, email_verified)
SELECT md5('person' || i)::uuid, 'p' || i, 'p' || i, (ARRAY['Ada', 'Bob', 'Carol', 'Dave', 'Erin', 'Frank', 'Grace', 'Heidi'])[1 + i % 8] ||
  ' Person ' || i, 'p' || i || '@example.com', true
FROM generate_series(1, {people}) AS i;
INSERT INTO group_members (group_name, username) SELECT 'everybody', username FROM users;
INSERT INTO sign_ins (at, user_id, outcome) SELECT now(), id, 'signed_in' FROM users WHERE username < 'p2';

-- The index of what is searched
REINDEX INDEX users_search;

-- Statistics
VACUUM (FREEZE, ANALYZE) users, group_members
