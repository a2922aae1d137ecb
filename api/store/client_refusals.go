package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// ClientRefusal is a request of a client that was refused.
type ClientRefusal struct {
	At       time.Time `json:"at" db:"at"`
	ClientID string    `json:"-" db:"client_id"`
	Endpoint string    `json:"endpoint" db:"endpoint"`
	Error    string    `json:"error" db:"error"`
	Why      string    `json:"why" db:"why"`
	// What was sent that is not registered; Member is "" where it is not about that.
	Member  string `json:"member,omitempty" db:"member"`
	Sent    string `json:"sent,omitempty" db:"sent"`
	Whole   bool   `json:"-" db:"whole"`
	Nearest string `json:"nearest,omitempty" db:"nearest"`
}

// ClientRefusalsKept is how many refusals of a client are kept at most.
const ClientRefusalsKept = 20

var (
	saveClientRefusals = compile(`
	INSERT INTO refusals (at, client_id, endpoint, error, why, member, sent, whole, nearest)
	SELECT r.at, client_id, r.endpoint, r.error, r.why, nullif(r.member, ''), nullif(r.sent, ''), r.whole, nullif(r.nearest, '')
	FROM unnest(@at::timestamptz[], @client::text[], @endpoint::text[], @error::text[], @why::text[], @member::text[], @sent::text[],
		@whole::boolean[], @nearest::text[]) AS r (at, client_id, endpoint, error, why, member, sent, whole, nearest)
	JOIN clients USING (client_id)`)
	forgetClientRefusals = compile(`
	DELETE FROM refusals WHERE id IN (
		SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY client_id ORDER BY at DESC, id DESC) AS n
			FROM refusals WHERE client_id = ANY (@clients::text[])) AS r WHERE n > @kept)`)
	listClientRefusals = compile(`
	SELECT at, client_id, endpoint, error, why, coalesce(member, '') AS member, coalesce(sent, '') AS sent, whole,
		coalesce(nearest, '') AS nearest
	FROM refusals WHERE client_id = @client ORDER BY at DESC, id DESC LIMIT @limit`)
)

// SaveClientRefusals keeps the refusals of clients that there are, and the latest of each only, in one round trip.
func (s *Store) SaveClientRefusals(ctx context.Context, list []ClientRefusal) error {
	n := len(list)
	at, whole := make([]time.Time, n), make([]bool, n)
	texts := map[string][]string{}
	for i, r := range list {
		at[i], whole[i] = r.At, r.Whole
		for name, text := range map[string]string{"client": r.ClientID, "endpoint": r.Endpoint, "error": r.Error, "why": r.Why,
			"member": r.Member, "sent": r.Sent, "nearest": r.Nearest} {
			texts[name] = append(texts[name], text)
		}
	}
	a := args{"at": at, "whole": whole}
	for name, column := range texts {
		a[name] = column
	}
	clients := slices.Clone(texts["client"])
	slices.Sort(clients)
	var batch pgx.Batch
	saveClientRefusals.queue(&batch, a)
	forgetClientRefusals.queue(&batch, args{"clients": slices.Compact(clients), "kept": ClientRefusalsKept})
	return failure(s.pool.SendBatch(ctx, &batch).Close())
}

// ListClientRefusals returns the refusals of a client that are kept, the latest first.
func (s *Store) ListClientRefusals(ctx context.Context, clientID string) ([]ClientRefusal, error) {
	return listed[ClientRefusal](ctx, s, listClientRefusals, args{"client": clientID, "limit": ClientRefusalsKept})
}
