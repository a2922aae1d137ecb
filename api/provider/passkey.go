package provider

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// A ceremony runs on a page of the UI, and its answer comes with that page's form. So that it counts for no other page, the challenge
// is made of the request that the page has in its address. That is sealed with a random nonce, and nobody but Gatehouse can make one.
func challengeOf(r Request) [32]byte { return challengeOn(r.Params.Get("request")) }

func challengeOn(request string) [32]byte {
	return sha256.Sum256([]byte("passkey challenge\x00" + request))
}

// onceAnswered is what is remembered of a challenge, for as long as its page may be posted.
func (p *Provider) onceAnswered(r Request, challenge [32]byte, now time.Time) store.JTI {
	page, _ := p.unseal(r, now) // whoever asks has done so
	return store.JTI{SHA256: jtiDigest("passkey challenge", "", string(challenge[:])),
		MadeAt:    wholeSecond(oidc.NumericDate(page.Expires)).Add(-p.RequestTTL),
		ExpiresAt: now.Add(p.RequestTTL)}
}

// creationOptions returns what a passkey is made with on the page of a sealed request, by a user who has keys already; nil where there can
// be none.
func (p *Provider) creationOptions(request, userID string, u *userView, keys ...oidc.Passkey) (json.RawMessage, error) {
	if p.passkeys == nil {
		return nil, nil
	}
	return p.passkeys.CreationOptions(challengeOn(request), &oidc.User{ID: userID, Username: u.Username, Name: u.Name}, keys...)
}

// passkeyAnswer returns what the browser's authenticator said, "" where the form has nothing of one.
func passkeyAnswer(r Request) (answer string, ok bool) {
	return oidc.ParseParam(r.Params["credential"])
}

// refusedPasskey tells of an answer that does not count, and returns the code for the page; "" where err is of another kind.
func (p *Provider) refusedPasskey(ctx context.Context, username string, err error) string {
	var bad authn.BadPasskey
	if !errors.As(err, &bad) {
		return ""
	}
	p.tell(ctx, oidc.PasskeyRefused{Username: username, Error: bad.Code, Why: bad.Why})
	return bad.Code
}

// CheckPasskeys returns an error that says what to do where there are passkeys that these settings have no use for.
func (p *Provider) CheckPasskeys(ctx context.Context) error {
	id, n, err := p.store.PasskeyRPID(ctx)
	if err != nil || n == 0 || id == p.RPID() {
		return err
	}
	return fmt.Errorf("there are %d passkeys, which are good for %s alone, and the settings are for %s: set GATEHOUSE_PASSKEY_RP_ID to %s "+
		"(and if the pages were there, GATEHOUSE_UI_FORMER_ORIGIN to their former origin), or delete the passkeys: docs/operations.md",
		n, id, p.RPID(), id)
}
