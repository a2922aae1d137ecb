package oidc

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AuthorizeParams are the parameters of an authorization request that are text and may come once. claims and resource are read
// separately; all others are ignored.
var AuthorizeParams = []string{"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce",
	"prompt", "max_age", "id_token_hint", "login_hint", "kc_idp_hint", "idp_hint", "ui_locales", "code_challenge", "code_challenge_method",
	"acr_values", "dpop_jkt", "registration"}

// AuthorizeRequest is a request of the authorization endpoint that has passed its checks (OpenID Connect Core §3.1.2.1).
// It travels sealed through the login page, hence the short names.
type AuthorizeRequest struct {
	ClientID      string        `json:"c"`
	RedirectURI   string        `json:"r"`
	ResponseType  ResponseType  `json:"ty,omitempty"`
	ResponseMode  string        `json:"m,omitempty"`
	Scope         string        `json:"s,omitempty"`
	State         string        `json:"st,omitempty"`
	Nonce         string        `json:"n,omitempty"`
	Prompt        []string      `json:"p,omitempty"`
	MaxAge        *int          `json:"a,omitempty"`  // seconds
	IDTokenHint   string        `json:"-"`            // as it came, unverified
	HintSub       string        `json:"hs,omitempty"` // who has to sign in, from a verified id_token_hint; "" for anybody
	LoginHint     string        `json:"h,omitempty"`
	IDPHint       string        `json:"ih,omitempty"` // an upstream to sign in with
	UILocales     []string      `json:"l,omitempty"`
	CodeChallenge string        `json:"cc,omitempty"`
	Claims        ClaimsRequest `json:"cl,omitzero"`
	Resources     []string      `json:"rs,omitempty"` // the requested audience of the access token; nil for all of the client's
	DPoPJKT       string        `json:"jk,omitempty"` // the key that the code is bound to (RFC 9449 §10)
	PushedID      string        `json:"pu,omitempty"` // of a pushed request, which can be answered once (RFC 9126 §4)
	ACRValues     []string      `json:"av,omitempty"` // classes that are wished for, the first most (RFC 9470 §4)
	EssentialACR  []string      `json:"ea,omitempty"` // classes one of which has to be reached; nil for any (§5.5.1.1)
	At            time.Time     `json:"t"`            // when the request was first made

	CanMakePasskey bool   `json:"op,omitempty"` // the browser of a sign-in has said so, and its person was not asked yet
	Chosen         string `json:"ch,omitempty"` // the session to go on with, which the person chose (prompt=select_account)

	// At most one of these is set; then there is no redirect URI.
	UserCode string `json:"uc,omitempty"` // the request of a device (RFC 8628), which has no browser
	Account  bool   `json:"ac,omitempty"` // the user opens the account page; there is no client

	// What is to be done once it opens, after a sign-in of LoginHint: the upstream of an account.
	Links   string `json:"li,omitempty"`
	Unlinks string `json:"ul,omitempty"`

	Invitation []byte `json:"iv,omitempty"` // digest of the token of one to accept
	EndsAt     string `json:"en,omitempty"` // the client to go on to, in place of the account page

	Adds Way `json:"ad,omitempty"` // the factor that the person has chosen to set up, once they may
}

// A check is one rule for a request whose client and redirect URI are already trusted; it returns nil for a request that passes.
type check func(p Params, c *Client) *Error

// checks run in this order; the first refusal is the answer.
var checks = []check{checkResponseMode, checkRegistration, checkOpenID, checkPKCE, checkPrompt, checkMaxAge, checkDPoPKey,
	checkLengths}

