package provider

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mileusna/useragent"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// passkeyView is a passkey as its owner sees it.
type passkeyView struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Synced    bool       `json:"synced,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
}

// ownPasskeys is what the account page says of them.
type ownPasskeys struct {
	Passkeys []passkeyView `json:"passkeys"`
	// PasskeyOptions are for navigator.credentials.create; nil where a sign-in has to come first.
	PasskeyOptions json.RawMessage `json:"passkey_options,omitempty"`
	// AcceptedPasskeys are for PublicKeyCredential.signalAllAcceptedCredentials, after one was removed.
	AcceptedPasskeys json.RawMessage `json:"accepted_passkeys,omitempty"`
	AddPasskey       string          `json:"add_passkey_action"`
	RenamePasskey    string          `json:"rename_passkey_action"`
	RemovePasskey    string          `json:"remove_passkey_action"`
}

// viewOfPasskeys is for the page with the sealed request in c.
func (p *Provider) viewOfPasskeys(w *accountPage, account store.Account, c common) (ownPasskeys, error) {
	v := ownPasskeys{Passkeys: []passkeyView{}, AddPasskey: c.actions["add_passkey_action"],
		RenamePasskey: c.actions["rename_passkey_action"], RemovePasskey: c.actions["remove_passkey_action"]}
	for _, k := range account.Passkeys {
		v.Passkeys = append(v.Passkeys, passkeyView{nameOfPasskey(k), k.Name, k.Synced, k.CreatedAt, k.UsedAt})
	}
	if p.passkeys == nil {
		return v, nil
	}
	if w.Done == passkeyRemoved {
		v.AcceptedPasskeys = p.passkeys.AllAccepted(account.UserID, account.Passkeys)
	}
	var err error
	for _, s := range account.Sessions {
		if s.SID == w.SID && isFresh(oidc.Session{AuthTime: s.AuthTime}, c.now) {
			u := &oidc.User{ID: account.UserID, Username: w.User.Username, Name: w.User.Name}
			v.PasskeyOptions, err = p.passkeys.CreationOptions(challengeOn(c.Request), u, account.Passkeys...)
		}
	}
	return v, err
}

// nameOfPasskey is how forms name one.
func nameOfPasskey(k oidc.Passkey) string {
	return base64.RawURLEncoding.EncodeToString(k.CredentialID)
}

// What the account page says of passkeys that were changed a moment ago, or why they were not.
const (
	passkeyAdded   = "passkey_added"
	passkeyRenamed = "passkey_renamed"
	passkeyRemoved = "passkey_removed"

	passkeyNeedsScript = "passkey_needs_script" // the form came without an answer of an authenticator
	tooManyPasskeys    = "too_many_passkeys"
	passkeyExists      = "passkey_exists"
	passkeyName        = "invalid_passkey_name"
	lastWayIn          = "last_way_in"
)

// AddPasskey takes the answer of an authenticator that has made one. A sign-in that is not fresh is asked for again first.
func (p *Provider) AddPasskey(ctx context.Context, r Request) Answer {
	now := p.now()
	w, session, user, refusal := p.fromAccountPage(ctx, r, now)
	if refusal != nil {
		return *refusal
	}
	answer, ok := passkeyAnswer(r)
	switch {
	case p.passkeys == nil || !ok:
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	case session.SID == "" || !isFresh(session, now):
		return p.askSignIn(ctx, freshAccountVisit(r, w.User.Username, now))
	case answer == "":
		return p.backToAccount(ctx, w, 303, passkeyNeedsScript, 0)
	}
	code, err := p.addPasskey(ctx, r, store.NewPasskey{SID: w.SID, Cookie: oidc.Digest(r.Cookies[SessionCookie])}, &user, answer, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.askSignIn(ctx, freshAccountVisit(r, w.User.Username, now))
	case err != nil:
		return p.accountError(ctx, w, err)
	case code != "":
		return p.backToAccount(ctx, w, 303, code, 0)
	}
	w.Done = passkeyAdded
	return redirect(p.address(&w))
}

// freshAccountVisit opens the account page after a sign-in that is fresh enough to change what one signs in with.
func freshAccountVisit(r Request, username string, now time.Time) visit {
	v := accountVisit(r, nil, now)
	seconds := int(oidc.FreshSignIn.Seconds())
	v.req.MaxAge, v.req.LoginHint = &seconds, username
	return v
}

// addPasskey checks the answer of an authenticator and saves the passkey that it has made for u. code says why not; the error is
// store.ErrNotFound where the session of n has ended.
func (p *Provider) addPasskey(
	ctx context.Context, r Request, n store.NewPasskey, u *oidc.User, answer string, now time.Time,
) (code string, err error) {
	challenge := challengeOf(r)
	made, err := p.passkeys.Create(answer, challenge, u)
	if code := p.refusedPasskey(ctx, u.Username, err); code != "" {
		return code, nil
	} else if err != nil {
		return "", err
	}
	n.Passkey, n.Challenge = made, p.onceAnswered(challenge, now)
	n.Name = suggestedName(r)
	err = p.store.AddPasskey(ctx, n, now)
	switch {
	case errors.Is(err, store.ErrTooMany):
		return tooManyPasskeys, nil
	case errors.Is(err, store.ErrUsed):
		return passkeyAnswered, nil
	case errors.Is(err, store.ErrExists):
		return passkeyExists, nil
	case err != nil:
		return "", err
	}
	p.tell(ctx, oidc.PasskeyAdded{Username: u.Username, Passkey: n.Name, Synced: n.Synced})
	return "", nil
}

// suggestedName is what a passkey is called until its owner calls it otherwise: browser and system.
func suggestedName(r Request) string {
	ua := useragent.Parse(r.UserAgent)
	switch {
	case ua.Name == "":
		return "Passkey"
	case ua.OS == "":
		return ua.Name
	}
	return ua.Name + " (" + ua.OS + ")"
}

// RenamePasskey takes the form with which people call one of theirs otherwise.
func (p *Provider) RenamePasskey(ctx context.Context, r Request) Answer {
	return p.changePasskey(ctx, r, func(w *accountPage, id []byte, now time.Time) (string, error) {
		name, ok := oidc.ParseParam(r.Params["name"])
		name = strings.TrimSpace(name)
		if !ok || name == "" || utf8.RuneCountInString(name) > 100 {
			return passkeyName, nil
		}
		w.Done = passkeyRenamed
		return "", p.store.RenamePasskey(ctx, w.SID, oidc.Digest(r.Cookies[SessionCookie]), id, name, now)
	})
}

// RemovePasskey takes the form with which people remove one of theirs: not the last way to sign in.
func (p *Provider) RemovePasskey(ctx context.Context, r Request) Answer {
	return p.changePasskey(ctx, r, func(w *accountPage, id []byte, now time.Time) (string, error) {
		name, err := p.store.RemovePasskey(ctx, w.SID, oidc.Digest(r.Cookies[SessionCookie]), id, now)
		switch {
		case errors.Is(err, store.ErrLastWayIn):
			return lastWayIn, nil
		case err == nil && name != "":
			p.tell(ctx, oidc.PasskeyRemoved{Username: w.User.Username, Passkey: name})
		}
		w.Done = passkeyRemoved // one that another tab has removed is what the person wants
		return "", err
	})
}

// changePasskey reads the form, has change done with a fresh sign-in and leads back to the account page; a code says why nothing was done.
func (p *Provider) changePasskey(ctx context.Context, r Request, change func(*accountPage, []byte, time.Time) (string, error)) Answer {
	now := p.now()
	w, session, _, refusal := p.fromAccountPage(ctx, r, now)
	if refusal != nil {
		return *refusal
	}
	params, bad := oidc.ParseParams(r.Params, []string{"passkey"})
	id, err := base64.RawURLEncoding.DecodeString(params["passkey"])
	switch {
	case len(bad) > 0 || err != nil || len(id) == 0:
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	case session.SID == "" || !isFresh(session, now):
		return p.askSignIn(ctx, freshAccountVisit(r, w.User.Username, now))
	}
	code, err := change(&w, id, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.askSignIn(ctx, freshAccountVisit(r, w.User.Username, now))
	case err != nil:
		return p.accountError(ctx, w, err)
	case code != "":
		return p.backToAccount(ctx, w, 303, code, 0)
	}
	return redirect(p.address(&w))
}
