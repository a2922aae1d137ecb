package provider

import (
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
)

// waitingTicket is of somebody who was told to wait. Once they have, others who did not wait are not in their way: they have buckets of
// their own (docs/decisions/0042-whoever-waited-goes-first.md). It is good for the site that it was given to, again and again, since those
// buckets let through no more than one failure a minute for each account there.
type waitingTicket struct {
	Site string `json:"s"`
	From int64  `json:"f"` // in Unix seconds: the end of the wait
}

// ticketAge is how long after the wait a ticket is good.
const ticketAge = 15 * time.Minute

var waitingTicketBox = keys.Box[waitingTicket]{Purpose: keys.ForWaitingTickets}

// hasWaited reports whether a request has a ticket for its site whose wait is over.
func (p *Provider) hasWaited(r Request, now time.Time) bool {
	t, ok := p.ticketOf(r, now)
	return ok && now.Unix() >= t.From
}

// ticketOf returns the ticket of a request that has not expired; its wait may not be over.
func (p *Provider) ticketOf(r Request, now time.Time) (t waitingTicket, ok bool) {
	t, err := waitingTicketBox.Open(p.sealer, r.Cookies[TicketCookie], nil)
	return t, err == nil && r.Addr.IsValid() && t.Site == authn.EndSite(r.Addr) && now.Before(time.Unix(t.From, 0).Add(ticketAge))
}

// ticketCookies returns the ticket for whoever has to wait. Asking early makes nobody's wait longer: who has one keeps it.
func (p *Provider) ticketCookies(r Request, wait time.Duration, now time.Time) []Cookie {
	if _, has := p.ticketOf(r, now); has || !r.Addr.IsValid() {
		return nil
	}
	t := waitingTicket{Site: authn.EndSite(r.Addr), From: now.Add(wait).Unix()}
	return []Cookie{{Name: TicketCookie, Value: waitingTicketBox.Seal(p.sealer, t, nil), MaxAge: wait + ticketAge}}
}
