package provider

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

const (
	profileChanged = "profile_changed"
	invalidName    = "invalid_name"
)

// aboutView is what there is of a person: what they can change, and what somebody else decides.
type aboutView struct {
	Name          string   `json:"name"`
	GivenName     string   `json:"given_name"`
	FamilyName    string   `json:"family_name"`
	Locale        string   `json:"locale"`
	Email         string   `json:"email,omitempty"`
	EmailVerified bool     `json:"email_verified,omitempty"`
	Groups        []string `json:"groups"`

	ExpiresAt   *time.Time        `json:"expires_at,omitempty"`   // the account
	GroupsUntil store.GroupsUntil `json:"groups_until,omitempty"` // memberships that end, by group
}

func aboutUser(u *oidc.User, until store.GroupsUntil) *aboutView {
	return &aboutView{u.Name, u.GivenName, u.FamilyName, u.Locale, u.Email, u.EmailVerified, oidc.NotNil(u.Groups), u.ExpiresAt, until}
}

func (v *aboutView) groups() []string {
	if v == nil {
		return nil
	}
	return v.Groups
}

// languageTag is what we take of BCP 47.
var languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8}){0,3}$`)

// ChangeProfile takes the form of the account page with which people change what they are called, and their language.
func (p *Provider) ChangeProfile(ctx context.Context, r Request) Answer {
	now := p.now()
	w, session, _, refusal := p.fromAccountPage(ctx, r, now)
	switch {
	case refusal != nil:
		return *refusal
	case session.SID == "":
		return p.askSignIn(ctx, accountVisit(r, nil, now))
	}
	names := []string{"name", "given_name", "family_name"}
	params, bad := oidc.ParseParams(r.Params, append(slices.Clone(names), "locale"))
	for _, name := range names {
		if params[name] = strings.TrimSpace(params[name]); !isName(params[name]) {
			return p.backToAccount(ctx, w, 303, invalidName, 0)
		}
	}
	if len(bad) > 0 || params["locale"] != "" && !languageTag.MatchString(params["locale"]) {
		return p.errorPage(ctx, 400, pageInvalidRequest, nil)
	}
	user, err := p.as(ctx, w.User.Username, "change profile").ChangeProfile(ctx, w.SID, oidc.Digest(r.Cookies[SessionCookie]), store.Profile{
		Name: params["name"], GivenName: params["given_name"], FamilyName: params["family_name"], Locale: params["locale"]}, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.askSignIn(ctx, accountVisit(r, nil, now))
	case err != nil:
		return p.accountError(ctx, w, err)
	}
	p.tell(ctx, oidc.ProfileChanged{Username: user.Username})
	w.User, w.Done = viewOfUser(&user), profileChanged
	return redirect(p.address(&w))
}

// isName reports whether users takes it for a name.
func isName(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= 200 && !strings.ContainsFunc(s, unicode.IsControl)
}
