package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"gatehouse/api/oidc"
	"gatehouse/api/outgoing"
	"gatehouse/api/store"
)

// How logout tokens are delivered. A client that answers slowly or not at all takes its own few places and nobody else's.
const (
	logoutsPoll      = 2 * time.Second // for logouts by SQL and by other replicas
	logoutsAtOnce    = 64
	logoutsPerClient = 4
	logoutLease      = 6 * outgoing.Patience
)

// logoutPauses come after each attempt but the last: eight attempts in an hour.
var logoutPauses = []time.Duration{5 * time.Second, 15 * time.Second, 45 * time.Second,
	2 * time.Minute, 6 * time.Minute, 17 * time.Minute, 34 * time.Minute}

// deliverLogoutsNow wakes deliverLogouts instead of waiting for its next poll.
func (p *Provider) deliverLogoutsNow() {
	select {
	case p.logoutsDue <- struct{}{}:
	default: // it is awake already
	}
}

// delivery is an attempt that has ended.
type delivery struct {
	store.Logout
	store.LogoutResult
}

// deliverLogouts sends logout tokens until ctx ends (OpenID Connect Back-Channel Logout 1.0 §2.5). The attempts run in
// parallel; only this goroutine talks to Postgres, so that a flood of logouts leaves the connections to people. An attempt
// that is cut short is made again when its lease is over.
func (p *Provider) deliverLogouts(ctx context.Context) {
	poll := time.NewTicker(logoutsPoll)
	defer poll.Stop()
	ended := make(chan delivery, logoutsAtOnce)
	underWay := map[string]int{} // by client_id
	var attempts sync.WaitGroup
	defer attempts.Wait()
	for inAll := 0; ; {
		select {
		case <-ctx.Done():
			return
		case d := <-ended:
			inAll--
			if underWay[d.ClientID]--; underWay[d.ClientID] == 0 {
				delete(underWay, d.ClientID)
			}
			if err := p.store.SaveLogout(ctx, d.ID, d.LogoutResult); err != nil {
				p.tell(ctx, oidc.LogoutNotSaved{ClientID: d.ClientID, Error: err.Error()})
				continue
			}
		case <-p.logoutsDue:
		case <-poll.C:
		}
		if inAll == logoutsAtOnce || p.ring.Load() == nil {
			continue
		}
		clients := slices.Collect(maps.Keys(underWay))
		due, err := p.store.ClaimLogouts(ctx, logoutsAtOnce-inAll, logoutsPerClient, clients, p.now(), logoutLease)
		if err != nil && ctx.Err() == nil {
			p.tell(ctx, oidc.LogoutsNotRead{Error: err.Error()})
		}
		for _, l := range due {
			inAll++
			underWay[l.ClientID]++
			attempts.Go(func() { ended <- delivery{l, p.deliverLogout(ctx, l)} })
		}
	}
}

// deliverLogout makes one attempt and returns what is to be saved of it.
func (p *Provider) deliverLogout(ctx context.Context, l store.Logout) store.LogoutResult {
	final, err := p.postLogoutToken(ctx, l)
	now := p.now()
	if err == nil {
		p.tell(ctx, oidc.LogoutDelivered{ClientID: l.ClientID, SID: l.SID, Attempt: l.Attempts})
		return store.LogoutResult{Delivered: now}
	}
	result := store.LogoutResult{Error: readable(err.Error(), 500)}
	if !final && l.Attempts <= len(logoutPauses) {
		result.NextAttemptAt = now.Add(logoutPauses[l.Attempts-1])
	}
	if ctx.Err() == nil {
		p.tell(ctx, oidc.LogoutFailed{ClientID: l.ClientID, SID: l.SID, Attempt: l.Attempts, Error: result.Error,
			GivesUp: result.NextAttemptAt.IsZero()})
	}
	return result
}

// postLogoutToken sends the token (Back-Channel Logout §2.5) and reads the answer (§2.8): 200, or the 204 that some
// frameworks make of it. final reports whether another attempt is useless, as after a 400: the client cannot log the user
// out, now or later.
func (p *Provider) postLogoutToken(ctx context.Context, l store.Logout) (final bool, err error) {
	token, err := p.logoutToken(ctx, l)
	if err != nil {
		return false, err
	}
	form := url.Values{"logout_token": {token}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.URI, strings.NewReader(form))
	if err != nil {
		return true, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := p.outgoing.Do(request)
	if err != nil {
		return false, withoutURL(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	if response.StatusCode == http.StatusOK || response.StatusCode == http.StatusNoContent {
		return true, nil
	}
	err = fmt.Errorf("answers %d", response.StatusCode)
	var why oauthErrorBody
	if json.Unmarshal(body, &why) == nil && why.Error != "" {
		err = fmt.Errorf("%w: %s %s", err, why.Error, why.Description)
	}
	return response.StatusCode == http.StatusBadRequest, err
}

// logoutToken is new for each attempt, so that a client that keeps the jti it saw does not take the next one for a replay.
func (p *Provider) logoutToken(ctx context.Context, l store.Logout) (string, error) {
	ring, err := p.keyRing()
	if err != nil {
		return "", err
	}
	client, err := p.clientNamed(ctx, []string{l.ClientID})
	if err != nil || client == nil {
		return "", errors.Join(errors.New("the client is not there"), err)
	}
	now := p.now()
	claims := oidc.LogoutTokenClaims(p.Issuer, l.ClientID, p.subject(client, l.Sub), l.SID, l.Reason, newID(), now)
	return ring.Sign(l.Alg, oidc.LogoutTokenType, claims, now)
}

// readable returns what a client answered in printable characters, at most limit of them.
func readable(text string, limit int) string {
	runes := []rune(strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)))
	return string(runes[:min(len(runes), limit)])
}
