package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/api/authn"
	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// forgotPasswordPage asks who has forgotten their password, and then for the code in the mail that they get, if there is such a person.
// Nothing tells whether there is: the mail is addressed when it is sent.
type forgotPasswordPage struct {
	pending  `json:"-"`
	Username string    `json:"un,omitempty"` // what was typed
	Reset    string    `json:"r,omitempty"`  // the id, once it is asked for
	Wanted   *newToken `json:"nt,omitempty"`
	Error    failure   `json:"f,omitzero"`
}

type forgotPasswordView struct {
	common
	Username string       `json:"username,omitempty"`
	Sent     bool         `json:"sent,omitempty"`
	Minutes  int          `json:"minutes"` // that a code is good for
	Error    *failureView `json:"error,omitempty"`
}

// resetLife is how long a code and a link in a mail are good, and so is the page at which they set the password.
const resetLife = 15 * time.Minute

// The codes of the page.
const (
	resetWrongCode = "wrong_mailed_code"
	resetEnded     = "mailed_code_ended"
)

func (*forgotPasswordPage) name() string { return "forgot_password" }

func (w *forgotPasswordPage) view(_ context.Context, _ *Provider, c common) (any, error) {
	e := c.failed(w.Error)
	return forgotPasswordView{common: c, Username: w.Username, Sent: w.Reset != "", Minutes: int(resetLife.Minutes()), Error: e}, nil
}

// askForgotten leads from the login page to this one.
func (p *Provider) askForgotten(from loginPage) Answer {
	w := forgotPasswordPage{pending: pending{Request: from.Request, Browser: from.Browser, Client: from.Client}, Username: from.Username,
		Wanted: from.Wanted}
	return redirect(p.address(&w))
}

// ForgotPassword takes the forms of the page: the name, and then the code.
func (p *Provider) ForgotPassword(ctx context.Context, r Request) Answer {
	now := p.now()
	var w forgotPasswordPage
	if refusal := p.open(ctx, r, &w, now); refusal != nil {
		return *refusal
	}
	params, bad := oidc.ParseParams(r.Params, []string{"username", "code", "language"})
	typed := strings.ToLower(strings.TrimSpace(params["username"]))
	var err error
	switch {
	case p.outbox == nil || len(bad) > 0 || params["code"] == "" && !isTypedName(typed):
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	case params["code"] == "":
		err = p.askReset(ctx, r, &w, typed, params["language"], now)
	case w.Reset == "":
		return p.errorPage(ctx, 400, pageInvalidRequest, w.Client)
	default:
		return p.proveResetByCode(ctx, r, w, params["code"], now)
	}
	switch {
	case errors.Is(err, store.ErrManyResets):
		p.tell(ctx, oidc.PasswordResetRefused{Error: tooManyAttempts})
		return p.backToForgotten(ctx, w, 429, tooManyAttempts, resetLife)
	case err != nil:
		return p.failedForgotten(ctx, w, err)
	}
	return redirect(p.address(&w))
}

