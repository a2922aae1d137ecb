package admin

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gatehouse/api/store"
)

// Change is a row of audit.
type Change = store.AuditRow

// ListAudit is which changes are wanted.
type ListAudit struct {
	Paging
	Username string    `json:"username,omitempty" help:"About this user only."`
	ClientID string    `json:"client_id,omitempty" help:"About this client only."`
	Actor    string    `json:"actor,omitempty" help:"Made by this one only."`
	Table    string    `json:"table_name,omitempty" help:"Of this table only."`
	Since    time.Time `json:"since,omitzero" help:"Made since then only."`
}

// ListAudit returns who changed what, the latest first.
func (a *Admin) ListAudit(ctx context.Context, in ListAudit) (Page[Change], error) {
	var before int64
	if in.After != "" {
		var err error
		if before, err = strconv.ParseInt(in.After, 10, 64); err != nil || before <= 0 {
			return Page[Change]{}, invalid("%s must be what the page before named as next", member("after"))
		}
	}
	key := func(c Change) string { return strconv.FormatInt(c.ID, 10) }
	return page(in.Paging, key, func(p store.Page) ([]Change, error) {
		return a.store.ListAudit(ctx, store.AuditQuery{Username: in.Username, ClientID: in.ClientID, Actor: in.Actor, Table: in.Table,
			Since: in.Since, Before: before, Limit: p.Limit})
	})
}

// VerifyAudit is what to look at beside the chain itself.
type VerifyAudit struct {
	Anchor string `json:"anchor,omitempty" help:"A row and its digest, ID:DIGEST, as noted elsewhere: an event audit_anchor has them."`
}

// VerifiedAudit says how many rows there are, and the first that is not as it was written.
type VerifiedAudit = store.VerifiedAudit

var anchorForm = regexp.MustCompile(`^[1-9][0-9]{0,17}:[0-9a-fA-F]{64}$`)

// VerifyAudit looks whether rows of the audit were changed, removed or put in. That there is one is no error.
func (a *Admin) VerifyAudit(ctx context.Context, in VerifyAudit) (VerifiedAudit, error) {
	if in.Anchor == "" {
		return a.store.VerifyAudit(ctx, nil)
	}
	if !anchorForm.MatchString(in.Anchor) {
		return VerifiedAudit{}, invalid("%s must be the id of a row, a colon, and its digest in 64 hexadecimal digits", member("anchor"))
	}
	id, digest, _ := strings.Cut(in.Anchor, ":")
	anchor := store.AuditPoint{Digest: digest}
	anchor.ID, _ = strconv.ParseInt(id, 10, 64) // has at most 18 digits
	return a.store.VerifyAudit(ctx, &anchor)
}
