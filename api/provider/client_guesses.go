package provider

import (
	"net/netip"
	"time"

	"gatehouse/api/oidc"
)

// errManyGuesses is the answer to whoever sends more wrong secrets than may be.
var errManyGuesses = &oidc.Error{Code: oidc.TemporarilyUnavailable, Description: "too many wrong client secrets; try again later"}

// isGuess reports whether credentials that are not the client's may have been a guess at its secret.
func isGuess(c *oidc.Client, try credentials) bool { return try.secret != "" && len(c.Secrets) > 0 }

// mustWait returns how long the secret of the client is not looked at, since whoever comes from there sent too many wrong ones.
func (p *Provider) mustWait(r Request, c *oidc.Client, try credentials) time.Duration {
	if !isGuess(c, try) {
		return 0
	}
	return p.guesses.Wait(c.ClientID, guesser(r), p.now())
}

// guesser returns where a secret comes from. By a proxy that nobody has told us to trust, which stands beside us, all clients come:
// then it is not known, or one stranger would keep all of them out.
func guesser(r Request) netip.Addr {
	if peer := r.Via.Peer; r.Via.Header != "" && !r.Via.Trusted && (peer.IsLoopback() || peer.IsPrivate()) {
		return netip.Addr{}
	}
	return r.Addr
}
