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
	"time"
	"unicode"

	"gatehouse/api/oidc"
	"gatehouse/api/outgoing"
	"gatehouse/api/store"
)

// How clients are told of logouts. A client that answers slowly or not at all holds its own few places and no others.
const (
	logoutsPoll      = 2 * time.Second // logouts by SQL and by other replicas
	logoutsAtOnce    = 64
	logoutsPerClient = 4
	logoutLease      = 6 * outgoing.Patience
)

// logoutPauses come after each attempt but the last: eight attempts in an hour.
var logoutPauses = []time.Duration{5 * time.Second, 15 * time.Second, 45 * time.Second,
	2 * time.Minute, 6 * time.Minute, 17 * time.Minute, 34 * time.Minute}

// kickLogouts has the logouts of this moment told at once rather than at the next poll.
func (p *Provider) kickLogouts() {
	select {
	case p.loggedOut <- struct{}{}:
	default: // it has been kicked already
	}
}

// toldLogout is a delivery that has ended.
type toldLogout struct {
	store.Logout
	store.LogoutResult
}

// tellLogouts sends logout tokens until ctx ends (OpenID Connect Back-Channel Logout 1.0 §2.5). The deliveries run side by side; this
// alone talks to Postgres, so that a flood of logouts leaves the connections to people.
func (p *Provider) tellLogouts(ctx context.Context) {
	poll := time.NewTicker(logoutsPoll)
	defer poll.Stop()
	told := make(chan toldLogout, logoutsAtOnce)
	underWay := map[string]int{} // by client
	for inAll := 0; ; {
		select {
		case <-ctx.Done():
			return // what is under way comes again when its lease is over
		case t := <-told:
			inAll--
			if underWay[t.ClientID]--; underWay[t.ClientID] == 0 {
				delete(underWay, t.ClientID)
			}
			if err := p.store.SaveLogout(ctx, t.ID, t.LogoutResult); err != nil {
				p.tell(Request{}, oidc.LogoutNotSaved{ClientID: t.ClientID, Error: err.Error()})
				continue
			}
		case <-p.loggedOut:
		case <-poll.C:
		}
		if inAll == logoutsAtOnce || p.ring.Load() == nil {
			continue
		}
		due, err := p.store.ClaimLogouts(ctx, logoutsAtOnce-inAll, logoutsPerClient, slices.Collect(maps.Keys(underWay)), p.now(), logoutLease)
		if err != nil && ctx.Err() == nil {
			p.tell(Request{}, oidc.LogoutsNotRead{Error: err.Error()})
		}
		for _, l := range due {
			inAll++
			underWay[l.ClientID]++
			go func() { told <- toldLogout{l, p.tellLogout(ctx, l)} }()
		}
	}
}

// tellLogout makes one attempt and says what is to be noted of it.
func (p *Provider) tellLogout(ctx context.Context, l store.Logout) store.LogoutResult {
	final, err := p.postLogoutToken(ctx, l)
	now := p.now()
	if err == nil {
		p.tell(Request{}, oidc.LogoutDelivered{ClientID: l.ClientID, SID: l.SID, Attempt: l.Attempts})
		return store.LogoutResult{Delivered: now}
	}
	result := store.LogoutResult{Error: readable(err.Error(), 500)}
	if !final && l.Attempts <= len(logoutPauses) {
		result.NextAttemptAt = now.Add(logoutPauses[l.Attempts-1])
	}
	if ctx.Err() == nil {
		p.tell(Request{}, oidc.LogoutFailed{ClientID: l.ClientID, SID: l.SID, Attempt: l.Attempts, Error: result.Error,
			GivesUp: result.NextAttemptAt.IsZero()})
	}
	return result
}

// postLogoutToken sends the token (Back-Channel Logout §2.5) and reads the answer (§2.8): 200, or the 204 that some frameworks make of
// it; 400 means that the client will not, now or later.
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
	claims := oidc.LogoutTokenClaims(p.Issuer, l.ClientID, p.subject(client, l.Sub), l.SID, newID(), now)
	return signJSON(ring, l.Alg, oidc.LogoutTokenType, claims, now)
}

// readable cuts what others said to at most so many printable characters.
func readable(text string, most int) string {
	runes := []rune(strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)))
	return string(runes[:min(len(runes), most)])
}
