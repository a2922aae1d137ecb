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

// How logout tokens are delivered. An attempt has a place for as long as a prompt answer takes. One that takes longer goes on without, and
// its client is slow until it answers promptly again: slow clients have places of their own, one each, and one that is not known yet has
// one, too. So however many of them there are, nobody else waits for more than a moment, and no more attempts are under way than are begun
// within Patience.
const (
	logoutsPoll      = 2 * time.Second // for logouts by SQL and by other replicas
	logoutsAtOnce    = 32
	logoutsOfSlow    = 32
	logoutsPerClient = 4
	logoutPrompt     = time.Second
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

// logoutPlaces are those of a replica. They belong to the goroutine of deliverLogouts.
type logoutPlaces struct {
	taken    map[bool]int    // attempts that have one, by whether it is one of slow clients
	ofClient map[string]int  // attempts under way, by client_id
	prompt   map[string]bool // by client_id, whether the last attempt was; without those whose places are always those of slow ones
}

func (at *logoutPlaces) free() store.LogoutPlaces {
	free := store.LogoutPlaces{Free: logoutsAtOnce - at.taken[false], FreeOfSlow: logoutsOfSlow - at.taken[true],
		PerPrompt: logoutsPerClient, Busy: slices.Collect(maps.Keys(at.ofClient))}
	for client, prompt := range at.prompt {
		if prompt {
			free.Prompt = append(free.Prompt, client)
		} else {
			free.Slow = append(free.Slow, client)
		}
	}
	return free
}

func (at *logoutPlaces) begins(l store.Logout) {
	at.taken[l.Slow]++
	at.ofClient[l.ClientID]++
}

// takesLong is called at most once between begins and ends.
func (at *logoutPlaces) takesLong(l store.Logout) {
	if !l.Slow {
		at.taken[false]--
		at.prompt[l.ClientID] = false
	}
}

func (at *logoutPlaces) ends(l store.Logout, prompt bool) {
	if _, known := at.prompt[l.ClientID]; prompt && (known || !l.Slow) {
		at.prompt[l.ClientID] = true
	}
	if prompt || l.Slow {
		at.taken[l.Slow]--
	}
	if at.ofClient[l.ClientID]--; at.ofClient[l.ClientID] == 0 {
		delete(at.ofClient, l.ClientID)
	}
}

// deliverLogouts sends logout tokens until ctx ends (OpenID Connect Back-Channel Logout 1.0 §2.5), and then waits for the answers to those
// that it has sent. The attempts run in parallel. One that is never saved is made again when its lease is over.
func (p *Provider) deliverLogouts(ctx context.Context) {
	poll := time.NewTicker(logoutsPoll)
	defer poll.Stop()
	places := logoutPlaces{map[bool]int{}, map[string]int{}, map[string]bool{}}
	changes := make(chan func(), logoutsAtOnce)
	change := func(how func()) {
		select {
		case changes <- how:
		case <-ctx.Done():
		}
	}
	var saves outcomes
	var attempts sync.WaitGroup
	defer attempts.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case how := <-changes:
			how()
		case <-p.logoutsDue:
		case <-poll.C:
		}
		for more := true; more; { // so that one statement claims for all that have ended
			select {
			case how := <-changes:
				how()
			default:
				more = false
			}
		}
		free := places.free()
		if free.Free == 0 && free.FreeOfSlow == 0 || p.ring.Load() == nil {
			continue
		}
		due, err := p.store.ClaimLogouts(ctx, free, logoutLease)
		if err != nil && ctx.Err() == nil {
			p.tell(ctx, oidc.LogoutsNotRead{Error: err.Error()})
		}
		for _, l := range due {
			places.begins(l)
			attempts.Go(func() {
				result, prompt := p.attemptLogout(ctx, l, func() { change(func() { places.takesLong(l) }) })
				if err := saves.save(ctx, logoutLease, func(ctx context.Context) error {
					return p.store.SaveLogout(ctx, l.ID, l.Attempts, result)
				}); err != nil {
					p.tell(ctx, oidc.LogoutNotSaved{ClientID: l.ClientID, Error: err.Error()})
				}
				change(func() { places.ends(l, prompt) })
			})
		}
	}
}

// attemptLogout makes one attempt and returns what is to be saved of it, and whether it was prompt; where it is not, takesLong is called
// meanwhile. It goes on when ctx has ended: what arrives then has arrived.
func (p *Provider) attemptLogout(ctx context.Context, l store.Logout, takesLong func()) (result store.LogoutResult, prompt bool) {
	ended := make(chan store.LogoutResult, 1)
	go func() { ended <- p.deliverLogout(context.WithoutCancel(ctx), l) }()
	select {
	case result = <-ended:
		return result, true
	case <-time.After(logoutPrompt):
		takesLong()
		return <-ended, false
	}
}

// deliverLogout sends a logout token, and returns what is to be saved of that.
func (p *Provider) deliverLogout(ctx context.Context, l store.Logout) store.LogoutResult {
	final, err := p.postLogoutToken(ctx, l)
	if err == nil {
		p.tell(ctx, oidc.LogoutDelivered{ClientID: l.ClientID, SID: l.SID, Attempt: l.Attempts})
		return store.LogoutResult{Delivered: p.now()}
	}
	result := store.LogoutResult{GivenUp: final || l.Attempts > len(logoutPauses), Error: readable(err.Error(), 500)}
	if !result.GivenUp {
		result.Pause = logoutPauses[l.Attempts-1]
	}
	p.tell(ctx, oidc.LogoutFailed{ClientID: l.ClientID, SID: l.SID, Attempt: l.Attempts, Error: result.Error, GivesUp: result.GivenUp})
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
