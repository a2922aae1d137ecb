package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Explain is a user, and a client that they would sign in to.
type Explain struct {
	Username string `json:"username" arg:""`
	ClientID string `json:"client_id" arg:""`

	Resources []string `json:"resources,omitempty" name:"resource" sep:"none" placeholder:"ID" help:"A service that the client names."`
}

// Explained is what would happen, in order.
type Explained struct {
	Steps []ExplainedStep `json:"steps"`
}

// ExplainedStep is one thing that would happen, and the row that decides it.
type ExplainedStep struct {
	What string `json:"what"`
	Row  string `json:"row,omitempty"` // "" where it is no row that decides
}

// Explain returns what would happen if a user signed in to a client now. The rule of the sign-in itself is asked, as often as there
// is a step that it does not let the person pass.
func (a *Admin) Explain(ctx context.Context, in Explain) (Explained, error) {
	e, err := a.explanationOf(ctx, in)
	return Explained{e.steps}, err
}

func (a *Admin) explanationOf(ctx context.Context, in Explain) (explanation, error) {
	client, err := a.store.Client(ctx, in.ClientID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return explanation{}, Missing{Kind: "client", Name: in.ClientID}
	case err != nil:
		return explanation{}, err
	}
	who, err := a.store.LoadCandidate(ctx, in.Username, client, []int32{}, time.Now())
	switch {
	case err != nil:
		return explanation{}, err
	case who.User == nil:
		return explanation{}, Missing{Kind: "user", Name: in.Username}
	}
	accounts, err := a.store.ListLinkedAccounts(ctx, in.Username)
	if err != nil {
		return explanation{}, err
	}
	e := explanation{client: client, who: who, accounts: accounts, named: in.Resources, now: time.Now()}
	e.run()
	return e, nil
}

type explanation struct {
	client   *oidc.Client
	who      store.Candidate
	accounts []store.LinkedAccount
	named    []string // resources of the request
	now      time.Time

	standing oidc.Standing
	steps    []ExplainedStep
	letIn    bool
}

func (e *explanation) say(row, format string, args ...any) {
	e.steps = append(e.steps, ExplainedStep{fmt.Sprintf(format, args...), row})
}

func (e *explanation) run() {
	c, u := e.client, e.who.User
	switch {
	case c.Disabled():
		e.say("clients.disabled_at of "+c.ClientID, "refused: the application is disabled")
		return
	case e.who.WhyNot == store.UserExpired:
		e.say("users.expires_at of "+u.Username, "refused: the account ended at %s", u.ExpiresAt.UTC().Format(time.RFC3339))
		return
	case e.who.WhyNot != "":
		e.say("users.disabled_at of "+u.Username, "refused: the person is disabled")
		return
	case !e.signsIn():
		return
	}
	s := &e.standing
	s.User, s.Allowed, s.Enrolled, s.Consented = u, e.who.Allowed, e.who.Enrolled, e.who.Consented
	s.Session.AuthTime = e.now
	r := oidc.AuthorizeRequest{ClientID: c.ClientID, Scope: "openid", ResponseType: oidc.ResponseCode, At: e.now}
	if len(c.RedirectURIs) > 0 {
		r.RedirectURI = c.RedirectURIs[0]
	}
	var refusal *oidc.Error
	if r.Resources, refusal = c.ReadResources(e.named, ""); refusal != nil {
		e.say("", "refused with %s: %s", refusal.Code, refusal.Log)
		return
	}
	consented := false
	for range 10 + len(c.Policy.Terms) { // no step comes twice
		step, refusal := r.Decide(c, *s, consented, e.now)
		if refusal != nil {
			e.refused(r, refusal)
			return
		}
		switch step {
		case oidc.AskFactor:
			ways, _ := r.Ways(c, *s, e.now)
			e.say(e.asks(r), "asked for one more factor: %s", either(ways))
			s.Session.AMR = append(s.Session.AMR, amrOf(ways[0], s.Enrolled)...)
		case oidc.AskNewPassword:
			e.say("users.must_change_password of "+u.Username, "asked for a new password")
			u.MustChangePassword = false
		case oidc.AddFactor:
			ways := r.Addable(c, *s, e.now)
			e.say(e.asks(r), "has to set up a factor first: %s", either(ways))
			s.Session.AMR = append(s.Session.AMR, amrOf(ways[0], s.Enrolled)...)
		case oidc.AskTerms:
			terms := r.Unaccepted(c, *s, e.now)
			e.say("terms, "+terms.Name+" "+terms.Version, "asked to accept terms")
			u.Accepted = u.Accepted.With(terms.ID, e.now)
		case oidc.AskConsent:
			e.say("clients.first_party of "+c.ClientID+", consents", "asked to allow what the application asks for")
			consented = true
		case oidc.SayRefused:
			refusal, _ = r.NotAdmitted(c, *s)
			e.refused(r, refusal)
			return
		case oidc.IssueCode:
			e.say("", "let in, with acr %q", c.Policy.ACR(s.Session.AMR, nil))
			e.letIn = true
			e.leftOut(r)
			return
		default:
			e.say("", "what follows then is not known to this command (step %d)", step)
			return
		}
	}
}

