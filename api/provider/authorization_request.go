package provider

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"gatehouse/api/oidc"
)

// readAuthorize reads an authorization request, which comes in one of three ways: as parameters, as an object that the
// client signed (RFC 9101), by value or at an address that it registered, or pushed beforehand (RFC 9126). The refusals are
// those of oidc.ParseAuthorize.
func (p *Provider) readAuthorize(
	ctx context.Context, r Request, client *oidc.Client, now time.Time,
) (req oidc.AuthorizeRequest, untrusted, refusal *oidc.Error, err error) {
	params, bad := oidc.ParseParams(r.Params, []string{"request", "request_uri"})
	if sealed, pushed := strings.CutPrefix(params["request_uri"], oidc.RequestURIPrefix); pushed && client != nil {
		req, untrusted, refusal = p.openPushed(sealed, client, now)
		return req, untrusted, refusal, nil
	}
	values, refused := r.Params, oidc.RefuseParams(bad)
	switch {
	case client == nil || client.Disabled() || refused != nil:
	case client.RequirePushedAuthorizationRequests && r.Path != pathPAR:
		refused = &oidc.Error{Code: oidc.InvalidRequest, Description: "this client has to push its requests first (RFC 9126)"}
	default:
		values, refused, err = p.requestObject(ctx, r, client, params, now)
	}
	if err != nil {
		return req, nil, nil, err
	}
	req, untrusted, refusal = oidc.ParseAuthorize(values, client, p.Issuer, p.ResponseTypes, now)
	switch {
	case refused != nil && untrusted == nil:
		refusal = refused
	case refused != nil && !r.Params.Has("redirect_uri"): // it is in the object, so that is what is wrong
		untrusted = refused
	}
	if untrusted == nil && refusal == nil {
		refusal, err = p.readHint(&req)
	}
	return req, untrusted, refusal, err
}

// requestObject returns the parameters of a request with those of its signed object, if it has one (OpenID Connect Core §6,
// RFC 9101 §6).
func (p *Provider) requestObject(
	ctx context.Context, r Request, c *oidc.Client, params oidc.Params, now time.Time,
) (url.Values, *oidc.Error, error) {
	object, uri := params["request"], params["request_uri"]
	switch {
	case object != "" && uri != "":
		return r.Params, &oidc.Error{Code: oidc.InvalidRequest, Description: "request and request_uri exclude each other"}, nil
	case object == "" && uri == "" && c.RequireSignedRequestObject:
		return r.Params, &oidc.Error{Code: oidc.InvalidRequest, Description: "this client has to sign its requests (RFC 9101)"}, nil
	case object == "" && uri == "":
		return r.Params, nil, nil
	case uri != "":
		var refused *oidc.Error
		if object, refused = p.fetchRequestObject(ctx, r, c, uri); refused != nil {
			return r.Params, refused, nil
		}
	}
	typ, claims, err := p.verifyOf(ctx, c, object, c.SigningAlgsOf(c.RequestObjectSigningAlg))
	if err != nil || !oidc.IsRequestObjectType(typ) {
		refused := &oidc.Error{Code: oidc.InvalidRequestObject,
			Description: "the request object is not signed with a key of the client", Log: "typ " + clip(typ)}
		if err != nil {
			refused.Log = err.Error()
		}
		return r.Params, refused, nil
	}
	values, refused := oidc.RequestObjectParams(claims, r.Params, c, p.Issuer, now)
	if refused != nil {
		return r.Params, refused, nil
	}
	return values, nil, nil
}

const maxRequestObject = 16 << 10 // bytes

// fetchRequestObject gets a request object from where the client registered it (OpenID Connect Core §6.2).
func (p *Provider) fetchRequestObject(
	ctx context.Context, r Request, c *oidc.Client, uri string,
) (object string, refused *oidc.Error) {
	if !c.HasRequestURI(uri) {
		return "", &oidc.Error{Code: oidc.InvalidRequestURI, Description: "request_uri is not registered for this client",
			Page: oidc.RequestURIUnregistered}
	}
	target := "client " + c.ClientID
	if c.Registration != "" { // it registered itself, as often as it liked
		target = namedByStrangers
	}
	where, _, _ := strings.Cut(uri, "#")
	body, _, err := p.fetchForAnybody(ctx, r, target, where, maxRequestObject)
	switch {
	case errors.Is(err, errTooManyFetches):
		return "", &oidc.Error{Code: oidc.TemporarilyUnavailable, Description: "too many requests at once", Log: err.Error()}
	case err != nil:
		return "", &oidc.Error{Code: oidc.InvalidRequestURI, Description: "request_uri does not answer with a request object",
			Log: err.Error()}
	}
	return strings.TrimSpace(string(body)), nil
}