// ParseAuthorize reads the parameters of an authorization request, wherever they came from.
//
// untrusted is a refusal that must not be sent to the redirect URI (RFC 6749 §4.1.2.1): it is shown to the user. refusal is one
// that is sent to the relying party; req then has what that takes. client is nil if it is not registered; allowed are the
// response types of this deployment.
func ParseAuthorize(raw url.Values, client *Client, issuer string, allowed []ResponseType, now time.Time) (
	req AuthorizeRequest, untrusted, refusal *Error) {
	p, bad := ParseParams(raw, AuthorizeParams)
	for _, name := range []string{"client_id", "redirect_uri"} {
		if slices.Contains(bad, name) {
			return req, refuse(InvalidRequest, name+" is repeated or not text"), nil
		}
	}
	if client == nil || client.Disabled() {
		return req, &Error{Code: InvalidClient, Description: "unknown client", Log: "client_id " + strconv.Quote(clip(p["client_id"])) +
			" is not registered or disabled; to see what is: gatehouse client list"}, nil
	}
	if p["redirect_uri"] == "" { // required, whatever is registered (OpenID Connect Core §3.1.2.1)
		return req, &Error{Code: InvalidRequest, Description: "redirect_uri is missing", Page: RedirectURIMissing}, nil
	}
	if !client.HasRedirectURI(p["redirect_uri"]) {
		return req, &Error{Code: InvalidRequest, Description: "redirect_uri is not registered", Page: RedirectURIUnregistered,
			Log:     client.ExplainRedirectURI(p["redirect_uri"]),
			Refused: refusedURI("redirect_uri", p["redirect_uri"], client.RedirectURIs)}, nil
	}
	responseType := ParseResponseType(p["response_type"])
	services, noResource := client.ReadResources(raw["resource"], issuer)
	granted := grantableScope(p["scope"], client, services...)
	req = AuthorizeRequest{
		ClientID: client.ClientID, RedirectURI: p["redirect_uri"], State: stateOf(raw), Nonce: p["nonce"],
		ResponseType: responseType, ResponseMode: responseType.defaultMode(),
		Scope: granted, Prompt: strings.Fields(p["prompt"]),
		IDTokenHint: p["id_token_hint"], LoginHint: p["login_hint"], IDPHint: idpHint(p),
		UILocales: LanguageTags(p["ui_locales"]), MaxAge: client.DefaultMaxAge, At: now,
	}
	if responseType.Code() {
		req.CodeChallenge, req.DPoPJKT = p["code_challenge"], p["dpop_jkt"]
	} else {
		req.Scope = withoutScope(req.Scope, OfflineAccess) // OpenID Connect Core §11: only a code gets a refresh token
	}
	if responseType.mayUse(p["response_mode"]) {
		req.ResponseMode = p["response_mode"]
	}
	if seconds, err := strconv.Atoi(p["max_age"]); err == nil {
		req.MaxAge = &seconds
	}
	if e := RefuseParams(bad); e != nil {
		return req, nil, e
	}
	if e := checkResponseType(p["response_type"], allowed, client); e != nil {
		return req, nil, e
	}
	for _, check := range checks {
		if e := check(p, client); e != nil {
			return req, nil, e
		}
	}
	asked, e := parseClaims(raw["claims"], client)
	if e == nil {
		req.Claims, e = asked.ClaimsRequest, client.Policy.checkACR(asked.essential)
	}
	if e == nil {
		req.EssentialACR, req.ACRValues = asked.essential, client.Policy.known(append(strings.Fields(p["acr_values"]), asked.voluntary...))
	}
	if e == nil {
		req.HintSub, e = asked.subject()
	}
	if e == nil {
		req.Resources, e = grantedResources(services, issuer, req.Scope), noResource
	}
	if e == nil {
		e = checkScope(p["scope"], granted, client)
	}
	return req, nil, e
}

// checkRegistration refuses the registration parameter (OpenID Connect Core §3.1.2.6).
func checkRegistration(p Params, _ *Client) *Error {
	if p["registration"] != "" {
		return refuse(RegistrationNotSupported, "registration is not supported")
	}
	return nil
}

// checkDPoPKey checks the syntax of dpop_jkt (RFC 9449 §10).
func checkDPoPKey(p Params, _ *Client) *Error {
	if jkt := p["dpop_jkt"]; jkt != "" && !jktSyntax.MatchString(jkt) {
		return refuse(InvalidRequest, "dpop_jkt must be 43 characters of base64url")
	}
	return nil
}

// checkPKCE requires S256 (RFC 7636 §4.4.1) unless the client's row exempts it (RFC 9700 §2.1.1) or no code is requested.
func checkPKCE(p Params, c *Client) *Error {
	challenge, method := p["code_challenge"], p["code_challenge_method"]
	switch {
	case !ParseResponseType(p["response_type"]).Code():
		return nil
	case challenge == "" && method == "" && !c.RequirePKCE:
		return nil
	case challenge == "":
		return c.refusePKCE()
	}
	return checkChallenge(challenge, method)
}

func (c *Client) refusePKCE() *Error {
	e := refuse(InvalidRequest, "code_challenge is required (PKCE with S256)")
	if !c.Public() && c.SecurityProfile != FAPI2 {
		e.Log = e.Description + "; for an application that keeps a secret and cannot do it: " + c.sqlSet("require_pkce", "false")
	}
	return e
}

// Prompts are the values of prompt (OpenID Connect Core §3.1.2.1).
var Prompts = []string{"none", "login", "consent", "select_account"}

func checkPrompt(p Params, _ *Client) *Error {
	words := strings.Fields(p["prompt"])
	for _, w := range words {
		if !slices.Contains(Prompts, w) {
			return refuse(InvalidRequest, "prompt is not one of "+strings.Join(Prompts, ", "))
		}
	}
	if len(words) > 1 && slices.Contains(words, "none") {
		return refuse(InvalidRequest, "prompt=none stands alone")
	}
	return nil
}

