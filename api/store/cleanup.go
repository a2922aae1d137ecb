package store

import (
	"context"
	"time"
)

// cleanupBatch bounds one statement, so that a clean-up never holds many locks.
const cleanupBatch = 1000

var cleanups = []query{
	compile(`DELETE FROM device_codes WHERE device_code_sha256 IN (
		SELECT device_code_sha256 FROM device_codes WHERE expires_at + interval '10 minutes' < @now LIMIT @limit)`),
	compile(`DELETE FROM used_jtis WHERE jti_sha256 IN (SELECT jti_sha256 FROM used_jtis WHERE expires_at < @now LIMIT @limit)`),
	compile(`DELETE FROM revoked_tokens WHERE jti IN (SELECT jti FROM revoked_tokens WHERE expires_at < @now LIMIT @limit)`),
	compile(`DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE expires_at < @now LIMIT @limit)`),
	compile(`DELETE FROM sessions WHERE sid IN (SELECT sid FROM sessions WHERE expires_at < @now LIMIT @limit)`),
	compile(`DELETE FROM personal_access_tokens WHERE id IN (SELECT id FROM personal_access_tokens WHERE expires_at < @now LIMIT @limit)`),
	compile(`DELETE FROM invitations WHERE id IN (
		SELECT id FROM invitations WHERE expires_at < @now::timestamptz - interval '30 days' LIMIT @limit)`),
	deleteWorkshopAccounts,
	compile(`DELETE FROM account_links WHERE token_sha256 IN (
		SELECT token_sha256 FROM account_links WHERE expires_at < @now::timestamptz - interval '30 days' LIMIT @limit)`),
	compile(`DELETE FROM initial_access_tokens WHERE name IN (
		SELECT name FROM initial_access_tokens WHERE expires_at < @now LIMIT @limit)`),
	compile(`DELETE FROM recent_registrations WHERE ctid IN (
		SELECT ctid FROM recent_registrations WHERE registered_at + interval '1 hour' < @now LIMIT @limit)`),
	compile(`DELETE FROM clients WHERE client_id IN (
		SELECT client_id FROM clients c WHERE registration IN ('open', 'document') AND created_at + interval '1 day' < @now
			AND ` + isUnused + ` LIMIT @limit)`),
	compile(`DELETE FROM login_throttle WHERE bucket IN (
		SELECT bucket FROM login_throttle WHERE updated_at + interval '4 hours' < @now LIMIT @limit)`),
	compile(`DELETE FROM backchannel_logouts WHERE id IN (
		SELECT id FROM backchannel_logouts WHERE created_at < @now::timestamptz - interval '7 days' LIMIT @limit)`),
	compile(`DELETE FROM mail_outbox WHERE id IN (
		SELECT id FROM mail_outbox WHERE created_at < @now::timestamptz - interval '7 days' AND next_attempt_at IS NULL LIMIT @limit)`),
	compile(`DELETE FROM end_notices WHERE (user_id, about, group_name) IN (
		SELECT user_id, about, group_name FROM end_notices WHERE ends_at < @now::timestamptz - interval '1 day' LIMIT @limit)`),
	compile(`DELETE FROM sign_up_requests WHERE id IN (SELECT id FROM sign_up_requests WHERE expires_at < @now LIMIT @limit)`),
	compile(`DELETE FROM email_codes WHERE username IN (SELECT username FROM email_codes WHERE expires_at < @now LIMIT @limit)`),
	compile(`DELETE FROM password_resets WHERE id IN (
		SELECT id FROM password_resets WHERE created_at < @now::timestamptz - interval '1 day' LIMIT @limit)`),
	compile(`DELETE FROM idempotency_keys WHERE key_sha256 IN (
		SELECT key_sha256 FROM idempotency_keys WHERE created_at < @now::timestamptz - interval '24 hours' LIMIT @limit)`),
	compile(`DELETE FROM sign_in_counts WHERE (hour, outcome, within_ms) IN (
		SELECT hour, outcome, within_ms FROM sign_in_counts WHERE hour < @now::timestamptz - interval '90 days' LIMIT @limit)`),
	compile(`DELETE FROM refusals WHERE id IN (SELECT id FROM refusals WHERE at < @now::timestamptz - interval '7 days' LIMIT @limit)`),
	compile(`DELETE FROM signing_keys WHERE kid IN (SELECT kid FROM signing_keys WHERE retires_at < @now LIMIT @limit)`),
}

var partitionByMonth = compile(`SELECT partition_by_month(@table, @now, @kept)`)

// Kept is how long rows stay that are kept for people to look at.
type Kept struct{ SignIns, Audit time.Duration }

// CleanUp deletes what has expired, in small statements, and returns how many rows went. A device code stays ten minutes longer, so that
// its device learns that it has expired (RFC 8628 §3.5); failures to sign in have leaked away within four hours; what became of logouts and
// mail can be read for a week; an account link stays for a month, so that its page can say that it has expired. A client that registered
// itself is deleted unless somebody signs in to it within a day; one that had an initial access token stays. Counts of login forms
// stay for 90 days. Sign-ins and the audit go a month at a time, once all of it is older than kept says.
func (s *Store) CleanUp(ctx context.Context, kept Kept, now time.Time) (deleted int64, err error) {
	for table, kept := range map[string]time.Duration{"sign_ins": kept.SignIns, "audit": kept.Audit} {
		if _, err := partitionByMonth.run(ctx, s.pool, args{"table": table, "now": now, "kept": kept}); err != nil {
			return 0, failure(err)
		}
	}
	for _, expired := range cleanups {
		for {
			tag, err := expired.run(ctx, s.pool, args{"now": now, "limit": cleanupBatch})
			deleted += tag.RowsAffected()
			if err != nil {
				return deleted, failure(err)
			}
			if tag.RowsAffected() < cleanupBatch {
				break
			}
		}
	}
	return deleted, nil
}
