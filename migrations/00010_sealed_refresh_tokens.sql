-- Refresh tokens are sealed: each says its grant, the secret of its family and its place in it, and the grant's row says which place counts.

-- +goose Up
ALTER TABLE grants
  ADD COLUMN refresh_sha256     bytea,
  ADD COLUMN refresh_seq        bigint NOT NULL DEFAULT 0,
  ADD COLUMN refreshed_at       timestamptz,
  ADD COLUMN refresh_expires_at timestamptz;
COMMENT ON COLUMN grants.refresh_sha256 IS 'digest of the secret that its refresh tokens share; NULL: it has none, or those of the release before';
COMMENT ON COLUMN grants.refresh_seq IS 'the place of the refresh token that can be used; one that comes with a place before it is a replay';
COMMENT ON COLUMN grants.refreshed_at IS 'when that place was reached';
COMMENT ON COLUMN grants.refresh_expires_at IS 'idle end of the refresh token, moved on use, never past expires_at';
-- Room for the next version of a row in its page: none of these columns is in an index, so that a refresh writes no index (HOT).
ALTER TABLE grants SET (fillfactor = 80);

-- The release before this one still writes and asks these.
COMMENT ON TABLE refresh_tokens IS 'tokens of the release before, which go on; not filled any more, and a later migration drops it';
COMMENT ON VIEW grant_states IS 'not used any more; a later migration drops it';

-- +goose Down
COMMENT ON VIEW grant_states IS NULL;
COMMENT ON TABLE refresh_tokens IS NULL;
ALTER TABLE grants RESET (fillfactor);
-- Sealed refresh tokens are unknown before this migration: who has one signs in again.
ALTER TABLE grants DROP COLUMN refresh_sha256, DROP COLUMN refresh_seq, DROP COLUMN refreshed_at, DROP COLUMN refresh_expires_at;
