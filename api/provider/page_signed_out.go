package provider

import "context"

// signedOutPage tells people that nobody is signed in any more.
type signedOutPage struct {
	pending   `json:"-"`
	Flaw      failure  `json:"f"` // of the request to sign out
	UILocales []string `json:"l,omitempty"`
}

type signedOutView struct {
	common
	Error    *failureView `json:"error,omitempty"`
	ReturnTo string       `json:"return_to,omitempty"`
}

func (*signedOutPage) name() string { return "signed_out" }

func (w *signedOutPage) view(_ context.Context, _ *Provider, c common) (any, error) {
	c.UILocales = w.UILocales
	e := c.failed(w.Flaw)
	return signedOutView{common: c, Error: e, ReturnTo: c.home()}, nil
}
