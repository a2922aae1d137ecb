package provider

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

const (
	tokenPrefix = "gatehouse_pat_" // by which a personal access token is told from others, here and by scanners for leaked secrets
	showWithin  = 5 * time.Minute  // of its creation a token is shown, once

	invalidTokenName = "invalid_token_name"
	tooManyTokens    = "too_many_tokens"
)

// newToken is a token that a person wants.
type newToken struct {
	Username string `json:"u"` // whose it will be
	Name     string `json:"n"`
	Scope    string `json:"s"`
	Days     int    `json:"d"`
}

// tokenValue returns the token of an id and a random seed. It is derived, so that neither the database nor the address of the page
// that shows it once has to hold it: that has the seed, sealed, and the key alone is worth nothing without it
// (docs/decisions/0043-a-token-cannot-be-computed-from-its-id.md).
func (p *Provider) tokenValue(id, seed string) string {
	secret := p.sealer.Derive(keys.ForPersonalAccessTokens, []byte(id+" "+seed))
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
}

// parseNewToken reads the form, in which these scopes are offered; problem is the code of what is wrong with it.
func parseNewToken(r Request, username string, offered []string) (t newToken, problem string) {
	params, bad := oidc.ParseParams(r.Params, []string{"name", "days"})
	name := strings.TrimSpace(params["name"])
	switch {
	case slices.Contains(bad, "days"):
		return t, pageInvalidRequest
	case len(bad) > 0 || name == "" || utf8.RuneCountInString(name) > 100 || strings.ContainsFunc(name, unicode.IsControl):
		return t, invalidTokenName
	}
	days, err := strconv.Atoi(params["days"])
	if err != nil || !slices.Contains(tokenDays, days) {
		return t, pageInvalidRequest
	}
	var scopes []string // in the order of the table, whatever the order of the boxes
	for _, s := range offered {
		if slices.Contains(r.Params["scope"], s) {
			scopes = append(scopes, s)
		}
	}
	if len(scopes) != len(r.Params["scope"]) { // repeated, or not offered
		return t, pageInvalidRequest
	}
	return newToken{Username: username, Name: name, Scope: strings.Join(scopes, " "), Days: days}, ""
}

// personalAccessToken returns a token that can be used and its user; is reports whether the token has the form of one at all, and
// store.ErrNotFound that it is unknown, revoked or expired, or its user disabled or in none of the groups that may use client, or
// that it was made from a sign-in with less than is asked for by now. client is nil for userinfo, which is ours.
func (p *Provider) personalAccessToken(
	ctx context.Context, token string, client *oidc.Client, now time.Time,
) (t store.PersonalAccessToken, u oidc.User, is bool, err error) {
	if !strings.HasPrefix(token, tokenPrefix) {
		return t, u, false, nil
	}
	if client == nil {
		if client, err = p.accountClient(ctx); err != nil {
			return t, u, true, err
		}
	}
	t, u, err = p.store.LoadPersonalAccessToken(ctx, oidc.Digest(token), client.AllowedGroups, now)
	made := oidc.Grant{AMR: t.AMR}
	why := made.Refused(client, &u, now)
	if refused := client.RefuseAtItself(&u, t.AMR); why == "" && refused != nil {
		why = refused.Log
	}
	if err == nil && why != "" {
		p.tell(ctx, oidc.PersonalAccessTokenRefused{Username: u.Username, TokenID: t.ID, Error: why})
		err = store.ErrNotFound
	}
	return t, u, true, err
}

// introspectionOf returns what client is told of a personal access token (RFC 7662 §2.2). There is no client_id: no client got
// it, and it names no audience, so whose it is is for clients that an administrator registered.
func (p *Provider) introspectionOf(client *oidc.Client, t store.PersonalAccessToken, u *oidc.User) oidc.Introspection {
	out := oidc.Introspection{Scope: t.Scope, TokenType: "Bearer", Expiry: t.ExpiresAt.Unix(), IssuedAt: t.CreatedAt.Unix(),
		Subject: p.subject(client, u.Sub), Audience: oidc.Audience{p.Issuer}, ID: t.ID}
	if client.Registration == "" || client.IsToldAbout(nil) {
		out.Username = usernameFor(client, u.Username)
		out.Claims = oidc.ReleaseClaims(u, t.Scope, nil)
	}
	return out
}

// userinfoOf answers userinfo for a personal access token, which is bound to no key and always a bearer's.
func (p *Provider) userinfoOf(
	ctx context.Context, scheme string, t store.PersonalAccessToken, u *oidc.User, err error,
) Answer {
	switch {
	case scheme != "Bearer":
		return p.refuseToken(ctx, scheme, 401, oidc.InvalidToken, sentAs("Bearer", scheme))
	case errors.Is(err, store.ErrNotFound):
		return p.refuseToken(ctx, scheme, 401, oidc.InvalidToken,
			"personal access token: unknown, revoked, expired or of a disabled user")
	case err != nil:
		return p.failed(ctx, err)
	case !oidc.HasScope(t.Scope, "openid"):
		return p.lacksScope(ctx, scheme, "openid", "the token was made without the scope openid")
	}
	out := oidc.ReleaseClaims(u, t.Scope, nil)
	out["sub"] = u.Sub
	return Answer{Status: 200, JSON: out}
}
