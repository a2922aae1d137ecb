package provider

import "context"

// signedOutPage tells people that nobody is signed in any more.
type signedOutPage struct {
	pending   `json:"-"`
	UILocales []string `json:"l,omitempty"`
}

type signedOutView struct {
	common
	ReturnTo string `json:"return_to,omitempty"`
}

func (*signedOutPage) name() string { return "signed_out" }

func (w *signedOutPage) view(_ context.Context, _ *Provider, c common) (any, error) {
	c.UILocales = w.UILocales
	return signedOutView{common: c, ReturnTo: c.home()}, nil
}
