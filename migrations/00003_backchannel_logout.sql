-- Back-channel logout (OpenID Connect Back-Channel Logout 1.0): when a person signs out, or is shut out, the relying parties hear of it.

-- +goose Up
ALTER TABLE clients
  ADD COLUMN backchannel_logout_uri text
    CONSTRAINT clients_backchannel_logout_uri_must_be_a_url_without_fragment CHECK (
      uris_are_registrable(array_remove(ARRAY[backchannel_logout_uri], NULL)) AND backchannel_logout_uri ~ '^https?://'),
  ADD COLUMN backchannel_logout_session_required boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN clients.backchannel_logout_uri IS 'http, and private addresses, only of hosts in GATEHOUSE_PRIVATE_HOSTS';

ALTER TABLE sessions ADD COLUMN replaced_by uuid;
COMMENT ON COLUMN sessions.replaced_by IS 'the same person signed in again at the same browser: nobody was signed out; a logout of that session is one of this';

-- backchannel_logouts: a logout token to send. Without next_attempt_at nothing more is tried: it was delivered, or given up.
CREATE TABLE backchannel_logouts (
  id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  client_id       text NOT NULL REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE CASCADE,
  sub             text NOT NULL,
  sid             uuid,
  attempts        integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  delivered_at    timestamptz,
  last_error      text CONSTRAINT backchannel_logouts_last_error_must_have_at_most_500_characters CHECK (length(last_error) <= 500),
  created_at      timestamptz NOT NULL
);
COMMENT ON COLUMN backchannel_logouts.sid IS 'NULL: all sessions of the person';
CREATE INDEX backchannel_logouts_by_next_attempt_at ON backchannel_logouts (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX backchannel_logouts_by_created_at ON backchannel_logouts (created_at);
CREATE INDEX backchannel_logouts_by_client ON backchannel_logouts (client_id);

-- Triggers, so that a logout with SQL counts too; SECURITY DEFINER, so that those who manage users need no right on this table.
-- +goose StatementBegin
-- The clients that the session signed in to hear of its end, and so do those of the sessions that it replaced, each by its own sid.
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
-- A user who is disabled or deleted leaves every client that has a grant of his. One that wants a sid (§2.2) gets each that is known.
CREATE FUNCTION queue_logouts_of_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  gone_at timestamptz := now();
BEGIN
  IF TG_OP = 'UPDATE' THEN
    gone_at := LEAST(NEW.disabled_at, now()); -- a date to come shuts him out now, too
  END IF;
  INSERT INTO backchannel_logouts (client_id, sub, sid, next_attempt_at, created_at)
  SELECT DISTINCT c.client_id, OLD.sub, CASE WHEN c.backchannel_logout_session_required THEN g.sid END, gone_at, now()
  FROM grants g JOIN clients c USING (client_id)
  WHERE g.user_id = OLD.id AND c.backchannel_logout_uri IS NOT NULL AND (g.sid IS NOT NULL OR NOT c.backchannel_logout_session_required);
  RETURN OLD;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
  f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['queue_logouts_of_session', 'queue_logouts_of_user'] LOOP
    EXECUTE format('ALTER FUNCTION %s() SET search_path = %I, pg_temp', f, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s() FROM PUBLIC', f);
  END LOOP;
END $$;
-- +goose StatementEnd
CREATE TRIGGER sessions_queue_logouts AFTER UPDATE ON sessions FOR EACH ROW
  WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND NEW.replaced_by IS NULL) EXECUTE FUNCTION queue_logouts_of_session();
CREATE TRIGGER users_queue_logouts AFTER UPDATE ON users FOR EACH ROW
  WHEN (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL) EXECUTE FUNCTION queue_logouts_of_user();
CREATE TRIGGER users_queue_logouts_before_delete BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION queue_logouts_of_user();

-- +goose Down
DROP TRIGGER users_queue_logouts_before_delete ON users;
DROP TRIGGER users_queue_logouts ON users;
DROP TRIGGER sessions_queue_logouts ON sessions;
DROP FUNCTION queue_logouts_of_user, queue_logouts_of_session;
DROP TABLE backchannel_logouts;
ALTER TABLE sessions DROP COLUMN replaced_by;
ALTER TABLE clients DROP COLUMN backchannel_logout_uri, DROP COLUMN backchannel_logout_session_required;
