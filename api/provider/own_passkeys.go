package provider

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
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
			v.PasskeyOptions, err = p.creationOptions(c.Request, account.UserID, w.User, account.Passkeys...)
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
	passkeyRequired    = "passkey_required"
)

// AddPasskey takes the answer of an authenticator that has made one.
func (p *Provider) AddPasskey(ctx context.Context, r Request) Answer {
	return p.changePasskeys(ctx, r, func(ctx context.Context, v visit, w accountPage) (Answer, error) {
		a, code, err := p.addPasskey(ctx, v)
		if code != "" {
			return p.backToAccount(ctx, w, 303, code, 0), nil
		}
		return a, err
	})
}

// freshAccountVisit opens the account page after a sign-in that is fresh enough to change what one signs in with.
func freshAccountVisit(r Request, username string, now time.Time) visit {
	v := accountVisit(r, nil, now)
	seconds := int(oidc.FreshSignIn.Seconds())
	v.req.MaxAge, v.req.LoginHint = &seconds, username
	return v
}

// addPasskey saves the passkey that comes with the form, for the person of a visit, who has proven all that is asked for; and goes on. A
// code says why there is none. Whoever made one has proven with it who they are, so that the session has from now on what it proves.
func (p *Provider) addPasskey(ctx context.Context, v visit) (a Answer, code string, err error) {
	answer, ok := passkeyAnswer(v.r)
	user := v.standing.User
	switch {
	case !ok || p.passkeys == nil:
		return p.errorPage(ctx, 400, pageInvalidRequest, nil), "", nil
	case answer == "":
		return Answer{}, passkeyNeedsScript, nil
	}
	v.instead, v.req.CanMakePasskey = nil, false
	challenge := challengeOf(v.r)
	made, err := p.passkeys.Create(answer, challenge, user)
	if code = p.refusedPasskey(ctx, user.Username, err); code != "" {
		return Answer{}, code, nil
	} else if err != nil {
		return Answer{}, "", err
	}
	n := store.NewPasskey{Passkey: made, Challenge: p.onceAnswered(v.r, challenge, v.now), SID: v.standing.Session.SID,
		Cookie: v.standing.Session.Cookie, AMR: oidc.PasskeyAMR(false), First: !v.standing.Enrolled.Any()}
	n.Name = suggestedName(v.r)
	codes := p.newRecoveryCodes(v.standing.Enrolled, user.ID)
	n.RecoveryCodes = codes.digests
	withCodes, err := p.as(ctx, user.Username, "add passkey").AddPasskey(ctx, n, v.now)
	if code = whyNotAdded(err); code != "" {
		return Answer{}, code, nil
	} else if errors.Is(err, store.ErrNotFound) {
		return Answer{}, "", errSessionEnded
	} else if err != nil {
		return Answer{}, "", err
	}
	p.tell(ctx, oidc.FactorAdded{Username: user.Username, Factor: string(oidc.ByPasskey)})
	v.done = passkeyAdded
	if withCodes {
		return p.showRecoveryCodes(ctx, v, codes), "", nil
	}
	a, err = p.nextAtBrowser(ctx, v)
	return a, "", err
}

// addPasskeyOn is for pages on the way of a request: where there is no passkey, they show why.
func (p *Provider) addPasskeyOn(w page, problem *failure) func(context.Context, visit) (Answer, error) {
	return func(ctx context.Context, v visit) (Answer, error) {
		a, code, err := p.addPasskey(ctx, v)
		if code != "" {
			*problem = p.failureOf(ctx, code, 0)
			return redirect(p.address(w)), nil
		}
		return a, err
	}
}

