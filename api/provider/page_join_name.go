package provider

import (
	"context"
	"strings"
	"time"
	"unicode"

	"gatehouse/api/authn"
	"gatehouse/api/oidc"
	"gatehouse/api/roster"
	"gatehouse/api/store"
)

// joinNamePage asks somebody who has the code of a workshop what they want to be called, or whether they have been there before. It is good
// in one browser.
type joinNamePage struct {
	pending  `json:"-"`
	Workshop string  `json:"w"`
	Code     string  `json:"co"` // if it is replaced, it is good no more here either
	Prefix   string  `json:"px"`
	ClientID string  `json:"ci,omitempty"` // where they end
	Username string  `json:"n,omitempty"`  // as it was typed, or a free one that is suggested
	Taken    string  `json:"tk,omitempty"`
	Error    failure `json:"f,omitzero"`
}

type joinNameView struct {
	common
	Workshop string       `json:"workshop"`
	Prefix   string       `json:"prefix"`
	Username string       `json:"username,omitempty"`
	Taken    string       `json:"taken,omitempty"`
	Error    *failureView `json:"error,omitempty"`
}

func (*joinNamePage) name() string { return "join_name" }

func (w *joinNamePage) view(_ context.Context, _ *Provider, c common) (any, error) {
	e := c.failed(w.Error)
	return joinNameView{common: c, Workshop: w.Workshop, Prefix: w.Prefix, Username: w.Username, Taken: w.Taken, Error: e}, nil
}

// learnerName returns the username that is made of what somebody typed, the same way each time: with the prefix, and a Unix name whatever
// the rule says, since it is to be typed on anything. It is "" where nothing is left to make a name of.
func learnerName(prefix, typed string) string {
	rest := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(typed)), prefix)
	if roster.Fit(rest, roster.Unix) == "" {
		return ""
	}
	return roster.Fit(prefix+rest, roster.Unix)
}

// displayName returns what is kept of a name as somebody typed it.
func displayName(typed string) string {
	typed = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == unicode.ReplacementChar {
			return ' '
		}
		return c
	}, typed)
	return strings.Join(strings.Fields(typed), " ")
}

// maxLearnerName is in bytes.
const maxLearnerName = 200

// JoinName takes the form of that page.
func (p *Provider) JoinName(ctx context.Context, r Request) Answer {
	now := p.now()
	var w joinNamePage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	params, bad := oidc.ParseParams(r.Params, []string{"username", "have"})
	if len(bad) > 0 {
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	}
	if params["have"] != "" {
		v := accountVisit(r, nil, now)
		v.req.EndsAt = w.ClientID
		return p.askSignIn(ctx, v)
	}
	w.Username, w.Taken = params["username"], ""
	username := learnerName(w.Prefix, w.Username)
	if len(w.Username) > maxLearnerName || username == "" {
		w.Username = clip(w.Username)
		return p.backToJoinName(ctx, w, 303, usernameUnfit, 0)
	}
	found, problem, _, err := p.store.LoadWorkshopAndName(ctx, w.Workshop, username, newID())
	if refused := p.refusedWorkshop(ctx, found, w.Code, err, now); refused != nil {
		return *refused
	}
	switch {
	case err != nil:
		return p.failedJoinName(ctx, w, err)
	case problem != "":
		return p.suggestName(ctx, w, username, problem)
	}
	next := joinPhrasePage{Workshop: w.Workshop, Code: w.Code, Prefix: w.Prefix, ClientID: w.ClientID, UserID: newID(), Typed: w.Username,
		User: &userView{Username: username, Name: displayName(w.Username)}, Phrase: authn.RandomWords(authn.PhraseWords)}
	next.Browser = w.Browser
	return redirect(p.address(&next))
}

// refusedWorkshop is the answer where nobody joins the workshop any more; nil where they may or err is something else.
func (p *Provider) refusedWorkshop(ctx context.Context, found store.Workshop, code string, err error, now time.Time) *Answer {
	problem := workshopProblem(found, code, err, now)
	if problem == "" {
		return nil
	}
	if problem == workshopUnknown {
		found = store.Workshop{}
	}
	a := p.askWorkshopCode(ctx, found, "", 303, problem, 0)
	return &a
}

// suggestName leads back with a name that is free, where there is one.
func (p *Provider) suggestName(ctx context.Context, w joinNamePage, username, problem string) Answer {
	free, err := p.store.FreeNameLike(ctx, strings.TrimRight(username[:min(len(username), maxNumbered)], "0123456789"))
	if err != nil {
		return p.failedJoinName(ctx, w, err)
	}
	w.Taken = username
	if free != "" {
		w.Username = strings.TrimPrefix(free, w.Prefix)
	}
	return p.backToJoinName(ctx, w, 303, codeOfProblem(problem), 0)
}

// maxNumbered leaves room for a number of two digits in a Unix name.
const maxNumbered = 30

func (p *Provider) failedJoinName(ctx context.Context, w joinNamePage, err error) Answer {
	return p.keepForm(ctx, nil, err, func(status int, code string, wait time.Duration) Answer {
		return p.backToJoinName(ctx, w, status, code, wait)
	})
}

func (p *Provider) backToJoinName(ctx context.Context, w joinNamePage, status int, code string, wait time.Duration) Answer {
	w.Error = p.failureOf(ctx, code, wait)
	return Answer{Status: status, Location: p.address(&w), RetryAfter: wait, Error: code}
}
