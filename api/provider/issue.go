package provider

import (
	"context"
	"errors"
	"strconv"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// issue saves what the request gets, with the session if that starts now or has proven a factor, and sends it to the relying party.
func (p *Provider) issue(ctx context.Context, v visit) (Answer, error) {
	fields, toSave, err := p.prepare(v.req, v.client, v.standing.Standing, v.now)
	switch {
	case err != nil:
	case v.starts != nil || v.proves != nil:
		err = p.start(ctx, &v, toSave)
	default:
		err = p.saveIssue(ctx, v, toSave)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Answer{}, errSessionEnded
	case errors.Is(err, store.ErrUsed):
		return p.respondError(ctx, v.r, v.req, errPushedUsed, v.cookies...), nil
	case err != nil:
		return Answer{}, err
	}
	if v.req.ResponseType.Code() {
		p.tell(ctx, oidc.CodeIssued{ClientID: v.client.ClientID})
	}
	return p.respond(v.r, v.req, fields, v.cookies...), nil
}

// saveIssue saves what a request gets for a session that was there before.
func (p *Provider) saveIssue(ctx context.Context, v visit, toSave store.Issue) error {
	var consented *oidc.Consent
	if v.consented {
		consented = &oidc.Consent{Scopes: v.req.AsksFor(), Resources: v.req.Services(v.client)}
	}
	return p.store.SaveIssue(ctx, v.standing.Session.SID, toSave, consented, p.idleEnd(v.standing.SeenAt, v.now), v.now)
}

// errPushedUsed: a pushed request has one answer (RFC 9126 §4, FAPI 2.0 Security Profile §5.3.2.2).
var errPushedUsed = &oidc.Error{Code: oidc.InvalidRequestURI, Description: "the pushed request has had its answer"}

// prepare returns the parameters of an answer of the authorization endpoint, and what has to be saved before they are sent.
func (p *Provider) prepare(
	req oidc.AuthorizeRequest, c *oidc.Client, s oidc.Standing, now time.Time,
) ([][2]string, store.Issue, error) {
	var fields, tokens [][2]string
	var err error
	toSave, code := store.Issue{ClientID: c.ClientID}, ""
	if req.PushedID != "" {
		toSave.JTI = &store.JTI{SHA256: jtiDigest("pushed request", c.ClientID, req.PushedID), MadeAt: oidc.MadeAt(req.PushedID),
			ExpiresAt: now.Add(pushedRemembered + 2*p.RequestTTL)}
	}
	if req.ResponseType.Code() {
		code = p.sealCode(req.NewCode(newID(), c, s.Session, now.Add(c.CodeTTL(p.CodeTTL))))
		fields = append(fields, [2]string{"code", code})
	}
	if req.ResponseType.FrontChannel() {
		tokens, toSave.Grant, err = p.frontChannel(req, c, s, code, now)
	}
	return append(fields, tokens...), toSave, err
}

// frontChannel returns the parameters of tokens that come with an answer of the authorization endpoint (OpenID Connect Core
// §3.2.2.5, §3.3.2.5), and the grant of an access token, nil for none. code is the one beside them, "" for none.
func (p *Provider) frontChannel(
	req oidc.AuthorizeRequest, c *oidc.Client, s oidc.Standing, code string, now time.Time,
) (fields [][2]string, grant *store.FrontGrant, err error) {
	ring, err := p.keyRing()
	if err != nil {
		return nil, nil, err
	}
	g := &oidc.Grant{ID: newID(), ClientID: c.ClientID, SID: s.Session.SID, Scope: req.FrontChannelScope(), Nonce: req.Nonce,
		AuthTime: s.Session.AuthTime, AMR: s.Session.AMR, ACR: req.ReachedACR(c, s.Session), Claims: req.Claims, Resources: req.Resources,
		IDTokenOnly: !req.ResponseType.Code() && !req.ResponseType.Token()}
	access := ""
	if req.ResponseType.Token() {
		audience, refused := c.AudienceFor(s.User, g, p.Issuer, nil)
		if refused != nil { // Decide let them pass
			return nil, nil, refused
		}
		to := accessTokenFor{scope: g.Scope, audience: audience}
		if access, err = p.signAccessToken(ring, c, s.User, g, to, now); err != nil {
			return nil, nil, err
		}
		grant = &store.FrontGrant{ID: g.ID, Scope: g.Scope, Claims: g.Claims, Resources: g.Resources, ACR: g.ACR,
			ExpiresAt: now.Add(p.lifetimeOf(c, to))}
		fields = append(fields, [2]string{"access_token", access}, [2]string{"token_type", "Bearer"},
			[2]string{"expires_in", strconv.Itoa(int(p.lifetimeOf(c, to).Seconds()))}, [2]string{"scope", g.Scope})
	}
	if req.ResponseType.IDToken() {
		token, err := p.signIDToken(ring,
			oidc.IDToken{Client: c, User: s.User, Grant: g, AccessToken: access, Code: code, State: req.State}, now)
		if err != nil {
			return nil, nil, err
		}
		fields = append(fields, [2]string{"id_token", token})
	}
	return fields, grant, nil
}