func checkMaxAge(p Params, _ *Client) *Error {
	if p["max_age"] == "" {
		return nil
	}
	if n, err := strconv.Atoi(p["max_age"]); err != nil || n < 0 || n > 1<<31 {
		return refuse(InvalidRequest, "max_age must be a number of seconds")
	}
	return nil
}

// checkScope refuses a request of which nothing is granted (RFC 6749 §3.3).
func checkScope(asked, granted string, c *Client) *Error {
	if asked != "" && granted == "" {
		return &Error{Code: InvalidScope, Description: "none of the scopes is known and registered for this client",
			Refused: refusedScope(asked, c)}
	}
	return nil
}

func checkLengths(p Params, _ *Client) *Error {
	for name, limit := range map[string]int{"nonce": 1024, "scope": 2048, "login_hint": 254, "ui_locales": 200} {
		if len(p[name]) > limit {
			return refuse(InvalidRequest, name+" is too long")
		}
	}
	if !isShortEnough(p["state"]) {
		return refuse(InvalidRequest, "state is too long")
	}
	return nil
}

// MaxQuery is how long a query may be, in bytes. State may take it up: some applications keep where the person wanted to go in it.
const MaxQuery = 16 << 10

// isShortEnough reports whether a state can be in a query as it is written there.
func isShortEnough(state string) bool {
	return len(state) <= MaxQuery/3 || len(url.QueryEscape(state)) <= MaxQuery
}

// stateOf returns the state that an answer has, also one that refuses it: a value that is text or not, if there is but one and it can be
// sent back (RFC 6749 §4.1.2.1: "the exact value received from the client").
func stateOf(raw url.Values) string {
	values := slices.Compact(slices.Clone(raw["state"]))
	if len(values) != 1 || !isShortEnough(values[0]) {
		return ""
	}
	return values[0]
}

// idpHint returns the upstream that the request names, in the parameter of Keycloak or of others; "" for none, or for what cannot
// be a name.
func idpHint(p Params) string {
	for _, name := range []string{"kc_idp_hint", "idp_hint"} {
		if hint := p[name]; hint != "" && len(hint) <= 32 {
			return hint
		}
	}
	return ""
}

// Step is what has to happen next to an authorization request.
type Step int

// The steps, in the order in which they can follow each other.
const (
	SignIn         Step = iota
	ChooseAccount       // to go on with: that of who is signed in, or another (prompt=select_account)
	AskFactor           // another one, of those that the person has set up
	AddFactor           // which they have to have, and have not
	AskNewPassword      // in place of one that an administrator set
	SayRefused          // to the person: the client, or a service that it names, is not open to them
	AskTerms            // that the person has not accepted
	AskConsent
	IssueCode   // or whatever response_type names
	AllowDevice // which polls for its tokens (RFC 8628 §3.3)
	OpenAccount
	OfferPasskey // before a code or a device, after a sign-in with a password
)

// FreshSignIn is how long ago a person may have signed in to change what they sign in with, or to make what outlives a session.
const FreshSignIn = 15 * time.Minute

// Consent is what a person has allowed a client; a nil list is nothing yet.
type Consent struct{ Scopes, Resources []string }

// Standing is what is known about the user at the browser and this client.
type Standing struct {
	Session   *Session // nil: nobody is signed in
	User      *User
	Subject   string // their sub at the client
	Enrolled  Enrolled
	Consented Consent // allowed earlier
	Allowed   bool    // a member of one of the client's allowed groups, or there are none
}

