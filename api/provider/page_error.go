package provider

import "context"

// The codes of the error page that are no protocol's; the UI has words for each.
const (
	pageUnknownClient     = "unknown_client"
	pageInvalidRequest    = "invalid_request"
	pageInvalidRequestURI = "invalid_request_uri"
	pageExpired           = "request_expired"
	pageAltered           = "request_altered"
	pageForeignBrowser    = "request_from_another_browser"
	pageOriginRefused     = "origin_refused"
)

// errorPage tells people what went wrong, and leads back to the application or to another try.
type errorPage struct {
	pending  `json:"-"`
	Error    failure `json:"f"`
	TryAgain string  `json:"ta,omitempty"`
}

type errorView struct {
	common
	Error    *failureView `json:"error"`
	ReturnTo string       `json:"return_to,omitempty"`
	TryAgain string       `json:"try_again,omitempty"`
}

func (*errorPage) name() string { return "error" }

func (w *errorPage) view(_ context.Context, _ *Provider, c common) (any, error) {
	e := c.failed(w.Error)
	return errorView{common: c, Error: e, ReturnTo: c.home(), TryAgain: w.TryAgain}, nil
}

// home returns the address of the application, for a page with nothing to do but to go back there; "" for none.
func (c common) home() string {
	if c.Client == nil {
		return ""
	}
	return c.Client.URI
}

// errorPage answers with the true status and leads a person to the UI's page for it.
func (p *Provider) errorPage(ctx context.Context, status int, code string, c *clientView) Answer {
	return p.showError(ctx, status, errorPage{pending: pending{Client: c}, Error: failure{Code: code}})
}

func (p *Provider) showError(ctx context.Context, status int, w errorPage) Answer {
	w.Error.RequestID = requestOf(ctx).id
	return Answer{Status: status, Location: p.address(&w), Error: w.Error.Code,
		Script: &ScriptAnswer{status, oauthErrorBody{w.Error.Code, "request " + w.Error.RequestID}}}
}
