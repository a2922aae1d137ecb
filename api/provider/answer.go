package provider

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Cookie is one to set; MaxAge 0 keeps it until the browser closes, a negative one deletes it.
type Cookie struct {
	Name   CookieName
	Value  string
	MaxAge time.Duration
}

// Answer is an outcome that web turns into a response: exactly one of JSON, Raw, Location, FormPost, CheckSession and none
// of them. A Location with a status that is none of a redirect is a small page that leads there, such as to what explains
// an error.
type Answer struct {
	Status     int
	JSON       any
	Raw        []byte // what is ready
	Location   string
	Frames     []string      // addresses that a page which leads to Location loads first, unseen
	Script     *ScriptAnswer // instead, for a client that asks for JSON and is no browser
	FormPost   *FormPost
	Cookies    []Cookie
	Type       string        // of Raw; "" for JSON
	Download   string        // the name of the file that Raw is; "" for none
	Challenge  string        // WWW-Authenticate
	DPoPNonce  string        // for the next proof (RFC 9449 §8)
	RetryAfter time.Duration // 0: none
	Public     time.Duration // how long anyone may keep it; 0: no-store
	ETag       string        // of Raw, where it is asked for again and again

	CheckSession bool // the page at check_session_iframe

	Error     string   // the code of what went wrong, for the page that leads to Location
	UILocales []string // that the page is wanted in, the preferred one first
}

// ScriptAnswer is what such a client gets in place of a Location, with the same headers.
type ScriptAnswer struct {
	Status int
	JSON   any
}

// FormPost sends the browser to a relying party with a form (OAuth 2.0 Form Post Response Mode).
type FormPost struct {
	Action string
	Fields [][2]string
}

func redirect(to string, cookies ...Cookie) Answer {
	return Answer{Status: 303, Location: to, Cookies: cookies}
}

// oauthErrorBody is RFC 6749 §5.2.
type oauthErrorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// refuse answers a relying party's own request with a protocol error; clientID is "" where the client is not known.
func (p *Provider) refuse(ctx context.Context, endpoint, clientID string, e *oidc.Error) Answer {
	if e.Code != oidc.UseDPoPNonce { // the ordinary first step of each client that uses DPoP (RFC 9449 §8)
		p.tell(ctx, oidc.RequestRefused{Endpoint: endpoint, ClientID: clientID, Error: e.Code, Why: cmp.Or(e.Log, e.Description),
			Claimed: e.Claimed, Refused: e.Refused})
	}
	a := Answer{Status: 400, JSON: oauthErrorBody{e.Code, e.Description}}
	if e.Code == oidc.InvalidClient {
		a.Status, a.Challenge = 401, `Basic realm="`+p.Issuer+`"`
	}
	return a
}

// retryAfter is what we ask of clients while Postgres is away or the password queue is full.
const retryAfter = 5 * time.Second

// failed answers a relying party's own request when a step could not be done.
func (p *Provider) failed(ctx context.Context, err error) Answer {
	code, status, wait := p.classify(ctx, err)
	return Answer{Status: status, RetryAfter: wait, JSON: oauthErrorBody{code, "request " + requestOf(ctx).id}}
}

// failedPage is failed for a person at a browser; tryAgain is where the same step can be tried again, "" for nowhere.
func (p *Provider) failedPage(ctx context.Context, err error, tryAgain string) Answer {
	code, status, wait := p.classify(ctx, err)
	a := p.showError(ctx, status, errorPage{Error: failure{Code: code}, TryAgain: tryAgain})
	a.RetryAfter = wait
	return a
}

// keepForm answers where the step of a form failed: at the form, by back, where another try may do, else with the error page.
func (p *Provider) keepForm(
	ctx context.Context, client *clientView, err error, back func(status int, code string, wait time.Duration) Answer,
) Answer {
	code, status, wait := p.classify(ctx, err)
	if status != 503 {
		return p.errorPage(ctx, status, code, client)
	}
	return back(status, code, wait)
}

func (p *Provider) classify(ctx context.Context, err error) (code string, status int, wait time.Duration) {
	var away store.Unavailable
	if errors.Is(err, errTooManyFetches) ||
		errors.Is(err, store.ErrManyRegistrations) || errors.Is(err, store.ErrManyRegistrationsHere) {
		p.tell(ctx, oidc.ServerBusy{Error: err.Error()})
		return oidc.TemporarilyUnavailable, 503, retryAfter
	}
	if errors.As(err, &away) || errors.Is(err, errNoKeys) || errors.Is(err, context.DeadlineExceeded) {
		p.tell(ctx, oidc.ServerUnavailable{Error: err.Error()})
		return oidc.TemporarilyUnavailable, 503, retryAfter
	}
	p.tell(ctx, oidc.ServerFailed{Error: err.Error()})
	return oidc.ServerError, 500, 0
}

// Malformed refuses a request that could not be read; r has no parameters then.
func (p *Provider) Malformed(ctx context.Context, person bool, status int, why string) Answer {
	if person {
		p.tell(ctx, oidc.RequestUnreadable{Why: why})
		return p.errorPage(ctx, status, pageInvalidRequest, nil)
	}
	a := p.refuse(ctx, "request", "", &oidc.Error{Code: oidc.InvalidRequest, Description: why})
	a.Status = status
	return a
}
