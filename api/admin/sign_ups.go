package admin

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/api/mail"
	"gatehouse/api/store"
)

// SignUpDomain is a domain whose people can have accounts by themselves.
type SignUpDomain = store.SignUpDomainRow

// AddSignUpDomain is one to add.
type AddSignUpDomain struct {
	Domain   string   `json:"domain" arg:"" help:"What is behind the @, such as uni.example; '*' for all others."`
	Approval bool     `json:"approval,omitempty" help:"Somebody has to say yes to each."`
	Groups   []string `json:"groups,omitempty" name:"group" sep:"none" placeholder:"GROUP" help:"Members of it; may be repeated."`
}

// AddSignUpDomain lets people with an address of a domain have accounts by themselves. Nobody becomes an administrator that way.
func (a *Admin) AddSignUpDomain(ctx context.Context, in AddSignUpDomain) (Nothing, error) {
	domain := in.Domain
	if domain != "*" {
		address, err := mail.Address("x@" + domain)
		if err != nil || !strings.Contains(domain, ".") {
			return Nothing{}, invalid("%s must be a domain such as uni.example, or *, not %q", member("domain"), in.Domain)
		}
		_, domain, _ = strings.Cut(address, "@")
	}
	for _, group := range in.Groups {
		if slices.Contains(a.AdminGroups(), group) {
			return Nothing{}, invalid("%s must be none whose members administer, such as %s", member("groups"), group)
		}
	}
	return Nothing{}, a.store.AddSignUpDomain(ctx, SignUpDomain{Domain: domain, Approval: in.Approval, Groups: in.Groups})
}

// ListSignUpDomains is which domains are wanted.
type ListSignUpDomains struct{ Paging }

// ListSignUpDomains returns the domains whose people can have accounts by themselves.
func (a *Admin) ListSignUpDomains(ctx context.Context, in ListSignUpDomains) (Page[SignUpDomain], error) {
	return page(in.Paging, func(d SignUpDomain) string { return d.Domain }, func(p store.Page) ([]SignUpDomain, error) {
		return a.store.ListSignUpDomains(ctx, p)
	})
}

// SignUpDomainName names one.
type SignUpDomainName struct {
	Domain string `json:"domain" arg:""`
}

// RemoveSignUpDomain has people of a domain have no accounts by themselves any more; those that there are stay.
func (a *Admin) RemoveSignUpDomain(ctx context.Context, in SignUpDomainName) (Nothing, error) {
	return Nothing{}, a.store.RemoveSignUpDomain(ctx, in.Domain)
}

// SignUp is somebody who asks for an account.
type SignUp = store.SignUpRow

// ListSignUps is which are wanted.
type ListSignUps struct {
	Paging
	All bool `json:"all,omitempty" help:"Also those who have an answer."`
}

// ListSignUps returns who waits for somebody to say yes or no, who has waited the longest first.
func (a *Admin) ListSignUps(ctx context.Context, in ListSignUps) (Page[SignUp], error) {
	return page(in.Paging, func(r SignUp) string { return r.ID }, func(p store.Page) ([]SignUp, error) {
		return a.store.ListSignUps(ctx, p, in.All, time.Now())
	})
}

// SignUpID names one.
type SignUpID struct {
	ID string `json:"id" arg:""`
}

// ApprovedSignUp is an invitation to somebody who asked for an account.
type ApprovedSignUp struct {
	MailedTo     string    `json:"mailed_to" help:"Where the invitation is mailed."`
	InvitationID string    `json:"invitation_id" help:"By which it is revoked."`
	ExpiresAt    time.Time `json:"expires_at" help:"Until when it can be accepted."`
}

// ApproveSignUp has an invitation mailed to somebody who asked for an account.
func (a *Admin) ApproveSignUp(ctx context.Context, in SignUpID) (ApprovedSignUp, error) {
	if a.SealMail == nil {
		return ApprovedSignUp{}, errNoMail
	} else if a.UIOrigin == "" {
		return ApprovedSignUp{}, errNoPages
	}
	now := time.Now()
	expires := now.Add(week * time.Hour)
	token, digest := newSecret()
	code, hmac := a.MailedCode(store.Digest(digest))
	values := map[string]string{"Code": code, "Link": a.UIOrigin + "/link#" + token, "Until": expires.UTC().Format("2006-01-02 15:04 UTC")}
	email, id, err := a.store.ApproveSignUp(ctx, in.ID, store.Digest(digest),
		store.InvitationMail{Code: hmac, Sealed: a.SealMail("invitation", values)}, expires, now)
	return ApprovedSignUp{email, id, expires}, err
}

// RefuseSignUp is a request to refuse.
type RefuseSignUp struct {
	ID     string `json:"id" arg:""`
	Reason string `json:"reason,omitempty" placeholder:"TEXT" help:"What the person is told of why not, at most 500 characters."`
}

// RefusedSignUp is somebody who gets no account.
type RefusedSignUp struct {
	MailedTo string `json:"mailed_to" help:"Where they are told."`
}

// RefuseSignUp tells somebody who asked for an account that they get none.
func (a *Admin) RefuseSignUp(ctx context.Context, in RefuseSignUp) (RefusedSignUp, error) {
	switch {
	case a.SealMail == nil:
		return RefusedSignUp{}, errNoMail
	case utf8.RuneCountInString(in.Reason) > 500:
		return RefusedSignUp{}, invalid("%s must have at most 500 characters", member("reason"))
	}
	sealed := a.SealMail("sign_up_refused", map[string]string{"Reason": in.Reason})
	email, err := a.store.RefuseSignUp(ctx, in.ID, in.Reason, sealed, time.Now())
	return RefusedSignUp{email}, err
}
