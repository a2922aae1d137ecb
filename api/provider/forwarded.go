package provider

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// Via is by whom a request came, as far as it says where it comes from.
type Via struct {
	Peer    netip.Addr // who sent it
	Trusted bool       // whether that is a trusted proxy
	Header  string     // in which it says where it comes from; "" if it does not
	Unread  string     // what cannot be read there; "" if all that counts can
	Proxy   netip.Addr // the trusted proxy that wrote this
}

// Forwarding is how the API understands where a request comes from, for `gatehouse doctor`.
type Forwarding struct {
	Addr    netip.Addr                 `json:"addr"`
	Peer    netip.Addr                 `json:"peer"`
	Trusted bool                       `json:"trusted"`
	Header  string                     `json:"header"`
	Unread  []oidc.ForwardedUnreadable `json:"unread"` // since the start, one for each proxy
}

// unreadable are the proxies that said what cannot be read.
type unreadable struct {
	mu   sync.Mutex
	list []oidc.ForwardedUnreadable
}

// maxUnreadable is how many are kept: a trusted network may have very many addresses.
const maxUnreadable = 20

// note reports whether e is the first of its proxy and header.
func (u *unreadable) note(e oidc.ForwardedUnreadable) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	known := slices.ContainsFunc(u.list, func(k oidc.ForwardedUnreadable) bool { return k.Proxy == e.Proxy && k.Header == e.Header })
	if known || len(u.list) >= maxUnreadable {
		return false
	}
	u.list = append(u.list, e)
	return true
}

// AddressUnread reports a trusted proxy that does not say in a form that can be read where a request comes from; once.
func (p *Provider) AddressUnread(ctx context.Context, via Via) {
	e := oidc.ForwardedUnreadable{Proxy: via.Proxy, Header: via.Header, Entry: via.Unread[:min(len(via.Unread), 100)]}
	if p.unreadable.note(e) {
		p.tell(ctx, e)
	}
}

// examination is what doctor proves with that it has the encryption key.
type examination struct {
	Expires int64 `json:"x"` // in Unix seconds
}

var examinationBox = keys.Box[examination]{Purpose: keys.ForDoctors}

// Examiner returns a bearer token for Forwarded, good for a minute.
func (p *Provider) Examiner() string {
	return examinationBox.Seal(p.sealer, examination{p.now().Add(time.Minute).Unix()}, nil)
}

// Forwarded answers how it understands where requests come from. It names proxies and what they wrote, so that it is for those
// only who have the encryption key.
func (p *Provider) Forwarded(_ context.Context, r Request) Answer {
	token, _ := bearer(r)
	if e, err := examinationBox.Open(p.sealer, token, nil); err != nil || p.now().Unix() >= e.Expires {
		return p.askForBearer("this is for gatehouse doctor")
	}
	p.unreadable.mu.Lock()
	defer p.unreadable.mu.Unlock()
	return Answer{Status: 200, JSON: Forwarding{r.Addr, r.Via.Peer, r.Via.Trusted, r.Via.Header, slices.Clone(p.unreadable.list)}}
}