// signsIn says how the person can, and begins with the first of it; it reports whether there is a way.
func (e *explanation) signsIn() bool {
	var ways []string
	session := oidc.Session{}
	add := func(way string, amr []string) {
		if ways = append(ways, way); len(ways) == 1 {
			session.AMR = amr
		}
	}
	if e.who.PasswordHash != "" {
		add("a password", []string{oidc.AMRPassword})
	}
	if e.who.Enrolled.Passkey {
		add("a passkey", oidc.PasskeyAMR(e.who.Enrolled.HardwareKey))
	}
	for _, account := range e.accounts {
		add("an account at "+account.Upstream, []string{})
	}
	if ways == nil {
		e.say("users.password of "+e.who.User.Username, "cannot sign in: there is no password, no passkey and no account at an upstream; "+
			"gatehouse user link %s prints an address to set one", e.who.User.Username)
		return false
	}
	e.standing.Session = &session
	e.say("", "signs in with %s", strings.Join(ways, " or "))
	return true
}

// asks names the rows that ask for more than what is proven by now.
func (e *explanation) asks(r oidc.AuthorizeRequest) string {
	var rows []string
	for _, d := range r.Unmet(e.client, e.standing, e.now) {
		rows = append(rows, map[string]string{
			oidc.ByPerson: "what " + e.who.User.Username + " has set up: gatehouse user factors " + e.who.User.Username,
			oidc.ByGroup:  "groups.mfa of " + d.Name,
			oidc.ByClient: "clients.min_acr of " + e.client.ClientID + ": " + e.client.MinACR,

			oidc.ByResource: "resources.min_acr of " + d.Name,
		}[d.By])
	}
	return strings.Join(rows, ", ")
}

func (e *explanation) refused(r oidc.AuthorizeRequest, refusal *oidc.Error) {
	row := ""
	_, service := r.NotAdmitted(e.client, e.standing)
	switch {
	case refusal.Code == oidc.AccessDenied && service != "":
		row = "resources.allowed_groups of " + service
	case refusal.Code == oidc.AccessDenied:
		row = "clients.allowed_groups of " + e.client.ClientID + ": " + strings.Join(e.client.AllowedGroups, ", ")
	case refusal.Code == oidc.UnmetAuthenticationRequirements:
		row = e.asks(r)
	case refusal.Code == oidc.UnauthorizedClient:
		row = "clients.grant_types and response_types of " + e.client.ClientID
	}
	e.say(row, "refused with %s: %s", refusal.Code, refusal.Description)
}

// leftOut says which services of the client's row there is no token for, as the person is in none of their groups.
func (e *explanation) leftOut(r oidc.AuthorizeRequest) {
	for _, service := range r.Services(e.client) {
		if refusal := e.client.RefuseService(service, e.standing.User, e.standing.Session.AMR); refusal != nil {
			e.say("resources.allowed_groups of "+service, "the access token is not for this service")
		}
	}
}

func either(ways []oidc.Way) string {
	words := map[oidc.Way]string{oidc.ByPasskey: "a passkey", oidc.ByTOTP: "a one-time code", oidc.ByRecoveryCode: "a recovery code"}
	var list []string
	for _, w := range ways {
		list = append(list, words[w])
	}
	return strings.Join(list, " or ")
}

func amrOf(w oidc.Way, enrolled oidc.Enrolled) []string {
	if w == oidc.ByPasskey {
		return slices.Clone(oidc.PasskeyAMR(enrolled.HardwareKey))
	}
	return []string{oidc.AMROneTimeCode}
}
