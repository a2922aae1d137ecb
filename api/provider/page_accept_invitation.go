package provider

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// acceptInvitationPage asks who is invited what they want to be called, or whether they have an account. It comes from the page of a link
// and is good in one browser. Nothing is spent until they have chosen how they sign in.
type acceptInvitationPage struct {
	pending  `json:"-"`
	Token    []byte    `json:"t"` // its digest
	Username string    `json:"n,omitempty"`
	Name     string    `json:"fn,omitempty"`
	Proven   bool      `json:"p,omitempty"` // the code of its mail was typed
	SID      string    `json:"s,omitempty"` // of who is signed in at the browser
	User     *userView `json:"u,omitempty"`
	Error    failure   `json:"f,omitzero"`

	Elsewhere *elsewhere `json:"ew,omitempty"` // that they came back with, and have no name for yet
	Upstream  string     `json:"up,omitempty"` // what people call the one that Error is about
	EndedAt   *time.Time `json:"ea,omitempty"` // the account that Error is about
}

type acceptInvitationView struct {
	common
	Username string       `json:"username"`
	Name     string       `json:"name"`
	Email    string       `json:"email,omitempty"`
	Code     bool         `json:"code,omitempty"` // the one of the mail comes first, and nothing else is asked
	Groups   []string     `json:"groups"`
	New      bool         `json:"new"`            // they may make an account
	Have     bool         `json:"have"`           // they may come with one that they have
	User     *userView    `json:"user,omitempty"` // who is signed in
	Error    *failureView `json:"error,omitempty"`

	Upstreams []upstreamView `json:"upstreams,omitempty"` // with which they may make one
	Link      *linkView      `json:"link,omitempty"`      // the account there that it is to be for
}

func (*acceptInvitationPage) name() string { return "accept_invitation" }

func (w *acceptInvitationPage) view(ctx context.Context, p *Provider, c common) (any, error) {
	i, err := p.loadInvitation(ctx, store.Digest(w.Token), c.now)
	if problem := invitationProblem(i, err, c.now); problem != "" {
		return nil, store.ErrNotFound
	} else if err != nil {
		return nil, err
	}
	view := acceptInvitationView{Username: w.Username, Name: w.Name, Email: i.Email, Groups: oidc.NotNil(i.Groups), User: w.User,
		Error: c.failed(w.Error)}
	if view.Error != nil {
		view.Error.Upstream, view.Error.EndedAt = w.Upstream, w.EndedAt
	}
	if view.Code = w.asksCode(i); !view.Code {
		view.New, view.Have = w.makesNew(i), slices.Contains(i.Methods, store.InvitedToAccount)
		view.Upstreams, view.Link = p.upstreamsFor(ctx, w, i), w.Elsewhere.view()
	}
	if client, err := p.clientToEndAt(ctx, i.ClientID); err == nil && client != nil {
		c.Client = viewOfClient(client, "")
	}
	view.common = c
	return view, nil
}

// asksCode reports whether the code of the mail has to be typed before anything else: programs that look at mail open links, run scripts
// and post forms, and are not to have the invitation.
func (w *acceptInvitationPage) asksCode(i store.Invitation) bool { return i.Mailed && !w.Proven }

// makesNew reports whether they are asked what they want to be called.
func (w *acceptInvitationPage) makesNew(i store.Invitation) bool {
	return w.Elsewhere != nil || slices.Contains(i.Methods, store.InvitedToPassword) || slices.Contains(i.Methods, store.InvitedToPasskey)
}

// invitationProblem returns the code of why an invitation that was loaded is not good, "" if it is or err is another than that there is
// none.
func invitationProblem(i store.Invitation, err error, now time.Time) string {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return linkUnknown
	case err != nil:
		return ""
	case i.UsesLeft == 0:
		return invitationSpent
	case i.Mailed && i.CodeTries == 0:
		return invitationLocked
	case !now.Before(i.ExpiresAt):
		return linkExpired
	}
	return ""
}

// The codes of invitations beside those of links, and of the names on their page.
const (
	invitationSpent  = "invitation_spent"
	invitationLocked = "invitation_locked"
	invitationForNew = "invitation_for_new" // no method of it is for who has an account
	usernameTaken    = "username_taken"
	usernameUnfit    = "username_unfit"
	nameUnfit        = "name_unfit"
)

// openInvitation leads to the page of an invitation that is good.
func (p *Provider) openInvitation(ctx context.Context, r Request, token store.Digest, now time.Time) Answer {
	i, err := p.loadInvitation(ctx, token, now)
	if problem := invitationProblem(i, err, now); problem != "" {
		return p.badLink(ctx, "", problem)
	}
	v := accountVisit(r, nil, now)
	if err == nil {
		err = p.loadStanding(ctx, &v)
	}
	if err != nil {
		return p.failedPage(ctx, err, "")
	}
	w := acceptInvitationPage{Token: token[:], Username: i.Username, Name: i.Name}
	if v.standing.Session != nil && slices.Contains(i.Methods, store.InvitedToAccount) {
		w.SID, w.User = v.standing.Session.SID, viewOfUser(v.standing.User)
	}
	cookies := p.bindBrowser(&r)
	w.Browser = browserDigest(r)
	w.Proven = i.Browser != nil && bytes.Equal(i.Browser, w.Browser) // they asked for it here
	a := redirect(p.address(&w))
	a.Cookies = cookies
	return a
}

