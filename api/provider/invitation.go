package provider

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// invited is the account that is made on the page of a new password, with an invitation.
type invited struct {
	Token  []byte `json:"t"` // its digest
	UserID string `json:"i"`
}

// loadInvitation returns an invitation as it is good now.
func (p *Provider) loadInvitation(ctx context.Context, token store.Digest, now time.Time) (store.Invitation, error) {
	return p.store.LoadInvitation(ctx, token, p.administration(), now)
}

// administration is what the rights to administer depend on.
func (p *Provider) administration() store.Administration { return store.AdministrationOf(&p.Settings) }

// acceptWithPassword makes the account with the name that was chosen, and signs in with it.
func (p *Provider) acceptWithPassword(ctx context.Context, r Request, w newPasswordPage, password string, now time.Time) (Answer, error) {
	token := store.Digest(w.Invited.Token)
	i, err := p.loadInvitation(ctx, token, now)
	if problem := invitationProblem(i, err, now); problem != "" {
		return p.badLink(ctx, "", problem), nil
	} else if err != nil {
		return Answer{}, err
	}
	if err := p.newPassword(w.User.Username, i.Email, password).Check(); err != nil {
		return Answer{}, err
	}
	hash, err := p.passwords.Hash(ctx, password)
	if err != nil {
		return Answer{}, err
	}
	u := store.InvitedUser{ID: w.Invited.UserID, Username: w.User.Username, Name: w.User.Name, Hash: hash}
	if refused, err := p.acceptInvitation(ctx, w, i, u, now); refused != nil || err != nil {
		return orNothing(refused), err
	}
	v := accountVisit(r, nil, now)
	c, err := p.store.LoadCandidate(ctx, u.Username, v.client, nil, now)
	if err != nil || c.User == nil || c.User.ID != u.ID {
		return Answer{}, errors.Join(err, errUserChanged)
	}
	v.req.Invitation = w.Invited.Token
	who := proven{user: c.User, enrolled: c.Enrolled, allowed: true, amr: []string{oidc.AMRPassword}, verified: hash}
	v = p.signIn(r, loginPage{pending: pending{Request: &v.req}}, v.client, who, now)
	return p.next(ctx, v)
}

// acceptWithPasskey makes the account with a passkey, and ends at the sign-in.
func (p *Provider) acceptWithPasskey(ctx context.Context, r Request, w newPasswordPage, now time.Time) Answer {
	token := store.Digest(w.Invited.Token)
	i, err := p.loadInvitation(ctx, token, now)
	if problem := invitationProblem(i, err, now); problem != "" {
		return p.badLink(ctx, "", problem)
	} else if err != nil {
		return p.failedNewPassword(ctx, w, err)
	}
	made, refusal := p.passkeyInstead(ctx, r, w, &oidc.User{ID: w.Invited.UserID, Username: w.User.Username, Name: w.User.Name})
	if refusal != nil {
		return *refusal
	}
	u := store.InvitedUser{ID: w.Invited.UserID, Username: w.User.Username, Name: w.User.Name, Passkey: made}
	switch refused, err := p.acceptInvitation(ctx, w, i, u, now); {
	case err != nil:
		return p.failedNewPassword(ctx, w, err)
	case refused != nil:
		return *refused
	}
	v := accountVisit(r, nil, now)
	v.req.LoginHint, v.req.Invitation = u.Username, w.Invited.Token
	return p.askSignInAfter(ctx, v, passkeyAdded)
}

// acceptInvitation saves the account. refused is the answer where it cannot be made: the invitation is not good any more, or the name is
// somebody's by now.
func (p *Provider) acceptInvitation(
	ctx context.Context, w newPasswordPage, i store.Invitation, u store.InvitedUser, now time.Time,
) (refused *Answer, err error) {
	err = p.as(ctx, u.Username, "accept invitation").
		AcceptInvitation(ctx, store.Digest(w.Invited.Token), u, p.administration(), now)
	code := codeOfName(err)
	switch {
	case errors.Is(err, store.ErrNotFound): // others were faster
		a := p.badLink(ctx, "", invitationSpent)
		return &a, nil
	case code != "":
		back := acceptInvitationPage{Token: w.Invited.Token, Username: u.Username, Name: u.Name, Proven: true}
		back.Browser = w.Browser
		a := p.backToInvitation(ctx, back, 303, code, 0)
		return &a, nil
	case err != nil:
		return nil, err
	}
	how := store.InvitedToPassword
	if u.Hash == "" {
		how = store.InvitedToPasskey
	}
	p.tell(ctx, oidc.InvitationAccepted{Username: u.Username, InvitationID: i.ID, How: how})
	return nil, nil
}

// endInvitation has the person of a visit join the groups of an invitation, unless they did before, and returns the client_id of the
// application that it names; done is what the account page says, refused the code of why nothing was done.
func (p *Provider) endInvitation(ctx context.Context, v visit) (client, done, refused string, err error) {
	token := store.Digest(v.req.Invitation)
	i, err := p.loadInvitation(ctx, token, v.now)
	if errors.Is(err, store.ErrNotFound) {
		return "", "", linkUnknown, nil
	} else if err != nil {
		return "", "", "", err
	}
	user := v.standing.User
	had, err := p.as(ctx, user.Username, "accept invitation").
		JoinByInvitation(ctx, token, user.ID, p.administration(), v.now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", "", cmp.Or(invitationProblem(i, nil, v.now), invitationForNew), nil
	case err != nil:
		return "", "", "", err
	case !had:
		p.tell(ctx, oidc.InvitationAccepted{Username: user.Username, InvitationID: i.ID, How: store.InvitedToAccount})
	}
	return i.ClientID, invitationAccepted, "", nil
}

const invitationAccepted = "invitation_accepted"
