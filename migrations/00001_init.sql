-- The tables are the public interface: users, groups and clients are managed with SQL.
-- Every constraint is named after what to do when it refuses a row.

-- +goose Up
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- ── What constraints ask ──

-- +goose StatementBegin
-- password_hash makes a bcrypt hash for users.password: INSERT … VALUES ('alice', password_hash('a long passphrase')).
-- It is upgraded to argon2id at the user's next sign-in. Of what the command line asks for, it knows the length and the most common ones.
CREATE FUNCTION password_hash(password text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT AS $$
BEGIN
  IF length(password) < 8 OR octet_length(password) > 72 THEN
    RAISE EXCEPTION 'the password must have at least 8 characters and at most 72 bytes'
      USING ERRCODE = 'check_violation', HINT = 'Longer passwords: gatehouse user passwd NAME';
  ELSIF lower(password) ~ '^(.{1,4})\1+$|^(.*(pass(wor[dt]|w0rd)|12345678|87654321|qwert[yz]ui(op)?|1q2w3e4r|abcdefgh|iloveyou|changeme|letmein|jupyterhub'
    '|sunshine|football|baseball|princess|superman|trustno1|welcome|administrator)[^a-z]*)$' THEN
    RAISE EXCEPTION 'the password is among those that attackers try first' USING ERRCODE = 'check_violation';
  END IF;
  RETURN crypt(password, gen_salt('bf', 10));
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- is_base64: bytes in base64, with padding or without, in the alphabet of RFC 4648 §4 or with passlib's point for +.
CREATE FUNCTION is_base64(value text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT value ~ '^[A-Za-z0-9+/.]{2,200}={0,2}$' AND length(rtrim(value, '=')) % 4 <> 1
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- argon2_is_bounded and scrypt_is_bounded: memory is in KiB.
CREATE FUNCTION argon2_is_bounded(memory integer, passes integer, threads integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT threads BETWEEN 1 AND 16 AND passes BETWEEN 1 AND 10 AND memory BETWEEN 8 * threads AND 1048576
    AND memory * passes <= 2621440
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION scrypt_is_bounded(n bigint, r bigint, p bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT n > 1 AND n & (n - 1) = 0 AND r BETWEEN 1 AND 32 AND p BETWEEN 1 AND 32 AND n * r <= 2097152 AND n * r * p <= 2097152
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- crypt_number: digits of crypt(3), of 6 bits each, the lowest first.
CREATE FUNCTION crypt_number(digits text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT sum((position(substr(digits, i, 1) IN './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz') - 1)::bigint
    << (6 * (i - 1)))::bigint
  FROM generate_series(1, length(digits)) AS i
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- keycloak_hash_problem is password_hash_problem of a credential of Keycloak: JSON, with JSON in texts.
CREATE FUNCTION keycloak_hash_problem(credential text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  secret jsonb;
  params jsonb;
  more   jsonb;
BEGIN
  secret := credential::jsonb -> 'secretData';
  params := credential::jsonb -> 'credentialData';
  secret := CASE jsonb_typeof(secret) WHEN 'string' THEN (secret #>> '{}')::jsonb ELSE secret END;
  params := CASE jsonb_typeof(params) WHEN 'string' THEN (params #>> '{}')::jsonb ELSE params END;
  more := params -> 'additionalParameters';
  IF (is_base64(secret ->> 'value') AND is_base64(secret ->> 'salt') AND length(secret ->> 'value') BETWEEN 22 AND 88) IS NOT TRUE
    OR (params ->> 'hashIterations' ~ '^[0-9]{1,7}$') IS NOT TRUE THEN
    RETURN 'form';
  ELSIF params ->> 'algorithm' IN ('pbkdf2', 'pbkdf2-sha1', 'pbkdf2-sha256', 'pbkdf2-sha512') THEN
    RETURN CASE WHEN (params ->> 'hashIterations')::int BETWEEN 1 AND 2000000 THEN NULL ELSE 'cost' END;
  ELSIF params ->> 'algorithm' = 'argon2' AND more -> 'type' ->> 0 IN ('id', 'i') AND more -> 'version' ->> 0 = '1.3'
    AND more -> 'memory' ->> 0 ~ '^[0-9]{1,7}$' AND more -> 'parallelism' ->> 0 ~ '^[0-9]{1,2}$' THEN
    RETURN CASE WHEN argon2_is_bounded((more -> 'memory' ->> 0)::int, LEAST((params ->> 'hashIterations')::int, 11),
      (more -> 'parallelism' ->> 0)::int) THEN NULL ELSE 'cost' END;
  END IF;
  RETURN 'form';
EXCEPTION WHEN data_exception THEN -- it is no JSON
  RETURN 'form';
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- password_hash_problem says why a hash cannot be in users.password: it is 'plain', of a 'form' that is not known, or of a 'cost'
-- that is too high; NULL: it can. The forms and bounds are those of api/authn/hash.go, and of the table in docs/sql.md.
CREATE FUNCTION password_hash_problem(hash text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  h text := regexp_replace(hash, '^\{(CRYPT|BLF-CRYPT|SHA256-CRYPT|SHA512-CRYPT|ARGON2|ARGON2I|ARGON2ID)\}(?=\$)', '', 'i');
  m text[];
  bounded boolean;
BEGIN
  IF length(hash) > 1000 THEN
    RETURN 'form';
  END IF;

  m := regexp_match(h, '^(?:bcrypt\$|bcrypt_sha256\$)?\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$');
  IF m IS NOT NULL THEN
    bounded := m[1]::int BETWEEN 4 AND 14;
  END IF;

  m := regexp_match(h, '^(?:argon2)?\$argon2(?:id|i)\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,2}),p=([0-9]{1,2})'
    '\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$');
  IF m IS NOT NULL AND is_base64(m[4]) AND is_base64(m[5]) THEN
    bounded := argon2_is_bounded(m[1]::int, m[2]::int, m[3]::int);
  END IF;

  m := COALESCE(
    regexp_match(h, '^\$pbkdf2(?:-sha1|-sha256|-sha512)?\$([0-9]{1,7})\$([A-Za-z0-9+/.]{2,86})\$([A-Za-z0-9+/.]{22,86})$'),
    regexp_match(h, '^\{PBKDF2(?:-SHA1|-SHA256|-SHA512)?\}([0-9]{1,7})\$([A-Z0-9+/.]{2,86})\$([A-Z0-9+/.]{22,86})$', 'i'));
  IF m IS NOT NULL AND is_base64(m[2]) AND is_base64(m[3]) THEN
    bounded := m[1]::int BETWEEN 1 AND 2000000;
  END IF;
  m := regexp_match(h, '^pbkdf2_(?:sha1|sha256|sha512)\$([0-9]{1,7})\$[!-#%-~]{1,128}\$([A-Za-z0-9+/]{22,86}={0,2})$');
  IF m IS NOT NULL AND is_base64(m[2]) THEN
    bounded := m[1]::int BETWEEN 1 AND 2000000;
  END IF;
  m := regexp_match(h, '^pbkdf2:(?:sha1|sha256|sha512):([0-9]{1,7})\$[!-#%-~]{1,128}\$(?:[0-9a-f]{2}){20,64}$');
  IF m IS NOT NULL THEN
    bounded := m[1]::int BETWEEN 1 AND 2000000;
  END IF;

  m := regexp_match(h, '^\$(?:5\$(?:rounds=([0-9]{1,7})\$)?[!-#%-9;-~]{0,16}\$[./0-9A-Za-z]{43}'
    '|6\$(?:rounds=([0-9]{1,7})\$)?[!-#%-9;-~]{0,16}\$[./0-9A-Za-z]{86})$');
  IF m IS NOT NULL THEN
    bounded := COALESCE(m[1], m[2], '5000')::int BETWEEN 1000 AND 1000000;
  END IF;

  m := regexp_match(h, '^\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})\$([A-Za-z0-9+/]{2,86})\$([A-Za-z0-9+/]{22,86})$');
  IF m IS NOT NULL AND is_base64(m[4]) AND is_base64(m[5]) THEN
    bounded := scrypt_is_bounded(1::bigint << LEAST(m[1]::int, 30), m[2]::int, m[3]::int);
  END IF;
  m := regexp_match(h, '^scrypt\$([0-9]{1,8})\$[!-#%-~]{1,128}\$([0-9]{1,2})\$([0-9]{1,2})\$([A-Za-z0-9+/]{22,86}={0,2})$');
  IF m IS NOT NULL AND is_base64(m[4]) THEN
    bounded := scrypt_is_bounded(m[1]::int, m[2]::int, m[3]::int);
  END IF;
  m := COALESCE(
    regexp_match(h, '^scrypt:([0-9]{1,8}):([0-9]{1,2}):([0-9]{1,2})\$[!-#%-~]{1,128}\$(?:[0-9a-f]{2}){16,64}$'),
    regexp_match(h, '^([0-9]{1,8})\$([0-9]{1,2})\$([0-9]{1,2})\$(?:[0-9a-f]{2}){8,64}\$(?:[0-9a-f]{2}){16,64}$'));
  IF m IS NOT NULL THEN
    bounded := scrypt_is_bounded(m[1]::int, m[2]::int, m[3]::int);
  END IF;
  m := regexp_match(h, '^\$7\$([./0-9A-Za-z])([./0-9A-Za-z]{5})([./0-9A-Za-z]{5})[!-#%-~]{0,86}\$[./0-9A-Za-z]{43}$');
  IF m IS NOT NULL THEN
    bounded := scrypt_is_bounded(1::bigint << LEAST(crypt_number(m[1]), 30)::int, LEAST(crypt_number(m[2]), 1000),
      LEAST(crypt_number(m[3]), 1000));
  END IF;

  m := regexp_match(h, '^\{SSHA(256|384|512)?\}([A-Z0-9+/]{32,200}={0,2})$', 'i');
  IF m IS NOT NULL AND is_base64(m[2]) AND length(rtrim(m[2], '=')) * 3 / 4 -- bytes of the digest and the salt
    - (CASE m[1] WHEN '256' THEN 32 WHEN '384' THEN 48 WHEN '512' THEN 64 ELSE 20 END) BETWEEN 4 AND 64 THEN
    bounded := true;
  END IF;

  RETURN CASE
    WHEN bounded THEN NULL
    WHEN bounded IS NOT NULL THEN 'cost'
    WHEN h ~ '^\s*\{\s*"' THEN keycloak_hash_problem(h)
    WHEN h ~ '^(\$[a-z0-9-]{1,20}\$|\{[A-Za-z0-9.-]{2,20}\}[^ ]+$|[0-9]+\$[0-9]+\$|(pbkdf2|scrypt):'
      '|((unsalted_)?(md5|sha1)|crypt|bcrypt|bcrypt_sha256|argon2|scrypt|pbkdf2_[a-z0-9_]{3,20})\$)' THEN 'form'
    ELSE 'plain'
  END;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- origin_of returns scheme://host[:port] of an http or https URL, as browsers write it; NULL for any other.
CREATE FUNCTION origin_of(uri text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT regexp_replace(regexp_replace(lower(substring(uri FROM '^[hH][tT][tT][pP][sS]?://[^/?#]+')),
    '^(https://.*):443$', '\1'), '^(http://.*):80$', '\1')
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- without_slash returns an origin without the slash of its empty path, and anything else as it is: both name one service (RFC 3986 §6.2.3).
CREATE FUNCTION without_slash(uri text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE WHEN right(uri, 1) = '/' AND left(uri, -1) = origin_of(uri) THEN left(uri, -1) ELSE uri END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- check_uris refuses addresses of a column by the one rule that they break, which it names as a constraint: column and rule. They
-- are absolute; kind is http (or https), https, request (http, and a fragment is the digest of what is there: OpenID Connect Core
-- §6.2) or any, which may be a scheme of the application's own (RFC 8252 §7.1): none that a browser or another program acts on.
CREATE FUNCTION check_uris(of_table text, of_column text, uris text[], kind text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
  uri text;
  rule text;
BEGIN
  IF cardinality(uris) > 100 THEN
    RAISE EXCEPTION '% must be at most 100: there are %', of_column, cardinality(uris) USING ERRCODE = 'check_violation',
      TABLE = of_table, COLUMN = of_column, CONSTRAINT = of_table || '_' || of_column || '_must_be_at_most_100';
  END IF;
  FOREACH uri IN ARRAY uris LOOP
    IF kind = 'request' THEN
      uri := regexp_replace(uri, '#[A-Za-z0-9_-]{0,86}$', '');
    END IF;
    rule := CASE
      WHEN uri IS NULL THEN 'must_not_be_null'
      WHEN length(uri) > 1000 THEN 'must_have_at_most_1000_characters'
      WHEN uri ~ '[[:space:]]' THEN 'must_have_no_white_space'
      WHEN uri ~ '[[:cntrl:]]' THEN 'must_have_no_control_characters'
      WHEN uri ~ '#' THEN 'must_have_no_fragment'
      WHEN uri ~ '[*]' THEN 'must_have_no_wildcard'
      WHEN uri ~ '[\\<>"^`{|}]' THEN 'must_have_special_characters_percent_encoded'
      WHEN uri !~ '^[A-Za-z][A-Za-z0-9+.-]*:' THEN 'must_be_absolute'
      WHEN uri !~ '^[a-z0-9+.-]+:' THEN 'must_have_the_scheme_in_lower_case'
      WHEN kind <> 'any' AND uri !~ '^https?:' THEN 'must_be_http_or_https'
      WHEN kind = 'https' AND uri !~ '^https:' THEN 'must_be_https'
      WHEN uri !~ '^https?:' AND uri ~ ('^(http[^.:]*|about|blob|cid|content|data|feed|file|filesystem|ftps?|geo|imap|intent|jar'
        '|javascript|ldaps?|livescript|mailto|mhtml|mid|mocha|news|nntp|res|resource|sftp|shell|sips?|sms|smsto|ssh|tel|telnet|urn'
        '|vbscript|view-source|wss?):') THEN 'must_have_a_scheme_of_the_application'
      WHEN uri !~ '^https?:' THEN NULL
      WHEN uri !~ '^https?://[^/?]' THEN 'must_have_a_host'
      WHEN uri ~ '^https?://[^/?]*@' THEN 'must_have_no_user_name'
      WHEN uri !~ '^https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?)([:/?]|$)' THEN 'must_have_a_valid_host'
      WHEN uri !~ '^https?://(\[[^]]*\]|[^:/?]*)(:[0-9]{1,5})?([/?]|$)' THEN 'must_have_a_valid_port'
    END;
    IF rule IS NOT NULL THEN
      RAISE EXCEPTION '% %: %', of_column, replace(rule, '_', ' '),
        CASE WHEN uri IS NULL THEN 'one is' WHEN rule = 'must_have_no_user_name' THEN 'one has'
          ELSE format('"%s"', left(uri, 1000)) END
        USING ERRCODE = 'check_violation', TABLE = of_table, COLUMN = of_column,
          CONSTRAINT = of_table || '_' || of_column || '_' || rule;
    END IF;
  END LOOP;
  RETURN true;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- all_match reports whether each text of a list matches a regular expression; NULL matches none.
CREATE FUNCTION all_match(list text[], pattern text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT coalesce(bool_and(coalesce(item ~ pattern, false)), true) FROM unnest(list) AS item
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- http_only_on_loopback: no http:// URL but of localhost, 127.0.0.1 and [::1].
CREATE FUNCTION http_only_on_loopback(uris text[]) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT NOT EXISTS (SELECT FROM unnest(uris) AS uri
    WHERE uri ~* '^http:' AND uri !~* '^http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?([/?]|$)')
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- hosts_of counts what pairwise subjects are made for, unless there is a sector_identifier_uri (OpenID Connect Core §8.1).
CREATE FUNCTION hosts_of(uris text[]) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT count(DISTINCT lower(substring(uri FROM '^https?://(\[[^]]*\]|[^/:?]+)'))) FROM unnest(uris) AS uri
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- jwks_are_some: {"keys": […]} of 1 to 20 objects (RFC 7517 §5).
CREATE FUNCTION jwks_are_some(jwks jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE
    WHEN jsonb_typeof(jwks -> 'keys') IS DISTINCT FROM 'array' THEN false
    ELSE jsonb_array_length(jwks -> 'keys') BETWEEN 1 AND 20
      AND NOT jsonb_path_exists(jwks, 'strict $.keys[*] ? (@.type() != "object")')
  END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- pg_restore has no search_path: what a constraint asks has to find by itself what it asks in turn, or no backup can be restored.
DO $$
DECLARE
  f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['keycloak_hash_problem(text)', 'password_hash_problem(text)', 'without_slash(text)'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
  END LOOP;
END $$;
-- +goose StatementEnd

-- ── Users and groups ──

-- is_set reports whether this transaction has said SET LOCAL gatehouse.<setting> = on. With keep_sessions what is changed in it
-- ends no session and revokes no grant; with same_password, too, and the password, or another secret, is the same in another hash or
-- under another key; with dry_run the audit has what follows from a change, too.
CREATE FUNCTION is_set(setting text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(current_setting('gatehouse.' || setting, true), '') = 'on'
$$;

-- users: who can sign in. Set disabled_at to shut a user out at once, expires_at to do so at a time to come.
-- mailbox_of returns where mail to an address ends: what is behind a + is for the person to sort by, and so is the case of letters.
CREATE FUNCTION mailbox_of(email text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT lower(regexp_replace(email, '\+[^@]*@', '@') COLLATE "C")
$$;

CREATE TABLE users (
  id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  sub            text NOT NULL DEFAULT gen_random_uuid()::text,
  username       text NOT NULL,
  password       text,
  name           text,
  given_name     text,
  family_name    text,
  email          text,
  email_verified boolean NOT NULL DEFAULT false,
  picture        text,
  zoneinfo       text,
  locale         text,
  claims         jsonb NOT NULL DEFAULT '{}',
  disabled_at    timestamptz,
  expires_at     timestamptz,
  active_at      timestamptz,
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  password_changed_at timestamptz NOT NULL DEFAULT now(),
  must_change_password boolean NOT NULL DEFAULT false,
  passkey_later_at timestamptz,
  uid            bigint,
  gid            bigint,
  home           text,
  shell          text,
  workshop       text,
  adopted_by     text CONSTRAINT users_adopted_by_must_exist REFERENCES users (username) ON UPDATE CASCADE ON DELETE SET NULL,
  CONSTRAINT users_uid_must_be_unique UNIQUE (uid),
  CONSTRAINT users_gid_needs_a_uid CHECK (gid IS NULL OR uid IS NOT NULL),
  CONSTRAINT users_uid_must_be_100_to_4294967293_and_not_nobodys CHECK (
    uid BETWEEN 100 AND 4294967293 AND uid NOT IN (65534, 65535)),
  CONSTRAINT users_gid_must_be_100_to_4294967293_and_not_nobodys CHECK (
    gid = uid OR gid BETWEEN 100 AND 4294967293 AND gid NOT IN (65534, 65535)),
  CONSTRAINT users_home_must_be_an_absolute_path CHECK (home ~ '^/' AND home !~ '(^|/)\.\.?(/|$)|[:[:cntrl:]]' AND length(home) <= 255),
  CONSTRAINT users_shell_must_be_an_absolute_path CHECK (shell ~ '^/' AND shell !~ '(^|/)\.\.?(/|$)|[:[:cntrl:]]' AND length(shell) <= 255),
  CONSTRAINT users_sub_must_be_unique UNIQUE (sub),
  CONSTRAINT users_sub_must_be_1_to_255_printable_ascii CHECK (sub ~ '^[!-~]{1,255}$'),
  CONSTRAINT users_username_must_be_unique UNIQUE (username),
  CONSTRAINT users_username_must_be_a_unix_name_lower_case_max_32 CHECK (username ~ '^[a-z_][a-z0-9_.-]{0,31}$'),
  CONSTRAINT users_password_must_be_a_hash_use_password_hash CHECK (password_hash_problem(password) IS DISTINCT FROM 'plain'),
  CONSTRAINT users_password_hash_must_be_of_a_form_in_docs_sql_md CHECK (password_hash_problem(password) IS DISTINCT FROM 'form'),
  CONSTRAINT users_password_hash_must_not_cost_more_than_docs_sql_md_has CHECK (
    password_hash_problem(password) IS DISTINCT FROM 'cost'),
  CONSTRAINT users_email_must_have_one_at_sign CHECK (email ~ '^[^@]+@[^@]+$'),
  CONSTRAINT users_email_must_have_no_white_space CHECK (email !~ '[[:space:][:cntrl:]]'),
  CONSTRAINT users_email_must_have_at_most_254_characters CHECK (length(email) <= 254),
  CONSTRAINT users_email_verified_needs_an_email CHECK (NOT email_verified OR email IS NOT NULL),
  CONSTRAINT users_name_must_have_at_most_200_characters CHECK (length(name) <= 200),
  CONSTRAINT users_name_must_have_no_control_characters CHECK (name !~ '[[:cntrl:]]'),
  CONSTRAINT users_given_name_must_have_at_most_200_characters CHECK (length(given_name) <= 200),
  CONSTRAINT users_given_name_must_have_no_control_characters CHECK (given_name !~ '[[:cntrl:]]'),
  CONSTRAINT users_family_name_must_have_at_most_200_characters CHECK (length(family_name) <= 200),
  CONSTRAINT users_family_name_must_have_no_control_characters CHECK (family_name !~ '[[:cntrl:]]'),
  CONSTRAINT users_expires_at_must_be_a_date_or_null CHECK (isfinite(expires_at)),
  CONSTRAINT users_expires_at_must_be_in_the_years_1970_to_9999 CHECK (
    expires_at >= '1970-01-01 00:00Z' AND expires_at < '9999-12-31 00:00Z' OR NOT isfinite(expires_at)),
  CONSTRAINT users_claims_must_be_a_json_object CHECK (jsonb_typeof(claims) = 'object'),
  CONSTRAINT users_claims_must_have_at_most_8_kb CHECK (octet_length(claims::text) <= 8192)
);

-- +goose StatementBegin
CREATE FUNCTION users_keep_sub() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.sub IS DISTINCT FROM OLD.sub OR NEW.id IS DISTINCT FROM OLD.id THEN
    RAISE EXCEPTION 'users.sub never changes: relying parties know the user by it'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'users_sub_never_changes_add_a_new_user', TABLE = 'users',
            HINT = 'Add a new user instead, or change username.';
  END IF;
  IF NEW.passkey_later_at IS NOT DISTINCT FROM OLD.passkey_later_at AND NEW.active_at IS NOT DISTINCT FROM OLD.active_at THEN
    -- which tell nobody anything about the person
    NEW.updated_at := now();
  END IF;
  IF OLD.disabled_at IS NOT NULL AND NEW.disabled_at IS NULL
    OR OLD.expires_at <= now() AND coalesce(NEW.expires_at > now(), true) THEN -- what they are inactive for begins anew
    NEW.active_at := date_trunc('hour', now(), 'UTC');
  END IF;
  IF NEW.password IS DISTINCT FROM OLD.password AND NOT is_set('same_password') THEN
    NEW.password_changed_at := now();
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
-- What is searched of people (searchedOfUser in api/store). It is written at once, since a search reads all that is not yet in order.
CREATE INDEX users_search ON users USING gin (lower(' ' || username || ' ' || coalesce(name, '') || ' ' || coalesce(given_name, '') || ' ' ||
  coalesce(family_name, '') || ' ' || coalesce(email, '')) gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX users_by_expires_at ON users (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX users_by_mailbox ON users (mailbox_of(email)); -- not partial: it would fit statements that ask for other things
CREATE INDEX users_verified_email ON users (lower(email COLLATE "C")) WHERE email_verified;

-- set_username_rule sets what usernames may be; rows that do not fit are named before anything changes. People type a username in
-- any case, and it is looked up in lower case.
-- +goose StatementBegin
CREATE FUNCTION set_username_rule(rule text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  former text;
  name   text;
  must   text;
  unfit  text;
BEGIN
  CASE rule
    WHEN 'unix' THEN
      name := 'users_username_must_be_a_unix_name_lower_case_max_32';
      must := $c$username ~ '^[a-z_][a-z0-9_.-]{0,31}$'$c$;
    WHEN 'email' THEN
      name := 'users_username_must_be_an_address_or_a_unix_name_lower_case';
      must := $c$username ~ '^[a-z_][a-z0-9_.-]{0,31}$' OR username = lower(username) AND length(username) <= 254
        AND username ~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+$'$c$;
    WHEN 'open' THEN
      name := 'users_username_must_be_1_to_255_in_lower_case_no_controls';
      must := $c$username = lower(username) AND length(username) BETWEEN 1 AND 255 AND username !~ '[[:cntrl:]]|^[[:space:]]|[[:space:]]$'$c$;
    ELSE
      RAISE EXCEPTION 'the rule must be unix, email or open, not %', rule USING ERRCODE = 'invalid_parameter_value';
  END CASE;
  SELECT conname INTO former FROM pg_constraint
  WHERE conrelid = 'users'::regclass AND contype = 'c' AND conname LIKE 'users\_username\_must\_be\_%';
  EXECUTE 'SELECT string_agg(username, '', '') FROM (SELECT username FROM users WHERE NOT (' || must || ') ORDER BY 1 LIMIT 10) AS u' INTO unfit;
  IF unfit IS NOT NULL THEN
    RAISE EXCEPTION 'there are usernames that would break the rule: %', unfit
      USING ERRCODE = 'check_violation', CONSTRAINT = name, TABLE = 'users', HINT = 'Change or delete these users first.';
  END IF;
  SET CONSTRAINTS ALL IMMEDIATE; -- what the audit is to hear of when the transaction commits is in the way of ALTER TABLE
  SET CONSTRAINTS ALL DEFERRED;
  EXECUTE format('ALTER TABLE users DROP CONSTRAINT %I, ADD CONSTRAINT %I CHECK (%s)', former, name, must);
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION set_username_rule(text) FROM PUBLIC;

COMMENT ON COLUMN users.expires_at IS 'the account ends: from then on nobody acts with it; NULL: it does not end by itself';
COMMENT ON COLUMN users.active_at IS
  'the hour in which they last signed in, or were let in again; NULL: they never did. A sign-on does not count';
COMMENT ON COLUMN users.must_change_password IS 'true: whoever signs in with the password has to choose another one first';
COMMENT ON COLUMN users.passkey_later_at IS 'when they wanted no passkey yet: they are asked again after 30 days';
COMMENT ON COLUMN users.password_changed_at IS 'by somebody: a sign-in that replaces the hash of the same password does not count';
CREATE TRIGGER users_keep_sub BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION users_keep_sub();

-- name_skeleton returns what a name looks like: names that people may take for each other have the same. Compatible forms are one
-- (NFKD), marks, dots, dashes and spaces are left out, letters of Cyrillic and Greek are those of Latin that they look like, 0 is o, 1 and
-- i are l, rn is m, vv is w.
CREATE FUNCTION name_skeleton(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT replace(replace(translate(regexp_replace(lower(normalize(name, NFKD) COLLATE "C"),
    U&'[\0300-\036F\200B-\200F\2060\FEFF[:space:]._''-]', '', 'g'),
    U&'01i|\0131\0430\0435\043E\0440\0441\0443\0445\0456\0458\0455\043A\0432\043C\043D\0442\0501\03B1\03B5\03BF\03C1\03C5\03BD\03B9\03BA\03C4',
    'olllla' || 'eopcyxljskbmhtdaeopuvlkt'), 'rn', 'm'), 'vv', 'w')
$$;
CREATE INDEX users_by_skeleton ON users (name_skeleton(username));

-- retired_names: usernames that were somebody's. Triggers fill it, so that nobody gets a name with which a stranger's files, or accounts
-- elsewhere, come along. Deleting a row frees the name.
CREATE TABLE retired_names (
  name       text PRIMARY KEY,
  sub        text NOT NULL,
  person     text,
  created_at timestamptz,
  retired_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN retired_names.sub IS 'whose it was: they may have it back';
COMMENT ON COLUMN retired_names.person IS 'the name of that person; NULL: they had none, or it is forgotten';
COMMENT ON COLUMN retired_names.created_at IS 'when that person was added';
CREATE INDEX retired_names_by_lower ON retired_names (lower(name));
CREATE INDEX retired_names_by_skeleton ON retired_names (name_skeleton(name));

-- +goose StatementBegin
CREATE FUNCTION users_retire_names() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO retired_names AS r (name, sub, person, created_at)
  VALUES (OLD.username, OLD.sub, coalesce(OLD.name, nullif(concat_ws(' ', OLD.given_name, OLD.family_name), '')), OLD.created_at)
  ON CONFLICT (name) DO UPDATE SET sub = EXCLUDED.sub, person = EXCLUDED.person, created_at = EXCLUDED.created_at, retired_at = now();
  RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
-- It runs after the row is there, and so after whoever had the name until now, in a transaction that ran beside it.
CREATE FUNCTION users_get_no_retired_name() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  r retired_names;
BEGIN
  DELETE FROM retired_names WHERE name = NEW.username AND sub = NEW.sub; -- who had it has it again
  SELECT * INTO r FROM retired_names WHERE lower(name) = lower(NEW.username) AND sub <> NEW.sub LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the username % was that of % until %: whoever gets it may get at what is theirs', r.name,
      coalesce(r.person, 'somebody else') || ' (sub ' || r.sub || ')', to_char(r.retired_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
      USING ERRCODE = 'unique_violation', CONSTRAINT = 'users_username_is_retired_free_it_first', TABLE = 'users',
            HINT = 'take another, or free it: gatehouse user free-name ' || CASE WHEN r.name ~ '^[a-z0-9_.@][a-z0-9_.@-]*$' THEN r.name
              ELSE quote_literal(r.name) END;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_retire_names AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION users_retire_names();
CREATE TRIGGER users_retire_former_names AFTER UPDATE OF username ON users FOR EACH ROW WHEN (OLD.username <> NEW.username)
  EXECUTE FUNCTION users_retire_names();
CREATE TRIGGER users_get_no_retired_name AFTER INSERT OR UPDATE OF username ON users FOR EACH ROW
  EXECUTE FUNCTION users_get_no_retired_name();

-- +goose StatementBegin
-- chosen_name_problem returns why a person may not choose a name for themselves, NULL if they may: taken, retired, alike (it looks like
-- another's, of today or before) or mixed (its letters are of several scripts). Whether it fits the rule of usernames, the constraint says.
CREATE FUNCTION chosen_name_problem(chosen text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS $$
  SELECT CASE
    WHEN EXISTS (SELECT FROM users WHERE username = lower(chosen)) THEN 'taken'
    WHEN EXISTS (SELECT FROM retired_names WHERE lower(name) = lower(chosen)) THEN 'retired'
    WHEN EXISTS (SELECT FROM users WHERE name_skeleton(username) = name_skeleton(chosen))
      OR EXISTS (SELECT FROM retired_names WHERE name_skeleton(name) = name_skeleton(chosen)) THEN 'alike'
    WHEN (normalize(chosen, NFKC) ~ U&'[a-zA-Z\00C0-\024F]')::int + (chosen ~ U&'[\0370-\03FF\1F00-\1FFF]')::int
      + (chosen ~ U&'[\0400-\052F]')::int + (chosen ~ U&'[\0530-\058F]')::int + (chosen ~ U&'[\0590-\05FF]')::int
      + (chosen ~ U&'[\0600-\06FF]')::int > 1 THEN 'mixed'
  END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
  f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['users_retire_names()', 'users_get_no_retired_name()', 'chosen_name_problem(text)'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$;
-- +goose StatementEnd

-- groups and who is in them: the groups claim, and who may use a client (clients.allowed_groups).
CREATE TABLE groups (
  name        text CONSTRAINT groups_name_must_be_unique PRIMARY KEY,
  description text,
  mfa         boolean NOT NULL DEFAULT false,
  mfa_from    timestamptz,
  inactive_after interval,
  gid         bigint,
  created_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT groups_gid_must_be_unique UNIQUE (gid),
  CONSTRAINT groups_gid_must_be_100_to_4294967293_and_not_nobodys CHECK (
    gid BETWEEN 100 AND 4294967293 AND gid NOT IN (65534, 65535)),
  CONSTRAINT groups_mfa_from_must_be_a_date_or_null CHECK (isfinite(mfa_from)),
  CONSTRAINT groups_inactive_after_must_be_1_day_to_100_years CHECK (inactive_after BETWEEN '1 day' AND '36500 days'),
  CONSTRAINT groups_inactive_after_must_be_whole_days CHECK (extract(epoch FROM inactive_after) % 86400 = 0),
  CONSTRAINT groups_name_must_have_1_to_255_characters CHECK (length(name) BETWEEN 1 AND 255),
  CONSTRAINT groups_name_must_have_no_comma CHECK (name !~ ','),
  CONSTRAINT groups_name_must_have_no_control_character CHECK (name !~ '[[:cntrl:]]'),
  CONSTRAINT groups_name_must_not_begin_or_end_with_a_space CHECK (name !~ '^ | $')
);
COMMENT ON COLUMN groups.mfa IS 'its members have to prove two factors, at every application and on the account page';
COMMENT ON COLUMN groups.mfa_from IS 'from when; NULL: at once';
COMMENT ON COLUMN groups.inactive_after IS
  'members who have not signed in for so long are disabled; NULL: nobody is';
CREATE INDEX groups_with_mfa ON groups (name) WHERE mfa;
CREATE INDEX groups_with_inactive_after ON groups (name) WHERE inactive_after IS NOT NULL;
CREATE INDEX groups_with_gid ON groups (name, gid) WHERE gid IS NOT NULL;
CREATE TABLE group_members (
  group_name text NOT NULL CONSTRAINT group_members_group_must_exist REFERENCES groups (name) ON UPDATE CASCADE ON DELETE CASCADE,
  username   text NOT NULL CONSTRAINT group_members_user_must_exist
    REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  until      timestamptz,
  CONSTRAINT group_members_until_must_be_a_date_or_null CHECK (isfinite(until)),
  CONSTRAINT group_members_until_must_be_in_the_years_1970_to_9999 CHECK (
    until >= '1970-01-01 00:00Z' AND until < '9999-12-31 00:00Z' OR NOT isfinite(until)),
  CONSTRAINT group_members_user_is_in_the_group_already PRIMARY KEY (username, group_name)
);
COMMENT ON COLUMN group_members.until IS 'the membership ends: from then on it counts no more; NULL: it does not end by itself';
CREATE INDEX group_members_by_group ON group_members (group_name, username);
CREATE INDEX group_members_by_until ON group_members (until) WHERE until IS NOT NULL;

-- group_owners: who looks after a group, and no other: they add and invite its members, and prolong their memberships. An owner need not
-- be a member. Whoever owns a group is a member of gatehouse-owners, whom the pages for administrators let in; triggers see to that.
CREATE TABLE group_owners (
  group_name text NOT NULL CONSTRAINT group_owners_group_must_exist REFERENCES groups (name) ON UPDATE CASCADE ON DELETE CASCADE,
  username   text NOT NULL CONSTRAINT group_owners_user_must_exist
    REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT group_owners_user_owns_the_group_already PRIMARY KEY (username, group_name)
);
CREATE INDEX group_owners_by_group ON group_owners (group_name, username);
-- +goose StatementBegin
CREATE FUNCTION owners_are_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM group_members WHERE group_name = 'gatehouse-owners' AND username = OLD.username
      AND NOT EXISTS (SELECT FROM group_owners o WHERE o.username = OLD.username);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO groups (name, description) VALUES ('gatehouse-owners', 'Whoever owns a group; kept by Gatehouse') ON CONFLICT DO NOTHING;
    INSERT INTO group_members AS m (group_name, username) VALUES ('gatehouse-owners', NEW.username)
    ON CONFLICT ON CONSTRAINT group_members_user_is_in_the_group_already DO UPDATE SET until = NULL WHERE m.until IS NOT NULL;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER owners_are_members AFTER INSERT OR DELETE ON group_owners FOR EACH ROW EXECUTE FUNCTION owners_are_members();
-- when the user is called otherwise, the membership follows by itself
CREATE TRIGGER other_owners_are_members AFTER UPDATE OF username ON group_owners FOR EACH ROW
  WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION owners_are_members();

-- offboardings: who was offboarded, and what they were in, for as long as it can be taken back.
CREATE TABLE offboardings (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  username    text NOT NULL CONSTRAINT offboardings_user_must_exist REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  disabled_at timestamptz,
  memberships jsonb NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  undo_until  timestamptz NOT NULL,
  undone_at   timestamptz
);
COMMENT ON COLUMN offboardings.disabled_at IS 'since when they were shut out before; NULL: they were not';
COMMENT ON COLUMN offboardings.memberships IS 'a list of group_name and until';
CREATE INDEX offboardings_by_user ON offboardings (username);

-- posix_ranges: from where users and groups get numbers when they are added; without rows they get none. set_posix_ranges writes them.
CREATE TABLE posix_ranges (
  kind   text CONSTRAINT posix_ranges_has_one_row_of_each_kind PRIMARY KEY CONSTRAINT posix_ranges_kind_must_be_uid_or_gid
    CHECK (kind IN ('uid', 'gid')),
  first  bigint NOT NULL,
  last   bigint NOT NULL,
  home   text,
  shell  text
);
COMMENT ON COLUMN posix_ranges.home IS 'of new users, with {username} in it';
COMMENT ON COLUMN posix_ranges.shell IS 'of new users';

-- posix_numbers: each number that anybody ever had, so that nobody gets the files of somebody who is gone. A row that is deleted frees one.
CREATE TABLE posix_numbers (
  number bigint NOT NULL,
  kind   text NOT NULL,
  of_table text NOT NULL,
  name   text NOT NULL,
  until  timestamptz,
  CONSTRAINT posix_numbers_number_is_given_once PRIMARY KEY (number, kind)
);
COMMENT ON COLUMN posix_numbers.of_table IS 'users, of a gid as well: the own group of a user; or groups';
COMMENT ON COLUMN posix_numbers.name IS 'of the user, or the group, that has it or had it last';
COMMENT ON COLUMN posix_numbers.until IS 'when they were deleted or got another; NULL: they have it';

-- +goose StatementBegin
-- free_posix_number returns the next number of a kind, NULL where there is no range. A user's own group has the number of the user, so a
-- uid is free as a gid, too. Whoever asked first has the number, and others wait until they commit.
CREATE FUNCTION free_posix_number(of_kind text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  r    posix_ranges;
  free bigint;
BEGIN
  SELECT * INTO r FROM posix_ranges WHERE kind = of_kind;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('posix_numbers', 0));
  SELECT coalesce(max(number) + 1, r.first) INTO free FROM posix_numbers WHERE number BETWEEN r.first AND r.last;
  IF free > r.last THEN -- the last was given on purpose: is there one before?
    SELECT n INTO free
    FROM (SELECT r.first UNION ALL SELECT number + 1 FROM posix_numbers WHERE number BETWEEN r.first AND r.last - 1) AS next (n)
    WHERE NOT EXISTS (SELECT FROM posix_numbers WHERE number = n) ORDER BY 1 LIMIT 1;
  END IF;
  IF free IS NULL THEN
    RAISE EXCEPTION 'no % is left from % to %', of_kind, r.first, r.last
      USING ERRCODE = 'check_violation', CONSTRAINT = 'posix_ranges_must_have_a_number_left', TABLE = 'posix_ranges',
            HINT = 'Have more: gatehouse user set-posix-ranges, or set_posix_ranges in SQL.';
  END IF;
  RETURN free;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
-- give_posix_number writes down whose a number is, and refuses one that is or was somebody's.
CREATE FUNCTION give_posix_number(of_kind text, wanted bigint, of_table text, to_name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held posix_numbers;
BEGIN
  INSERT INTO posix_numbers (number, kind, of_table, name) VALUES (wanted, of_kind, give_posix_number.of_table, to_name)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    SELECT * INTO held FROM posix_numbers WHERE number = wanted AND kind = of_kind;
    RAISE EXCEPTION '% % %', of_kind, wanted, CASE WHEN held.until IS NULL THEN format('is that of %s', held.name)
      ELSE format('was that of %s until %s, whose files may be there', held.name, to_char(held.until AT TIME ZONE 'UTC', 'YYYY-MM-DD')) END
      USING ERRCODE = 'unique_violation', CONSTRAINT = 'posix_numbers_number_is_given_once', TABLE = give_posix_number.of_table,
            HINT = CASE WHEN held.until IS NULL THEN 'Give another.'
              ELSE format('To free it: DELETE FROM posix_numbers WHERE number = %s AND kind = %L', wanted, of_kind) END;
  END IF;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION users_have_posix_numbers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  r posix_ranges;
BEGIN
  IF TG_OP IN ('UPDATE', 'DELETE') THEN
    UPDATE posix_numbers SET name = OLD.username, until = now()
    WHERE until IS NULL AND (TG_OP = 'DELETE' OR NEW.uid IS DISTINCT FROM OLD.uid)
      AND number = OLD.uid AND of_table = 'users';
    IF TG_OP = 'DELETE' THEN
      RETURN OLD;
    END IF;
  ELSE
    NEW.uid := coalesce(NEW.uid, free_posix_number('uid'));
  END IF;
  IF NEW.uid IS NULL THEN
    NEW.gid := CASE WHEN TG_OP = 'INSERT' OR OLD.uid IS NULL THEN NEW.gid END;
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' OR NEW.uid IS DISTINCT FROM OLD.uid THEN
    PERFORM give_posix_number('uid', NEW.uid, 'users', NEW.username);
    IF TG_OP = 'UPDATE' AND NEW.gid = OLD.uid THEN
      NEW.gid := NEW.uid; -- their own group goes with them
    END IF;
    SELECT * INTO r FROM posix_ranges WHERE kind = 'uid';
    NEW.home := coalesce(NEW.home, replace(r.home, '{username}', NEW.username));
    NEW.shell := coalesce(NEW.shell, r.shell);
  END IF;
  NEW.gid := coalesce(NEW.gid, NEW.uid);
  IF NEW.gid = NEW.uid AND NOT EXISTS (SELECT FROM posix_numbers
    WHERE number = NEW.gid AND kind = 'gid' AND of_table = 'users' AND until IS NULL) THEN
    PERFORM give_posix_number('gid', NEW.gid, 'users', NEW.username);
  ELSIF NEW.gid <> NEW.uid AND NOT EXISTS (SELECT FROM groups WHERE gid = NEW.gid) THEN
    RAISE EXCEPTION 'gid % is that of no group', NEW.gid
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'users_gid_must_be_the_uid_or_that_of_a_group', TABLE = 'users',
            HINT = format('Add one: gatehouse group add NAME --gid %s', NEW.gid);
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_have_posix_numbers BEFORE INSERT OR UPDATE OF uid, gid OR DELETE ON users
  FOR EACH ROW EXECUTE FUNCTION users_have_posix_numbers();
-- +goose StatementBegin
CREATE FUNCTION groups_have_posix_numbers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF TG_OP IN ('UPDATE', 'DELETE') THEN
    UPDATE posix_numbers SET name = OLD.name, until = now()
    WHERE until IS NULL AND (TG_OP = 'DELETE' OR NEW.gid IS DISTINCT FROM OLD.gid)
      AND number = OLD.gid AND kind = 'gid' AND of_table = 'groups';
    IF TG_OP = 'DELETE' THEN
      RETURN OLD;
    END IF;
  ELSE
    NEW.gid := coalesce(NEW.gid, free_posix_number('gid'));
  END IF;
  IF NEW.gid IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.gid IS DISTINCT FROM OLD.gid) THEN
    PERFORM give_posix_number('gid', NEW.gid, 'groups', NEW.name);
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER groups_have_posix_numbers BEFORE INSERT OR UPDATE OF gid OR DELETE ON groups
  FOR EACH ROW EXECUTE FUNCTION groups_have_posix_numbers();

-- +goose StatementBegin
-- set_posix_ranges has each user and each group have a number, those that there are as well, in the order in which they came. With NULL new
-- ones get none, and those that were given stay.
CREATE FUNCTION set_posix_ranges(uids int8range, gids int8range, home text DEFAULT '/home/{username}', shell text DEFAULT '/bin/bash')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  row record;
BEGIN
  IF (uids IS NULL) <> (gids IS NULL) OR uids && gids
    OR NOT coalesce(uids <@ '[100,4294967293]' AND gids <@ '[100,4294967293]', true) OR isempty(uids) OR isempty(gids)
    OR uids && '[65534,65535]' OR gids && '[65534,65535]' THEN
    RAISE EXCEPTION 'the ranges must be apart, from 100 to 4294967293 and without 65534 and 65535, such as 100000 to 199999'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  DELETE FROM posix_ranges;
  INSERT INTO posix_ranges SELECT * FROM (VALUES ('uid', lower(uids), upper(uids) - 1, home, shell),
    ('gid', lower(gids), upper(gids) - 1, NULL, NULL)) AS r WHERE uids IS NOT NULL;
  IF uids IS NULL THEN
    RETURN;
  END IF;
  FOR row IN SELECT name FROM groups WHERE gid IS NULL ORDER BY created_at, name LOOP
    UPDATE groups SET gid = free_posix_number('gid') WHERE name = row.name;
  END LOOP;
  FOR row IN SELECT id FROM users WHERE uid IS NULL ORDER BY created_at, username LOOP
    UPDATE users SET uid = free_posix_number('uid') WHERE id = row.id;
  END LOOP;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION set_posix_ranges(int8range, int8range, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION users_have_posix_numbers(), groups_have_posix_numbers() FROM PUBLIC;
-- +goose StatementBegin
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION users_have_posix_numbers() SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION groups_have_posix_numbers() SET search_path = %I, pg_temp', current_schema());
END $$;
-- +goose StatementEnd
COMMENT ON COLUMN users.uid IS 'the number of the person on machines; NULL: they have none';
COMMENT ON COLUMN users.gid IS 'their first group there: their own, of the same number as uid, or a group''s';
COMMENT ON COLUMN users.home IS 'their folder there';
COMMENT ON COLUMN users.shell IS 'what a terminal runs there';
COMMENT ON COLUMN groups.gid IS 'the number of the group on machines; NULL: it has none';

-- totp_secrets: one-time codes (RFC 6238), one row a person.
CREATE TABLE totp_secrets (
  user_id    uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  secret     bytea NOT NULL,
  last_step  bigint NOT NULL,
  created_at timestamptz NOT NULL,
  used_at    timestamptz
);
COMMENT ON COLUMN totp_secrets.secret IS 'sealed with GATEHOUSE_ENCRYPTION_KEY';
COMMENT ON COLUMN totp_secrets.last_step IS 'the step of 30 s of the last code that was used: only a later one counts';

-- recovery_codes: each stands once for a factor that is lost. Nobody has more than ten.
CREATE TABLE recovery_codes (
  user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  place       smallint NOT NULL CONSTRAINT recovery_codes_place_must_be_1_to_10 CHECK (place BETWEEN 1 AND 10),
  code_pbkdf2 bytea NOT NULL,
  created_at  timestamptz NOT NULL,
  shown_at    timestamptz,
  spent_at    timestamptz,
  PRIMARY KEY (user_id, place)
);
COMMENT ON COLUMN recovery_codes.code_pbkdf2 IS
  'PBKDF2-HMAC-SHA256 of the code, 65536 rounds, salted with the user: the code has 50 bits';

-- passkeys: public keys that people sign in with (WebAuthn).
CREATE TABLE passkeys (
  user_id            uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  credential_id      bytea NOT NULL CONSTRAINT passkeys_credential_id_must_be_unique UNIQUE,
  rp_id              text NOT NULL,
  name               text NOT NULL,
  public_key         bytea NOT NULL,
  sign_count         bigint NOT NULL DEFAULT 0,
  synced             boolean NOT NULL DEFAULT false,
  hardware_protected boolean NOT NULL DEFAULT false,
  aaguid             uuid,
  transports         text[] NOT NULL DEFAULT '{}',
  created_at         timestamptz NOT NULL DEFAULT now(),
  used_at            timestamptz,
  PRIMARY KEY (user_id, credential_id),
  CONSTRAINT passkeys_credential_id_must_have_1_to_1023_bytes CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
  CONSTRAINT passkeys_public_key_must_have_1_to_2000_bytes CHECK (octet_length(public_key) BETWEEN 1 AND 2000),
  CONSTRAINT passkeys_name_must_have_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100),
  CONSTRAINT passkeys_name_must_have_no_control_characters CHECK (name !~ '[[:cntrl:]]'),
  CONSTRAINT passkeys_sign_count_must_not_be_negative CHECK (sign_count >= 0),
  CONSTRAINT passkeys_that_are_synced_are_not_hardware_protected CHECK (NOT (synced AND hardware_protected))
);
COMMENT ON COLUMN passkeys.rp_id IS 'the host that it is good for (GATEHOUSE_PASSKEY_RP_ID): all have the same one';
COMMENT ON COLUMN passkeys.public_key IS 'COSE_Key (RFC 9052)';
COMMENT ON COLUMN passkeys.sign_count IS 'of its last use; 0 where its authenticator does not count';
COMMENT ON COLUMN passkeys.synced IS 'it may be copied to other devices of the person, by whoever keeps it for them';
COMMENT ON COLUMN passkeys.hardware_protected IS 'an administrator has seen that the key is in hardware, which it cannot leave';
COMMENT ON COLUMN passkeys.aaguid IS 'the model of the authenticator, where it says so';
COMMENT ON COLUMN passkeys.transports IS 'how the browser reaches its authenticator';

-- +goose StatementBegin
-- A passkey is good for one relying party ID, and cannot be moved to another: as long as there is one, there is but one ID. The lock
-- has those that are added in parallel see each other.
CREATE FUNCTION passkeys_have_one_rp_id() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  other text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('passkeys.rp_id'));
  SELECT rp_id INTO other FROM passkeys LIMIT 1; -- any: they have the same one
  IF other <> NEW.rp_id THEN
    RAISE EXCEPTION 'passkeys.rp_id is % as long as there is a passkey, not %', other, NEW.rp_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'passkeys_rp_id_must_be_that_of_all_passkeys', TABLE = 'passkeys',
            HINT = format('Set GATEHOUSE_PASSKEY_RP_ID to %s; or delete all passkeys, and everybody makes new ones.', other);
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER passkeys_have_one_rp_id BEFORE INSERT OR UPDATE OF rp_id ON passkeys FOR EACH ROW EXECUTE FUNCTION passkeys_have_one_rp_id();

-- personal_access_tokens: what people make on the account page for programs of their own, in place of a password.
CREATE TABLE personal_access_tokens (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  token_sha256 bytea NOT NULL CONSTRAINT personal_access_tokens_token_must_be_unique UNIQUE,
  username     text NOT NULL CONSTRAINT personal_access_tokens_user_must_exist
    REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  name         text NOT NULL,
  scope        text NOT NULL DEFAULT 'openid',
  amr          text[] NOT NULL DEFAULT '{}',
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  shown_at     timestamptz,
  used_at      timestamptz,
  revoked_at   timestamptz,
  CONSTRAINT personal_access_tokens_token_must_be_a_digest_use_sha256 CHECK (octet_length(token_sha256) = 32),
  CONSTRAINT personal_access_tokens_name_must_have_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100),
  CONSTRAINT personal_access_tokens_name_must_have_no_control_characters CHECK (name !~ '[[:cntrl:]]'),
  CONSTRAINT personal_access_tokens_scope_must_be_words_with_one_space CHECK (
    scope ~ '^([!#-\[\]-~]+( [!#-\[\]-~]+)*)?$'),
  CONSTRAINT personal_access_tokens_scope_must_have_at_most_1000_characters CHECK (length(scope) <= 1000),
  CONSTRAINT personal_access_tokens_expires_at_must_be_after_created_at CHECK (expires_at > created_at)
);
COMMENT ON COLUMN personal_access_tokens.token_sha256 IS 'sha256 of the whole token, which begins with gatehouse_pat_';
COMMENT ON COLUMN personal_access_tokens.amr IS 'of the sign-in from which it was made: where more is asked for by now, it is refused';
COMMENT ON COLUMN personal_access_tokens.shown_at IS 'when the person saw the token, which is once';
COMMENT ON COLUMN personal_access_tokens.used_at IS 'the latest use, to the hour';
CREATE INDEX personal_access_tokens_by_username ON personal_access_tokens (username, created_at, id);
CREATE INDEX personal_access_tokens_by_expires_at ON personal_access_tokens (expires_at);

-- ── Clients ──

-- acr_values: the authentication context classes that a sign-in can reach (OpenID Connect Core §2), and what they take. Tokens say the one
-- that was asked for, else the last by position that was reached.
CREATE TABLE acr_values (
  value              text CONSTRAINT acr_values_value_must_be_unique PRIMARY KEY,
  position           integer NOT NULL CONSTRAINT acr_values_position_must_be_unique UNIQUE DEFERRABLE,
  factors            integer NOT NULL DEFAULT 1,
  phishing_resistant boolean NOT NULL DEFAULT false,
  hardware_protected boolean NOT NULL DEFAULT false,
  CONSTRAINT acr_values_value_must_be_1_to_255_printable_ascii CHECK (value ~ '^[!-~]{1,255}$'),
  CONSTRAINT acr_values_factors_must_be_1_or_2 CHECK (factors IN (1, 2))
);
COMMENT ON COLUMN acr_values.factors IS 'how many different ones, such as a password and a one-time code; a passkey is two';
COMMENT ON COLUMN acr_values.phishing_resistant IS 'a passkey';
COMMENT ON COLUMN acr_values.hardware_protected IS 'a passkey of which passkeys.hardware_protected is true';
INSERT INTO acr_values (value, position, factors, phishing_resistant, hardware_protected) VALUES
  ('https://refeds.org/profile/sfa', 10, 1, false, false),
  ('1', 20, 1, false, false),
  ('https://refeds.org/profile/mfa', 30, 2, false, false),
  ('mfa', 40, 2, false, false),
  ('phr', 50, 1, true, false),
  ('phrh', 60, 1, true, true);

-- clients: the relying parties, in the names of the IANA registry of client metadata (RFC 7591) where it has one.
CREATE TABLE clients (
  client_id                             text CONSTRAINT clients_client_id_must_be_unique PRIMARY KEY,
  -- what people see
  client_name                           text,
  client_uri                            text,
  logo_uri                              text,
  policy_uri                            text,
  tos_uri                               text,
  contacts                              text[] NOT NULL DEFAULT '{}',
  initiate_login_uri                    text,
  -- what it may ask for
  application_type                      text NOT NULL DEFAULT 'web',
  redirect_uris                         text[] NOT NULL DEFAULT '{}',
  localhost_any_port                    boolean NOT NULL DEFAULT false,
  grant_types                           text[] NOT NULL DEFAULT '{authorization_code}',
  response_types                        text[] NOT NULL DEFAULT '{code}',
  scope                                 text NOT NULL DEFAULT 'openid profile email groups offline_access',
  default_max_age                       integer,
  cors_origins                          text[] NOT NULL DEFAULT '{}',
  -- how it proves who it is, and how its requests come
  token_endpoint_auth_method            text NOT NULL DEFAULT 'client_secret_basic',
  token_endpoint_auth_signing_alg       text,
  jwks                                  jsonb,
  jwks_uri                              text,
  request_uris                          text[] NOT NULL DEFAULT '{}',
  request_object_signing_alg            text,
  require_signed_request_object         boolean NOT NULL DEFAULT false,
  require_pushed_authorization_requests boolean NOT NULL DEFAULT false,
  require_pkce                          boolean NOT NULL DEFAULT true,
  dpop_bound_access_tokens              boolean NOT NULL DEFAULT false,
  security_profile                      text NOT NULL DEFAULT 'openid',
  -- what its tokens are like
  id_token_signed_response_alg          text NOT NULL DEFAULT 'RS256',
  access_token_signing_alg              text NOT NULL DEFAULT 'ES256',
  access_token_typ                      text NOT NULL DEFAULT 'at+jwt',
  userinfo_signed_response_alg          text,
  refresh_token_format                  text NOT NULL DEFAULT 'opaque',
  subject_type                          text NOT NULL DEFAULT 'public',
  sector_identifier_uri                 text,
  id_token_scope_claims                 boolean NOT NULL DEFAULT true,
  released_claims                       text[] NOT NULL DEFAULT '{}',
  audiences                             text[] NOT NULL DEFAULT '{}',
  -- how it hears of a logout
  post_logout_redirect_uris             text[] NOT NULL DEFAULT '{}',
  frontchannel_logout_uri               text,
  frontchannel_logout_session_required  boolean NOT NULL DEFAULT false,
  backchannel_logout_uri                text,
  backchannel_logout_session_required   boolean NOT NULL DEFAULT false,
  -- what an administrator decides
  first_party                           boolean NOT NULL DEFAULT false,
  allowed_groups                        text[] NOT NULL DEFAULT '{}',
  allowed_upstreams                     text[] NOT NULL DEFAULT '{}',
  resource_server                       boolean NOT NULL DEFAULT false,
  short_lived_request_objects           boolean NOT NULL DEFAULT false,
  min_acr                               text
    CONSTRAINT clients_min_acr_must_be_in_acr_values REFERENCES acr_values (value) ON UPDATE CASCADE,
  min_acr_from                          timestamptz
    CONSTRAINT clients_min_acr_from_must_be_a_date_or_null CHECK (isfinite(min_acr_from)),
  disabled_at                           timestamptz,
  -- how it came
  registration                          text,
  registration_access_token_sha256      bytea,
  metadata_fetched_at                   timestamptz,
  created_at                            timestamptz NOT NULL DEFAULT now(),
  updated_at                            timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT clients_client_id_must_be_1_to_255_printable_ascii CHECK (client_id ~ '^[!-~]{1,255}$'),
  CONSTRAINT clients_client_name_must_have_1_to_100_characters CHECK (length(client_name) BETWEEN 1 AND 100),
  CONSTRAINT clients_client_name_must_have_no_control_characters CHECK (client_name !~ '[[:cntrl:]]'),
  CONSTRAINT clients_client_uri_must_be_a_url CHECK (
    check_uris('clients', 'client_uri', array_remove(ARRAY[client_uri], NULL), 'http')),
  CONSTRAINT clients_logo_uri_must_be_a_url CHECK (
    check_uris('clients', 'logo_uri', array_remove(ARRAY[logo_uri], NULL), 'http')),
  CONSTRAINT clients_policy_uri_must_be_a_url CHECK (
    check_uris('clients', 'policy_uri', array_remove(ARRAY[policy_uri], NULL), 'http')),
  CONSTRAINT clients_tos_uri_must_be_a_url CHECK (
    check_uris('clients', 'tos_uri', array_remove(ARRAY[tos_uri], NULL), 'http')),
  CONSTRAINT clients_initiate_login_uri_must_be_a_url CHECK (
    check_uris('clients', 'initiate_login_uri', array_remove(ARRAY[initiate_login_uri], NULL), 'http')),
  CONSTRAINT clients_contacts_must_not_be_null CHECK (array_position(contacts, NULL) IS NULL),
  CONSTRAINT clients_application_type_must_be_web_or_native CHECK (application_type IN ('web', 'native')),
  CONSTRAINT clients_redirect_uris_must_be_uris CHECK (check_uris('clients', 'redirect_uris', redirect_uris, 'any')),
  CONSTRAINT clients_cors_origins_must_be_at_most_100 CHECK (cardinality(cors_origins) <= 100),
  CONSTRAINT clients_cors_origins_must_not_be_null CHECK (array_position(cors_origins, NULL) IS NULL),
  CONSTRAINT clients_cors_origins_must_be_in_lower_case CHECK (all_match(array_remove(cors_origins, NULL), '^[^A-Z]*$')),
  CONSTRAINT clients_cors_origins_must_be_scheme_and_host_without_path CHECK ( -- no "null", which is every sandboxed page
    all_match(array_remove(cors_origins, NULL), '^[a-zA-Z][a-zA-Z0-9+.-]*://(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9_.-]+)(:[0-9]{1,5})?$')),
  CONSTRAINT clients_cors_origins_must_have_no_default_port CHECK ( -- browsers leave it out
    all_match(array_remove(cors_origins, NULL), '^(?!https://.*:443$|http://.*:80$)')),
  CONSTRAINT clients_public_redirect_uris_must_be_https_or_loopback CHECK (
    token_endpoint_auth_method <> 'none' OR http_only_on_loopback(redirect_uris)),
  CONSTRAINT clients_scope_must_be_words_separated_by_one_space CHECK (
    scope ~ '^([!#-\[\]-~]+( [!#-\[\]-~]+)*)?$'),
  CONSTRAINT clients_scope_must_have_at_most_1000_characters CHECK (length(scope) <= 1000),
  CONSTRAINT clients_grant_types_must_not_be_null CHECK (array_position(grant_types, NULL) IS NULL),
  CONSTRAINT clients_response_types_must_not_be_null CHECK (array_position(response_types, NULL) IS NULL),
  CONSTRAINT clients_allowed_groups_must_not_be_null CHECK (array_position(allowed_groups, NULL) IS NULL),
  CONSTRAINT clients_default_max_age_must_not_be_negative CHECK (default_max_age >= 0),
  CONSTRAINT clients_auth_method_must_be_basic_post_private_key_jwt_or_none CHECK (
    token_endpoint_auth_method IN ('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none')),
  CONSTRAINT clients_without_a_secret_must_require_pkce CHECK (require_pkce OR token_endpoint_auth_method <> 'none'),
  CONSTRAINT clients_token_endpoint_auth_alg_is_RS256_PS256_ES256_or_EdDSA CHECK (
    token_endpoint_auth_signing_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  CONSTRAINT clients_jwks_must_be_an_object_with_1_to_20_keys CHECK (jwks_are_some(jwks)),
  CONSTRAINT clients_jwks_must_have_no_private_or_symmetric_keys CHECK ( -- RFC 7518 §6
    NOT jsonb_path_exists(jwks, '$.keys[*] ? (exists(@.d) || exists(@.p) || exists(@.q) || exists(@.k))')),
  CONSTRAINT clients_jwks_must_have_at_most_32_kb CHECK (octet_length(jwks::text) <= 32768),
  CONSTRAINT clients_jwks_and_jwks_uri_exclude_each_other CHECK (num_nonnulls(jwks, jwks_uri) <= 1),
  CONSTRAINT clients_jwks_uri_must_be_a_url CHECK (
    check_uris('clients', 'jwks_uri', array_remove(ARRAY[jwks_uri], NULL), 'http')),
  CONSTRAINT clients_private_key_jwt_needs_jwks_or_jwks_uri CHECK (
    token_endpoint_auth_method <> 'private_key_jwt' OR num_nonnulls(jwks, jwks_uri) > 0),
  CONSTRAINT clients_request_uris_must_be_uris CHECK (check_uris('clients', 'request_uris', request_uris, 'request')),
  CONSTRAINT clients_request_object_alg_must_be_RS256_PS256_ES256_or_EdDSA CHECK (
    request_object_signing_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  CONSTRAINT clients_signed_request_objects_need_jwks_or_jwks_uri CHECK (
    NOT require_signed_request_object OR num_nonnulls(jwks, jwks_uri) > 0),
  CONSTRAINT clients_security_profile_must_be_openid_or_fapi2 CHECK (security_profile IN ('openid', 'fapi2')),
  CONSTRAINT clients_fapi2_needs_token_endpoint_auth_method_private_key_jwt CHECK (
    security_profile <> 'fapi2' OR token_endpoint_auth_method = 'private_key_jwt'),
  CONSTRAINT clients_fapi2_needs_require_pushed_authorization_requests CHECK (
    security_profile <> 'fapi2' OR require_pushed_authorization_requests),
  CONSTRAINT clients_fapi2_needs_dpop_bound_access_tokens CHECK (security_profile <> 'fapi2' OR dpop_bound_access_tokens),
  CONSTRAINT clients_fapi2_needs_require_pkce CHECK (security_profile <> 'fapi2' OR require_pkce),
  CONSTRAINT clients_fapi2_needs_response_types_of_code_alone CHECK (
    security_profile <> 'fapi2' OR response_types = '{code}'),
  CONSTRAINT clients_fapi2_id_token_signed_response_alg_must_not_be_RS256 CHECK (
    security_profile <> 'fapi2' OR id_token_signed_response_alg IS DISTINCT FROM 'RS256'),
  CONSTRAINT clients_fapi2_access_token_signing_alg_must_not_be_RS256 CHECK (
    security_profile <> 'fapi2' OR access_token_signing_alg IS DISTINCT FROM 'RS256'),
  CONSTRAINT clients_fapi2_userinfo_signed_response_alg_must_not_be_RS256 CHECK (
    security_profile <> 'fapi2' OR userinfo_signed_response_alg IS DISTINCT FROM 'RS256'),
  CONSTRAINT clients_fapi2_token_endpoint_auth_signing_alg_must_not_be_RS256 CHECK (
    security_profile <> 'fapi2' OR token_endpoint_auth_signing_alg IS DISTINCT FROM 'RS256'),
  CONSTRAINT clients_fapi2_request_object_signing_alg_must_not_be_RS256 CHECK (
    security_profile <> 'fapi2' OR request_object_signing_alg IS DISTINCT FROM 'RS256'),
  CONSTRAINT clients_id_token_alg_must_be_RS256_PS256_ES256_or_EdDSA CHECK (
    id_token_signed_response_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  CONSTRAINT clients_access_token_alg_must_be_RS256_PS256_ES256_or_EdDSA CHECK (
    access_token_signing_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  CONSTRAINT clients_access_token_typ_must_be_at_jwt_or_JWT CHECK (access_token_typ IN ('at+jwt', 'JWT')),
  CONSTRAINT clients_userinfo_alg_must_be_RS256_PS256_ES256_or_EdDSA CHECK (
    userinfo_signed_response_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  CONSTRAINT clients_refresh_token_format_must_be_opaque_or_jwt CHECK (refresh_token_format IN ('opaque', 'jwt')),
  CONSTRAINT clients_subject_type_must_be_public_or_pairwise CHECK (subject_type IN ('public', 'pairwise')),
  CONSTRAINT clients_sector_identifier_uri_must_be_a_url CHECK (
    check_uris('clients', 'sector_identifier_uri', array_remove(ARRAY[sector_identifier_uri], NULL), 'https')),
  CONSTRAINT clients_pairwise_needs_redirect_uris_or_sector_identifier_uri CHECK (
    subject_type <> 'pairwise' OR sector_identifier_uri IS NOT NULL OR redirect_uris <> '{}'),
  CONSTRAINT clients_pairwise_with_private_schemes_needs_sector_identifier CHECK (
    subject_type <> 'pairwise' OR sector_identifier_uri IS NOT NULL OR all_match(redirect_uris, '^https?://')),
  CONSTRAINT clients_pairwise_on_several_hosts_needs_sector_identifier_uri CHECK (
    subject_type <> 'pairwise' OR sector_identifier_uri IS NOT NULL OR hosts_of(redirect_uris) <= 1),
  CONSTRAINT clients_released_claims_must_be_at_most_20 CHECK (cardinality(released_claims) <= 20),
  CONSTRAINT clients_released_claims_must_not_be_null CHECK (array_position(released_claims, NULL) IS NULL),
  CONSTRAINT clients_released_claims_must_be_claim_names CHECK (
    all_match(array_remove(released_claims, NULL), '^[A-Za-z0-9_.:/-]{1,100}$')),
  CONSTRAINT clients_audiences_must_be_at_most_20 CHECK (cardinality(audiences) <= 20),
  CONSTRAINT clients_audiences_must_not_be_null CHECK (array_position(audiences, NULL) IS NULL),
  CONSTRAINT clients_audiences_must_be_1_to_255_printable_ascii CHECK (
    all_match(array_remove(audiences, NULL), '^[!-~]{1,255}$')),
  CONSTRAINT clients_post_logout_redirect_uris_must_be_uris CHECK (
    check_uris('clients', 'post_logout_redirect_uris', post_logout_redirect_uris, 'any')),
  CONSTRAINT clients_frontchannel_logout_uri_must_be_a_url CHECK (
    check_uris('clients', 'frontchannel_logout_uri', array_remove(ARRAY[frontchannel_logout_uri], NULL), 'http')),
  CONSTRAINT clients_backchannel_logout_uri_must_be_a_url CHECK (
    check_uris('clients', 'backchannel_logout_uri', array_remove(ARRAY[backchannel_logout_uri], NULL), 'http')),
  CONSTRAINT clients_allowed_upstreams_must_be_at_most_20 CHECK (cardinality(allowed_upstreams) <= 20),
  CONSTRAINT clients_allowed_upstreams_must_not_be_null CHECK (array_position(allowed_upstreams, NULL) IS NULL),
  CONSTRAINT clients_allowed_upstreams_must_be_names_of_upstreams CHECK (
    all_match(array_remove(allowed_upstreams, NULL), '^[a-z0-9][a-z0-9_-]{0,31}$')),
  CONSTRAINT clients_registration_must_be_open_token_or_document CHECK (registration IN ('open', 'token', 'document')),
  CONSTRAINT clients_registration_access_token_must_be_a_digest_use_sha256 CHECK (
    octet_length(registration_access_token_sha256) = 32),
  CONSTRAINT clients_with_a_document_must_have_metadata_fetched_at CHECK (
    (registration IS NOT DISTINCT FROM 'document') = (metadata_fetched_at IS NOT NULL))
);
CREATE INDEX clients_by_registration ON clients (created_at) WHERE registration IS NOT NULL;
-- +goose StatementBegin
CREATE FUNCTION clients_keep_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER clients_keep_updated_at BEFORE UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION clients_keep_updated_at();
COMMENT ON COLUMN clients.cors_origins IS
  'origins of its pages beside those of redirect_uris, such as capacitor://localhost of an application in a web view';
COMMENT ON COLUMN clients.localhost_any_port IS
  'true: redirect_uris of http://localhost count with any port, as those of 127.0.0.1 and [::1] do for a native client';
COMMENT ON COLUMN clients.jwks IS 'the client''s public keys, {"keys": [...]}: for private_key_jwt and signed request objects';
COMMENT ON COLUMN clients.jwks_uri IS
  'where they are fetched instead; http, and private addresses, only of hosts in GATEHOUSE_PRIVATE_HOSTS';
COMMENT ON COLUMN clients.security_profile IS 'fapi2: held to the FAPI 2.0 Security Profile';
COMMENT ON COLUMN clients.access_token_typ IS
  'typ in the header of its access tokens: JWT for services that refuse at+jwt, the type of RFC 9068';
COMMENT ON COLUMN clients.resource_server IS
  'true: introspection tells it who a token is of although the token does not name it as an audience';
COMMENT ON COLUMN clients.short_lived_request_objects IS
  'true: its request objects must have nbf, an hour ago at most, and exp, an hour later at most, as those of fapi2 always must';
COMMENT ON COLUMN clients.refresh_token_format IS 'jwt for a client that parses its refresh tokens';
COMMENT ON COLUMN clients.subject_type IS 'pairwise: sub differs for each host, so that clients cannot compare whom they know';
COMMENT ON COLUMN clients.id_token_scope_claims IS
  'false: what scopes release comes from userinfo only (OpenID Connect Core §5.4)';
COMMENT ON COLUMN clients.released_claims IS
  'claims that this client gets whatever scopes it asks for, such as preferred_username';
COMMENT ON COLUMN clients.audiences IS 'resource servers that its access tokens are for (aud), beside the issuer''s own userinfo';
COMMENT ON COLUMN clients.backchannel_logout_uri IS 'http, and private addresses, only of hosts in GATEHOUSE_PRIVATE_HOSTS';
COMMENT ON COLUMN clients.first_party IS 'true: people are not asked for consent';
COMMENT ON COLUMN clients.allowed_groups IS 'empty: everybody; otherwise members of one of these groups';
COMMENT ON COLUMN clients.allowed_upstreams IS 'upstreams whose tokens of its users this client may get (token exchange)';
COMMENT ON COLUMN clients.registration IS
  'how the client registered itself: open, with an initial access token, or by a document at its client_id;'
  ' NULL: an administrator did';
COMMENT ON COLUMN clients.registration_access_token_sha256 IS
  'sha256 of what the client reads, changes and removes its registration with';

-- +goose StatementBegin
-- is_protocol_claim reports whether only the protocol sets a claim: RFC 7519 §4.1, RFC 7662 §2.2, RFC 8417 §2.2, RFC 8693 §4, RFC 9068
-- §2.2, RFC 9396 §9, OpenID Connect Core §2, §5.6.2 and §7.4, its logout specifications, and our own tokens.
CREATE FUNCTION is_protocol_claim(claim text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT lower(claim COLLATE "C") IN ('iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'azp', 'nonce', 'auth_time', 'acr', 'amr',
    'at_hash', 'c_hash', 's_hash', 'sid', 'sub_jwk', 'scope', 'client_id', 'cnf', 'act', 'may_act', 'events', 'toe', 'txn',
    'authorization_details', '_claim_names', '_claim_sources', 'active', 'username', 'token_type', 'grant_id', 'subject_token')
$$;
-- +goose StatementEnd
-- +goose StatementBegin
-- is_standard_claim: OpenID Connect Core §5.1, and groups.
CREATE FUNCTION is_standard_claim(claim text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT lower(claim COLLATE "C") IN ('name', 'given_name', 'family_name', 'middle_name', 'nickname', 'preferred_username', 'profile',
    'picture', 'website', 'gender', 'birthdate', 'zoneinfo', 'locale', 'updated_at', 'email', 'email_verified', 'address', 'phone_number',
    'phone_number_verified', 'groups', 'uid', 'gid', 'gids', 'home', 'shell', 'voperson_policy_agreement')
$$;
-- +goose StatementEnd

-- client_claims: claims that a client gets of its users beside those of scopes, by names that it asks for, such as roles. Each row is one
-- source of one claim.
CREATE TABLE client_claims (
  client_id         text NOT NULL CONSTRAINT client_claims_client_must_exist
    REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE CASCADE,
  position          integer NOT NULL,
  claim             text NOT NULL,
  value             jsonb,
  from_field        text,
  from_group        text CONSTRAINT client_claims_group_must_exist REFERENCES groups (name) ON UPDATE CASCADE ON DELETE CASCADE,
  from_group_prefix text,
  keep_prefix       boolean NOT NULL DEFAULT false,
  shape             text NOT NULL DEFAULT 'single',
  in_access_token   boolean NOT NULL DEFAULT false,
  created_at        timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT client_claims_position_is_taken_already PRIMARY KEY (client_id, position),
  CONSTRAINT client_claims_position_must_be_1_to_50 CHECK (position BETWEEN 1 AND 50),
  CONSTRAINT client_claims_claim_must_be_1_to_100_letters_digits_and_signs CHECK (claim ~ '^[A-Za-z0-9_.:/-]{1,100}$'),
  CONSTRAINT client_claims_claim_must_not_be_one_of_the_protocol CHECK (NOT is_protocol_claim(claim)),
  CONSTRAINT client_claims_claim_must_not_be_one_that_a_scope_releases CHECK (NOT is_standard_claim(claim)),
  CONSTRAINT client_claims_must_have_value_or_one_from CHECK (
    num_nonnulls(from_field, from_group, from_group_prefix) = 1 OR
    num_nonnulls(from_field, from_group, from_group_prefix) = 0 AND value IS NOT NULL),
  CONSTRAINT client_claims_value_must_be_alone_or_with_from_group CHECK (
    value IS NULL OR num_nonnulls(from_field, from_group_prefix) = 0),
  CONSTRAINT client_claims_value_must_say_something CHECK (value NOT IN ('null', '""', '[]', '{}')),
  CONSTRAINT client_claims_value_must_have_at_most_1_kb CHECK (octet_length(value::text) <= 1024),
  CONSTRAINT client_claims_from_field_must_be_the_name_of_a_claim CHECK (from_field ~ '^[A-Za-z0-9_.:/-]{1,100}$'),
  CONSTRAINT client_claims_from_field_must_not_be_sub CHECK (from_field <> 'sub'),
  CONSTRAINT client_claims_from_group_prefix_must_have_1_to_255_characters CHECK (length(from_group_prefix) BETWEEN 1 AND 255),
  CONSTRAINT client_claims_from_group_prefix_must_have_no_control_character CHECK (from_group_prefix !~ '[[:cntrl:]]'),
  CONSTRAINT client_claims_keep_prefix_needs_from_group_prefix CHECK (NOT keep_prefix OR from_group_prefix IS NOT NULL),
  CONSTRAINT client_claims_shape_must_be_single_or_list CHECK (shape IN ('single', 'list'))
);
-- +goose StatementBegin
-- The lock has rows that are added in parallel see each other, so that each gets a place of its own.
CREATE FUNCTION client_claims_come_last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.position IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext('client_claims ' || NEW.client_id));
    SELECT coalesce(max(position), 0) + 1 INTO NEW.position FROM client_claims WHERE client_id = NEW.client_id;
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER client_claims_come_last BEFORE INSERT ON client_claims FOR EACH ROW EXECUTE FUNCTION client_claims_come_last();
COMMENT ON COLUMN client_claims.position IS
  'rows of a claim are read in this order; the first that has something makes a single one; NULL in an INSERT: after the others';
COMMENT ON COLUMN client_claims.claim IS 'its name, such as policy, roles or https://example.org/roles';
COMMENT ON COLUMN client_claims.value IS
  'without a from_…: for everybody; with from_group: for its members, who get the name of the group if it is NULL';
COMMENT ON COLUMN client_claims.from_field IS
  'username, another column of users, or a member of users.claims; it comes where a scope or released_claims releases that';
COMMENT ON COLUMN client_claims.from_group IS 'this group, exactly';
COMMENT ON COLUMN client_claims.from_group_prefix IS
  'groups whose names begin with it: what follows it, or with keep_prefix the whole name';
COMMENT ON COLUMN client_claims.shape IS 'single: one value, left out if there is none; list: all of them, perhaps none';
COMMENT ON COLUMN client_claims.in_access_token IS 'true: the claim is in access tokens, too, where every service that gets one reads it';

-- client_secrets: what a client authenticates with, unless it signs or cannot keep a secret. Of two, the old one counts until the new
-- one is in place.
CREATE TABLE client_secrets (
  client_id     text NOT NULL CONSTRAINT client_secrets_client_must_exist
    REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE CASCADE,
  name          text NOT NULL,
  secret_sha256 bytea NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  expires_at    timestamptz,
  used_at       timestamptz,
  CONSTRAINT client_secrets_name_must_be_unique_for_the_client PRIMARY KEY (client_id, name),
  CONSTRAINT client_secrets_name_must_have_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100),
  CONSTRAINT client_secrets_name_must_have_no_control_characters CHECK (name !~ '[[:cntrl:]]'),
  CONSTRAINT client_secrets_secret_must_be_a_digest_use_sha256 CHECK (octet_length(secret_sha256) = 32),
  CONSTRAINT client_secrets_created_at_must_be_a_date CHECK (created_at BETWEEN '1970-01-01' AND '9999-12-31'),
  CONSTRAINT client_secrets_expires_at_must_be_a_date_or_null CHECK (expires_at < '9999-12-31'),
  CONSTRAINT client_secrets_expires_at_must_be_after_created_at CHECK (expires_at > created_at)
);
COMMENT ON COLUMN client_secrets.name IS 'what you know it by; without: the day, such as 2027-03-01';
COMMENT ON COLUMN client_secrets.secret_sha256 IS
  'sha256(''the secret''); make the secret with: SELECT encode(gen_random_bytes(32), ''hex'')';
COMMENT ON COLUMN client_secrets.expires_at IS 'refused from then on; NULL: never';
COMMENT ON COLUMN client_secrets.used_at IS 'the hour of its last use, a minute later';
-- +goose StatementBegin
CREATE FUNCTION client_secrets_have_names() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  day text := to_char(NEW.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD');
  n   integer := 1;
BEGIN
  NEW.name := day;
  WHILE EXISTS (SELECT FROM client_secrets WHERE client_id = NEW.client_id AND name = NEW.name) LOOP
    n := n + 1;
    NEW.name := day || '.' || n;
  END LOOP;
  RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
-- At most two live secrets of a client whose method takes one, none of any other. The row of the client changes with its secrets, so
-- that of two transactions, at whichever level, one sees what the other did or fails.
CREATE FUNCTION client_secrets_fit_their_client() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  method text;
  kept   integer;
  live   integer;
BEGIN
  IF TG_TABLE_NAME = 'clients' THEN
    method := NEW.token_endpoint_auth_method;
  ELSE
    UPDATE clients SET updated_at = now() WHERE client_id = NEW.client_id RETURNING token_endpoint_auth_method INTO method;
  END IF;
  SELECT count(*), count(*) FILTER (WHERE expires_at IS NULL OR expires_at > now()) INTO kept, live
    FROM client_secrets WHERE client_id = NEW.client_id;
  IF kept > 0 AND method = 'none' THEN
    RAISE EXCEPTION 'a client with token_endpoint_auth_method none must have no secret' USING ERRCODE = 'check_violation',
      TABLE = 'clients', CONSTRAINT = 'clients_without_authentication_must_have_no_secret';
  ELSIF kept > 0 AND method = 'private_key_jwt' THEN
    RAISE EXCEPTION 'a client that authenticates with private_key_jwt must have no secret' USING ERRCODE = 'check_violation',
      TABLE = 'clients', CONSTRAINT = 'clients_with_private_key_jwt_must_have_no_secret';
  ELSIF live > 2 THEN
    RAISE EXCEPTION 'a client has at most two live secrets: remove one first' USING ERRCODE = 'check_violation',
      TABLE = 'client_secrets', CONSTRAINT = 'client_secrets_must_be_at_most_two_live_ones_remove_one_first';
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER client_secrets_have_names BEFORE INSERT ON client_secrets FOR EACH ROW WHEN (NEW.name IS NULL)
  EXECUTE FUNCTION client_secrets_have_names();
CREATE TRIGGER client_secrets_fit_their_client AFTER INSERT OR UPDATE OF client_id, expires_at ON client_secrets FOR EACH ROW
  EXECUTE FUNCTION client_secrets_fit_their_client();
CREATE TRIGGER clients_fit_their_secrets AFTER UPDATE OF token_endpoint_auth_method ON clients FOR EACH ROW
  EXECUTE FUNCTION client_secrets_fit_their_client();

-- refusals: the latest requests of each client that were refused, for the administrator who sets it up. Anybody can have them refused, so
-- Gatehouse bounds them; unlogged, for after a crash there will be new ones.
CREATE UNLOGGED TABLE refusals (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at        timestamptz NOT NULL,
  client_id text NOT NULL CONSTRAINT refusals_client_must_exist REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE CASCADE,
  endpoint  text NOT NULL,
  error     text NOT NULL,
  why       text NOT NULL,
  member    text,
  sent      text,
  whole     boolean NOT NULL DEFAULT false,
  nearest   text
);
CREATE INDEX refusals_by_client ON refusals (client_id, at);
CREATE INDEX refusals_by_time ON refusals (at);
COMMENT ON COLUMN refusals.member IS 'what of the request is not registered: redirect_uri, post_logout_redirect_uri, resource or scope';
COMMENT ON COLUMN refusals.sent IS 'without its query, fragment and user';
COMMENT ON COLUMN refusals.whole IS 'true: nothing is left out of sent';
COMMENT ON COLUMN refusals.nearest IS 'of what is registered, what differs least';

-- initial_access_tokens: what a client registers itself with where not everybody may, or beyond the bounds for everybody (RFC
-- 7591 §3).
CREATE TABLE initial_access_tokens (
  name         text CONSTRAINT initial_access_tokens_name_must_be_unique PRIMARY KEY,
  token_sha256 bytea NOT NULL CONSTRAINT initial_access_tokens_token_must_be_unique UNIQUE,
  uses_left    integer DEFAULT 1,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL DEFAULT now() + interval '30 days',
  used_at      timestamptz,
  CONSTRAINT initial_access_tokens_name_must_have_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100),
  CONSTRAINT initial_access_tokens_name_must_have_no_control_characters CHECK (name !~ '[[:cntrl:]]'),
  CONSTRAINT initial_access_tokens_token_must_be_a_digest_use_sha256 CHECK (octet_length(token_sha256) = 32),
  CONSTRAINT initial_access_tokens_uses_left_must_not_be_negative CHECK (uses_left >= 0)
);
COMMENT ON COLUMN initial_access_tokens.uses_left IS 'clients that may still be registered with it; NULL: any number';

-- recent_registrations: registrations and changes of the last hour, counted for each network and in all. Unlogged: whoever
-- registers is not signed in and costs no durable write, and after a crash the count begins anew.
CREATE UNLOGGED TABLE recent_registrations (
  network_hmac  bytea NOT NULL,
  registered_at timestamptz NOT NULL
);
CREATE INDEX recent_registrations_by_registered_at ON recent_registrations (registered_at);

-- exchange_policies: who may turn which access token into one for another service (RFC 8693).
CREATE TABLE exchange_policies (
  client_id        text NOT NULL CONSTRAINT exchange_policies_client_must_exist
    REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE CASCADE,
  audience         text NOT NULL,
  scope            text NOT NULL DEFAULT '',
  subject_audience text,
  impersonation    boolean NOT NULL DEFAULT false,
  created_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT exchange_policies_client_has_one_for_this_audience_already PRIMARY KEY (client_id, audience),
  CONSTRAINT exchange_policies_audience_must_be_1_to_255_without_spaces CHECK (audience ~ '^[!-~]{1,255}$'),
  CONSTRAINT exchange_policies_subject_audience_is_1_to_255_without_spaces CHECK (subject_audience ~ '^[!-~]{1,255}$'),
  CONSTRAINT exchange_policies_scope_must_be_words_separated_by_one_space CHECK (
    scope ~ '^([!#-\[\]-~]+( [!#-\[\]-~]+)*)?$'),
  CONSTRAINT exchange_policies_scope_must_have_at_most_1000_characters CHECK (length(scope) <= 1000)
);
COMMENT ON TABLE exchange_policies IS 'the client may exchange access tokens for one that audience takes';
COMMENT ON COLUMN exchange_policies.scope IS 'the widest scope of the new token, which never has one that the old token has not';
COMMENT ON COLUMN exchange_policies.subject_audience IS
  'tokens for this audience may be exchanged, beside the client''s own and those for its client_id';
COMMENT ON COLUMN exchange_policies.impersonation IS 'false: the new token says who acts for the person (act); true: it need not';

-- resources: services that access tokens are for (RFC 8707): what people are told of them, who gets tokens for them, and whether clients
-- that nobody listed may ask.
CREATE TABLE resources (
  identifier            text CONSTRAINT resources_identifier_must_be_unique PRIMARY KEY,
  name                  text,
  scopes                jsonb NOT NULL DEFAULT '{}',
  open_to               text NOT NULL DEFAULT 'listed',
  access_token_lifetime integer,
  allowed_groups        text[] NOT NULL DEFAULT '{}',
  min_acr               text CONSTRAINT resources_min_acr_must_be_in_acr_values REFERENCES acr_values (value) ON UPDATE CASCADE,
  disabled_at           timestamptz,
  created_at            timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT resources_identifier_must_be_1_to_255_printable_ascii CHECK (identifier ~ '^[!-~]{1,255}$'),
  CONSTRAINT resources_identifier_must_have_no_fragment CHECK (identifier !~ '#'),
  CONSTRAINT resources_name_must_have_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100),
  CONSTRAINT resources_name_must_have_no_control_characters CHECK (name !~ '[[:cntrl:]]'),
  CONSTRAINT resources_scopes_must_be_a_json_object CHECK (jsonb_typeof(scopes) = 'object'),
  CONSTRAINT resources_scopes_must_have_at_most_8_kb CHECK (octet_length(scopes::text) <= 8192),
  CONSTRAINT resources_scopes_must_be_words_of_at_most_100_characters CHECK ( -- RFC 6749 §3.3
    NOT jsonb_path_exists(scopes, 'strict $.keyvalue() ? (!(@.key like_regex "^[]!#-Z^-~[]{1,100}$"))', silent => true)),
  CONSTRAINT resources_scopes_must_be_explained_in_text CHECK (
    NOT jsonb_path_exists(scopes, 'strict $.* ? (@.type() != "string")', silent => true)),
  CONSTRAINT resources_scopes_must_be_explained_in_1_to_200_characters CHECK (
    NOT jsonb_path_exists(scopes, 'strict $.* ? (!(@ like_regex "^(.|\n){1,200}$"))', silent => true)),
  CONSTRAINT resources_scopes_must_have_no_control_characters CHECK (
    NOT jsonb_path_exists(scopes, 'strict $.* ? (@ like_regex "[[:cntrl:]]")', silent => true)),
  CONSTRAINT resources_scopes_must_not_be_those_about_people CHECK (
    NOT scopes ?| ARRAY['openid', 'profile', 'email', 'address', 'phone', 'groups', 'posix', 'voperson_policy_agreement',
      'offline_access']),
  CONSTRAINT resources_open_to_must_be_listed_or_registered CHECK (open_to IN ('listed', 'registered')),
  CONSTRAINT resources_access_token_lifetime_must_be_1_to_86400_seconds CHECK (access_token_lifetime BETWEEN 1 AND 86400),
  CONSTRAINT resources_allowed_groups_must_be_at_most_100 CHECK (cardinality(allowed_groups) <= 100),
  CONSTRAINT resources_allowed_groups_must_not_be_null CHECK (array_position(allowed_groups, NULL) IS NULL),
  CONSTRAINT resources_disabled_at_must_be_a_date_or_null CHECK (isfinite(disabled_at)),
  CONSTRAINT resources_identifier_must_be_unique_without_its_slash EXCLUDE (without_slash(identifier) WITH =)
);
COMMENT ON COLUMN resources.identifier IS 'what resource= names, what clients.audiences lists, and aud of the access tokens';
COMMENT ON COLUMN resources.scopes IS 'its scopes, and what each is in words: {"archive:read": "Read the archive"}';
COMMENT ON COLUMN resources.open_to IS
  'listed: for clients that have it among their audiences; registered: also for any that registered itself';
COMMENT ON COLUMN resources.access_token_lifetime IS
  'seconds, of access tokens for it: the shortest counts where they are for several; NULL: GATEHOUSE_ACCESS_TOKEN_TTL';
COMMENT ON COLUMN resources.allowed_groups IS 'empty: everybody; otherwise members of one of these groups get tokens for it';
COMMENT ON COLUMN resources.min_acr IS 'what a sign-in has to reach at least before there is a token for it; NULL: anything';
COMMENT ON COLUMN resources.disabled_at IS 'from the next request on nobody gets a token for it; NULL: it is open';

-- ── Sign-ins ──

-- account_links: addresses with which a person sets a first or a forgotten password, once. The last one made for them counts, until
-- their password changes. The address is that of the pages, with /link#TOKEN; only a digest of the token is here.
CREATE TABLE account_links (
  token_sha256 bytea CONSTRAINT account_links_token_must_be_unique PRIMARY KEY,
  username     text NOT NULL CONSTRAINT account_links_user_must_exist
    REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  client_id    text CONSTRAINT account_links_client_must_exist REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE SET NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL DEFAULT now() + interval '1 day',
  spent_at     timestamptz,
  CONSTRAINT account_links_token_must_be_a_digest_use_sha256 CHECK (octet_length(token_sha256) = 32),
  CONSTRAINT account_links_expires_at_must_be_after_created_at CHECK (expires_at > created_at)
);
CREATE INDEX account_links_by_username ON account_links (username);
CREATE INDEX account_links_by_expires_at ON account_links (expires_at);
COMMENT ON COLUMN account_links.spent_at IS 'when it was used, or replaced by a newer one, or the password changed without it';

-- invitations: addresses with which somebody makes an account of their own, or joins groups with the one that they have. An address is that
-- of the pages, with /link#TOKEN; only a digest of the token is here. Opening it spends nothing.
CREATE TABLE invitations (
  id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  token_sha256       bytea NOT NULL CONSTRAINT invitations_token_must_be_unique UNIQUE,
  email              text,
  username           text,
  name               text,
  account_expires_at timestamptz,
  membership_until   timestamptz,
  methods            text[] NOT NULL DEFAULT '{password,passkey,upstream,account}',
  uses_left          integer NOT NULL DEFAULT 1,
  code_hmac          bytea,
  code_tries_left    smallint NOT NULL DEFAULT 5,
  browser_sha256     bytea,
  client_id          text CONSTRAINT invitations_client_must_exist REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE SET NULL,
  owner              text CONSTRAINT invitations_owner_must_exist REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  created_by         text NOT NULL DEFAULT coalesce(nullif(current_setting('gatehouse.actor', true), ''), session_user),
  created_at         timestamptz NOT NULL DEFAULT now(),
  expires_at         timestamptz NOT NULL DEFAULT now() + interval '7 days',
  CONSTRAINT invitations_token_must_be_a_digest_use_sha256 CHECK (octet_length(token_sha256) = 32),
  CONSTRAINT invitations_email_must_have_one_at_sign CHECK (email ~ '^[^@]+@[^@]+$'),
  CONSTRAINT invitations_email_must_have_no_white_space CHECK (email !~ '[[:space:][:cntrl:]]'),
  CONSTRAINT invitations_email_must_have_at_most_254_characters CHECK (length(email) <= 254),
  CONSTRAINT invitations_email_is_for_one_use CHECK (email IS NULL OR uses_left <= 1),
  CONSTRAINT invitations_username_must_have_at_most_255_characters CHECK (length(username) <= 255),
  CONSTRAINT invitations_name_must_have_at_most_200_characters CHECK (length(name) <= 200),
  CONSTRAINT invitations_account_expires_at_must_be_a_date_or_null CHECK (isfinite(account_expires_at)),
  CONSTRAINT invitations_membership_until_must_be_a_date_or_null CHECK (isfinite(membership_until)),
  CONSTRAINT invitations_methods_must_be_ones_that_docs_sql_md_lists CHECK (
    cardinality(methods) > 0 AND methods <@ '{password,passkey,upstream,account}'),
  CONSTRAINT invitations_uses_left_must_be_0_to_10000 CHECK (uses_left BETWEEN 0 AND 10000),
  CONSTRAINT invitations_code_hmac_takes_an_email CHECK (code_hmac IS NULL OR email IS NOT NULL),
  CONSTRAINT invitations_expires_at_must_be_after_created_at CHECK (expires_at > created_at)
);
COMMENT ON COLUMN invitations.email IS 'the address of the new account, verified where the invitation was mailed there; NULL: none';
COMMENT ON COLUMN invitations.code_hmac IS
  'of the code in its mail, which has to be typed, under a key of GATEHOUSE_ENCRYPTION_KEY; NULL: it was not mailed';
COMMENT ON COLUMN invitations.code_tries_left IS 'how often a wrong code can be typed until it is good no more';
COMMENT ON COLUMN invitations.username IS 'suggested; the person may choose another one';
COMMENT ON COLUMN invitations.browser_sha256 IS
  'of the cookie of the browser where somebody signed up, which need not type the code; NULL: nobody did';
COMMENT ON COLUMN invitations.account_expires_at IS 'users.expires_at of a new account';
COMMENT ON COLUMN invitations.membership_until IS 'group_members.until';
COMMENT ON COLUMN invitations.methods IS 'how: a new account with a password, with a passkey or linked to one at an upstream, or an account that they have here';
COMMENT ON COLUMN invitations.owner IS
  'who made it as an owner of its groups: it is good while they own all of them; NULL: an administrator did';
COMMENT ON COLUMN invitations.client_id IS 'the application where they end; NULL: on the account page';
CREATE INDEX invitations_by_expires_at ON invitations (expires_at);
CREATE INDEX invitations_by_owner ON invitations (owner);
CREATE INDEX invitations_by_client ON invitations (client_id);
CREATE INDEX invitations_of_sign_ups ON invitations (mailbox_of(email)) WHERE browser_sha256 IS NOT NULL;
CREATE TABLE invitation_groups (
  invitation_id uuid NOT NULL REFERENCES invitations (id) ON DELETE CASCADE,
  group_name    text NOT NULL CONSTRAINT invitation_groups_group_must_exist REFERENCES groups (name) ON UPDATE CASCADE ON DELETE CASCADE,
  PRIMARY KEY (invitation_id, group_name)
);
CREATE INDEX invitation_groups_by_group ON invitation_groups (group_name);
-- invitation_uses: who accepted, so that a second time spends nothing.
CREATE TABLE invitation_uses (
  invitation_id uuid NOT NULL REFERENCES invitations (id) ON DELETE CASCADE,
  user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  used_at       timestamptz NOT NULL,
  CONSTRAINT invitation_uses_they_have_it_already PRIMARY KEY (invitation_id, user_id)
);
CREATE INDEX invitation_uses_by_user ON invitation_uses (user_id);

-- workshops: codes with which people make accounts that end, without an address and without anybody who adds them. The code is shown to the
-- room; who guesses at it is slowed down. Somebody who joins spends a seat.
CREATE TABLE workshops (
  name            text CONSTRAINT workshops_name_must_be_unique PRIMARY KEY,
  group_name      text CONSTRAINT workshops_group_must_exist REFERENCES groups (name) ON UPDATE CASCADE ON DELETE SET NULL,
  code            text NOT NULL,
  prefix          text NOT NULL,
  seats           integer NOT NULL,
  seats_left      integer NOT NULL,
  client_id       text CONSTRAINT workshops_client_must_exist REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE SET NULL,
  until           timestamptz NOT NULL,
  grace           interval NOT NULL DEFAULT '14 days',
  code_closed_at  timestamptz,
  closed_at       timestamptz,
  former_accounts jsonb NOT NULL DEFAULT '[]',
  owner           text,
  created_by      text NOT NULL DEFAULT coalesce(nullif(current_setting('gatehouse.actor', true), ''), session_user),
  created_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT workshops_name_must_be_1_to_32_of_a_z_0_9_dash_underscore CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,31}$'),
  CONSTRAINT workshops_code_must_be_words_with_dashes_of_9_to_100_letters CHECK (
    code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(code) BETWEEN 9 AND 100),
  CONSTRAINT workshops_code_must_be_unique EXCLUDE USING btree (replace(code, '-', '') WITH =),
  CONSTRAINT workshops_prefix_must_end_in_dash_dot_or_underscore CHECK (prefix ~ '^[a-z_][a-z0-9._-]{0,18}[-._]$'),
  CONSTRAINT workshops_seats_must_be_1_to_10000 CHECK (seats BETWEEN 1 AND 10000),
  CONSTRAINT workshops_seats_must_not_be_fewer_than_are_taken CHECK (seats_left >= 0),
  CONSTRAINT workshops_seats_left_must_not_be_more_than_seats CHECK (seats_left <= seats),
  CONSTRAINT workshops_until_must_be_in_the_years_1970_to_9999 CHECK (until >= '1970-01-01 00:00Z' AND until < '9999-12-31 00:00Z'),
  CONSTRAINT workshops_grace_must_be_0_to_3650_days CHECK (grace BETWEEN '0 days' AND '3650 days')
);
CREATE INDEX workshops_by_group ON workshops (group_name);
CREATE INDEX workshops_by_client ON workshops (client_id);
COMMENT ON COLUMN workshops.group_name IS 'that learners become members of, until the end; NULL: it is gone, and nobody joins any more';
COMMENT ON COLUMN workshops.code IS 'three random words; whoever types it may leave out the dashes';
COMMENT ON COLUMN workshops.prefix IS 'of all usernames that are made with the code, so that none is taken for that of a colleague';
COMMENT ON COLUMN workshops.owner IS
  'the username of who opened it as an owner of its group: nobody joins once they own it no more; NULL: an administrator did';
COMMENT ON COLUMN workshops.client_id IS 'the application where they end; NULL: on the account page';
COMMENT ON COLUMN workshops.until IS 'users.expires_at of the accounts, and group_members.until; gatehouse workshop set moves all of them';
COMMENT ON COLUMN workshops.grace IS 'after the end: then the accounts are deleted, and their names are retired';
COMMENT ON COLUMN workshops.code_closed_at IS 'nobody new joins any more; NULL: the code is open';
COMMENT ON COLUMN workshops.closed_at IS 'it was ended early; NULL: it was not';
COMMENT ON COLUMN workshops.former_accounts IS 'what gatehouse workshop report says of accounts that are deleted by now';
ALTER TABLE users ADD CONSTRAINT users_workshop_must_exist FOREIGN KEY (workshop) REFERENCES workshops (name) ON UPDATE CASCADE;
CREATE INDEX users_by_workshop ON users (workshop) WHERE workshop IS NOT NULL;
CREATE INDEX users_by_adopted_by ON users (adopted_by) WHERE adopted_by IS NOT NULL;
COMMENT ON COLUMN users.workshop IS 'the account was made with the code of this workshop, after which it ends and is deleted; NULL: it was not';
COMMENT ON COLUMN users.adopted_by IS 'whose account it was made part of: it is used no more, and what was done with it is theirs';
-- sign_up_domains: who can have an account by themselves, with an address of a domain, or of any with '*'. Without rows nobody can. Where
-- it takes approval, a row of sign_up_requests waits for somebody who says yes; else an invitation is mailed there at once.
CREATE TABLE sign_up_domains (
  domain     text CONSTRAINT sign_up_domains_domain_must_be_unique PRIMARY KEY,
  approval   boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT sign_up_domains_domain_must_be_a_domain_in_lower_case_ascii CHECK (
    domain = '*' OR length(domain) <= 253 AND domain ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  CONSTRAINT sign_up_domains_any_domain_takes_approval CHECK (domain <> '*' OR approval)
);
COMMENT ON COLUMN sign_up_domains.domain IS
  'what is behind the @, and that alone, not what is below it; as DNS has it (xn--bcher-kva.example); * for all others';
COMMENT ON COLUMN sign_up_domains.approval IS 'somebody has to say yes to each';
CREATE TABLE sign_up_domain_groups (
  domain     text NOT NULL CONSTRAINT sign_up_domain_groups_domain_must_exist
    REFERENCES sign_up_domains (domain) ON UPDATE CASCADE ON DELETE CASCADE,
  group_name text NOT NULL CONSTRAINT sign_up_domain_groups_group_must_exist REFERENCES groups (name) ON UPDATE CASCADE ON DELETE CASCADE,
  PRIMARY KEY (domain, group_name)
);
CREATE INDEX sign_up_domain_groups_by_group ON sign_up_domain_groups (group_name);

-- sign_up_requests: who typed an address on the sign-up page, of whomever. Those that wait are for somebody to say yes or no; the others
-- are there for a day, to count.
CREATE TABLE sign_up_requests (
  id             uuid PRIMARY KEY,
  email          text NOT NULL,
  name           text,
  reason         text,
  locale         text NOT NULL DEFAULT '',
  client_id      text CONSTRAINT sign_up_requests_client_must_exist REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE SET NULL,
  network_hmac   bytea NOT NULL,
  browser_sha256 bytea NOT NULL,
  looked_at      timestamptz,
  waits_since    timestamptz,
  told_at        timestamptz,
  decided_at     timestamptz,
  decided_by     text,
  approved       boolean,
  refusal        text,
  created_at     timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL
);
COMMENT ON COLUMN sign_up_requests.network_hmac IS 'where it came from (an IPv4 address or an IPv6 /48), so that no network can fill the table';
COMMENT ON COLUMN sign_up_requests.looked_at IS 'when it was decided whether it waits';
COMMENT ON COLUMN sign_up_requests.told_at IS 'when those who may say yes had a mail';
COMMENT ON COLUMN sign_up_requests.refusal IS 'what the person was told of why not';
CREATE INDEX sign_up_requests_by_created_at ON sign_up_requests (created_at);
CREATE INDEX sign_up_requests_by_expires_at ON sign_up_requests (expires_at);
CREATE INDEX sign_up_requests_by_mailbox ON sign_up_requests (mailbox_of(email));
CREATE INDEX sign_up_requests_by_client ON sign_up_requests (client_id);
CREATE UNIQUE INDEX sign_up_requests_wait_once ON sign_up_requests (mailbox_of(email)) WHERE waits_since IS NOT NULL AND decided_at IS NULL;

-- sessions: a person in a browser. The cookie is kept as a digest only.
CREATE TABLE sessions (
  sid            uuid PRIMARY KEY,
  cookie_sha256  bytea NOT NULL CONSTRAINT sessions_cookie_must_be_unique UNIQUE,
  user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  auth_time      timestamptz NOT NULL,
  amr            text[] NOT NULL,
  seen_at        timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL,
  ends_at        timestamptz NOT NULL,
  ended_at       timestamptz,
  replaced_by    uuid,
  addr           text,
  user_agent     text
    CONSTRAINT sessions_user_agent_must_have_at_most_200_characters CHECK (length(user_agent) <= 200)
);
COMMENT ON COLUMN sessions.addr IS 'where the sign-in came from; NULL: not known';
COMMENT ON COLUMN sessions.expires_at IS 'idle end, moved on use, never past ends_at';
COMMENT ON COLUMN sessions.replaced_by IS
  'the same person signed in again at the same browser: nobody was signed out; a logout of that session is one of this';
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expires_at ON sessions (expires_at);

-- consents: what a user allowed a third-party client.
CREATE TABLE consents (
  user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id  text NOT NULL REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE CASCADE,
  scopes     text[] NOT NULL,
  resources  text[] NOT NULL DEFAULT '{}',
  granted_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, client_id)
);
CREATE INDEX consents_by_client ON consents (client_id);

-- terms: what people have to accept before they go on to an application or to their account, in versions. Of each name the version counts
-- that came into force last. What is in force stays as it is, so that a row of terms_acceptances says what was accepted.
-- +goose StatementBegin
-- by_language reports whether it is an object of texts by language (BCP 47) that match a regular expression.
CREATE FUNCTION by_language(words jsonb, pattern text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT jsonb_typeof(words) = 'object' AND NOT EXISTS (
    SELECT FROM jsonb_each(CASE jsonb_typeof(words) WHEN 'object' THEN words ELSE '{}' END) AS w
    WHERE w.key !~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' OR jsonb_typeof(w.value) <> 'string' OR w.value #>> '{}' !~ pattern)
$$;
-- +goose StatementEnd
CREATE TABLE terms (
  id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name             text NOT NULL,
  version          text NOT NULL,
  titles           jsonb NOT NULL,
  texts            jsonb NOT NULL DEFAULT '{}',
  uris             jsonb NOT NULL DEFAULT '{}',
  groups           text[] NOT NULL DEFAULT '{}',
  clients          text[] NOT NULL DEFAULT '{}',
  sign_again_after interval,
  in_force_from    timestamptz NOT NULL DEFAULT now(),
  ended_at         timestamptz,
  created_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT terms_have_this_version_already UNIQUE (name, version),
  CONSTRAINT terms_name_must_be_1_to_64_of_a_z_0_9_dot_dash_underscore CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
  CONSTRAINT terms_version_must_be_1_to_64_letters_digits_dots_and_dashes CHECK (version ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  CONSTRAINT terms_titles_must_be_1_to_200_characters_by_language CHECK (
    titles <> '{}' AND by_language(titles, '^[^[:cntrl:]]{1,200}$')),
  CONSTRAINT terms_texts_must_be_texts_by_language CHECK (by_language(texts, '[^[:space:]]')),
  CONSTRAINT terms_texts_must_have_at_most_300_kb CHECK (octet_length(texts::text) <= 307200),
  CONSTRAINT terms_uris_must_be_https_by_language CHECK (
    by_language(uris, '^https://[A-Za-z0-9][^][:space:][:cntrl:]\<>"^`{|}@[]*$')),
  CONSTRAINT terms_uris_must_have_at_most_8_kb CHECK (octet_length(uris::text) <= 8192),
  CONSTRAINT terms_must_have_texts_or_uris CHECK (texts <> '{}' OR uris <> '{}'),
  CONSTRAINT terms_groups_must_be_at_most_100 CHECK (cardinality(groups) <= 100),
  CONSTRAINT terms_groups_must_not_be_null CHECK (array_position(groups, NULL) IS NULL),
  CONSTRAINT terms_clients_must_be_at_most_100 CHECK (cardinality(clients) <= 100),
  CONSTRAINT terms_clients_must_not_be_null CHECK (array_position(clients, NULL) IS NULL),
  CONSTRAINT terms_sign_again_after_must_be_1_day_to_100_years CHECK (sign_again_after BETWEEN '1 day' AND '36500 days'),
  CONSTRAINT terms_sign_again_after_must_be_whole_days CHECK (extract(epoch FROM sign_again_after) % 86400 = 0),
  CONSTRAINT terms_in_force_from_must_be_in_the_years_1970_to_9999 CHECK (
    in_force_from >= '1970-01-01 00:00Z' AND in_force_from < '9999-12-31 00:00Z'),
  CONSTRAINT terms_ended_at_must_be_in_the_years_1970_to_9999 CHECK (
    ended_at >= '1970-01-01 00:00Z' AND ended_at < '9999-12-31 00:00Z')
);
COMMENT ON COLUMN terms.titles IS 'by language: {"en": "Terms of use", "de": "Nutzungsordnung"}';
COMMENT ON COLUMN terms.texts IS 'plain text, by language; a line that is empty begins a paragraph';
COMMENT ON COLUMN terms.uris IS 'addresses where they can be read, by language; the claim voperson_policy_agreement names them';
COMMENT ON COLUMN terms.groups IS 'empty: everybody; otherwise members of one of these groups are asked';
COMMENT ON COLUMN terms.clients IS 'empty: everywhere; otherwise they are asked for at these clients';
COMMENT ON COLUMN terms.sign_again_after IS 'who accepted is asked again after so long; NULL: not until there is another version';
COMMENT ON COLUMN terms.in_force_from IS 'from then on they are asked for, and stay as they are';
COMMENT ON COLUMN terms.ended_at IS 'from then on nobody is asked for them; NULL: they have no end';
-- terms_acceptances: who accepted what, and when; kept as long as the account.
CREATE TABLE terms_acceptances (
  user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  terms_id    uuid NOT NULL CONSTRAINT terms_acceptances_keep_their_terms REFERENCES terms (id),
  accepted_at timestamptz NOT NULL DEFAULT now(),
  uri         text,
  PRIMARY KEY (user_id, terms_id)
);
COMMENT ON COLUMN terms_acceptances.accepted_at IS 'the last time';
COMMENT ON COLUMN terms_acceptances.uri IS 'the one of terms.uris that names them; NULL: there is none';
CREATE INDEX terms_acceptances_by_terms ON terms_acceptances (terms_id);
-- +goose StatementBegin
CREATE FUNCTION terms_in_force_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.in_force_from <= now() AND (NEW.id, NEW.name, NEW.version, NEW.titles, NEW.texts, NEW.uris, NEW.in_force_from)
    IS DISTINCT FROM (OLD.id, OLD.name, OLD.version, OLD.titles, OLD.texts, OLD.uris, OLD.in_force_from) THEN
    RAISE EXCEPTION 'terms that are in force stay as they are: add another version' USING ERRCODE = 'check_violation', TABLE = 'terms',
      CONSTRAINT = 'terms_in_force_stay_as_they_are_add_a_version';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
-- A group or a client that gets another name is still the one that is meant.
CREATE FUNCTION terms_follow_names() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF TG_TABLE_NAME = 'groups' THEN
    UPDATE terms SET groups = array_replace(groups, OLD.name, NEW.name) WHERE OLD.name = ANY (groups);
  ELSE
    UPDATE terms SET clients = array_replace(clients, OLD.client_id, NEW.client_id) WHERE OLD.client_id = ANY (clients);
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER terms_in_force_stay BEFORE UPDATE ON terms FOR EACH ROW EXECUTE FUNCTION terms_in_force_stay();
CREATE TRIGGER groups_terms_follow AFTER UPDATE OF name ON groups FOR EACH ROW WHEN (OLD.name <> NEW.name)
  EXECUTE FUNCTION terms_follow_names();
CREATE TRIGGER clients_terms_follow AFTER UPDATE OF client_id ON clients FOR EACH ROW WHEN (OLD.client_id <> NEW.client_id)
  EXECUTE FUNCTION terms_follow_names();

-- grants: one for each redeemed code and each access token of the front channel; what access and refresh tokens live by.
-- Refresh tokens are sealed: each says its grant, the secret of its family and its place in it, and the row says which place
-- counts. There is room for the next version of a row in its page, and no refresh_ column is in an index, so that a refresh
-- writes no index (HOT).
CREATE TABLE grants (
  id                 uuid PRIMARY KEY,
  user_id            uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id          text NOT NULL, -- without a foreign key, see grants_follow_their_client
  sid                uuid REFERENCES sessions (sid) ON DELETE SET NULL,
  offline            boolean NOT NULL,
  scope              text NOT NULL,
  auth_time          timestamptz NOT NULL,
  amr                text[] NOT NULL,
  acr                text,
  created_at         timestamptz NOT NULL,
  expires_at         timestamptz NOT NULL,
  revoked_at         timestamptz,
  -- what the authorization request asked for beside scopes; NULL: nothing
  userinfo_claims    text[],
  id_token_claims    text[],
  resources          text[],
  dpop_jkt           text,
  refresh_sha256     bytea,
  refresh_seq        bigint NOT NULL DEFAULT 0,
  refreshed_at       timestamptz,
  refreshed_from     integer,
  refresh_expires_at timestamptz
) WITH (fillfactor = 80);
COMMENT ON COLUMN grants.offline IS 'true: outlives its session (offline_access); false: ends with it';
COMMENT ON COLUMN grants.acr IS 'the class that was asked for and reached; NULL: the strongest that amr reaches';
COMMENT ON COLUMN grants.resources IS 'the audiences that were asked for (RFC 8707); NULL: all of the client';
COMMENT ON COLUMN grants.dpop_jkt IS 'the key that refresh tokens of a public client are bound to (RFC 9449 §5)';
COMMENT ON COLUMN grants.refresh_sha256 IS 'digest of the secret that its refresh tokens share; NULL: it has none';
COMMENT ON COLUMN grants.refresh_seq IS
  'the place of the refresh token that can be used; one that comes with a place before it is a replay';
COMMENT ON COLUMN grants.refreshed_at IS 'when that place was reached';
COMMENT ON COLUMN grants.refreshed_from IS
  'from which network (an IPv4 address or an IPv6 /64): a part of a digest under a key of GATEHOUSE_ENCRYPTION_KEY';
COMMENT ON COLUMN grants.refresh_expires_at IS 'idle end of the refresh token, moved on use, never past expires_at';
CREATE INDEX grants_by_user ON grants (user_id);
CREATE INDEX grants_that_last ON grants (user_id, client_id, id) WHERE offline AND revoked_at IS NULL;
CREATE INDEX grants_by_client ON grants (client_id);
CREATE INDEX grants_by_sid ON grants (sid);
CREATE INDEX grants_by_expires_at ON grants (expires_at);

-- Every sign-on makes a grant. With a foreign key each would lock the row of its client, which is the same for all who use
-- it: sign-ons at once then share that lock by a multixact, which costs more than the check. A trigger takes the grants along
-- instead, with the rights of its owner, so that those who manage clients need none on this table. A grant that is made while its
-- client goes away may stay: without its client it is refused, and it goes when it expires.
-- +goose StatementBegin
CREATE FUNCTION grants_follow_their_client() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM grants WHERE client_id = OLD.client_id;
  ELSIF NEW.client_id <> OLD.client_id THEN
    UPDATE grants SET client_id = NEW.client_id WHERE client_id = OLD.client_id;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER grants_follow_their_client AFTER DELETE OR UPDATE OF client_id ON clients
  FOR EACH ROW EXECUTE FUNCTION grants_follow_their_client();

-- Codes are stored nowhere: the row of its grant is what shows that one was redeemed. Where that is deleted before it ends, also along
-- with its client, the code is remembered for as long as it may live, or it would bring the grant back.
-- +goose StatementBegin
CREATE FUNCTION grants_leave_their_codes_used() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO used_jtis (jti_sha256, expires_at)
    SELECT sha256(uuid_send(id)), created_at + interval '10 minutes' FROM grants WHERE created_at > now() - interval '10 minutes'
    ON CONFLICT DO NOTHING;
  ELSE
    INSERT INTO used_jtis (jti_sha256, expires_at) VALUES (sha256(uuid_send(OLD.id)), OLD.created_at + interval '10 minutes')
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER grants_leave_their_codes_used AFTER DELETE ON grants FOR EACH ROW
  WHEN (OLD.created_at > now() - interval '10 minutes' AND OLD.expires_at > now()) EXECUTE FUNCTION grants_leave_their_codes_used();
CREATE TRIGGER grants_truncated BEFORE TRUNCATE ON grants FOR EACH STATEMENT EXECUTE FUNCTION grants_leave_their_codes_used();

-- device_codes: what a device without a browser waits for (RFC 8628), ten minutes each; after a crash they are gone, and the
-- device asks again. Unlogged: whoever asks for a code is not signed in and costs no durable write. Without foreign keys,
-- whose locks of rows are logged: the redemption joins the session and the user anyway.
CREATE UNLOGGED TABLE device_codes (
  device_code_sha256 bytea PRIMARY KEY,
  user_code_hmac     bytea NOT NULL CONSTRAINT device_codes_user_code_must_be_unique UNIQUE,
  network_hmac       bytea NOT NULL,
  grant_id           uuid NOT NULL,
  client_id          text NOT NULL,
  offline            boolean NOT NULL,
  scope              text NOT NULL,
  resources          text[],
  code_challenge     text,
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
COMMENT ON COLUMN device_codes.resources IS 'the audiences that were asked for (RFC 8707); NULL: all of the client';
COMMENT ON COLUMN device_codes.code_challenge IS 'the device has to send the verifier of it (RFC 7636); NULL: none';
COMMENT ON COLUMN device_codes.user_code_hmac IS
  'under a key of GATEHOUSE_ENCRYPTION_KEY: eight letters are too few for a mere digest';
COMMENT ON COLUMN device_codes.network_hmac IS
  'who asked for it (an IPv4 address or an IPv6 /48), so that no network can fill the table';
COMMENT ON COLUMN device_codes.allowed IS 'NULL until a person has answered';
CREATE INDEX device_codes_by_expires_at ON device_codes (expires_at);

-- used_jtis: what may be used once and is stored nowhere else: client assertions, DPoP proofs, pushed requests. Unlogged:
-- after a crash or a failover they are gone, and used_since with them.
CREATE UNLOGGED TABLE used_jtis (
  jti_sha256 bytea PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
CREATE INDEX used_jtis_by_expires_at ON used_jtis (expires_at);

-- used_since: since when used_jtis has all that was used. It is emptied by what empties that one; whoever connects next notes when, and what
-- was made before does not count any more.
CREATE UNLOGGED TABLE used_since (
  only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT used_since_must_have_one_row CHECK (only_row),
  since    timestamptz NOT NULL DEFAULT now()
);
INSERT INTO used_since (since) VALUES ('-infinity');

-- revoked_tokens: access tokens that ended before their time and whose grant did not, or that have none.
CREATE TABLE revoked_tokens (
  jti        uuid PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
CREATE INDEX revoked_tokens_by_expires_at ON revoked_tokens (expires_at);

-- login_throttle: failed sign-ins in a fixed number of buckets, so that no attack can grow it. Unlogged: failures may be
-- forgotten after a crash, and cost no durable write.
CREATE UNLOGGED TABLE login_throttle (
  bucket     integer PRIMARY KEY CONSTRAINT login_throttle_bucket_must_be_below_16777216 CHECK (bucket BETWEEN 0 AND 16777215),
  failures   real NOT NULL,
  updated_at timestamptz NOT NULL
);

-- sign_ins: who signed in, and where somebody tried and failed; a sign-on with a session that is there writes none. Failures are of people
-- who exist only, within the bounds of login_throttle. A month is a partition, so that what is old goes without a trace in the
-- indexes. Without foreign keys: dropping a partition that has one locks all sign-ins out of users.
CREATE TABLE sign_ins (
  at         timestamptz NOT NULL,
  id         uuid NOT NULL DEFAULT gen_random_uuid(),
  user_id    uuid NOT NULL,
  client_id  text,
  outcome    text NOT NULL,
  why        text,
  amr        text[] NOT NULL DEFAULT '{}',
  addr       text,
  user_agent text,
  request_id text,
  CONSTRAINT sign_ins_outcome_must_be_signed_in_factor_proven_or_failed CHECK (outcome IN ('signed_in', 'factor_proven', 'failed'))
) PARTITION BY RANGE (at);
COMMENT ON COLUMN sign_ins.client_id IS 'the application that it was for; NULL: the account page';
COMMENT ON COLUMN sign_ins.outcome IS
  'signed_in: a session began; factor_proven: one more factor was proven to a session; failed: by whoever tried, for the reason in why';
COMMENT ON COLUMN sign_ins.addr IS 'NULL: not known';
COMMENT ON COLUMN sign_ins.request_id IS 'of the log';
CREATE INDEX sign_ins_by_user ON sign_ins (user_id, at);
CREATE INDEX sign_ins_by_at ON sign_ins (at);
-- What comes at a time that no partition is for, as a clock that is wrong has it, so that no sign-in fails for want of one.
CREATE TABLE sign_ins_other PARTITION OF sign_ins DEFAULT;

-- sign_in_counts: how many login forms were answered in an hour, and within how many milliseconds. Replicas add to it each minute; of what
-- was throttled there is nothing else, since nobody looked whose it was.
CREATE TABLE sign_in_counts (
  hour      timestamptz NOT NULL,
  outcome   text NOT NULL CONSTRAINT sign_in_counts_outcome_must_be_answered_or_throttled CHECK (outcome IN ('answered', 'throttled')),
  within_ms integer NOT NULL,
  n         bigint NOT NULL,
  PRIMARY KEY (hour, outcome, within_ms)
);
COMMENT ON COLUMN sign_in_counts.hour IS 'when it begins';
COMMENT ON COLUMN sign_in_counts.within_ms IS 'the answer took at most so long, and longer than the next smaller number that there may be';

-- +goose StatementBegin
-- partition_by_month makes the partitions of this month and the next, and drops those whose rows are all older than kept; of audit never
-- the one with the last row, which the next one goes on from. Replicas call it at once; while one is at it, or somebody reads the table for
-- long, it does nothing, and is called again.
CREATE FUNCTION partition_by_month(of_table text, at_time timestamptz, kept interval) RETURNS void LANGUAGE plpgsql
SET lock_timeout = '1s' AS $$
DECLARE
  other  text := of_table || '_other';
  named  text := '"' || of_table || '_"YYYY_MM';
  begins timestamptz;
  ends   timestamptz;
  month  text;
  last   text;
  old    boolean;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('partitions of ' || of_table, 0)) THEN
    RETURN;
  END IF;
  -- First what locks the whole table, as whoever reads it does before its partitions; the other way round they would wait for each other.
  IF of_table = 'audit' THEN
    SELECT relname INTO last FROM audit a JOIN pg_class c ON c.oid = a.tableoid ORDER BY a.id DESC LIMIT 1;
  END IF;
  FOR month IN SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = of_table::regclass AND relname < LEAST(to_char((at_time - kept) AT TIME ZONE 'UTC', named), last)
  LOOP
    EXECUTE 'DROP TABLE ' || month;
  END LOOP;
  FOR i IN 0..1 LOOP
    begins := (date_trunc('month', at_time AT TIME ZONE 'UTC') + i * interval '1 month') AT TIME ZONE 'UTC';
    ends := (date_trunc('month', at_time AT TIME ZONE 'UTC') + (i + 1) * interval '1 month') AT TIME ZONE 'UTC';
    month := to_char(begins AT TIME ZONE 'UTC', named);
    IF to_regclass(month) IS NULL THEN
      EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', other);
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', month, of_table);
      EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', other); -- audit may be moved, but not changed
      EXECUTE format('WITH moved AS (DELETE FROM %I WHERE at >= %L AND at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
        other, begins, ends, month);
      EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', other);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', of_table, month, begins, ends);
    END IF;
  END LOOP;
  EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE at < %L)', other, at_time - kept) INTO old;
  IF old AND last IS DISTINCT FROM other THEN
    EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', other);
    EXECUTE format('DELETE FROM %I WHERE at < %L', other, at_time - kept);
    EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', other);
  END IF;
EXCEPTION WHEN lock_not_available THEN
  RETURN;
END $$;
-- +goose StatementEnd
SELECT partition_by_month('sign_ins', now(), interval '90 days');

-- backchannel_logouts: a logout token to send (OpenID Connect Back-Channel Logout 1.0). Without next_attempt_at nothing more
-- is tried: it was delivered, or given up.
CREATE TABLE backchannel_logouts (
  id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  client_id       text NOT NULL REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE CASCADE,
  sub             text NOT NULL,
  sid             uuid,
  reason          text CONSTRAINT backchannel_logouts_reason_must_be_one_of_an_end CHECK (
    reason IN ('disabled', 'expired', 'offboarded', 'deleted')),
  attempts        integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  delivered_at    timestamptz,
  last_error      text
    CONSTRAINT backchannel_logouts_last_error_must_have_at_most_500_characters CHECK (length(last_error) <= 500),
  created_at      timestamptz NOT NULL
);
COMMENT ON COLUMN backchannel_logouts.sid IS 'NULL: all sessions of the person';
COMMENT ON COLUMN backchannel_logouts.reason IS 'why the account may not be used any more; NULL: somebody has signed out, and may sign in again';
CREATE INDEX backchannel_logouts_that_wait ON backchannel_logouts (client_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX backchannel_logouts_by_created_at ON backchannel_logouts (created_at);
CREATE INDEX backchannel_logouts_by_client ON backchannel_logouts (client_id);

-- Triggers, so that a logout with SQL counts too; SECURITY DEFINER, so that those who manage users need no right on this table.
-- +goose StatementBegin
-- The clients that the session signed in to hear of its end, and so do those of the sessions that it replaced, each by its
-- own sid.
CREATE FUNCTION queue_logouts_of_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  WITH RECURSIVE line AS (
    SELECT NEW.sid AS sid
    UNION
    SELECT s.sid FROM sessions s JOIN line ON s.replaced_by = line.sid WHERE s.user_id = NEW.user_id
  )
  INSERT INTO backchannel_logouts (client_id, sub, sid, next_attempt_at, created_at)
  SELECT DISTINCT c.client_id, u.sub, g.sid, LEAST(NEW.ended_at, now()), now()
  FROM line JOIN grants g USING (sid) JOIN clients c USING (client_id) JOIN users u ON u.id = NEW.user_id
  WHERE c.backchannel_logout_uri IS NOT NULL;
  RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
-- A user who is disabled or deleted is signed out of every client that has a grant of theirs. One that wants a sid (§2.2)
-- gets each that is known.
CREATE FUNCTION queue_logouts_of_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  gone_at timestamptz := now();
  why     text := 'deleted';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    gone_at := LEAST(NEW.disabled_at, now()); -- a date to come shuts them out now, too
    why := CASE WHEN EXISTS (SELECT FROM offboardings o WHERE o.username = NEW.username AND o.created_at = NEW.disabled_at)
      THEN 'offboarded' ELSE 'disabled' END;
  END IF;
  INSERT INTO backchannel_logouts (client_id, sub, sid, reason, next_attempt_at, created_at)
  SELECT DISTINCT c.client_id, OLD.sub, CASE WHEN c.backchannel_logout_session_required THEN g.sid END, why, gone_at, now()
  FROM grants g JOIN clients c USING (client_id)
  WHERE g.user_id = OLD.id AND c.backchannel_logout_uri IS NOT NULL
    AND (g.sid IS NOT NULL OR NOT c.backchannel_logout_session_required);
  RETURN OLD;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
-- Whoever gets another password, or is let in again, begins anew: what was signed in before has ended. Sessions of somebody who
-- was disabled are deleted, as their applications have heard of it already.
CREATE FUNCTION end_what_was_before() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF NOT is_set('keep_sessions') AND NOT is_set('same_password') THEN
    UPDATE grants SET revoked_at = now() WHERE user_id = NEW.id AND revoked_at IS NULL;
    IF OLD.disabled_at IS NOT NULL THEN
      DELETE FROM sessions WHERE user_id = NEW.id;
    ELSE
      UPDATE sessions SET ended_at = now() WHERE user_id = NEW.id AND ended_at IS NULL;
    END IF;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
-- Of the links of a person the newest is good, until they have another password.
CREATE FUNCTION spend_account_links() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF TG_TABLE_NAME = 'account_links' THEN
    UPDATE account_links SET spent_at = now() WHERE username = NEW.username AND spent_at IS NULL AND token_sha256 <> NEW.token_sha256;
  ELSIF NOT is_set('same_password') THEN
    UPDATE account_links SET spent_at = now() WHERE username = NEW.username AND spent_at IS NULL;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
-- What a person no longer allows an application, it no longer has.
CREATE FUNCTION revoke_what_is_withdrawn() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF NOT is_set('keep_sessions') THEN
    UPDATE grants SET revoked_at = now() WHERE user_id = OLD.user_id AND client_id = OLD.client_id AND revoked_at IS NULL
      AND (TG_OP = 'DELETE' OR NOT string_to_array(scope, ' ') <@ NEW.scopes
        OR EXISTS (SELECT FROM unnest(OLD.resources) AS gone
          WHERE gone <> ALL (NEW.resources) AND gone = ANY (coalesce(grants.resources, OLD.resources))));
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
-- What is known of the sign-ins of a person goes with them.
CREATE FUNCTION sign_ins_follow_their_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  DELETE FROM sign_ins WHERE user_id = OLD.id;
  RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
-- Recovery codes stand for a factor that is lost; who has none needs none, and an old sheet of paper is no way in later.
CREATE FUNCTION recovery_codes_go_with_factors() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  DELETE FROM recovery_codes r WHERE r.user_id = OLD.user_id
    AND NOT EXISTS (SELECT FROM totp_secrets t WHERE t.user_id = OLD.user_id)
    AND NOT EXISTS (SELECT FROM passkeys k WHERE k.user_id = OLD.user_id);
  RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
  f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['queue_logouts_of_session', 'queue_logouts_of_user', 'end_what_was_before', 'spend_account_links',
    'revoke_what_is_withdrawn', 'grants_leave_their_codes_used', 'grants_follow_their_client', 'sign_ins_follow_their_user',
    'recovery_codes_go_with_factors', 'client_secrets_have_names', 'client_secrets_fit_their_client',
    'terms_follow_names'] LOOP
    EXECUTE format('ALTER FUNCTION %s() SET search_path = %I, pg_temp', f, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s() FROM PUBLIC', f);
  END LOOP;
END $$;
-- +goose StatementEnd
CREATE TRIGGER totp_secrets_take_recovery_codes AFTER DELETE ON totp_secrets FOR EACH ROW
  EXECUTE FUNCTION recovery_codes_go_with_factors();
CREATE TRIGGER passkeys_take_recovery_codes AFTER DELETE ON passkeys FOR EACH ROW EXECUTE FUNCTION recovery_codes_go_with_factors();
CREATE TRIGGER sessions_queue_logouts AFTER UPDATE ON sessions FOR EACH ROW
  WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND NEW.replaced_by IS NULL)
  EXECUTE FUNCTION queue_logouts_of_session();
CREATE TRIGGER users_queue_logouts AFTER UPDATE ON users FOR EACH ROW
  WHEN (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL) EXECUTE FUNCTION queue_logouts_of_user();
CREATE TRIGGER users_end_what_was_before AFTER UPDATE ON users FOR EACH ROW
  WHEN (OLD.password IS NOT NULL AND NEW.password IS DISTINCT FROM OLD.password OR OLD.disabled_at IS NOT NULL AND NEW.disabled_at IS NULL)
  EXECUTE FUNCTION end_what_was_before();
CREATE TRIGGER users_spend_account_links AFTER UPDATE ON users FOR EACH ROW WHEN (NEW.password IS DISTINCT FROM OLD.password)
  EXECUTE FUNCTION spend_account_links();
CREATE TRIGGER account_links_spend_former AFTER INSERT ON account_links FOR EACH ROW EXECUTE FUNCTION spend_account_links();
CREATE TRIGGER consents_revoke_what_is_withdrawn AFTER DELETE ON consents FOR EACH ROW
  EXECUTE FUNCTION revoke_what_is_withdrawn();
CREATE TRIGGER consents_revoke_what_is_reduced AFTER UPDATE ON consents FOR EACH ROW
  WHEN (NOT (OLD.scopes <@ NEW.scopes AND OLD.resources <@ NEW.resources)) EXECUTE FUNCTION revoke_what_is_withdrawn();
CREATE TRIGGER sign_ins_follow_their_user AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION sign_ins_follow_their_user();
CREATE TRIGGER users_queue_logouts_before_delete BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION queue_logouts_of_user();

-- mail_outbox: mail that waits to be sent, was sent within a week, or was given up. Without next_attempt_at nothing more is tried. What a
-- mail says is sealed until it was sent.
CREATE TABLE mail_outbox (
  id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  username        text CONSTRAINT mail_outbox_user_must_exist REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  recipient       text,
  template        text NOT NULL,
  locale          text NOT NULL DEFAULT '',
  sealed          bytea,
  created_at      timestamptz NOT NULL,
  expires_at      timestamptz NOT NULL,
  attempts        integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  handed_at       timestamptz,
  sent_at         timestamptz,
  given_up_at     timestamptz,
  last_error      text,
  CONSTRAINT mail_outbox_last_error_must_have_at_most_500_characters CHECK (length(last_error) <= 500),
  CONSTRAINT mail_outbox_expires_at_must_be_after_created_at CHECK (expires_at > created_at),
  CONSTRAINT mail_outbox_waits_or_was_sent_or_given_up CHECK (num_nonnulls(next_attempt_at, sent_at, given_up_at) = 1)
);
COMMENT ON COLUMN mail_outbox.username IS 'whom it is about; NULL: nobody who has an account, or not looked up yet';
COMMENT ON COLUMN mail_outbox.recipient IS 'an address; NULL: not looked up yet';
COMMENT ON COLUMN mail_outbox.locale IS 'language tags, the preferred one first, with commas';
COMMENT ON COLUMN mail_outbox.sealed IS 'what it says, under GATEHOUSE_ENCRYPTION_KEY; NULL once it was sent';
COMMENT ON COLUMN mail_outbox.expires_at IS 'when it is of no use any more, and is given up';
COMMENT ON COLUMN mail_outbox.handed_at IS 'when the server had all of it but the last line: from then on it may have been sent';
CREATE INDEX mail_outbox_by_next_attempt_at ON mail_outbox (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX mail_outbox_by_created_at ON mail_outbox (created_at);
CREATE INDEX mail_outbox_by_username ON mail_outbox (username, created_at);

-- end_notices: of which ends people had a mail, and how many days before: once each. An end that was moved is another one.
CREATE TABLE end_notices (
  user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  about      text NOT NULL,
  group_name text NOT NULL DEFAULT '',
  ends_at    timestamptz NOT NULL,
  days       smallint NOT NULL,
  noted_at   timestamptz NOT NULL,
  PRIMARY KEY (user_id, about, group_name)
);
COMMENT ON COLUMN end_notices.about IS 'account, membership or inactivity';
COMMENT ON COLUMN end_notices.group_name IS 'of the membership; empty for what is about the account';
COMMENT ON COLUMN end_notices.days IS '30, 7 or 1: the last notice was sent so many days before ends_at, or later';
CREATE INDEX end_notices_by_ends_at ON end_notices (ends_at);

-- password_resets: who has forgotten a password and asked for a mail with a code and a link, both of which are good once, for 15 minutes, at
-- the browser that asked. Unlogged: whoever asks is not signed in. Rows stay for a day, as people get ten mails in one.
CREATE UNLOGGED TABLE password_resets (
  id             uuid PRIMARY KEY,
  link_sha256    bytea NOT NULL CONSTRAINT password_resets_link_must_be_unique UNIQUE,
  code_hmac      bytea NOT NULL,
  browser_sha256 bytea NOT NULL,
  network_hmac   bytea NOT NULL,
  name_hmac      bytea NOT NULL,
  username       text,
  tries_left     smallint NOT NULL DEFAULT 5,
  created_at     timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL,
  spent_at       timestamptz
);
COMMENT ON COLUMN password_resets.code_hmac IS 'under a key of GATEHOUSE_ENCRYPTION_KEY: six digits are too few for a mere digest';
COMMENT ON COLUMN password_resets.network_hmac IS 'who asked for it (an IPv4 address or an IPv6 /48), so that no network can fill the table';
COMMENT ON COLUMN password_resets.name_hmac IS 'what was typed: it need not be anybody';
COMMENT ON COLUMN password_resets.username IS 'whose it is; NULL: nobody''s, or not looked up yet';
CREATE INDEX password_resets_by_created_at ON password_resets (created_at);

-- email_codes: addresses that people say are theirs, and the code that was mailed there, the last one of each person.
CREATE TABLE email_codes (
  username   text PRIMARY KEY CONSTRAINT email_codes_user_must_exist REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  email      text NOT NULL,
  code_hmac  bytea NOT NULL,
  tries_left smallint NOT NULL DEFAULT 5,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  spent_at   timestamptz
);
COMMENT ON COLUMN email_codes.code_hmac IS 'under a key of GATEHOUSE_ENCRYPTION_KEY: six digits are too few for a mere digest';

-- idempotency_keys: requests to the admin API that may come again, and their answers, for a day.
CREATE TABLE idempotency_keys (
  key_sha256     bytea PRIMARY KEY,
  request_sha256 bytea NOT NULL,
  answer         bytea,
  created_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN idempotency_keys.answer IS 'sealed with GATEHOUSE_ENCRYPTION_KEY: it may have a secret in it';
CREATE INDEX idempotency_keys_by_created_at ON idempotency_keys (created_at);

-- ── Upstreams ──

-- +goose StatementBegin
-- is_pattern reports whether Postgres can read a regular expression.
CREATE FUNCTION is_pattern(pattern text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  PERFORM '' ~ pattern;
  RETURN true;
EXCEPTION WHEN invalid_regular_expression THEN
  RETURN false;
END $$;
-- +goose StatementEnd

-- upstreams are managed with SQL, like clients. Write client_secret as it is: Gatehouse seals it when it first reads the row.
CREATE TABLE upstreams (
  name                 text CONSTRAINT upstreams_name_must_be_unique PRIMARY KEY,
  display_name         text,
  kind                 text NOT NULL DEFAULT 'oidc',
  issuer               text NOT NULL,
  client_id            text NOT NULL,
  client_secret        text,
  scope                text NOT NULL DEFAULT 'openid email profile',
  authorization_params jsonb NOT NULL DEFAULT '{}',
  email_domains        text[] NOT NULL DEFAULT '{}',
  trusts_email         boolean NOT NULL DEFAULT false,
  creates_users        boolean NOT NULL DEFAULT false,
  username_prefix      text,
  username_pattern     text,
  position             integer NOT NULL DEFAULT 0,
  mfa_values           text[] NOT NULL DEFAULT '{}',
  disabled_at          timestamptz,
  created_at           timestamptz NOT NULL DEFAULT now(),
  updated_at           timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT upstreams_name_must_be_1_to_32_of_a_z_0_9_dash_underscore CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,31}$'),
  CONSTRAINT upstreams_display_name_must_have_1_to_100_characters CHECK (length(display_name) BETWEEN 1 AND 100),
  CONSTRAINT upstreams_display_name_must_have_no_control_characters CHECK (display_name !~ '[[:cntrl:]]'),
  CONSTRAINT upstreams_kind_must_be_oidc_or_github CHECK (kind IN ('oidc', 'github')),
  CONSTRAINT upstreams_issuer_must_be_a_url CHECK (
    check_uris('upstreams', 'issuer', array_remove(ARRAY[issuer], NULL), 'http')),
  CONSTRAINT upstreams_issuer_must_have_no_query CHECK (issuer !~ '[?]'),
  CONSTRAINT upstreams_client_id_must_be_1_to_255_printable_ascii CHECK (client_id ~ '^[!-~]{1,255}$'),
  CONSTRAINT upstreams_client_secret_must_be_1_to_2000_printable_ascii CHECK (
    client_secret ~ '^[ -~]+$' AND length(client_secret) <= 2000),
  CONSTRAINT upstreams_scope_must_be_words_separated_by_one_space CHECK (
    scope ~ '^([!#-\[\]-~]+( [!#-\[\]-~]+)*)?$'),
  CONSTRAINT upstreams_scope_must_have_at_most_1000_characters CHECK (length(scope) <= 1000),
  CONSTRAINT upstreams_of_kind_oidc_need_openid_in_scope CHECK (kind <> 'oidc' OR 'openid' = ANY (string_to_array(scope, ' '))),
  CONSTRAINT upstreams_of_kind_github_must_have_no_openid_in_scope CHECK (
    kind <> 'github' OR 'openid' <> ALL (string_to_array(scope, ' '))),
  CONSTRAINT upstreams_authorization_params_must_be_a_json_object CHECK (jsonb_typeof(authorization_params) = 'object'),
  CONSTRAINT upstreams_authorization_params_must_be_texts CHECK (
    NOT jsonb_path_exists(authorization_params, 'strict $.* ? (@.type() != "string")', silent => true)),
  CONSTRAINT upstreams_authorization_params_must_have_at_most_2_kb CHECK (octet_length(authorization_params::text) <= 2048),
  CONSTRAINT upstreams_authorization_params_must_not_be_the_protocols CHECK (
    NOT authorization_params ?| ARRAY['client_id', 'client_secret', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state',
      'nonce', 'code_challenge', 'code_challenge_method', 'request', 'request_uri']),
  CONSTRAINT upstreams_email_domains_must_be_at_most_100 CHECK (cardinality(email_domains) <= 100),
  CONSTRAINT upstreams_email_domains_must_not_be_null CHECK (array_position(email_domains, NULL) IS NULL),
  CONSTRAINT upstreams_email_domains_must_be_domains_in_lower_case CHECK (
    all_match(array_remove(email_domains, NULL), '^[^[:space:][:cntrl:]@A-Z]{1,253}$')),
  CONSTRAINT upstreams_that_create_users_need_username_prefix_or_pattern CHECK (
    NOT creates_users OR num_nonnulls(username_prefix, username_pattern) > 0),
  CONSTRAINT upstreams_username_prefix_must_end_in_dash_dot_or_underscore CHECK (username_prefix ~ '^[a-z_][a-z0-9_.-]*[_.-]$'),
  CONSTRAINT upstreams_username_prefix_must_have_at_most_16_characters CHECK (length(username_prefix) <= 16),
  CONSTRAINT upstreams_username_pattern_must_be_a_regular_expression CHECK (is_pattern('^(' || username_pattern || ')$')),
  CONSTRAINT upstreams_username_pattern_must_have_1_to_200_characters CHECK (length(username_pattern) BETWEEN 1 AND 200),
  CONSTRAINT upstreams_mfa_values_must_be_at_most_20 CHECK (cardinality(mfa_values) <= 20),
  CONSTRAINT upstreams_mfa_values_must_not_be_null CHECK (array_position(mfa_values, NULL) IS NULL),
  CONSTRAINT upstreams_mfa_values_must_be_1_to_255_printable_ascii CHECK (all_match(array_remove(mfa_values, NULL), '^[!-~]{1,255}$')),
  CONSTRAINT upstreams_that_trust_email_need_email_domains CHECK (NOT trusts_email OR email_domains <> '{}')
);
-- +goose StatementBegin
CREATE FUNCTION upstreams_keep_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER upstreams_keep_updated_at BEFORE UPDATE ON upstreams FOR EACH ROW EXECUTE FUNCTION upstreams_keep_updated_at();
COMMENT ON COLUMN upstreams.client_secret IS
  'written plain, kept sealed: it is replaced by sealed:… when Gatehouse first reads it';
COMMENT ON COLUMN upstreams.authorization_params IS
  'more parameters of the authorization request, such as {"access_type": "offline"}';
COMMENT ON COLUMN upstreams.email_domains IS 'addresses of these domains (login_hint) go straight to this upstream';
COMMENT ON COLUMN upstreams.trusts_email IS
  'a verified address of email_domains is linked to the one enabled user who has it verified';
COMMENT ON COLUMN upstreams.creates_users IS 'an account that belongs to nobody becomes a new user';
COMMENT ON COLUMN upstreams.username_prefix IS 'what the usernames of these users begin with, such as uni-';
COMMENT ON COLUMN upstreams.username_pattern IS 'the usernames of these users as a whole, such as [a-z]{2}[0-9]{5}';
COMMENT ON COLUMN upstreams.position IS 'among the buttons of the sign-in page: the lowest is the first';

-- upstream_accounts: whose account at an upstream is whose here. The tokens are sealed.
CREATE TABLE upstream_accounts (
  upstream                text NOT NULL CONSTRAINT upstream_accounts_upstream_must_exist
    REFERENCES upstreams (name) ON UPDATE CASCADE ON DELETE CASCADE,
  issuer                  text NOT NULL,
  sub                     text NOT NULL,
  username                text NOT NULL CONSTRAINT upstream_accounts_user_must_exist
    REFERENCES users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  label                   text,
  access_token            bytea,
  access_token_expires_at timestamptz,
  refresh_token           bytea,
  token_scope             text,
  refreshing_until        timestamptz,
  linked_at               timestamptz NOT NULL DEFAULT now(),
  used_at                 timestamptz,
  CONSTRAINT upstream_accounts_account_is_linked_already PRIMARY KEY (upstream, issuer, sub),
  CONSTRAINT upstream_accounts_user_has_an_account_there_already UNIQUE (upstream, username),
  CONSTRAINT upstream_accounts_sub_must_be_1_to_255_printable_ascii CHECK (sub ~ '^[ -~]{1,255}$'),
  CONSTRAINT upstream_accounts_label_must_have_1_to_254_characters CHECK (length(label) BETWEEN 1 AND 254),
  CONSTRAINT upstream_accounts_label_must_have_no_control_characters CHECK (label !~ '[[:cntrl:]]')
);
CREATE INDEX upstream_accounts_by_username ON upstream_accounts (username);
COMMENT ON COLUMN upstream_accounts.label IS 'what to show: e-mail address or name there';

-- ── Keys and caches ──

-- signing_keys: private_key is encrypted under GATEHOUSE_ENCRYPTION_KEY.
CREATE TABLE signing_keys (
  kid          text PRIMARY KEY,
  alg          text NOT NULL
    CONSTRAINT signing_keys_alg_must_be_RS256_PS256_ES256_or_EdDSA CHECK (alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  private_key  bytea NOT NULL,
  created_at   timestamptz NOT NULL,
  activates_at timestamptz NOT NULL,
  retires_at   timestamptz,
  CONSTRAINT signing_keys_retires_at_must_not_be_before_created_at CHECK (retires_at >= created_at)
);
COMMENT ON COLUMN signing_keys.activates_at IS 'published from created_at on, signs from activates_at on';
COMMENT ON COLUMN signing_keys.retires_at IS 'leaves the JWKS then; set when a successor activates';

-- pairwise_salt makes pairwise subjects (OpenID Connect Core §8.1). It never changes: relying parties know people by what it
-- makes.
CREATE TABLE pairwise_salt (
  only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT pairwise_salt_must_have_one_row CHECK (only_row),
  salt     bytea NOT NULL
);
INSERT INTO pairwise_salt (salt) VALUES (gen_random_bytes(32));

-- cache_version: what replicas that cannot LISTEN poll.
CREATE TABLE cache_version (
  only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT cache_version_must_have_one_row CHECK (only_row),
  version  bigint NOT NULL
);
INSERT INTO cache_version (version) VALUES (1);

-- +goose StatementBegin
CREATE FUNCTION gatehouse_cached_rows_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE cache_version SET version = version + 1;
  NOTIFY gatehouse_cached_rows_changed;
  RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
-- A statement that changes no row, such as a registration that is refused, must not drop the caches of all replicas.
CREATE FUNCTION gatehouse_cached_rows_changed_if_any() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM changed) THEN
    UPDATE cache_version SET version = version + 1;
    NOTIFY gatehouse_cached_rows_changed;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
-- A trigger with a transition table has one event only, and TRUNCATE can have none.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['clients', 'client_claims', 'client_secrets', 'resources', 'exchange_policies', 'signing_keys', 'acr_values',
    'terms',
    'sign_up_domains',
    'groups'] LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed_if_any()', t || '_inserted', t);
    EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed_if_any()', t || '_deleted', t);
    EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed()', t || '_truncated', t);
    CONTINUE WHEN t = 'client_secrets'; -- of which not every change counts
    EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed_if_any()', t || '_updated', t);
  END LOOP;
END $$;
-- +goose StatementEnd
-- That one was used is no change of what is cached.
CREATE TRIGGER client_secrets_updated AFTER UPDATE OF client_id, name, secret_sha256, created_at, expires_at ON client_secrets
  FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed();
CREATE TRIGGER upstreams_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON upstreams
  FOR EACH STATEMENT EXECUTE FUNCTION gatehouse_cached_rows_changed();

-- ── Declared state ──

-- managed_by says where a file declares the row (gatehouse apply). What an administrator changes there by pages, API or command line,
-- the next apply would take back without a word: so it is refused unless it is meant. Statements of an operator's own are not, and neither
-- is what people change of themselves on the account page: gatehouse plan shows what they did.
-- +goose StatementBegin
CREATE FUNCTION declared_rows_change_in_their_file() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  door text := coalesce(current_setting('gatehouse.door', true), '');
  kept text[] := TG_ARGV[1:]; -- columns that say nothing of what is declared; the first argument is what a row is called
  mark text[] := regexp_match(OLD.managed_by, '^(.*):([0-9]+)$');
BEGIN
  IF door IN ('api', 'page', 'command line') AND NOT is_set('declared_anyway')
    AND (TG_OP = 'DELETE' OR to_jsonb(NEW) - kept <> to_jsonb(OLD) - kept) THEN
    RAISE EXCEPTION 'the % is declared in %: change it there', TG_ARGV[0], coalesce(mark[1] || ', line ' || mark[2], OLD.managed_by)
      USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_declared_rows_change_in_their_file',
        HINT = CASE door
          WHEN 'command line' THEN 'or here with --declared-anyway: the next apply takes it back'
          WHEN 'page' THEN 'or here all the same: the next apply takes it back'
          ELSE 'or here with declared_anyway=true: the next apply takes it back' END;
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT * FROM (VALUES
    ('acr_values', 'acr value', '{}'::text[]),
    ('groups', 'group', '{}'),
    ('upstreams', 'upstream', '{updated_at}'),
    ('resources', 'resource', '{}'),
    ('terms', 'version of terms', '{}'),
    ('clients', 'client', '{metadata_fetched_at,updated_at}'),
    ('client_claims', 'claim', '{}'),
    ('client_secrets', 'secret', '{used_at}'),
    ('exchange_policies', 'policy', '{}'),
    ('users', 'user', '{password,password_changed_at,must_change_password,passkey_later_at,active_at,updated_at}'),
    ('group_members', 'membership', '{}'),
    ('group_owners', 'ownership', '{}')
  ) AS v(name, one, kept) LOOP
    EXECUTE format('ALTER TABLE %1$I ADD COLUMN managed_by text,
      ADD CONSTRAINT %1$s_managed_by_must_have_1_to_255_characters CHECK (length(managed_by) BETWEEN 1 AND 255),
      ADD CONSTRAINT %1$s_managed_by_must_have_no_control_characters CHECK (managed_by !~ ''[[:cntrl:]]'')', t.name);
    EXECUTE format('COMMENT ON COLUMN %I.managed_by IS %L', t.name,
      'where a file declares it, such as hub.yaml:14 (gatehouse apply); NULL: none does');
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW WHEN (OLD.managed_by IS NOT NULL)
      EXECUTE FUNCTION declared_rows_change_in_their_file(%s)', t.name || '_declared_rows_change_in_their_file', t.name,
      (SELECT string_agg(quote_literal(arg), ', ') FROM unnest(t.one || t.kept) AS arg));
  END LOOP;
END $$;
-- +goose StatementEnd

-- ── Audit ──

-- audit: who changed what. A row for each row that changed, written when its transaction commits, by triggers, so that SQL counts. Each
-- row has the digest of the one before, so that none can be changed, removed or put in later without all after it. Nobody changes it, and
-- the months that are old are dropped.
CREATE TABLE audit (
  id         bigint NOT NULL,
  at         timestamptz NOT NULL,
  actor      text NOT NULL,
  door       text NOT NULL,
  role       text NOT NULL,
  operation  text,
  request_id text,
  addr       text,
  table_name text NOT NULL,
  action     text NOT NULL,
  key        jsonb,
  before     jsonb,
  after      jsonb,
  username   text,
  client_id  text,
  previous   bytea NOT NULL,
  digest     bytea NOT NULL,
  PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
COMMENT ON COLUMN audit.id IS 'that of the row before + 1';
COMMENT ON COLUMN audit.at IS 'when the change was committed';
COMMENT ON COLUMN audit.actor IS
  'a username, a client_id, registration, upstream:NAME, an account of the machine; gatehouse: itself; else the role';
COMMENT ON COLUMN audit.door IS
  'command line, api, page, registration, gatehouse (nobody asked for it) or sql, where the actor is whoever they say they are';
COMMENT ON COLUMN audit.role IS 'the role that was connected to Postgres';
COMMENT ON COLUMN audit.operation IS 'such as user disable';
COMMENT ON COLUMN audit.request_id IS 'of the log';
COMMENT ON COLUMN audit.addr IS 'of the request, or of the client of Postgres; NULL: not known';
COMMENT ON COLUMN audit.action IS 'INSERT, UPDATE, DELETE or TRUNCATE';
COMMENT ON COLUMN audit.key IS 'which row';
COMMENT ON COLUMN audit.before IS 'what was there, of an UPDATE only what changed; "(secret)" in place of a secret';
COMMENT ON COLUMN audit.after IS 'what is there now, of an UPDATE only what changed; "(secret)" in place of a secret';
COMMENT ON COLUMN audit.username IS 'whom it is about';
COMMENT ON COLUMN audit.client_id IS 'which client it is about';
COMMENT ON COLUMN audit.previous IS 'digest of the row before';
COMMENT ON COLUMN audit.digest IS 'sha256 of previous and of all other columns, see docs/sql.md';
CREATE INDEX audit_by_at ON audit (at);
CREATE INDEX audit_by_username ON audit (username, id);
CREATE INDEX audit_by_client ON audit (client_id, id);
CREATE INDEX audit_by_actor ON audit (actor, id);
CREATE INDEX audit_of_deleted_users ON audit ((before ->> 'id')) WHERE table_name = 'users' AND action = 'DELETE';
-- What comes at a time that no partition is for, as a clock that is wrong has it, so that no change fails for want of one.
CREATE TABLE audit_other PARTITION OF audit DEFAULT;
SELECT partition_by_month('audit', now(), interval '400 days');

-- audit_turn: whoever has its row writes to audit, until the end of the transaction. A row rather than an advisory lock, as a transaction
-- whose snapshot is older than the last row of audit cannot have it (it is REPEATABLE READ or SERIALIZABLE, and fails as those do).
CREATE TABLE audit_turn (
  only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT audit_turn_must_have_one_row CHECK (only_row),
  turns    bigint NOT NULL
);
INSERT INTO audit_turn (turns) VALUES (0);

-- is_gatehouse reports whether it is Gatehouse that changes something: by the name of the connection, which PgBouncer may add a host to,
-- and, since anybody can call a connection so, by the rights of the owner of the tables.
CREATE FUNCTION is_gatehouse() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT current_setting('application_name') ~ '^gatehouse( |$)'
    AND pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = 'audit'::regclass), 'USAGE')
$$;

-- audit_sees reports whether an UPDATE is for the audit: another column has changed than those that follow from use, than secrets that
-- Gatehouse writes in another hash or under another key, and than names that follow the row that they refer to.
CREATE FUNCTION audit_sees(former jsonb, latter jsonb, secrets text[], by_use text[], refer text[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT former - but IS DISTINCT FROM latter - but
  FROM (SELECT by_use || CASE WHEN is_set('same_password') AND is_gatehouse() THEN secrets ELSE '{}' END
    || CASE WHEN pg_trigger_depth() > 0 THEN refer ELSE '{}' END) AS left_out (but)
$$;

-- audit_sees_ends reports whether it is for the audit that a session or a grant ends: where somebody wants it, by SQL or by a door of
-- Gatehouse, and it does not follow from another change; while a transaction is tried in a dry run, where it follows, too. Sign-ins end
-- grants by the dozen, so it has no search_path of its own, which would keep Postgres from putting it into the condition of the trigger:
-- what it calls is known by its form.
CREATE FUNCTION audit_sees_ends() RETURNS boolean LANGUAGE sql STABLE
  RETURN is_set('dry_run') OR pg_trigger_depth() = 0
    AND NOT ((coalesce(current_setting('gatehouse.actor', true), '') = '' OR is_set('keep_sessions')) AND is_gatehouse());

-- audit_shows returns columns of a row as the audit has them.
CREATE FUNCTION audit_shows(columns jsonb, secrets text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT columns || coalesce(
    (SELECT jsonb_object_agg(secret, '(secret)') FROM unnest(secrets) AS secret WHERE columns ->> secret IS NOT NULL), '{}')
$$;

-- audit_digest returns the SHA-256 of the digest of the row before and of the columns of a row: of each its length in bytes, ':' and its
-- text, or '-' for NULL, with ',' between them.
CREATE FUNCTION audit_digest(r audit) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(r.previous || convert_to(string_agg(coalesce(octet_length(value) || ':' || value, '-'), ',' ORDER BY place), 'UTF8'))
  FROM unnest(ARRAY[r.id::text, to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), r.actor, r.door, r.role, r.operation,
    r.request_id, r.addr, r.table_name, r.action, r.key::text, r.before::text, r.after::text, r.username, r.client_id])
    WITH ORDINALITY AS columns (value, place)
$$;

-- +goose StatementBegin
-- audit_change appends a row to audit. Its arguments are the columns by which a row is known, those that are secret, and those that change
-- by use. It runs when the transaction commits, with all locks of rows taken, so that writers wait for each other for the time of a commit
-- only, and deadlock with nobody; but a TRUNCATE, which has the whole table anyway, is written at once.
CREATE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  former jsonb := CASE WHEN TG_OP IN ('UPDATE', 'DELETE') THEN to_jsonb(OLD) END;
  latter jsonb := CASE WHEN TG_OP IN ('UPDATE', 'INSERT') THEN to_jsonb(NEW) END;
  whole  jsonb := coalesce(latter, former);
  sql    boolean := NOT is_gatehouse();
  last   record;
  r      audit;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    SELECT jsonb_object_agg(c.key, c.value), jsonb_object_agg(c.key, whole -> c.key) INTO former, latter
    FROM jsonb_each(former) AS c WHERE c.value IS DISTINCT FROM whole -> c.key AND c.key <> ALL (TG_ARGV[2]::text[]);
    IF former IS NULL THEN
      RETURN NULL;
    END IF;
  END IF;
  UPDATE audit_turn SET turns = turns + 1 WHERE xmin <> pg_current_xact_id()::xid; -- unless the turn is ours already
  SELECT a.id, a.at, a.digest INTO last FROM audit a ORDER BY a.id DESC LIMIT 1;
  r.id := coalesce(last.id, 0) + 1;
  r.previous := coalesce(last.digest, '');
  r.at := clock_timestamp();
  IF last.at BETWEEN r.at AND r.at + interval '1 hour' THEN
    r.at := last.at; -- the clock was put back a little, and months are dropped by it
  END IF;
  r.actor := coalesce(nullif(left(current_setting('gatehouse.actor', true), 300), ''), CASE WHEN sql THEN session_user ELSE 'gatehouse' END);
  r.door := CASE WHEN sql THEN 'sql' ELSE coalesce(nullif(current_setting('gatehouse.door', true), ''), 'gatehouse') END;
  r.role := session_user;
  r.operation := left(nullif(current_setting('gatehouse.operation', true), ''), 100);
  IF sql THEN
    r.addr := host(inet_client_addr());
  ELSE
    r.request_id := nullif(current_setting('gatehouse.request_id', true), '');
    r.addr := nullif(current_setting('gatehouse.addr', true), '');
  END IF;
  r.table_name := TG_TABLE_NAME;
  r.action := TG_OP;
  r.key := (SELECT jsonb_object_agg(name, whole -> name) FROM unnest(TG_ARGV[0]::text[]) AS name WHERE whole IS NOT NULL);
  r.before := audit_shows(former, TG_ARGV[1]::text[]);
  r.after := audit_shows(latter, TG_ARGV[1]::text[]);
  r.username := whole ->> 'username';
  IF whole ? 'user_id' THEN
    r.username := coalesce((SELECT u.username FROM users u WHERE u.id = (whole ->> 'user_id')::uuid),
      (SELECT a.before ->> 'username' FROM audit a WHERE a.table_name = 'users' AND a.action = 'DELETE'
        AND a.before ->> 'id' = whole ->> 'user_id' ORDER BY a.id DESC LIMIT 1));
  END IF;
  IF TG_TABLE_NAME <> 'upstreams' THEN -- whose client_id is one over there
    r.client_id := whole ->> 'client_id';
  END IF;
  r.digest := audit_digest(r);
  IF (SELECT partdefid FROM pg_partitioned_table WHERE partrelid = 'audit'::regclass) = 0
    AND to_regclass(to_char(r.at AT TIME ZONE 'UTC', '"audit_"YYYY_MM')) IS NULL THEN
    RAISE EXCEPTION 'nothing can be changed, as audit has no partition for %', to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_needs_a_partition', TABLE = 'audit',
            HINT = 'Make one: CREATE TABLE audit_other PARTITION OF audit DEFAULT';
  END IF;
  INSERT INTO audit SELECT r.*;
  RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit is written by the triggers of the tables that are changed, and by nobody else'
    USING ERRCODE = 'insufficient_privilege', TABLE = 'audit';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_is_only_added_to BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_is_not_truncated BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_is_added_to_by_triggers BEFORE INSERT ON audit FOR EACH ROW
  WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_is_only_added_to();

-- +goose StatementBegin
-- Which tables are audited: by which columns a row is known, which are secret, which change by use alone, and which changes are left out.
-- They are constraint triggers, as only those wait for the commit; what WHEN asks is asked at once.
DO $$
DECLARE
  w      record;
  refer  text[];
  f      text;
BEGIN
  FOREACH f IN ARRAY ARRAY['is_gatehouse()', 'audit_sees(jsonb, jsonb, text[], text[], text[])', 'audit_change()'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
  END LOOP;
  ALTER FUNCTION audit_change() SET timezone = 'UTC'; -- as JSON has the times of a row in it
  ALTER FUNCTION audit_change() SET bytea_output = 'hex';
  ALTER FUNCTION audit_change() SET enable_seqscan = off; -- its plans may be of a table that was empty, before thousands of rows came
  ALTER FUNCTION audit_change() SET enable_sort = off;
  ALTER FUNCTION audit_change() SET jit = off; -- which what is off looks dear enough for
  REVOKE ALL ON FUNCTION audit_change() FROM PUBLIC;
  FOR w IN SELECT * FROM (VALUES
    ('users', '{username}', '{password}', '{updated_at,passkey_later_at,active_at}', 'true', 'true', 'true'),
    ('offboardings', '{id}', '{}', '{}', 'true', 'true', 'true'),
    -- what follows from a change of a user is not here, but who frees a name
    ('retired_names', '{name}', '{}', '{}', 'pg_trigger_depth() = 0', 'pg_trigger_depth() = 0', 'pg_trigger_depth() = 0'),
    ('groups', '{name}', '{}', '{}', 'true', 'true', 'true'),
    ('posix_ranges', '{kind}', '{}', '{}', 'true', 'true', 'true'),
    ('posix_numbers', '{number,kind}', '{}', '{}', 'pg_trigger_depth() = 0', 'pg_trigger_depth() = 0', 'pg_trigger_depth() = 0'),
    ('group_members', '{group_name,username}', '{}', '{}', 'true', 'true', 'true'),
    ('group_owners', '{group_name,username}', '{}', '{}', 'true', 'true', 'true'),
    ('totp_secrets', '{user_id}', '{secret}', '{last_step,used_at}', 'true', 'true', 'true'),
    ('passkeys', '{user_id,credential_id}', '{}', '{used_at,sign_count}', 'true', 'true', 'true'),
    -- one row for a sheet of them
    ('recovery_codes', '{user_id}', '{code_pbkdf2}', '{shown_at,spent_at}', 'NEW.place = 1', 'NEW.place = 1', 'OLD.place = 1'),
    ('personal_access_tokens', '{id}', '{token_sha256}', '{shown_at,used_at}', 'true', 'true', 'true'),
    ('account_links', '{username,created_at}', '{token_sha256}', '{}', 'true', 'true', 'true'),
    ('invitations', '{id}', '{token_sha256,code_hmac,browser_sha256}', '{uses_left,code_tries_left}', 'true', 'true', 'true'),
    ('invitation_groups', '{invitation_id,group_name}', '{}', '{}', 'true', 'true', 'true'),
    ('workshops', '{name}', '{code}', '{seats_left,former_accounts}', 'true', 'true', 'true'),
    ('sign_up_domains', '{domain}', '{}', '{}', 'true', 'true', 'true'),
    ('sign_up_domain_groups', '{domain,group_name}', '{}', '{}', 'true', 'true', 'true'),
    -- what anybody types is not in the audit, but what somebody says to it
    ('sign_up_requests', '{id}', '{network_hmac,browser_sha256}', '{}', 'false',
      'OLD.decided_at IS NULL AND NEW.decided_at IS NOT NULL', 'NOT is_gatehouse()'),
    ('acr_values', '{value}', '{}', '{}', 'true', 'true', 'true'),
    ('clients', '{client_id}', '{registration_access_token_sha256}', '{updated_at,metadata_fetched_at}', 'true', 'true', 'true'),
    ('client_secrets', '{client_id,name}', '{secret_sha256}', '{used_at}', 'true', 'true', 'true'),
    ('client_claims', '{client_id,position}', '{}', '{}', 'true', 'true', 'true'),
    ('initial_access_tokens', '{name}', '{token_sha256}', '{used_at}', 'true', 'true', 'true'),
    ('exchange_policies', '{client_id,audience}', '{}', '{}', 'true', 'true', 'true'),
    ('resources', '{identifier}', '{}', '{}', 'true', 'true', 'true'),
    ('terms', '{name,version}', '{}', '{}', 'true', 'true', 'true'),
    -- what people accept as they sign in is not here, but what is written or taken away by SQL
    ('terms_acceptances', '{user_id,terms_id}', '{}', '{}', 'NOT is_gatehouse()', 'NOT is_gatehouse()', 'pg_trigger_depth() = 0'),
    ('upstreams', '{name}', '{client_secret}', '{updated_at}', 'true', 'true', 'true'),
    ('upstream_accounts', '{upstream,issuer,sub}', '{access_token,refresh_token}',
      '{label,access_token,access_token_expires_at,refresh_token,token_scope,refreshing_until,used_at}', 'true', 'true', 'true'),
    ('signing_keys', '{kid}', '{private_key}', '{}', 'true', 'true', 'true'),
    -- what people allow as they sign in is not here, but what they take back
    ('consents', '{user_id,client_id}', '{}', '{granted_at}', 'NOT is_gatehouse()',
      '(pg_trigger_depth() = 0 OR is_set(''dry_run'')) AND
      (NOT is_gatehouse() OR NOT (OLD.scopes <@ NEW.scopes AND OLD.resources <@ NEW.resources))',
      '(pg_trigger_depth() = 0 OR is_set(''dry_run''))'),
    ('sessions', '{sid}', '{cookie_sha256}', '{seen_at,expires_at}', 'false',
      'OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND audit_sees_ends()', 'OLD.ended_at IS NULL AND audit_sees_ends()'),
    ('grants', '{id}', '{refresh_sha256}', '{refresh_seq,refreshed_at,refreshed_from,refresh_expires_at}', 'false',
      'OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL AND audit_sees_ends()', 'OLD.revoked_at IS NULL AND audit_sees_ends()')
  ) AS audited (name, key, secrets, by_use, inserted, updated, deleted) LOOP
    SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') INTO refer
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
    WHERE c.conrelid = w.name::regclass AND c.contype = 'f' AND c.confupdtype = 'c';
    IF w.updated NOT LIKE '%depth%' AND w.updated NOT LIKE '%ends%' THEN
      w.updated := format('%s AND audit_sees(to_jsonb(OLD), to_jsonb(NEW), %L, %L, %L)', w.updated, w.secrets, w.by_use, refer);
    END IF;
    FOR f IN SELECT format('CREATE CONSTRAINT TRIGGER %I AFTER %s ON %I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (%s)
        EXECUTE FUNCTION audit_change(%L, %L, %L)',
        w.name || '_audit_' || lower(event), event, w.name, condition, w.key, w.secrets, w.by_use)
      FROM (VALUES ('INSERT', w.inserted), ('UPDATE', w.updated), ('DELETE', w.deleted)) AS e (event, condition)
      WHERE condition <> 'false'
    LOOP
      EXECUTE f;
    END LOOP;
    EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION audit_change(%L, %L, %L)',
      w.name || '_truncated_audit', w.name, w.key, w.secrets, w.by_use); -- behind the trigger that drops caches, and its lock
  END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION audit_digest;
DROP TABLE end_notices, sign_up_requests, sign_up_domain_groups, sign_up_domains;
DROP TABLE audit, audit_turn, email_codes, idempotency_keys, mail_outbox, password_resets, refusals;
DROP TABLE sign_ins, sign_in_counts, resources, cache_version, pairwise_salt, signing_keys, upstream_accounts, upstreams, backchannel_logouts,
  login_throttle, revoked_tokens, used_jtis, used_since, device_codes, grants, consents, terms_acceptances, terms, sessions, invitation_uses, invitation_groups, invitations, workshops,
  exchange_policies,
  recent_registrations, initial_access_tokens, client_claims, client_secrets, clients, acr_values, account_links,
  personal_access_tokens, passkeys, recovery_codes, totp_secrets, group_owners, group_members,
  offboardings, groups, users, retired_names,
  posix_numbers, posix_ranges;
DROP FUNCTION terms_in_force_stay, terms_follow_names, by_language;
DROP FUNCTION mailbox_of, chosen_name_problem, users_get_no_retired_name, users_retire_names, name_skeleton;
DROP FUNCTION declared_rows_change_in_their_file, recovery_codes_go_with_factors, passkeys_have_one_rp_id, partition_by_month,
  sign_ins_follow_their_user,
  gatehouse_cached_rows_changed_if_any, gatehouse_cached_rows_changed, upstreams_keep_updated_at,
  queue_logouts_of_user, queue_logouts_of_session, grants_leave_their_codes_used, grants_follow_their_client,
  client_claims_come_last, is_standard_claim, is_protocol_claim, clients_keep_updated_at, client_secrets_have_names,
  client_secrets_fit_their_client, users_keep_sub,
  jwks_are_some, hosts_of, http_only_on_loopback, all_match, check_uris, without_slash,
  origin_of, password_hash_problem, keycloak_hash_problem, crypt_number, scrypt_is_bounded, argon2_is_bounded, is_base64,
  owners_are_members,
  users_have_posix_numbers, groups_have_posix_numbers, give_posix_number, free_posix_number, set_posix_ranges,
  password_hash, spend_account_links, end_what_was_before, revoke_what_is_withdrawn, set_username_rule, is_set, audit_sees_ends, is_pattern;
DROP FUNCTION audit_change, audit_is_only_added_to, audit_sees, audit_shows, is_gatehouse;