// Decide returns what comes next. consented is true right after the user pressed the button on the consent page.
func (r AuthorizeRequest) Decide(c *Client, s Standing, consented bool, now time.Time) (Step, *Error) {
	none := slices.Contains(r.Prompt, "none")
	var notAdmitted *Error
	if s.Session != nil {
		notAdmitted, _ = r.NotAdmitted(c, s)
	}
	switch {
	case s.Session == nil || r.mustSignInAgain(s.Session, now) || r.HintSub != "" && r.HintSub != s.Subject:
		switch {
		case none:
			return 0, refuse(LoginRequired, "the person is not signed in, or must sign in again")
		case s.Session != nil && !s.Session.AuthTime.Before(r.At): // right now (OpenID Connect Core §3.1.2.1, id_token_hint)
			return 0, refuse(LoginRequired, "another person signed in than the one of id_token_hint")
		}
		return SignIn, nil
	case r.mustChoose(s.Session) && r.IDPHint != "": // there
		return SignIn, nil
	case r.mustChoose(s.Session):
		return ChooseAccount, nil
	case r.asksFactor(c, s, none, now):
		if none {
			return 0, refuse(LoginRequired, "the person has to prove another factor")
		}
		return AskFactor, nil
	case s.User.MustChangePassword && slices.Contains(s.Session.AMR, AMRPassword):
		switch {
		case none:
			return 0, refuse(InteractionRequired, "the person has to change the password")
		case now.Sub(s.Session.AuthTime) > FreshSignIn: // somebody else may sit there by now
			return SignIn, nil
		}
		return AskNewPassword, nil
	case !c.mayAsk(r.ResponseType): // since the request was made
		return 0, refuse(UnauthorizedClient, notRegisteredForType)
	case notAdmitted != nil && none:
		return 0, notAdmitted
	case notAdmitted != nil:
		return SayRefused, nil
	case len(r.Unmet(c, s, now)) > 0:
		return r.addFactor(c, s, none, now)
	case r.Unaccepted(c, s, now) != nil:
		if none {
			return 0, refuse(InteractionRequired, "the person has to accept terms first")
		}
		return AskTerms, nil
	case !consented && r.needsConsent(c, s):
		if none {
			return 0, refuse(ConsentRequired, "the person has not yet allowed what the application asks for")
		}
		return AskConsent, nil
	case r.Account:
		return OpenAccount, nil
	case r.offersPasskey(s, now):
		return OfferPasskey, nil
	case r.UserCode != "":
		return AllowDevice, nil
	}
	return IssueCode, nil
}

// asksFactor reports whether one is asked for that the person has set up. What is but wished for is not where nobody can be asked.
func (r AuthorizeRequest) asksFactor(c *Client, s Standing, none bool, now time.Time) bool {
	ways, wished := r.Ways(c, s, now)
	return ways != nil && !(wished && none)
}

// addFactor decides what follows where a factor has to be there and is not. It is set up from a fresh sign-in alone: somebody else
// may sit at an older one by now, or have found it.
func (r AuthorizeRequest) addFactor(c *Client, s Standing, none bool, now time.Time) (Step, *Error) {
	switch {
	case r.Addable(c, s, now) == nil:
		e := refuse(UnmetAuthenticationRequirements, "the person cannot sign in as is required here")
		e.Log = "user " + s.User.Username + " cannot reach what " + r.Unmet(c, s, now)[0].By + " asks for: see gatehouse explain"
		return 0, e
	case none:
		return 0, refuse(InteractionRequired, "the person has to set up another factor")
	case s.Session.AuthTime.Before(r.At) && now.Sub(s.Session.AuthTime) > FreshSignIn:
		return SignIn, nil
	}
	return AddFactor, nil
}

// PasskeyOffered is how long somebody who said "later" is not asked again whether they want a passkey.
const PasskeyOffered = 30 * 24 * time.Hour

// offersPasskey reports whether the person may want one: they have just typed a password where the browser can make one, and have none.
func (r AuthorizeRequest) offersPasskey(s Standing, now time.Time) bool {
	return r.CanMakePasskey && !s.Enrolled.Passkey && slices.Contains(s.Session.AMR, AMRPassword) && !slices.Contains(r.Prompt, "none") &&
		now.Sub(s.Session.AuthTime) <= FreshSignIn && (s.User.PasskeyLaterAt == nil || now.Sub(*s.User.PasskeyLaterAt) > PasskeyOffered)
}

// mustSignInAgain: prompt=login and max_age are satisfied by a sign-in after the request was made.
func (r AuthorizeRequest) mustSignInAgain(s *Session, now time.Time) bool {
	if !s.AuthTime.Before(r.At) {
		return false
	}
	if slices.Contains(r.Prompt, "login") {
		return true
	}
	return r.MaxAge != nil && now.Sub(s.AuthTime) > time.Duration(*r.MaxAge)*time.Second
}

func (r AuthorizeRequest) needsConsent(c *Client, s Standing) bool {
	if slices.Contains(r.Prompt, "consent") || r.UserCode != "" { // a device is always confirmed (RFC 8628 §5.4)
		return true
	}
	if c.FirstParty {
		return false
	}
	if AnyProgramReceives(r.RedirectURI) { // what was allowed one program would be a silent code for the others (RFC 8252 §8.6)
		return true
	}
	isNew := func(allowed []string) func(string) bool {
		return func(one string) bool { return !slices.Contains(allowed, one) }
	}
	return slices.ContainsFunc(r.AsksFor(), isNew(s.Consented.Scopes)) || slices.ContainsFunc(r.Services(c), isNew(s.Consented.Resources)) ||
		r.Scope == "" && s.Consented.Scopes == nil
}
