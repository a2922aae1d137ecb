package provider

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// joinPhrasePage shows somebody the phrase that is to be their password, or lets them make a passkey. Nothing is spent, and there is no
// account, until they say that they have it: then nobody sees the phrase again. It is good in one browser.
type joinPhrasePage struct {
	pending  `json:"-"`
	Workshop string    `json:"w"`
	Code     string    `json:"co"`
	Prefix   string    `json:"px"`
	ClientID string    `json:"ci,omitempty"`
	Typed    string    `json:"ty"` // what the name was made of
	User     *userView `json:"u"`
	UserID   string    `json:"i"`
	Phrase   string    `json:"ph"`
	Error    failure   `json:"f,omitzero"`
}

type joinPhraseView struct {
	common
	Workshop string       `json:"workshop"`
	User     *userView    `json:"user"`
	Mended   bool         `json:"mended,omitempty"` // the username is another than they typed
	Phrase   string       `json:"phrase"`
	Error    *failureView `json:"error,omitempty"`

	Passkey json.RawMessage `json:"passkey,omitempty"` // for navigator.credentials.create, in place of the phrase
}

func (*joinPhrasePage) name() string { return "join_phrase" }

func (w *joinPhrasePage) view(ctx context.Context, p *Provider, c common) (any, error) {
	found, _, made, err := p.store.LoadWorkshopAndName(ctx, w.Workshop, w.User.Username, w.UserID)
	if made || workshopProblem(found, w.Code, err, c.now) != "" {
		return nil, store.ErrNotFound
	} else if err != nil {
		return nil, err
	}
	e := c.failed(w.Error)
	view := joinPhraseView{Workshop: w.Workshop, User: w.User, Phrase: w.Phrase, Error: e,
		Mended: w.User.Username != w.Typed && w.User.Username != w.Prefix+w.Typed}
	if view.Passkey, err = p.creationOptions(c.Request, w.UserID, w.User); err != nil {
		return nil, err
	}
	view.common = c
	return view, nil
}

// back returns the page before.
func (w *joinPhrasePage) back() joinNamePage {
	back := joinNamePage{Workshop: w.Workshop, Code: w.Code, Prefix: w.Prefix, ClientID: w.ClientID, Username: w.Typed}
	back.Browser = w.Browser
	return back
}

// workshopJoined tells people on the account page that they have joined, where the workshop has no application.
const workshopJoined = "workshop_joined"

// JoinPhrase takes the form of that page: the phrase is written down, or the browser has made a passkey.
func (p *Provider) JoinPhrase(ctx context.Context, r Request) Answer {
	now := p.now()
	var w joinPhrasePage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	if r.Params.Get("name") != "" { // they want to be called something else
		back := w.back()
		return redirect(p.address(&back))
	}
	u := store.InvitedUser{ID: w.UserID, Username: w.User.Username, Name: w.User.Name}
	var err error
	switch {
	case r.Params.Get("credential") != "":
		var refusal *Answer
		if u.Passkey, refusal = p.passkeyToJoin(ctx, r, w); refusal != nil {
			return *refusal
		}
	case r.Params.Get("written") != "yes":
		return p.backToJoinPhrase(ctx, w, 303, phraseNotWritten, 0)
	default:
		u.Hash, err = p.passwords.Hash(ctx, w.Phrase)
	}
	var a Answer
	if err == nil {
		a, err = p.join(ctx, r, w, u, now)
	}
	if err != nil {
		return p.keepForm(ctx, nil, err, func(status int, code string, wait time.Duration) Answer {
			return p.backToJoinPhrase(ctx, w, status, code, wait)
		})
	}
	return a
}

// phraseNotWritten is the code for who has not said that they wrote the phrase down.
const phraseNotWritten = "phrase_not_written"

// passkeyToJoin returns what an authenticator has made. refusal is the answer where it is no good.
func (p *Provider) passkeyToJoin(ctx context.Context, r Request, w joinPhrasePage) (made oidc.Passkey, refusal *Answer) {
	return p.passkeyMade(ctx, r, &oidc.User{ID: w.UserID, Username: w.User.Username, Name: w.User.Name}, nil,
		func(status int, code string, wait time.Duration) Answer {
			return p.backToJoinPhrase(ctx, w, status, code, wait)
		})
}

// join makes the account, and goes on with it: with the phrase they are signed in, with a passkey they sign in.
func (p *Provider) join(ctx context.Context, r Request, w joinPhrasePage, u store.InvitedUser, now time.Time) (Answer, error) {
	as := p.as(ctx, u.Username, "join workshop")
	err := as.JoinWorkshop(ctx, store.Workshop{Name: w.Workshop, Code: w.Code}, u, p.administration(), now)
	switch {
	case errors.Is(err, store.ErrNotFound) || errors.As(err, new(store.Refusal)):
		return p.notJoined(ctx, r, w, err, now)
	case err != nil:
		return Answer{}, err
	}
	how := store.InvitedToPassword
	if u.Hash == "" {
		how = store.InvitedToPasskey
	}
	p.tell(ctx, oidc.WorkshopJoined{Username: u.Username, Workshop: w.Workshop, How: how})
	v := accountVisit(r, nil, now)
	v.req.EndsAt, v.done = w.ClientID, workshopJoined
	if u.Hash == "" {
		v.req.LoginHint = u.Username
		return p.askSignInAfter(ctx, v, passkeyAdded), nil
	}
	c, err := p.store.LoadCandidate(ctx, u.Username, v.client, nil, now)
	if err != nil || c.User == nil || c.User.ID != u.ID {
		return Answer{}, errors.Join(err, errUserChanged)
	}
	who := proven{user: c.User, enrolled: c.Enrolled, allowed: true, amr: []string{oidc.AMRPassword}, verified: u.Hash}
	starts := p.signIn(r, loginPage{pending: pending{Request: &v.req}}, v.client, who, now)
	starts.done = v.done
	return p.next(ctx, starts)
}

// notJoined answers where there is no account now that was not there before: the form was sent twice, others were faster with the name or
// the last seat, or the code is good no more.
func (p *Provider) notJoined(ctx context.Context, r Request, w joinPhrasePage, refused error, now time.Time) (Answer, error) {
	found, problem, made, err := p.store.LoadWorkshopAndName(ctx, w.Workshop, w.User.Username, w.UserID)
	if made && err == nil {
		v := accountVisit(r, nil, now)
		v.req.EndsAt, v.req.LoginHint = w.ClientID, w.User.Username
		return p.nextAtBrowser(ctx, v)
	}
	if a := p.refusedWorkshop(ctx, found, w.Code, err, now); a != nil {
		return *a, nil
	}
	switch {
	case err != nil:
		return Answer{}, err
	case problem == "":
		return Answer{}, refused
	}
	return p.suggestName(ctx, w.back(), w.User.Username, problem), nil
}

func (p *Provider) backToJoinPhrase(ctx context.Context, w joinPhrasePage, status int, code string, wait time.Duration) Answer {
	w.Error = p.failureOf(ctx, code, wait)
	return Answer{Status: status, Location: p.address(&w), RetryAfter: wait, Error: code}
}