// whyNotAdded returns the code of an error of store.AddPasskey; "" for one of another kind, and for none.
func whyNotAdded(err error) string {
	switch {
	case errors.Is(err, store.ErrTooMany):
		return tooManyPasskeys
	case errors.Is(err, store.ErrUsed):
		return passkeyAnswered
	case errors.Is(err, store.ErrExists):
		return passkeyExists
	}
	return ""
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
	return p.changePasskeys(ctx, r, func(ctx context.Context, v visit, w accountPage) (Answer, error) {
		id, ok := passkeyNamed(r)
		name, isText := oidc.ParseParam(r.Params["name"])
		name = strings.TrimSpace(name)
		switch {
		case !ok:
			return p.errorPage(ctx, 400, pageInvalidRequest, nil), nil
		case !isText || name == "" || utf8.RuneCountInString(name) > 100:
			return p.backToAccount(ctx, w, 303, passkeyName, 0), nil
		}
		w.Done = passkeyRenamed
		own := p.as(ctx, w.User.Username, "rename passkey")
		return redirect(p.address(&w)), own.RenamePasskey(ctx, w.SID, v.standing.Session.Cookie, id, name, v.now)
	})
}

// RemovePasskey takes the form with which people remove one of theirs: neither the last way to sign in, nor what something asks for that
// they would then not have.
func (p *Provider) RemovePasskey(ctx context.Context, r Request) Answer {
	return p.changePasskeys(ctx, r, func(ctx context.Context, v visit, w accountPage) (Answer, error) {
		id, ok := passkeyNamed(r)
		if !ok {
			return p.errorPage(ctx, 400, pageInvalidRequest, nil), nil
		}
		own := p.as(ctx, w.User.Username, "remove passkey")
		name, err := own.RemovePasskey(ctx, w.SID, v.standing.Session.Cookie, id, needsPasskey(v), v.now)
		switch {
		case errors.Is(err, store.ErrLastWayIn):
			return p.backToAccount(ctx, w, 303, lastWayIn, 0), nil
		case errors.Is(err, store.ErrRequired):
			return p.backToAccount(ctx, w, 303, passkeyRequired, 0), nil
		case err == nil && name != "":
			p.tell(ctx, oidc.FactorRemoved{Username: w.User.Username, Factor: string(oidc.ByPasskey)})
		}
		w.Done = passkeyRemoved // one that another tab has removed is what the person wants
		return redirect(p.address(&w)), err
	})
}

// needsPasskey reports whether something asks the person of a visit for what they would not have without a passkey.
func needsPasskey(v visit) bool {
	without := v.standing.Standing
	session := *without.Session
	session.AMR = slices.DeleteFunc(slices.Clone(session.AMR), func(method string) bool {
		return slices.Contains(oidc.PasskeyAMR(true), method) || slices.Contains(oidc.PasskeyAMR(false), method)
	})
	without.Session, without.Enrolled.Passkey, without.Enrolled.HardwareKey = &session, false, false
	ways, _ := v.req.Ways(v.client, without, v.now)
	return ways == nil && len(v.req.Unmet(v.client, without, v.now)) > 0
}

// passkeyNamed returns the ID of the passkey that a form is about.
func passkeyNamed(r Request) (id []byte, ok bool) {
	name, ok := oidc.ParseParam(r.Params["passkey"])
	id, err := base64.RawURLEncoding.DecodeString(name)
	return id, ok && err == nil && len(id) > 0
}

// changePasskeys reads a form of the account page, and has change done for whoever has just signed in and proven what is asked for.
func (p *Provider) changePasskeys(
	ctx context.Context, r Request, change func(context.Context, visit, accountPage) (Answer, error),
) Answer {
	now := p.now()
	var w accountPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	w.forget()
	v := freshAccountVisit(r, w.User.Username, now)
	v.sid = w.SID
	v.instead = func(ctx context.Context, v visit) (Answer, error) {
		a, err := change(ctx, v, w)
		if errors.Is(err, store.ErrNotFound) {
			return Answer{}, errSessionEnded
		}
		return a, err
	}
	a, err := p.nextAtBrowser(ctx, v)
	if err != nil {
		return p.accountError(ctx, w, err)
	}
	return a
}