// isTypedName reports whether there could be somebody of that name or address.
func isTypedName(s string) bool {
	return s != "" && len(s) <= 255 && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// askReset notes what is asked for, and that a mail is to be sent; w asks for its code then.
func (p *Provider) askReset(ctx context.Context, r Request, w *forgotPasswordPage, typed, language string, now time.Time) error {
	if !slices.Contains(oidc.UILocales, language) {
		language = ""
	}
	id, link, code := newID(), resetLinkPrefix+randomSecret(), sixDigits()
	err := p.store.AskPasswordReset(ctx, store.PasswordReset{ID: id, Link: oidc.Digest(link), Code: p.resetCode(id, code),
		Browser: store.Digest(browserDigest(r)), Network: p.sealer.Derive(keys.ForResettingNetworks, []byte(authn.EndSite(r.Addr))),
		Name: p.sealer.Derive(keys.ForResettingNetworks, []byte("name "+typed)), Locale: language, ExpiresAt: now.Add(resetLife),
		Sealed: SealMail(p.sealer, "reset", map[string]string{"typed": typed, "reset": id, "Code": code, "Link": p.UIOrigin + "/link#" + link,
			"Minutes": fmt.Sprint(int(resetLife.Minutes()))})}, now)
	if err == nil {
		w.Reset, w.Username, w.Error = id, typed, failure{}
	}
	return err
}

// resetCode returns what is stored of a code: six digits are too few for a mere digest.
func (p *Provider) resetCode(id, code string) store.Digest {
	return p.sealer.Derive(keys.ForMailedCodes, []byte(id+" "+code))
}

// proveResetByCode goes on to the page that sets a password, for whoever typed the code of the mail.
func (p *Provider) proveResetByCode(ctx context.Context, r Request, w forgotPasswordPage, code string, now time.Time) Answer {
	token, proof := p.resetProof(r, now)
	code = strings.Map(withoutSpaces, code)
	username, left, err := p.as(ctx, "", "reset password by mail").
		ProveResetByCode(ctx, w.Reset, p.resetCode(w.Reset, code), proof, now)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && username == "" && left == 0:
		p.tell(ctx, oidc.PasswordResetRefused{Error: resetEnded})
		w.Reset = ""
		return p.backToForgotten(ctx, w, 303, resetEnded, 0)
	case err != nil:
		return p.failedForgotten(ctx, w, err)
	case username == "":
		p.tell(ctx, oidc.PasswordResetRefused{Error: resetWrongCode})
		return p.backToForgotten(ctx, w, 303, resetWrongCode, 0)
	}
	return p.setForgotten(ctx, w.pending, w.Wanted, username, token)
}

// resetProof returns the account link that whoever proves that they have the mail gets: its digest, and what store has of it.
func (p *Provider) resetProof(r Request, now time.Time) (token store.Digest, proof store.ResetProof) {
	token = oidc.Digest(randomSecret())
	return token, store.ResetProof{Browser: store.Digest(browserDigest(r)), Token: token, LinkExpires: now.Add(resetLife)}
}

// setForgotten leads to the page that sets a password.
func (p *Provider) setForgotten(ctx context.Context, to pending, wanted *newToken, username string, token store.Digest) Answer {
	p.tell(ctx, oidc.PasswordResetProven{Username: username})
	w := newPasswordPage{pending: pending{Request: to.Request, Browser: to.Browser, Client: to.Client}, User: &userView{Username: username},
		Link: token[:], Wanted: wanted}
	return redirect(p.address(&w))
}

// resetLinkPrefix tells the token of a mail from that of an account link.
const resetLinkPrefix = "reset-"

// resetElsewhere is the code of a link that is not good, or not at this browser: which of the two, nobody is told.
const resetElsewhere = "reset_elsewhere"

// proveResetByLink takes the token of the link in a mail, at the browser that asked for it and at no other, where it spends nothing:
// programs that look at mail open links, and press what they find there.
func (p *Provider) proveResetByLink(ctx context.Context, r Request, link string) Answer {
	now := p.now()
	if r.Cookies[BrowserCookie] == "" {
		return p.badLink(ctx, "", resetElsewhere)
	}
	token, proof := p.resetProof(r, now)
	username, err := p.as(ctx, "", "reset password by mail").ProveResetByLink(ctx, oidc.Digest(link), proof, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p.badLink(ctx, "", resetElsewhere)
	case err != nil:
		return p.failedPage(ctx, err, "")
	}
	return p.setForgotten(ctx, pending{Browser: browserDigest(r)}, nil, username, token)
}

func (p *Provider) backToForgotten(ctx context.Context, w forgotPasswordPage, status int, code string, wait time.Duration) Answer {
	w.Error = p.failureOf(ctx, code, wait)
	return Answer{Status: status, Location: p.address(&w), RetryAfter: wait, Error: code, UILocales: w.uiLocales()}
}

// failedForgotten keeps the form where another try may do.
func (p *Provider) failedForgotten(ctx context.Context, w forgotPasswordPage, err error) Answer {
	return p.keepForm(ctx, w.Client, err, func(status int, code string, wait time.Duration) Answer {
		return p.backToForgotten(ctx, w, status, code, wait)
	})
}
