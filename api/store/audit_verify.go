package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// AuditPoint is a row of audit that others follow: with its digest it is an anchor.
type AuditPoint struct {
	ID     int64     `json:"id"`
	At     time.Time `json:"at"`
	Digest string    `json:"digest"` // in hexadecimal
}

// VerifiedAudit is what became of looking at all of audit.
type VerifiedAudit struct {
	Rows  int64       `json:"rows"`
	First *AuditPoint `json:"first,omitempty"` // what came before it is gone by its age; nil: there is no row
	Last  *AuditPoint `json:"last,omitempty"`
	Wrong *AuditWrong `json:"wrong,omitempty"` // nil: nothing is
	Off   []string    `json:"off,omitempty"`   // tables whose triggers are disabled or gone, so that not all is recorded of them now
}

// AuditWrong is the first row of audit that is not as it was written.
type AuditWrong struct {
	ID  int64  `json:"id"`
	Why string `json:"why"`
}

var loadAuditChain = compile(`
	SELECT id, at, previous, digest, ARRAY[id::text, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor, door, role,
		operation, request_id, addr, table_name, action, key::text, before::text, after::text, username, client_id]
	FROM audit WHERE id > CASE WHEN @latest::int > 0 THEN (SELECT max(id) FROM audit) - @latest ELSE 0 END ORDER BY id, at`)

// auditTriggers are the tables of the list at the end of the migration, each with how many triggers write of it. Rows of sessions and
// grants come by use, of which there is none.
var auditTriggers = map[string]int{"users": 4, "groups": 4, "posix_ranges": 4, "posix_numbers": 4,
	"group_owners":  4,
	"group_members": 4, "totp_secrets": 4, "passkeys": 4, "recovery_codes": 4,
	"personal_access_tokens": 4, "account_links": 4, "invitations": 4, "invitation_groups": 4,
	"workshops":       4,
	"sign_up_domains": 4, "sign_up_domain_groups": 4, "sign_up_requests": 3,
	"acr_values": 4, "clients": 4, "client_secrets": 4, "client_claims": 4,
	"initial_access_tokens": 4, "exchange_policies": 4, "resources": 4, "upstreams": 4, "upstream_accounts": 4, "signing_keys": 4,
	"terms": 4, "terms_acceptances": 4,
	"retired_names": 4, "offboardings": 4, "consents": 4, "sessions": 3, "grants": 3}

var countAuditTriggers = compile(`
	SELECT tgrelid::regclass::text AS "table", count(*) FILTER (WHERE tgenabled IN ('O', 'A'))::int AS enabled
	FROM pg_trigger WHERE tgfoid = 'audit_change'::regproc GROUP BY 1`)

// tablesNotAudited returns the tables of which not all is recorded now.
func (s *Store) tablesNotAudited(ctx context.Context) (off []string, err error) {
	rows, err := countAuditTriggers.rows(ctx, s.pool, nil)
	if err != nil {
		return nil, failure(err)
	}
	enabled := map[string]int{}
	var table string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&table, &n}, func() error { enabled[table] = n; return nil }); err != nil {
		return nil, failure(err)
	}
	for table, all := range auditTriggers {
		if enabled[table] < all {
			off = append(off, table)
		}
	}
	slices.Sort(off)
	return off, nil
}

// VerifyAudit looks whether each row of audit has the digest of what is in it and follows from the one before. With an anchor, an ID and
// the digest in hexadecimal that the row had once, it looks at that, too: who can write the table can write all that follows a row anew,
// and leave out the last.
func (s *Store) VerifyAudit(ctx context.Context, anchor *AuditPoint) (v VerifiedAudit, err error) {
	return s.verifyAudit(ctx, 0, anchor)
}

// VerifyLatestAudit looks at the last rows only, which takes no time.
func (s *Store) VerifyLatestAudit(ctx context.Context) (VerifiedAudit, error) {
	return s.verifyAudit(ctx, 2, nil)
}

// verifyAudit looks at so many of the last rows, or at all with 0.
func (s *Store) verifyAudit(ctx context.Context, latest int, anchor *AuditPoint) (v VerifiedAudit, err error) {
	if v.Off, err = s.tablesNotAudited(ctx); err != nil {
		return v, err
	}
	rows, err := loadAuditChain.rows(ctx, s.pool, args{"latest": latest})
	if err != nil {
		return v, failure(err)
	}
	defer rows.Close()
	var chain auditChain
	anchored := anchor == nil
	for v.Wrong == nil && rows.Next() {
		var r auditLink
		if err := rows.Scan(&r.id, &r.at, &r.previous, &r.digest, &r.columns); err != nil {
			return v, failure(err)
		}
		v.Rows++
		v.Last = &AuditPoint{r.id, r.at, hex.EncodeToString(r.digest)}
		if v.First == nil {
			v.First = v.Last
		}
		v.Wrong = chain.wrong(r)
		if anchor != nil && r.id == anchor.ID {
			anchored = true
			if v.Wrong == nil && v.Last.Digest != strings.ToLower(anchor.Digest) {
				v.Wrong = &AuditWrong{r.id, "it is not the one of the anchor: it, or one before it, was written anew"}
			}
		}
	}
	if v.Wrong == nil && !anchored {
		v.Wrong = &AuditWrong{anchor.ID, "the row of the anchor is not there: it was removed, or is gone by its age"}
	}
	return v, failure(rows.Err())
}

// auditLink is a row of audit: its own columns as their texts, of which nil is NULL.
type auditLink struct {
	id               int64
	at               time.Time
	previous, digest []byte
	columns          []*string
}

// auditChain is the row of audit that another has to follow from.
type auditChain struct {
	id     int64 // 0: there is none yet
	digest []byte
}

// wrong returns what is wrong with the next row; nil: nothing is, and it is the one that another follows from.
func (c *auditChain) wrong(r auditLink) *AuditWrong {
	switch {
	case c.id > 0 && r.id == c.id+2:
		return &AuditWrong{c.id + 1, "it was removed"}
	case c.id > 0 && r.id > c.id+1:
		return &AuditWrong{c.id + 1, fmt.Sprintf("it was removed, with all up to %d", r.id-1)}
	case c.id > 0 && r.id <= c.id:
		return &AuditWrong{r.id, "it is there twice: one was put in"}
	case !bytes.Equal(r.digest, r.computed()):
		return &AuditWrong{r.id, "it was changed"}
	case c.id > 0 && !bytes.Equal(r.previous, c.digest), r.id == 1 && len(r.previous) > 0:
		return &AuditWrong{r.id, "it does not follow from the one before: one of the two was written anew"}
	}
	c.id, c.digest = r.id, r.digest
	return nil
}

// computed is what audit_digest makes of a row: computed here, since whoever can change rows can change functions.
func (r auditLink) computed() []byte {
	texts := make([]string, len(r.columns))
	for i, text := range r.columns {
		texts[i] = "-"
		if text != nil {
			texts[i] = fmt.Sprintf("%d:%s", len(*text), *text)
		}
	}
	digest := sha256.Sum256(append(bytes.Clone(r.previous), strings.Join(texts, ",")...))
	return digest[:]
}
