package provider

import (
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// pushedRemembered is how long it is remembered that a pushed request has had its answer, beside the time that a sign-in
// and a consent may take: longer than any that is under way.
const pushedRemembered = 24 * time.Hour

// pushed is a request that a client has pushed. It travels sealed in request_uri, so that nothing of it is stored.
type pushed struct {
	Request oidc.AuthorizeRequest `json:"r"`
	Expires int64                 `json:"x"`
}

var pushedBox = keys.Box[pushed]{Purpose: keys.ForPushedRequests}

// sealPushed returns the request_uri of a request.
func (p *Provider) sealPushed(req oidc.AuthorizeRequest, now time.Time) string {
	req.PushedID = newID()
	return oidc.RequestURIPrefix +
		pushedBox.Seal(p.sealer, pushed{req, now.Add(oidc.RequestURILife).Unix()}, nil)
}

// openPushed returns the request that was pushed. Whether it was answered before is checked when it is, in the same statement.
func (p *Provider) openPushed(
	sealed string, c *oidc.Client, now time.Time,
) (req oidc.AuthorizeRequest, untrusted, refusal *oidc.Error) {
	bad := func(why, page string) *oidc.Error {
		return &oidc.Error{Code: oidc.InvalidRequestURI, Description: "request_uri " + why, Page: page}
	}
	w, err := pushedBox.Open(p.sealer, sealed, nil)
	switch {
	case err != nil:
		return req, bad("is none of ours, or was altered", pageAltered), nil
	case w.Request.ClientID != c.ClientID: // RFC 9126 §4
		return req, bad("was pushed by another client", oidc.RequestURIOfAnother), nil
	case c.Disabled():
		return req, &oidc.Error{Code: oidc.InvalidClient, Description: "the client is disabled"}, nil
	case !c.HasRedirectURI(w.Request.RedirectURI):
		return req, bad("has a redirect_uri that is no longer registered", oidc.RedirectURIUnregistered), nil
	case now.Unix() >= w.Expires:
		return w.Request, nil, bad("has expired", "")
	}
	w.Request.At = now
	return w.Request, nil, nil
}