// AcceptInvitation takes the form of that page.
func (p *Provider) AcceptInvitation(ctx context.Context, r Request) Answer {
	now := p.now()
	var w acceptInvitationPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	params, bad := oidc.ParseParams(r.Params, []string{"username", "name", "have", "code", "upstream"})
	i, err := p.loadInvitation(ctx, store.Digest(w.Token), now)
	problem := invitationProblem(i, err, now)
	switch {
	case len(bad) > 0:
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	case problem != "":
		return p.badLink(ctx, "", problem)
	case err != nil:
		return p.failedInvitation(ctx, w, err)
	case w.asksCode(i):
		return p.proveInvitation(ctx, w, params["code"], now)
	case params["have"] != "" && slices.Contains(i.Methods, store.InvitedToAccount):
		return p.acceptWithAccount(ctx, r, w, params["have"] == "me", now)
	case params["upstream"] != "" && slices.Contains(i.Methods, store.InvitedToUpstream):
		return p.acceptAtUpstream(ctx, r, w, i, params["upstream"], now)
	}
	w.Username, w.Name = strings.ToLower(strings.TrimSpace(params["username"])), strings.Join(strings.Fields(params["name"]), " ")
	if code := p.refusedName(ctx, w.Username, w.Name, &err); code != "" {
		return p.backToInvitation(ctx, w, 303, code, 0)
	} else if err != nil {
		return p.failedInvitation(ctx, w, err)
	}
	if w.Elsewhere != nil {
		return p.acceptElsewhere(ctx, r, w, now)
	}
	next := newPasswordPage{User: &userView{Username: w.Username, Name: w.Name}, Invited: &invited{Token: w.Token, UserID: newID()}}
	next.Browser = w.Browser
	return redirect(p.address(&next))
}

// proveInvitation takes the code of the mail. What nobody would type as one does not count, as it is a program's.
func (p *Provider) proveInvitation(ctx context.Context, w acceptInvitationPage, code string, now time.Time) Answer {
	if code = strings.Map(withoutSpaces, code); !isSixDigits(code) {
		return p.backToInvitation(ctx, w, 303, resetWrongCode, 0)
	}
	right, err := p.store.ProveInvitation(ctx, store.Digest(w.Token), mailedCode(p.sealer, store.Digest(w.Token), code), now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.badLink(ctx, "", invitationLocked)
	case err != nil:
		return p.failedInvitation(ctx, w, err)
	case !right:
		return p.backToInvitation(ctx, w, 303, resetWrongCode, 0)
	}
	w.Proven, w.Error = true, failure{}
	return redirect(p.address(&w))
}

// acceptWithAccount goes on as who is signed in at the browser, or asks to sign in; the groups are joined once the account page would open.
func (p *Provider) acceptWithAccount(ctx context.Context, r Request, w acceptInvitationPage, me bool, now time.Time) Answer {
	v := invitedVisit(r, w.Token, now)
	if w.Elsewhere != nil {
		return p.linkElsewhere(ctx, v, w)
	}
	if !me {
		return p.askSignIn(ctx, v)
	}
	v.sid = w.SID
	a, err := p.nextAtBrowser(ctx, v)
	if err != nil {
		return p.failedInvitation(ctx, w, err)
	}
	return a
}

// refusedName returns the code of why nobody new can be called so, "" if they can or err is set.
func (p *Provider) refusedName(ctx context.Context, username, name string, err *error) string {
	if username == "" || len(username) > maxUsername {
		return usernameUnfit
	}
	var problem string
	if problem, *err = p.store.ChosenNameProblem(ctx, username); *err != nil || problem != "" {
		return codeOfProblem(problem)
	}
	*err = p.store.TryUsername(ctx, username, name)
	return codeOfName(*err)
}

// codeOfProblem is the code of a problem of a name that is chosen.
func codeOfProblem(problem string) string {
	switch problem {
	case "":
		return ""
	case store.NameMixed:
		return usernameUnfit
	}
	return usernameTaken
}

// codeOfName returns the code of a Refusal that is about what somebody is to be called, "" for all else.
func codeOfName(err error) string {
	var refused store.Refusal
	switch {
	case !errors.As(err, &refused):
		return ""
	case refused.Constraint == "users_username_must_be_unique", refused.Constraint == "users_username_is_retired_free_it_first":
		return usernameTaken
	case strings.HasPrefix(refused.Constraint, "users_username_"):
		return usernameUnfit
	case strings.HasPrefix(refused.Constraint, "users_name_"):
		return nameUnfit
	}
	return ""
}

func (p *Provider) failedInvitation(ctx context.Context, w acceptInvitationPage, err error) Answer {
	return p.keepForm(ctx, nil, err, func(status int, code string, wait time.Duration) Answer {
		return p.backToInvitation(ctx, w, status, code, wait)
	})
}

func (p *Provider) backToInvitation(ctx context.Context, w acceptInvitationPage, status int, code string, wait time.Duration) Answer {
	w.Error = p.failureOf(ctx, code, wait)
	return Answer{Status: status, Location: p.address(&w), RetryAfter: wait, Error: code}
}
