-- Every sign-on makes a grant. With a foreign key each would lock the row of its client, which is the same for all who use it: sign-ons
-- at once then share that lock by a multixact, which costs more than the check. A trigger takes the grants along instead. A grant that
-- is made while its client goes away may stay: without its client it is refused, and it goes when it expires.

-- +goose Up
ALTER TABLE grants DROP CONSTRAINT grants_client_id_fkey;
-- +goose StatementBegin
CREATE FUNCTION grants_follow_their_client() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM grants WHERE client_id = OLD.client_id;
  ELSIF NEW.client_id <> OLD.client_id THEN
    UPDATE grants SET client_id = NEW.client_id WHERE client_id = OLD.client_id;
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER grants_follow_their_client AFTER DELETE OR UPDATE OF client_id ON clients FOR EACH ROW EXECUTE FUNCTION grants_follow_their_client();

-- +goose Down
DROP TRIGGER grants_follow_their_client ON clients;
DROP FUNCTION grants_follow_their_client;
DELETE FROM grants g WHERE NOT EXISTS (SELECT FROM clients c WHERE c.client_id = g.client_id);
ALTER TABLE grants ADD CONSTRAINT grants_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (client_id) ON UPDATE CASCADE ON DELETE CASCADE;
